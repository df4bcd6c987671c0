"""One value that a person wrote, read and checked as a mapping would read a vendor's."""

from __future__ import annotations

from datetime import UTC, date
from typing import Any

from hrhub.errors import RowRejected
from hrhub.mapping.clean import birth_date_cleaner, text_cleaners
from hrhub.mapping.convert import Reject, boolean, decimal, integer
from hrhub.mapping.dates import DateReader
from hrhub.model import Field, Kind

KINDS = frozenset(
    {Kind.TEXT, Kind.CODE, Kind.DATE, Kind.TIMESTAMP, Kind.DECIMAL, Kind.INTEGER, Kind.BOOLEAN}
)
"""Types that a person can write on one line."""


def read_by_hand(field: Field, written: str, today: date) -> Any:
    """Return a value in the model's type; dates are ISO, moments without a zone are UTC.

    Args:
        field: What it is for; its kind must be one of :data:`KINDS`.
        written: What was written.
        today: The day that ages are counted on.

    Raises:
        RowRejected: It is empty, or not a value of this field.
    """
    try:
        value = _read(field, written.strip(), today)
    except Reject as refused:
        raise RowRejected(refused.reason, field.name, refused.rule) from None
    if value is None:
        raise RowRejected("required", field.name, "by_hand")
    return value


def _read(field: Field, written: str, today: date) -> Any:
    if field.codes and written not in field.codes:
        raise Reject("enum", "codes")
    if field.kind in (Kind.DATE, Kind.TIMESTAMP):
        check = birth_date_cleaner(today) if field.check == "birth_date" else None
        reader = DateReader(("iso",), UTC, check)
        return reader.date(written) if field.kind is Kind.DATE else reader.timestamp(written)
    if field.kind in _NUMBERS:
        return _NUMBERS[field.kind](written)
    assert field.kind in KINDS, f"a {field.kind} is not written by hand"
    return text_cleaners(today)[field.check or "text"](written)


_NUMBERS = {Kind.DECIMAL: decimal, Kind.INTEGER: integer, Kind.BOOLEAN: boolean}
