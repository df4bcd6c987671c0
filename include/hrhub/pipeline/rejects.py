"""Quarantine: what was refused, why, and the raw record for another try.

A record that is refused again keeps its place in the list; one that is accepted later, by replay
or because the vendor corrected it, leaves the list by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from hrhub.ambient import new_ids
from hrhub.crypto import (
    DataKey,
    EnvelopeError,
    KeyCommitmentError,
    SegmentPlace,
    TenantKeys,
    open_segment,
    seal_segment,
)
from hrhub.errors import KeysUnavailable
from hrhub.pipeline.batch import Sync
from hrhub.pipeline.records import Record, Reject, Unit
from hrhub.store import bulk, schema
from hrhub.store import keys as key_store
from hrhub.store import quarantine as table
from hrhub.store.quarantine import Quarantined

_PURPOSE = "quarantine"
_KEY_ID_BYTES = 16
_CHANGES = (
    "run_id",
    "batch_uid",
    "index",
    "landed_seq",
    "reason",
    "rule",
    "field_path",
    "field",
    "fingerprint",
    "mapping_version",
    "attempts",
    "sealed_raw",
)
_REASONS = (
    "run_id",
    "reason",
    "rule",
    "field_path",
    "field",
    "fingerprint",
    "mapping_version",
    "attempts",
    "source_key",
)
_Payload = tuple[dict[str, str | int], list[bytes]]


class _Listed(NamedTuple):
    uid: str
    attempts: int


class Quarantine:
    """The quarantine of one sync."""

    def __init__(self, sync: Sync) -> None:
        self._sync = sync
        self._page_key = sync.keys.fingerprint_key("quarantine")
        self._key: tuple[str, DataKey] | None = None

    def settle(
        self, tx: Any, rejects: Sequence[Reject], accepted: Sequence[Unit], now: datetime
    ) -> None:
        """Bring the list in step with what a transaction refused and accepted."""
        keys = {u.source_key for u in accepted} | {r.source_key for r in rejects if r.source_key}
        listed = self._open(tx, "source_key", keys)
        listed |= self._open(
            tx, "fingerprint", {r.record.fingerprint for r in rejects if not r.source_key}
        )
        gone = [entry.uid for u in accepted for entry in listed.pop(u.source_key, ())]
        if gone:
            table.mark_replayed(tx, gone, actor=f"sync:{self._sync.run_id}", at=now)
        fresh: list[Quarantined] = []
        again: list[tuple[Any, ...]] = []
        ids = iter(new_ids(len(rejects)))
        for reject in rejects:
            rivals = listed.get(reject.source_key or reject.record.fingerprint)
            known = rivals.pop(0) if rivals else None
            entry = self._entry(tx, reject, known.uid if known else next(ids), now)
            if known is None:
                fresh.append(entry)
            else:
                entry = replace(entry, attempts=known.attempts + 1)
                again.append((entry.uid, *(getattr(entry, name) for name in _CHANGES)))
        table.add(tx, fresh)
        bulk.update(tx, schema.hub_quarantine, "uid", _CHANGES, again)

    def keep(self, tx: Any, again: Sequence[tuple[Quarantined, Reject]]) -> None:
        """Note that listed records were refused again; their sealed form stays as it is."""
        bulk.update(
            tx,
            schema.hub_quarantine,
            "uid",
            _REASONS,
            [
                (
                    entry.uid,
                    self._sync.run_id,
                    reject.reason,
                    reject.rule,
                    reject.field_path,
                    reject.field or None,
                    reject.record.fingerprint,
                    self._sync.mapping_version,
                    entry.attempts + 1,
                    reject.source_key or entry.source_key,
                )
                for entry, reject in again
            ],
        )

    def _open(self, tx: Any, column: str, values: set[bytes]) -> dict[bytes, list[_Listed]]:
        """Return the open entries by key; records that contradict each other share one."""
        rows = bulk.fetch_by(
            tx,
            schema.hub_quarantine,
            column,
            values,
            select=(column, "uid", "attempts"),
            where={"sync_id": self._sync.sync_id, "state": table.OPEN},
        )
        found: dict[bytes, list[_Listed]] = {}
        for value, uid, attempts in sorted(rows, key=lambda row: str(row[1])):
            found.setdefault(bytes(value), []).append(_Listed(uid, attempts))
        return found

    def _entry(self, tx: Any, reject: Reject, uid: str, now: datetime) -> Quarantined:
        sync, record = self._sync, reject.record
        payload = msgspec.msgpack.encode(
            (dict(record.meta), [bytes(part) for part in record.parts])
        )
        sealed, _ = seal_segment(
            payload, self._day_key(tx, now), self._place(uid), page_key=self._page_key
        )
        return Quarantined(
            uid=uid,
            tenant=sync.tenant,
            sync_id=sync.sync_id,
            run_id=sync.run_id,
            batch_uid=record.batch_uid,
            index=record.index,
            landed_seq=record.landed_seq,
            reason=reject.reason,
            rule=reject.rule,
            field_path=reject.field_path,
            field=reject.field or None,
            source_key=reject.source_key,
            fingerprint=record.fingerprint,
            mapping_version=sync.mapping_version,
            sealed_raw=sealed,
            created_at=now,
        )

    def _place(self, uid: str) -> SegmentPlace:
        return SegmentPlace(self._sync.tenant, self._sync.sync_id, self._sync.stream, uid)

    def _day_key(self, tx: Any, now: datetime) -> DataKey:
        """Return today's key of this sync's quarantine; only the lease's holder makes one."""
        owner = f"quar:{now.date().isoformat()}:{self._sync.sync_id}"
        if self._key is None or self._key[0] != owner:
            found = key_store.load_deks(tx, self._sync.tenant, [owner], purpose=_PURPOSE)
            if found:
                self._key = owner, self._sync.keys.load_dek(found[0])
            else:
                [(record, key)] = self._sync.keys.create_deks(_PURPOSE, [owner])
                key_store.insert_deks(tx, [record])
                self._key = owner, key
        return self._key[1]

    def forget_key(self) -> None:
        """Forget a key whose transaction was rolled back."""
        self._key = None


