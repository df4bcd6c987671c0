"""What a connector reads: streams, pages of raw bytes, and how a page holds records.

A stream yields pages as the vendor sent them. It never parses a whole record, never writes, never
retries on its own (the client does) and never logs a value. Splitting and decoding are declared
apart from reading, because the hub compares raw records first and decodes only those that changed.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from hrhub.connector import narrowing
from hrhub.errors import ContractChanged, RowRejected

if TYPE_CHECKING:
    from hrhub.ambient import Clock
    from hrhub.connector.config import ConnectorConfig
    from hrhub.http.client import HttpClient
    from hrhub.http.tcp import Dialer

Cursor = Any
"""A JSON value that a stream understands and the store keeps sealed; None means from the start."""


class Mode(StrEnum):
    """How a stream is read again."""

    FULL = "full"
    """Everything, every time."""
    INCREMENTAL = "incremental"
    """What changed since the cursor, with an overlap."""


class Deletes(StrEnum):
    """How a stream tells that somebody left or something was deleted."""

    VISIBLE = "visible"
    """The record stays and says so."""
    ABSENT = "absent_in_full"
    """It is missing from a full reading."""
    INVISIBLE = "invisible"
    """Not at all; another stream must tell, or people must."""


class Completeness(StrEnum):
    """How sure we are that a body arrived whole."""

    PROVED = "proved"
    """By length, chunk end or checksum of the transport or protocol."""
    CLAIMED = "claimed"
    """By a self-terminating format only."""
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer of the vendor, as it came.

    Attributes:
        body: The bytes, transfer and content coding removed, otherwise untouched.
        cursor: What to store once this page and all before it have been applied; None keeps
            the stored one. It may hold personal values: it is sealed at rest.
        meta: Facts that records need beside their bytes (a device serial, an offset in minutes).
            No personal values. It is part of what the change gate compares.
        total: How many records the vendor says the whole reading has, if it says so.
        completeness: How sure we are that the body is whole.
    """

    body: bytes
    cursor: Cursor = None
    meta: Mapping[str, str | int] = field(default_factory=dict)
    total: int | None = None
    completeness: Completeness = Completeness.CLAIMED


