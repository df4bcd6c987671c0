"""What one reading of a stream gave, in a form that two readings can be compared in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from hrhub.connector import Cursor, Page, Session, Stream
from hrhub.errors import RowRejected

Key = tuple[str, ...]
_ENCODE = msgspec.json.Encoder(decimal_format="string", order="deterministic").encode


@dataclass(slots=True)
class Raw:
    """One raw record: where it stood, and what it decodes to (None if it cannot be decoded)."""

    data: bytes = field(repr=False)
    meta: Mapping[str, str | int]
    key: Key = field(repr=False)
    doc: dict[str, Any] | None = field(repr=False)


@dataclass(slots=True)
class Reading:
    """Pages and records of one reading.

    Attributes:
        asked: Requests that were made for it (HTTP only).
        whole: Whether it went on to the stream's end.
        place: Address of the simulator, which records may quote and which says nothing.
    """

    stream: Stream
    pages: list[Page] = field(default_factory=list, repr=False)
    raws: list[Raw] = field(default_factory=list, repr=False)
    asked: list[Any] = field(default_factory=list, repr=False)
    whole: bool = True
    place: bytes = b""

    @property
    def cursor(self) -> Cursor:
        """The cursor that stands once everything was applied; None if no page brought one."""
        return next((p.cursor for p in reversed(self.pages) if p.cursor is not None), None)

    @property
    def docs(self) -> list[dict[str, Any]]:
        """The records that could be decoded."""
        return [raw.doc for raw in self.raws if raw.doc is not None]

    @property
    def series(self) -> list[tuple[Key, list[Raw]]]:
        """Records of the hub: single ones, or runs of neighbours with one key."""
        out: list[tuple[Key, list[Raw]]] = []
        for raw in self.raws:
            if self.stream.grouped and out and out[-1][0] == raw.key:
                out[-1][1].append(raw)
            else:
                out.append((raw.key, [raw]))
        return out

    def content(self) -> dict[Key, bytes]:
        """Return key -> digest of what the record says, volatile fields left out."""
        out = {}
        for key, raws in self.series:
            digest = hashlib.blake2b(digest_size=16)
            for raw in raws:
                digest.update(self._said(raw))
            out[key] = digest.digest()
        return out

    def _said(self, raw: Raw) -> bytes:
        if raw.doc is None:
            return raw.data
        said = _ENCODE({k: v for k, v in raw.doc.items() if k not in self.stream.volatile})
        return said.replace(self.place, b"") if self.place else said


def gather(stream: Stream, session: Session, cursor: Cursor, pages: int | None) -> Reading:
    """Read pages and decode their records; stops after ``pages``."""
    out = Reading(stream, place=session.http.base_url.encode())
    reader = stream.read(session, cursor)
    try:
        for page in reader:
            out.pages.append(page)
            out.raws += _records(stream, page, session.config.timezone)
            if pages is not None and len(out.pages) >= pages:
                out.whole = False
                break
    finally:
        close = getattr(reader, "close", None)
        if close:
            close()
    return out


def _records(stream: Stream, page: Page, zone: str) -> Iterator[Raw]:
    meta = {"timezone": zone, **page.meta}
    for part in stream.records.split(page.body):
        doc: dict[str, Any] | None
        try:
            doc = stream.records.decode(part, meta)
        except RowRejected:
            doc = None
        if stream.grouped:
            key: Key = (stream.records.group_key(part),)
        else:
            key = key_of(stream, doc) if doc is not None else ("undecodable", bytes(part).hex())
        yield Raw(bytes(part), meta, key, doc)


def key_of(stream: Stream, doc: Mapping[str, Any]) -> Key:
    """Return a record's key as text; parts that are missing are empty."""
    return tuple("" if (v := at(doc, name)) is None else str(v) for name in stream.key)


def at(doc: Mapping[str, Any], path: str) -> Any:
    """Return the value at a name, or at a dotted path; None if it is not there."""
    if path in doc:
        return doc[path]
    value: Any = doc
    for step in path.split("."):
        if not isinstance(value, Mapping) or step not in value:
            return None
        value = value[step]
    return value
