"""From raw records to mapped ones: split, group, gate, decode, map. Nothing here writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import groupby
from typing import Any

import msgspec

from hrhub.connector import JsonRecords, Page, Stream
from hrhub.crypto.framing import plain_json
from hrhub.errors import RowRejected
from hrhub.mapping import CompiledMapping, Mapped, Rejected
from hrhub.pipeline.gate import Gate, Raw

Decode = Callable[[Raw, Mapping[str, str | int]], dict[str, Any]]

_DECODED_AT_ONCE = 32
"""Records decoded and mapped together; so few stay in the processor's cache meanwhile."""


@dataclass(slots=True)
class Record:
    """One record of the hub in its raw form: a vendor record, or a whole series of them.

    ``batch_uid`` and ``index`` say where it landed, ``landed_seq`` in which order. ``former`` is
    its fingerprint under the mapping that it was applied under before, where it comes again.
    """

    parts: list[Raw]
    meta: Mapping[str, str | int]
    batch_uid: str
    index: int
    landed_seq: int
    fingerprint: bytes = b""
    former: bytes = b""


@dataclass(slots=True)
class Unit:
    """One mapped record, ready to be applied.

    Attributes:
        record: Where it came from; kept until the transaction ends, for quarantine.
        key: The vendor's key, parts as text.
        source_key: Keyed hash of the key, 16 bytes: how the store knows the record.
        content: Keyed hash of the mapped values, 16 bytes.
        version: Sortable text of the vendor's change time, empty when it gives none.
        rows: The mapped rows; one, but for grouped streams.
    """

    record: Record
    key: tuple[str, ...]
    source_key: bytes
    content: bytes
    version: str
    rows: list[Mapped]

    @property
    def values(self) -> dict[str, Any]:
        """The mapped values of a record that is one row."""
        return self.rows[0].values


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that goes to quarantine, and why; no values."""

    record: Record
    reason: str
    field_path: str
    field: str
    rule: str
    source_key: bytes | None = None


@dataclass(slots=True)
class Sifted:
    """What became of some records: seen, stopped at the gate, mapped, refused."""

    seen: int = 0
    unchanged: int = 0
    units: list[Unit] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Cut:
    """Records that stood together in a page, not yet looked at one by one.

    Attributes:
        raws: Each record whole.
        meta: Facts of the page that they share.
        batch_uid: Where they landed.
        landed_seq: In which order.
        indexes: The place of each in its page.
        parts: The parts of records that are series; None where a record is one part.
    """

    raws: Sequence[Raw]
    meta: Mapping[str, str | int]
    batch_uid: str
    landed_seq: int
    indexes: Sequence[int]
    parts: Sequence[Sequence[Raw]] | None = None

    def record(self, at: int, fingerprint: bytes = b"") -> Record:
        """Return one record as an object of its own; the page need not be kept for it."""
        parts = [self.raws[at]] if self.parts is None else self.parts[at]
        return Record(
            [bytes(part) for part in parts],
            self.meta,
            self.batch_uid,
            self.indexes[at],
            self.landed_seq,
            fingerprint,
        )

    def records(self) -> list[Record]:
        """Return all records as objects."""
        return [self.record(at) for at in range(len(self.raws))]


class Splitter:
    """Cut pages into records, and gather series that cross a page's end.

    The last series of a page stays open until the next page or :meth:`end` closes it.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._open: Record | None = None
        self._open_key = ""

    def split(self, page: Page, batch_uid: str, landed_seq: int) -> list[Cut]:
        """Return the records that this page completes.

        Raises:
            ContractChanged: The page cannot be cut into records.
        """
        raws = self._stream.records.split(page.body)
        if not self._stream.grouped:
            return [Cut(raws, page.meta, batch_uid, landed_seq, range(len(raws)))] if raws else []
        closed: list[Record] = []
        for index, raw in enumerate(raws):
            key = self._stream.records.group_key(raw)
            if self._open is not None and key == self._open_key:
                self._open.parts.append(bytes(raw))
            else:
                closed += self._close()
                self._open = Record([bytes(raw)], page.meta, batch_uid, index, landed_seq)
                self._open_key = key
        return _cuts(closed)

    def end(self) -> list[Cut]:
        """Return the series that was still open."""
        return _cuts(self._close())

    def _close(self) -> list[Record]:
        """Return the open series, which is complete."""
        last, self._open = self._open, None
        return [last] if last else []


