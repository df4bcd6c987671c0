"""Rows of a file as raw records: one line of JSON each, or a marked line that cannot be decoded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from hrhub.connector import rows
from hrhub.errors import RowRejected
from hrhub.mapping.plan import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as a spreadsheet counts (the heading of a table is row 1), and its bytes.

    ``raw`` never holds a line break.
    """

    number: int
    raw: bytes


def table_row(number: int, names: Sequence[str], cells: Sequence[str]) -> Row:
    """Return a row of a table; one that does not fit the heading, or is not text, is marked."""
    return Row(number, rows.table_row(names, cells))


def marked(number: int, reason: str, rule: str, cells: Sequence[str] | bytes, at: str = "") -> Row:
    """Return a row that decoding refuses for a reason; what it held is kept for people to mend."""
    return Row(number, rows.marked(reason, rule, cells, at))


class RowRecords:
    """Pages of rows, one a line.

    Args:
        group_by: Where the parts of a series' key are, for feeds whose records are series.
    """

    def __init__(self, group_by: Sequence[Path] = ()) -> None:
        self._group_by = group_by

    def split(self, body: bytes) -> Sequence[bytes]:
        """Cut a page into its lines."""
        return body.split(b"\n") if body else []

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode one row.

        Raises:
            RowRejected: It was marked when the file was read, or is not JSON.
        """
        return rows.decode_row(raw)

    def group_key(self, raw: bytes | memoryview) -> str:
        """Return the key of a row's series; a row without one is a series of its own."""
        try:
            value = self.decode(raw, {})
            return "\x1f".join(_at(value, path) for path in self._group_by)
        except (RowRejected, LookupError, TypeError):
            return "\x1e" + blake2b(raw, digest_size=16).hexdigest()


def _at(value: Any, path: Path) -> str:
    for step in path.steps:
        value = value[step]
    if value is None or isinstance(value, dict | list):
        raise LookupError
    return str(value)
