"""Records that terminals push: lines of text, in pages that a stream's own format tells apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.zkteco.records import PAGE_HEADER, punch_document, user_id_of
from hrhub.connector import Page, RecordFormat
from hrhub.errors import RowRejected

_MARK = PAGE_HEADER.pack(0, 0)
"""Begins a page of lines: a record size that no terminal has."""

Decode = Callable[[bytes, Mapping[str, str | int]], dict[str, Any]]


def pushed_page(lines: Sequence[bytes], meta: Mapping[str, str | int]) -> Page:
    """Return a page of lines."""
    return Page(body=_MARK + b"\n".join(lines), meta={**meta, "layout": "line"})


def lines_of(body: bytes) -> list[bytes]:
    """Cut a body into the lines that hold something."""
    return [line for line in body.replace(b"\r", b"\n").split(b"\n") if line.strip()]


class OrPushed:
    """Pages that were read from a terminal, or lines that it pushed.

    Args:
        read: The format of pages that were read.
        decode: Decodes a pushed line.
    """

    def __init__(self, read: RecordFormat, decode: Decode) -> None:
        self._read = read
        self._decode = decode

    def split(self, body: bytes) -> Sequence[bytes | memoryview]:
        """Cut a page body into raw records."""
        if body.startswith(_MARK):
            return lines_of(body[len(_MARK) :])
        return self._read.split(body)

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode one record of either kind.

        Raises:
            RowRejected: It cannot be decoded.
        """
        if meta["layout"] == "line":
            return self._decode(bytes(raw), meta)
        return self._read.decode(raw, meta)

    def group_key(self, raw: bytes | memoryview) -> str:
        """Nothing that terminals hold is grouped."""
        raise NotImplementedError


def punch_of_line(raw: bytes, meta: Mapping[str, str | int]) -> dict[str, Any]:
    """Decode ``PIN, time, state, verify, work code…``, tabs between them.

    State stands before verify, the other way round than in binary records.

    Raises:
        RowRejected: A column is missing or is not what it should be.
    """
    columns = raw.split(b"\t")
    if len(columns) < 4:
        raise RowRejected("parse", "", "zkteco.attlog")
    user_id = user_id_of(columns[0])
    try:
        at = datetime.strptime(columns[1].decode("ascii").strip(), "%Y-%m-%d %H:%M:%S")
    except (UnicodeDecodeError, ValueError):
        raise RowRejected("date", "time", "local_time") from None
    state, verify = (
        _number(column, name)
        for column, name in zip(columns[2:4], ("state", "verify"), strict=True)
    )
    work_code = columns[4].strip().decode("ascii", "replace") if len(columns) > 4 else ""
    return punch_document(meta, user_id, at, verify, state, work_code if work_code != "0" else None)


def _number(column: bytes, name: str) -> int:
    text = column.strip()
    if not (text.isdigit() and len(text) <= 3):
        raise RowRejected("type", name, "number")
    return int(text)


def user_of_line(raw: bytes, meta: Mapping[str, str | int]) -> dict[str, Any]:
    """Decode ``USER PIN=7, Name=…, …``, tabs between them; an empty name is absent.

    Raises:
        RowRejected: There is no user id, or the name is in another character set.
    """
    values = dict(part.partition(b"=")[::2] for part in raw[len(b"USER ") :].split(b"\t"))
    doc: dict[str, Any] = {"device": meta["device"], "user_id": user_id_of(values.get(b"PIN", b""))}
    charset = str(meta["charset"])
    try:
        name = values.get(b"Name", b"").decode(charset).strip()
    except UnicodeDecodeError:
        raise RowRejected("encoding", "name", charset) from None
    if name:
        doc["name"] = name
    return doc
