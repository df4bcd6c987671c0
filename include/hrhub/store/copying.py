r"""Rows as PostgreSQL's binary COPY takes them, packed column by column.

::

    b"PGCOPY\n\xff\r\n\0" · flags int32 · extension int32
    per row: number of columns int16, then per value its length int32 (-1: NULL) and its bytes
    -1 int16

A batch repeats itself: tenant, moments and codes are the same in many rows, and ids have one width.
By columns, each distinct value is packed once and a constant column costs nothing; row by row, the
driver took three times as long.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from itertools import chain, repeat
from operator import add
from typing import Any, cast

from psycopg.adapt import PyFormat, Transformer
from sqlalchemy import BigInteger, Boolean, Column, Date, Integer, SmallInteger, String, Table

from hrhub.store.types import Exact, JsonText, Key, RowId, UtcTs, json_text

Row = tuple[Any, ...]
Pack = Callable[[Sequence[Any]], Iterable[bytes]]
"""Values of one column, none of them None -> each after its length."""

START = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END = b"\xff\xff"

_NULL = b"\xff\xff\xff\xff"
_ID_LENGTH, _ID_PIECE_BYTES = "00000010", 20
_SHORT = [n.to_bytes(4, "big") for n in range(1_024)]
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(2000, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)
_day, _moment = struct.Struct(">ii").pack, struct.Struct(">iq").pack
_numeric = Transformer().get_dumper(Decimal(0), PyFormat.BINARY).dump


def block(table: Table, columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """Pack rows, without :data:`START` and :data:`END`.

    Raises:
        ValueError: Rows have another width than ``columns``, a moment has no zone, or an id is no
            UUID.
    """
    if len(rows[0]) != len(columns):
        raise ValueError(f"rows have {len(rows[0])} values, {len(columns)} columns were named")
    constant = len(columns).to_bytes(2, "big")
    pieces: list[Iterable[bytes]] = []
    packers = _packers(table, tuple(columns))
    for pack, values in zip(packers, zip(*rows, strict=True), strict=True):
        if _all_equal(values):
            constant += _NULL if values[0] is None else next(iter(pack(values[:1])))
            continue
        if constant:
            pieces.append(repeat(constant, len(rows)))
            constant = b""
        pieces.append(_packed(pack, values))
    if constant:
        pieces.append(repeat(constant, len(rows)))
    return b"".join(chain.from_iterable(zip(*pieces, strict=False)))


def _all_equal(values: Sequence[Any]) -> bool:
    first = values[0]
    # Equal decimals may differ in the digits they are written with.
    return first.__class__ is not Decimal and values.count(first) == len(values)


def _packed(pack: Pack, values: Sequence[Any]) -> Iterable[bytes]:
    if None not in values:
        return pack(values)
    packed = iter(pack([v for v in values if v is not None]))
    return [_NULL if v is None else next(packed) for v in values]


@lru_cache(maxsize=256)
def _packers(table: Table, columns: tuple[str, ...]) -> Sequence[Pack]:
    return [_packer(table.c[name]) for name in columns]


def _packer(column: Column[Any]) -> Pack:
    kind = column.type
    for wanted, pack in _PACKERS:
        if isinstance(kind, wanted):
            return pack
    raise TypeError(f"{column} has no binary form")


def _ids(values: Sequence[str]) -> Iterable[bytes]:
    joined = _ID_LENGTH + _ID_LENGTH.join(values)
    raw = bytes.fromhex(joined.replace("-", ""))
    if len(raw) != _ID_PIECE_BYTES * len(values):
        raise ValueError("an id is no UUID")
    return [raw[at : at + _ID_PIECE_BYTES] for at in range(0, len(raw), _ID_PIECE_BYTES)]


def _bytes(values: Sequence[bytes]) -> Iterable[bytes]:
    sizes = list(map(len, values))
    if max(sizes) < len(_SHORT):
        return map(add, map(_SHORT.__getitem__, sizes), values)
    return map(_sized, values)


def _sized(data: bytes) -> bytes:
    size = len(data)
    return (_SHORT[size] if size < len(_SHORT) else size.to_bytes(4, "big")) + data


def _each(pack: Callable[[Any], bytes]) -> Pack:
    """Return what packs each distinct value once."""

    def packed(values: Sequence[Any]) -> Iterable[bytes]:
        known = {value: pack(value) for value in set(values)}
        return map(known.__getitem__, values)

    return packed


def _text(value: str) -> bytes:
    return _sized(value.encode())


@lru_cache(maxsize=1 << 16)
def _date(value: date) -> bytes:
    return _day(4, value.toordinal() - _EPOCH_DAY)


def _utc(value: datetime) -> bytes:
    if value.tzinfo is None:
        raise ValueError("a moment without a zone cannot be stored")
    return _moment(8, (value - _EPOCH) // _MICROSECOND)


def _boolean(value: bool) -> bytes:
    return b"\0\0\0\1\1" if value else b"\0\0\0\1\0"


def _whole(width: int) -> Callable[[int], bytes]:
    return lambda value: _SHORT[width] + value.to_bytes(width, "big", signed=True)


def _decimals(values: Sequence[Decimal]) -> Iterable[bytes]:
    texts = list(map(str, values))
    known = {
        t: _sized(bytes(cast("bytes", _numeric(v))))
        for t, v in dict(zip(texts, values, strict=True)).items()
    }
    return map(known.__getitem__, texts)


def _json(values: Sequence[Any]) -> Iterable[bytes]:
    return [_text(json_text(value)) for value in values]


_PACKERS: Sequence[tuple[type[Any], Pack]] = (
    (RowId, _ids),
    (Key, _bytes),
    (UtcTs, _each(_utc)),
    (Exact, _decimals),
    (JsonText, _json),
    (SmallInteger, _each(_whole(2))),
    (BigInteger, _each(_whole(8))),
    (Integer, _each(_whole(4))),
    (Boolean, _each(_boolean)),
    (Date, partial(map, _date)),
    (String, _each(_text)),
)
"""Column types and what packs their values, special ones first."""
