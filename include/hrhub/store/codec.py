"""Values between Python and the raw drivers, column by column, for the bulk path.

The bulk path goes around SQLAlchemy's row processing, so the conversions of
``hrhub.store.types`` are repeated here in the drivers' own terms. PostgreSQL gets COPY in binary
form: the driver packs text, bytes, dates, booleans and numerics itself; ids and integers are
packed here, because it would send ids as text and give integers the width of their value.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Date, Integer, SmallInteger, Table

from hrhub.store.types import (
    Exact,
    JsonText,
    RowId,
    UtcTs,
    exact_text,
    json_text,
    read_utc,
    utc_text,
)

Convert = Callable[[Any], Any]
Row = tuple[Any, ...]

_INT2, _INT4, _INT8 = (struct.Struct(f).pack for f in (">h", ">i", ">q"))


def pack_id(value: str) -> bytes:
    """Pack a UUID text into its 16 bytes."""
    return bytes.fromhex(value.replace("-", ""))


class _PackedIds(dict[str, bytes]):
    """Ids packed before: one id stands in half a dozen rows of a batch."""

    def __missing__(self, value: str) -> bytes:
        if len(self) >= _PACKED_AT_MOST:
            self.clear()
        packed = self[value] = pack_id(value)
        return packed


_PACKED_AT_MOST = 50_000
_packed = _PackedIds()


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a moment without a zone cannot be stored")
    return value


def _to_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


def _copy_writer(column: Column[Any]) -> Convert | None:
    kind = column.type
    if isinstance(kind, RowId):
        return _packed.__getitem__
    if isinstance(kind, UtcTs):
        return _aware
    if isinstance(kind, JsonText):
        return json_text
    for width, pack in ((SmallInteger, _INT2), (BigInteger, _INT8), (Integer, _INT4)):
        if isinstance(kind, width):
            return pack
    return None


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


def for_copy(table: Table, columns: Sequence[str], rows: Iterable[Row]) -> list[Row]:
    """Convert rows for a binary COPY into PostgreSQL."""
    return _convert(rows, [_copy_writer(table.c[name]) for name in columns])


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
