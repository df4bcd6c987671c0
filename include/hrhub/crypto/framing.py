"""Bytes that stand for exactly one thing: length-prefixed framing and canonical JSON.

Both are part of the stored formats; a change here makes sealed data unreadable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Any

import msgspec

from hrhub.crypto.errors import UnsealableValue

_encode = msgspec.json.Encoder(order="deterministic").encode
_AS_THEY_ARE = frozenset({str, date, bool, type(None)})
_KEYS = frozenset({str})
_FIELDS_AS_THEY_ARE = _AS_THEY_ARE | {msgspec.UnsetType}
_MAX_SAFE_INTEGER = 2**53 - 1


def lp(*parts: str | bytes) -> bytes:
    """Return each part after its length as u16.

    Unlike joining with a delimiter, no two lists of parts give the same bytes.

    Raises:
        ValueError: A part is longer than 65 535 bytes.
    """
    out = bytearray()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        if len(data) > 0xFFFF:
            raise ValueError("a framed part is longer than 65535 bytes")
        out += len(data).to_bytes(2, "big")
        out += data
    return bytes(out)


def canonical_json(value: Mapping[str, object] | list[object]) -> bytes:
    """Return the one JSON form of a value: sorted keys, no spaces, UTF-8.

    Dates are ISO text, times ISO text in UTC with microseconds and ``Z``, decimals text as Python
    prints them, integers beyond 2^53 - 1 text (RFC 7493), the rest as in JSON.

    Raises:
        UnsealableValue: NaN, infinity, a naive time, a lone surrogate, bytes or an object.
    """
    if type(value) is not dict:
        value = plain_json(value)  # type: ignore[assignment]
    elif not _AS_THEY_ARE.issuperset(map(type, value.values())):
        if not _KEYS.issuperset(map(type, value)):
            raise UnsealableValue(type="dict")
        value = {k: v if type(v) in _AS_THEY_ARE else plain_json(v) for k, v in value.items()}
    try:
        return _encode(value)
    except (UnicodeEncodeError, TypeError):
        raise UnsealableValue(type=type(value).__name__) from None


class CanonicalFields:
    """The canonical JSON of objects that have some of a few known fields.

    Gives what :func:`canonical_json` gives for a dict of those present, at a third of its cost.

    Args:
        names: Every field an object may have.
        absent: What stands for a field that the object does not have: UNSET, or None where no
            field is ever null.
    """

    def __init__(self, names: Iterable[str], *, absent: msgspec.UnsetType | None) -> None:
        self.names = tuple(sorted(names))
        self.absent = [absent] * len(self.names)
        numbered = {f"f{n}": name for n, name in enumerate(self.names)}
        self._object: Any = msgspec.defstruct(
            "Fields",
            [(n, object, absent) for n in numbered],
            rename=numbered,
            omit_defaults=True,
            gc=False,
        )

    def json(self, values: Sequence[object]) -> bytes:
        """Return the JSON of an object, its values in the order of ``names``.

        Raises:
            UnsealableValue: As :func:`canonical_json`.
        """
        if not values:
            return b"{}"
        if not _FIELDS_AS_THEY_ARE.issuperset(map(type, values)):
            values = [v if type(v) in _FIELDS_AS_THEY_ARE else plain_json(v) for v in values]
        try:
            return _encode(self._object(*values))
        except (UnicodeEncodeError, TypeError):
            raise UnsealableValue(type="dict") from None


def decimal_text(value: Decimal) -> str:
    """Return a decimal as text that gives the same digits and exponent back."""
    if not value.is_finite():
        raise UnsealableValue(type="Decimal")
    return str(value)


def utc_text(value: datetime) -> str:
    """Return a time in UTC as ``2026-11-22T00:00:00.000000Z``."""
    if value.utcoffset() is None:
        raise UnsealableValue(type="datetime")
    try:
        in_utc = value.astimezone(UTC)
    except OverflowError:
        raise UnsealableValue(type="datetime") from None
    return in_utc.isoformat(timespec="microseconds")[:-6] + "Z"


def plain_json(value: object) -> object:
    """Return a value as the JSON that :func:`canonical_json` writes it in.

    Raises:
        UnsealableValue: It has no such form.
    """
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _MAX_SAFE_INTEGER else str(value)
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, float) and isfinite(value):
        return value
    if isinstance(value, Mapping):
        if not all(type(k) is str for k in value):
            raise UnsealableValue(type=type(value).__name__)
        return {k: plain_json(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(v) for v in value]
    raise UnsealableValue(type=type(value).__name__)
