"""Column types: the same Python values on SQLite and on PostgreSQL.

=============  =====================  ==========================  ==========================
type           Python                 PostgreSQL                  SQLite
=============  =====================  ==========================  ==========================
``RowId``      str (UUID text)        uuid                        text, 36 characters
``UtcTs``      datetime in UTC        timestamptz                 text ``…T….ffffffZ``
``Exact``      Decimal                numeric                     text
``Key``        bytes                  bytea                       blob
``JsonText``   dict, list, scalar     text (canonical JSON)       text (canonical JSON)
=============  =====================  ==========================  ==========================

SQLite timestamps have one fixed width so that text order is time order.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import Dialect, LargeBinary, Numeric, String, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator, TypeEngine

FOREVER = date(9999, 12, 31)
"""The ``valid_to`` of a slice that has no end."""

_JSON = msgspec.json.Encoder(order="deterministic")


_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_row_id(text: str) -> bool:
    """Tell whether a text that somebody typed has the form of a row's id."""
    return _ID.fullmatch(text) is not None


def utc_text(value: datetime) -> str:
    """Write a moment as SQLite holds it: UTC, microseconds, 27 characters.

    Raises:
        ValueError: The moment has no zone; guessing one would move it silently.
    """
    if value.tzinfo is None:
        raise ValueError("a moment without a zone cannot be stored")
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def read_utc(value: str) -> datetime:
    """Read a moment that :func:`utc_text` wrote."""
    return datetime.fromisoformat(value)


def exact_text(value: Decimal) -> str:
    """Write a decimal without exponent, all digits kept."""
    return format(value, "f")


def json_text(value: object) -> str:
    """Write canonical JSON: sorted keys, no spaces."""
    return _JSON.encode(value).decode()


class RowId(TypeDecorator[str]):
    """A row's id: UUID text in Python."""

    impl = String(36)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use the native type where there is one."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.UUID(as_uuid=False))
        return dialect.type_descriptor(String(36))


class UtcTs(TypeDecorator[datetime]):
    """A moment in UTC, exact to the microsecond."""

    impl = String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use the native type where there is one."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(String(27))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Turn a moment into what the driver takes."""
        if value is None:
            return None
        text = utc_text(value)
        return value if dialect.name == "postgresql" else text

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Turn what the driver gives into a moment in UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if isinstance(value, datetime) else read_utc(value)


class Exact(TypeDecorator[Decimal]):
    """A decimal without rounding."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use text on SQLite, whose numbers are floats."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Numeric())
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Turn a decimal into what the driver takes."""
        if value is None or dialect.name == "postgresql":
            return value
        return exact_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Turn what the driver gives into a decimal."""
        return None if value is None else Decimal(value)


class Key(TypeDecorator[bytes]):
    """Bytes: keyed hashes, ids of keys, envelopes."""

    impl = LargeBinary
    cache_ok = True


class JsonText(TypeDecorator[Any]):
    """A JSON value kept as canonical text, so that equal values are equal text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Write the value."""
        return None if value is None else json_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Read the value."""
        return None if value is None else msgspec.json.decode(value)