def reopen(tx: Any, keys: TenantKeys, entry: Quarantined, stream: str) -> Record:
    """Return the raw record behind an entry, as it landed.

    Raises:
        EnvelopeError: It cannot be opened: its key is gone, or somebody changed it.
    """
    [record] = reopen_all(tx, keys, [entry], stream)
    if record is None:
        raise EnvelopeError
    return record


def reopen_all(
    tx: Any, keys: TenantKeys, entries: Sequence[Quarantined], stream: str
) -> list[Record | None]:
    """Return the raw records behind entries of one stream as they landed, in the order given.

    None stands for one that cannot be opened: its key is gone, or somebody changed it.
    """
    named = [bytes(entry.sealed_raw[4:20]) for entry in entries]
    day_keys: dict[bytes, DataKey] = {}
    for dek in key_store.load_deks_by_id(tx, {n for n in named if len(n) == _KEY_ID_BYTES}):
        with suppress(KeysUnavailable, KeyCommitmentError):
            day_keys[bytes(dek.dek_id)] = keys.load_dek(dek)
    return [
        _reopened(entry, day_keys[name], stream) if name in day_keys else None
        for entry, name in zip(entries, named, strict=True)
    ]


def _reopened(entry: Quarantined, key: DataKey, stream: str) -> Record | None:
    place = SegmentPlace(entry.tenant, entry.sync_id, stream, entry.uid)
    try:
        payload = open_segment(bytes(entry.sealed_raw), key, place)
    except EnvelopeError:
        return None
    meta, parts = msgspec.msgpack.decode(payload, type=_Payload)
    return Record(list(parts), meta, entry.batch_uid, entry.index, entry.landed_seq)
