"""Values between Python and the raw drivers, column by column, for the bulk path.

The bulk path goes around SQLAlchemy's row processing, so the conversions of
``hrhub.store.types`` are repeated here in the drivers' own terms. What goes to PostgreSQL by COPY
is packed in :mod:`hrhub.store.copying`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import Boolean, Column, Date, Table

from hrhub.store.types import (
    Exact,
    JsonText,
    UtcTs,
    exact_text,
    json_text,
    read_utc,
    utc_text,
)

Convert = Callable[[Any], Any]
Row = tuple[Any, ...]


def _to_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


def _sqlite_writer(column: Column[Any]) -> Convert | None:
    kind = column.type
    if isinstance(kind, UtcTs):
        return utc_text
    if isinstance(kind, Date):
        return date.isoformat
    if isinstance(kind, Exact):
        return exact_text
    if isinstance(kind, JsonText):
        return json_text
    return None


def _postgresql_reader(column: Column[Any]) -> Convert | None:
    if isinstance(column.type, UtcTs):
        return _to_utc
    return msgspec.json.decode if isinstance(column.type, JsonText) else None


def _sqlite_reader(column: Column[Any]) -> Convert | None:
    kind = column.type
    if isinstance(kind, UtcTs):
        return read_utc
    if isinstance(kind, Date):
        return date.fromisoformat
    if isinstance(kind, Exact):
        return Decimal
    if isinstance(kind, Boolean):
        return bool
    return msgspec.json.decode if isinstance(kind, JsonText) else None


def for_sqlite(table: Table, columns: Sequence[str], rows: Iterable[Row]) -> list[Row]:
    """Convert rows for parameters of SQLite statements."""
    return _convert(rows, [_sqlite_writer(table.c[name]) for name in columns])


def read_rows(table: Table, columns: Sequence[str], rows: list[Row], dialect: str) -> list[Row]:
    """Convert rows that a driver returned."""
    reader = _sqlite_reader if dialect == "sqlite" else _postgresql_reader
    return _convert(rows, [reader(table.c[name]) for name in columns])


def _convert(rows: Iterable[Row], converters: Sequence[Convert | None]) -> list[Row]:
    """Convert whole columns at a time; it costs a fraction of converting row by row."""
    rows = rows if isinstance(rows, list) else list(rows)
    if not rows or not any(converters):
        return rows
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    if len(columns) != len(converters):
        raise ValueError(f"rows have {len(columns)} values, {len(converters)} columns were named")
    for i, convert in enumerate(converters):
        if convert is not None:
            column = columns[i]
            if None in column:
                columns[i] = [None if v is None else convert(v) for v in column]
            else:
                columns[i] = list(map(convert, column))
    return list(zip(*columns, strict=True))