class RecordFormat(Protocol):
    """How a page's body holds records."""

    def split(self, body: bytes) -> Sequence[bytes | memoryview]:
        """Cut a body into raw records without decoding them.

        Raises:
            ContractChanged: The body is not whole or has another form.
        """
        ...

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode one raw record; numbers with a fraction become :class:`~decimal.Decimal`.

        Raises:
            RowRejected: This one record cannot be decoded.
        """
        ...

    def group_key(self, raw: bytes | memoryview) -> str:
        """Return the key of the series a raw record belongs to (grouped streams only)."""
        ...


class JsonRecords:
    """Records in a JSON body, at a path such as ``d.results``; an empty path means the body.

    Args:
        path: Dotted path to the list.
        optional: Whether a missing list in an object that is there means that there are no records,
            and an object in its place one record. The paging or a total should then prove it.
        single: Whether there is one record, an object and no list, at the path.
        facts: Names of facts of the page (``Page.meta``) that each record gets, such as the order
            that a result belongs to.
        group_by: Names of the fields that make up a series' key, for grouped streams.
    """

    def __init__(
        self,
        path: str = "",
        *,
        optional: bool = False,
        single: bool = False,
        facts: Sequence[str] = (),
        group_by: Sequence[str] = (),
    ) -> None:
        self.path = path
        self._facts = tuple(facts)
        self._single = single
        self._optional = optional
        self._envelope = msgspec.json.Decoder(
            _below(path, msgspec.Raw if single else list[msgspec.Raw])
        )
        self._loose = msgspec.json.Decoder(_below(path, msgspec.Raw))
        self._depth = len(path.split(".")) if path else 0
        self._record = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
        self._narrow: msgspec.json.Decoder[dict[str, Any]] | None = None
        self._group = msgspec.json.Decoder(
            msgspec.defstruct(
                "GroupKey",
                [(f"k{i}", str | int) for i in range(len(group_by))],
                rename={f"k{i}": name for i, name in enumerate(group_by)},
            )
        )
        self._group_size = len(group_by)

    def split(self, body: bytes) -> Sequence[bytes | memoryview]:
        """Cut a JSON body into raw records.

        Raises:
            ContractChanged: The body is cut short, is not JSON, or has no list at the path.
        """
        try:
            value = self._envelope.decode(body)
        except msgspec.ValidationError:
            return self._lone(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ContractChanged("vendor.page_broken", bytes=len(body)) from None
        for _ in range(self._depth):
            value = value.value
        return self._lone(body) if self._single else value

    def _lone(self, body: bytes) -> Sequence[bytes | memoryview]:
        """Return what stands in the place of a list, if that may be."""
        with contextlib.suppress(msgspec.ValidationError):
            value: Any = self._loose.decode(body)
            for _ in range(self._depth):
                value = value.value
            raw = bytes(value)
            if raw[:1] == b"{" and (self._single or self._optional):
                return [raw]
            if raw == b"null" and self._optional:
                return []
        raise ContractChanged("vendor.records_missing", path=self.path)

    def narrowed(self, paths: Collection[narrowing.Steps]) -> JsonRecords:
        """Return the same format, decoding no more of a record than what is at some paths.

        It refuses the records that this one refuses, but for a wrong escape in what is passed over.
        """
        narrow = copy.copy(self)
        narrow._narrow = narrowing.decoder(paths)
        return narrow

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode one record."""
        try:
            record = self._decoded(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise RowRejected("parse", "", "json") from None
        if self._facts:
            record |= {name: meta.get(name) for name in self._facts}
        return record

    def _decoded(self, raw: bytes | memoryview) -> dict[str, Any]:
        if self._narrow is not None:
            str(raw, "utf-8")  # nobody looks at the text that is passed over
            with contextlib.suppress(msgspec.ValidationError):
                return self._narrow.decode(raw)
        return self._record.decode(raw)

    def group_key(self, raw: bytes | memoryview) -> str:
        """Return the series' key: the grouping fields joined by an unprintable separator."""
        try:
            key = self._group.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ContractChanged("vendor.key_missing", path=self.path) from None
        return "\x1f".join(str(getattr(key, f"k{i}")) for i in range(self._group_size))


def _below(path: str, shape: Any) -> Any:
    """Return the type of a body that has something at a dotted path; raw values may be missing."""
    leaf = (msgspec.Raw(b"null"),) if shape is msgspec.Raw else ()
    for depth, name in enumerate(reversed(path.split(".") if path else [])):
        field = ("value", shape, *(() if depth else leaf))
        shape = msgspec.defstruct(f"Level{depth}", [field], rename={"value": name})
    return shape


@dataclass(slots=True, kw_only=True)
class Session:
    """What a stream may use while it reads: one connection's configuration and its channels."""

    config: ConnectorConfig
    http: HttpClient
    tcp: Dialer
    clock: Clock


@dataclass(frozen=True, kw_only=True)
class Stream:
    """One kind of record that a vendor offers.

    Attributes:
        name: Name inside the connector: lower case, unique, stable.
        title: What people read.
        feed: The canonical feed that its mapping is expected to target.
        key: Vendor field names that identify a record.
        records: How a page holds records.
        mode: How it is read again.
        grouped: Consecutive records with one group key form one record of the hub (a whole series
            of effective-dated slices). The reader must yield them in key order.
        volatile: Top-level fields that change without meaning and are left out of comparison.
        after: Streams of the same connector that should be loaded before.
        deletes: How it tells that somebody left or something was deleted.
    """

    name: str
    title: str
    feed: str
    key: tuple[str, ...]
    records: RecordFormat = field(default_factory=JsonRecords)
    mode: Mode = Mode.INCREMENTAL
    grouped: bool = False
    volatile: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    deletes: Deletes = Deletes.VISIBLE

    def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
        """Yield pages from the cursor on; from the start when it is None.

        Raises:
            VendorError: The vendor could not be read; pages already yielded stay good.
        """
        raise NotImplementedError
