"""Raw records of formats that are not JSON: rewritten as JSON objects, or marked as unreadable.

Once cut, a row of a table and an element of a document are raw records like any other: the change
gate compares them, leaves out volatile fields and groups series without knowing where they came
from. A row that cannot be read keeps what it held behind a mark, and is refused when it is decoded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec

from hrhub.errors import RowRejected

MARK = b"!"
"""What no JSON object begins with."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode


def table_row(names: Sequence[str], cells: Sequence[str]) -> bytes:
    """Return a row of a table as a raw record; one that does not fit its heading is marked.

    Empty cells behind the last column are left out: spreadsheets write them.
    """
    if len(cells) < len(names) or any(cells[len(names) :]):
        return marked("parse", "columns", cells)
    at = next((n for n, cell in zip(names, cells, strict=False) if "\0" in cell), None)
    if at is not None:
        return marked("nul_or_surrogate", "nul", cells, at)
    try:
        return _encode(dict(zip(names, cells, strict=False)))
    except UnicodeEncodeError:
        return marked("encoding", "charset", cells)


def marked(reason: str, rule: str, cells: Sequence[str] | bytes, at: str = "") -> bytes:
    """Return a raw record that decoding refuses for a reason; what it held is kept for people."""
    held = (
        [cells.decode("ascii", "backslashreplace")]
        if isinstance(cells, bytes)
        else [cell.encode("utf-8", "backslashreplace").decode() for cell in cells]
    )
    return MARK + _encode([reason, at, rule, held])


def decode_row(raw: bytes | memoryview) -> dict[str, Any]:
    """Decode a raw record.

    Raises:
        RowRejected: It was marked when it was cut, or is no JSON object.
    """
    if bytes(raw[:1]) == MARK:
        reason, at, rule, _ = msgspec.json.decode(raw[1:])
        raise RowRejected(reason, at, rule)
    try:
        return _decode(raw)
    except UnicodeDecodeError:
        raise RowRejected("encoding", "", "utf-8") from None
    except msgspec.DecodeError:
        raise RowRejected("parse", "", "json") from None


def series_key(raw: bytes | memoryview, names: Sequence[str]) -> str:
    """Return the key of a row's series; a row without one is a series of its own."""
    try:
        row: Mapping[str, Any] = decode_row(raw)
        return "\x1f".join(str(row[name]) for name in names)
    except (RowRejected, KeyError):
        return "\x1e" + blake2b(raw, digest_size=16).hexdigest()