class Sieve:
    """Take records through gate, decoding and mapping."""

    def __init__(
        self, stream: Stream, mapping: CompiledMapping, gate: Gate, hash_key: bytes
    ) -> None:
        self._decode = _decoding(stream, mapping)
        self._mapping = mapping
        self._custom = mapping.mapping.custom_keys
        self._gate = gate
        self._hash = blake2b(key=hash_key, digest_size=16)
        self._encode = msgspec.json.Encoder(decimal_format="string").encode

    def passing(self, cut: Cut) -> list[Record]:
        """Return the records that are new or changed."""
        prints = self._gate.fingerprints(cut.raws, cut.meta)
        return [cut.record(at, prints[at]) for at in self._gate.passing(prints)]

    def forget(self, fingerprints: Sequence[bytes]) -> None:
        """Let the gate pass what the store has exchanged in this run."""
        self._gate.forget(fingerprints)

    def remap(self, records: Sequence[Record]) -> Sifted:
        """Return all records mapped, whatever the gate knows (for replay)."""
        for record in records:
            record.fingerprint = self._gate.fingerprints([whole(record)], record.meta)[0]
        return self.map(records)

    def map(self, records: Sequence[Record]) -> Sifted:
        """Return what became of records; a few at a time, because decoded they are much larger."""
        out = Sifted(seen=len(records))
        for start in range(0, len(records), _DECODED_AT_ONCE):
            self._map_some(records[start : start + _DECODED_AT_ONCE], out)
        return out

    def _map_some(self, records: Sequence[Record], out: Sifted) -> None:
        decode = self._decode
        docs: list[dict[str, Any]] = []
        kept: list[Record] = []
        for record in records:
            try:
                decoded = [decode(part, record.meta) for part in record.parts]
            except RowRejected as error:
                out.rejects.append(Reject(record, error.reason, error.field_path, "", error.rule))
                continue
            docs += decoded
            kept.append(record)
        results = iter(self._mapping.map(docs))
        for record in kept:
            rows = [next(results) for _ in record.parts]
            mapped = [r for r in rows if isinstance(r, Mapped)]
            if len(mapped) < len(rows):
                refused = next(r for r in rows if isinstance(r, Rejected))
                source_key = self.source_key(refused.key) if refused.key else None
                out.rejects.append(
                    Reject(
                        record,
                        refused.reason,
                        refused.field_path,
                        refused.field,
                        refused.rule,
                        source_key,
                    )
                )
                continue
            out.units.append(self._unit(record, mapped))

    def _unit(self, record: Record, rows: list[Mapped]) -> Unit:
        key = rows[0].key
        digest = self._hash.copy()
        version = ""
        for row in rows:
            modified = row.values.pop("modified_at", None)  # orders versions, is no content
            if self._custom:
                _to_json(row, self._custom)
            digest.update(self._encode((row.values, row.children)))
            if isinstance(modified, datetime):
                version = max(version, modified.astimezone(UTC).isoformat(timespec="microseconds"))
        return Unit(record, key, self.source_key(key), digest.digest(), version, rows)

    def source_key(self, key: tuple[str, ...]) -> bytes:
        """Return the keyed hash under which the store knows a vendor's key."""
        return source_key(self._hash, key)


def _decoding(stream: Stream, mapping: CompiledMapping) -> Decode:
    """Return what decodes a record, as far as the mapping looks at it."""
    records = stream.records
    if type(records) is JsonRecords:  # another format may make its fields of what is passed over
        return records.narrowed(mapping.mapping.paths).decode
    return records.decode


def source_key(keyed: Any, key: tuple[str, ...]) -> bytes:
    """Hash a vendor's key with a keyed state; parts are length-prefixed, never joined."""
    digest = keyed.copy()
    for part in key:
        data = part.encode()
        digest.update(len(data).to_bytes(4, "big"))
        digest.update(data)
    out: bytes = digest.digest()
    return out


def _to_json(row: Mapped, custom: Sequence[str]) -> None:
    """Turn the values of custom fields into the JSON that sealed groups give back."""
    for values in (row.values, *(v for rows in row.children.values() for v in rows)):
        for name in custom:
            if name in values:
                values[name] = plain_json(values[name])


def whole(record: Record) -> Raw:
    """Return a record as the gate compares it; a series as one."""
    if len(record.parts) == 1:
        return record.parts[0]
    return b"[" + b",".join(record.parts) + b"]"


def _cuts(records: Sequence[Record]) -> list[Cut]:
    """Return series as they share their page's facts."""
    return [
        Cut(
            [whole(r) for r in some],
            some[0].meta,
            some[0].batch_uid,
            some[0].landed_seq,
            [r.index for r in some],
            [r.parts for r in some],
        )
        for some in (list(group) for _, group in groupby(records, key=_page_of))
    ]


def _page_of(record: Record) -> str:
    return record.batch_uid
