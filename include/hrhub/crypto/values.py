"""Typed values and the bytes that are sealed: a type byte and a body.

A SQL NULL means "not supplied"; the type NULL means "supplied as empty".
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec

from hrhub.crypto.errors import UnsealableValue, unreadable
from hrhub.crypto.framing import canonical_json, decimal_text, utc_text

NULL, TEXT, INTEGER, DECIMAL, DATE, DATETIME, BOOL, JSON, BYTES = range(9)
MAX_TYPE = BYTES

_INTEGER = re.compile(rb"0|-?[1-9][0-9]*")
_DECIMAL = re.compile(rb"-?[0-9]+(\.[0-9]+)?(E[+-][0-9]+)?")
_DATE = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_MAX_DIGITS = 4_000


def encode_value(value: object) -> tuple[int, bytes]:
    """Return the type byte and the body of a value.

    Takes None, str, int, Decimal, date, datetime (aware), bool, dict or list (as JSON), bytes.

    Raises:
        UnsealableValue: Another type, a naive time, NaN, a lone surrogate, a huge number.
    """
    if value is None:
        return NULL, b""
    if isinstance(value, str):
        try:
            return TEXT, value.encode()
        except UnicodeEncodeError:
            raise UnsealableValue(type="str") from None
    if isinstance(value, bool):
        return BOOL, b"true" if value else b"false"
    if isinstance(value, int):
        # CPython refuses to print integers of more than 4 300 digits.
        if value.bit_length() > _MAX_DIGITS * 3:
            raise UnsealableValue(type="int")
        return INTEGER, str(value).encode()
    if isinstance(value, Decimal):
        return DECIMAL, decimal_text(value).encode()
    if isinstance(value, datetime):
        return DATETIME, utc_text(value).encode()
    if isinstance(value, date):
        return DATE, value.isoformat().encode()
    if isinstance(value, dict | list):
        return JSON, canonical_json(value)
    if isinstance(value, bytes | bytearray):
        return BYTES, bytes(value)
    raise UnsealableValue(type=type(value).__name__)


def decode_value(type_byte: int, body: bytes) -> object:
    """Return the value of a type byte and a body; JSON numbers that are not integers are floats.

    Raises:
        EnvelopeError: The body is not what :func:`encode_value` writes for this type.
    """
    try:
        return _decode(type_byte, body)
    except (ValueError, ArithmeticError, msgspec.DecodeError):
        raise unreadable("body") from None


def _decode(type_byte: int, body: bytes) -> object:
    if type_byte == NULL and not body:
        return None
    if type_byte == TEXT:
        return body.decode()
    if type_byte == INTEGER and _INTEGER.fullmatch(body):
        return int(body)
    if type_byte == DECIMAL and _DECIMAL.fullmatch(body):
        return Decimal(body.decode())
    if type_byte == DATE and _DATE.fullmatch(body):
        return date.fromisoformat(body.decode())
    if type_byte == DATETIME and _DATETIME.fullmatch(body):
        return datetime.fromisoformat(body.decode()).astimezone(UTC)
    if type_byte == BOOL and body in (b"true", b"false"):
        return body == b"true"
    if type_byte == JSON:
        return msgspec.json.decode(body)
    if type_byte == BYTES:
        return body
    raise ValueError
