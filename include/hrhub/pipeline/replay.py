"""Replay: give records in quarantine another try, through the path that every record takes.

The mapping of today decides. A record keeps the place in which it first landed, so a newer row is
never overwritten by an old record that was mended late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from re import compile as pattern
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from hrhub.ambient import Clock
from hrhub.connector import Stream
from hrhub.crypto import DataKeyCache, TenantKeys, audit_linker
from hrhub.errors import ConfigError, HrHubError
from hrhub.mapping import Mapping, compile_mapping
from hrhub.model import Feed
from hrhub.pipeline.apply import Applied, apply
from hrhub.pipeline.batch import Sync
from hrhub.pipeline.counts import Counts
from hrhub.pipeline.gate import Gate
from hrhub.pipeline.records import Record, Reject, Sieve, Sifted
from hrhub.pipeline.rejects import Quarantine, reopen_all
from hrhub.pipeline.subjects import Subjects
from hrhub.store import audit, runs, syncs
from hrhub.store import quarantine as table
from hrhub.store.engine import Store
from hrhub.store.lease import Lease
from hrhub.store.quarantine import Quarantined
from hrhub.store.schema import hub_quarantine
from hrhub.store.syncs import SyncRow

BATCH_RECORDS = 2_000
"""Records of one transaction; those with one key stay together, so it may be a few more."""

DISCARD_REASONS = (
    "wrong_at_source",
    "corrected_elsewhere",
    "duplicate",
    "not_needed",
    "test_data",
    "no_legal_basis",
)
"""Why somebody decides that a record is not wanted (closed list; free text may hold names)."""

_UID = pattern(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Progress = Callable[[Counts], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which open records of a tenant are meant; what is not set does not matter."""

    uids: tuple[str, ...] = ()
    connection: str | None = None
    stream: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class StillRefused:
    """A record that was refused again, and why."""

    uid: str
    reason: str
    field_path: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What replaying the records of one sync came to.

    Attributes:
        run_id: The run, None for a dry run.
        tried: Records that were tried.
        accepted: Records that left quarantine: stored now, or known to be in the store.
        refused: Records that stay, with the reason of today.
        unreadable: Records whose sealed form cannot be opened; they stay as they were.
        counts: Outcomes as of any run.
        error: What stopped the replay of this sync; transactions before it hold.
    """

    connection: str
    stream: str
    run_id: str | None = None
    tried: int = 0
    accepted: int = 0
    refused: tuple[StillRefused, ...] = ()
    unreadable: tuple[str, ...] = ()
    counts: Counts = field(default_factory=Counts)
    error: HrHubError | None = None


def affected(store: Store, tenant: str, wanted: Wanted) -> list[SyncRow]:
    """Return the syncs that hold wanted records, by connection and stream.

    Raises:
        ConfigError: A uid is not that of an open record (``quarantine.unknown``).
    """
    uids = set(wanted.uids)
    with store.read() as tx:
        found = _listed(tx, tenant, wanted)
        if unknown := uids - {uid for uid, *_ in found}:
            raise ConfigError("quarantine.unknown", uid=min(unknown), n=len(unknown))
        numbers = {sync_id for _, sync_id, *_ in found}
        return [s for s in syncs.list_syncs(tx, tenant) if s.id in numbers]


def _listed(tx: Any, tenant: str, wanted: Wanted) -> list[Any]:
    """Return (uid, sync, source key) of the open records wanted, in the order they landed."""
    c = hub_quarantine.c
    query = select(c.uid, c.sync_id, c.source_key).where(c.tenant == tenant, c.state == table.OPEN)
    if wanted.uids:
        query = query.where(c.uid.in_([uid for uid in wanted.uids if _UID.fullmatch(uid)]))
    if wanted.reason is not None:
        query = query.where(c.reason == wanted.reason)
    if wanted.connection is not None or wanted.stream is not None:
        rows = syncs.list_syncs(tx, tenant, wanted.connection)
        numbers = [s.id for s in rows if wanted.stream in (None, s.stream)]
        query = query.where(c.sync_id.in_(numbers))
    query = query.order_by(c.landed_seq, c.source_key, c.batch_uid, c.index)
    return list(tx.execute(query))


class Replayer:
    """Replay the records of one sync.

    Args:
        store: The store.
        sync: The sync, under the id of the replaying run.
        stream: The stream the records came from.
        feed: The feed of today's mapping.
        mapping: Today's mapping.
        lease: The lease of the sync; None for a dry run.
        clock: The time.
        data_keys: Keys of people.
        actor: Who asked for it: ``cli:…`` or ``user:…``.
    """

    def __init__(
        self,
        *,
        store: Store,
        sync: Sync,
        stream: Stream,
        feed: Feed,
        mapping: Mapping,
        lease: Lease | None,
        clock: Clock,
        data_keys: DataKeyCache,
        actor: str,
    ) -> None:
        self._store = store
        self._sync = sync
        self._feed = feed
        self._lease = lease
        self._clock = clock
        self._actor = actor
        self._subjects = Subjects(sync.keys, data_keys)
        self._quarantine = Quarantine(sync)
        self._link = audit_linker(sync.keys)
        self._stream = stream
        self._mapping = mapping
        self._sieves: dict[str, Sieve] = {}

    def run(self, wanted: Wanted, progress: Progress | None = None) -> Replayed:
        """Try the wanted records of this sync; without a lease nothing is written.

        Raises:
            Fenced: A newer run took over; transactions before stay, the open one is rolled back.
        """
        sync = self._sync
        started = self._clock.monotonic()
        with self._store.read() as tx:
            listed = [r for r in _listed(tx, sync.tenant, wanted) if r.sync_id == sync.sync_id]
        total = Replayed(
            connection=sync.connection,
            stream=sync.stream,
            run_id=sync.run_id if self._lease else None,
        )
        for uids in _stretches(listed):
            part = self._commit(uids) if self._lease else self._pretend(uids)
            elapsed = round(self._clock.monotonic() - started, 3)
            total = replace(
                total,
                tried=total.tried + part.tried,
                accepted=total.accepted + part.accepted,
                refused=total.refused + part.refused,
                unreadable=total.unreadable + part.unreadable,
                counts=replace(total.counts + part.counts, seconds=elapsed),
            )
            if progress:
                progress(total.counts)
        return total

    def _commit(self, uids: Sequence[str]) -> Replayed:
        assert self._lease is not None
        self._lease.check()
        committed = False
        try:
            with self._store.write() as tx:
                part = self._apply(tx, uids)
                self._close(tx, part)
                self._lease.fence(tx)
            committed = True
        finally:
            self._subjects.end(committed=committed)
        return part

    def _pretend(self, uids: Sequence[str]) -> Replayed:
        """Do everything in a transaction that is rolled back: the answer is that of the real path.

        References are resolved and versions compared in the store of this moment.
        """
        try:
            with self._store.write() as tx:
                part = self._apply(tx, uids)
                raise _NothingWritten
        except _NothingWritten:
            return part
        finally:
            self._subjects.end(committed=False)

    def _apply(self, tx: Any, uids: Sequence[str]) -> Replayed:
        now = self._clock.now()
        entries = table.lock_open(tx, uids)
        records = reopen_all(tx, self._sync.keys, entries, self._sync.stream)
        readable = [(e, r) for e, r in zip(entries, records, strict=True) if r is not None]
        sifted = self._remap([record for _, record in readable])
        applied = apply(tx, self._sync, self._feed, self._subjects, sifted, now=now)
        refused = self._settle(tx, readable, applied)
        gone = [e.uid for e, _ in readable if e.uid not in {r.uid for r in refused}]
        table.mark_replayed(tx, gone, actor=self._actor, at=now)
        return Replayed(
            connection=self._sync.connection,
            stream=self._sync.stream,
            tried=len(readable),
            accepted=len(gone),
            refused=tuple(refused),
            unreadable=tuple(e.uid for e, r in zip(entries, records, strict=True) if r is None),
            counts=applied.counts,
        )

    def _remap(self, records: Sequence[Record]) -> Sifted:
        """Map records, each under the zone that its connection had when it landed."""
        by_zone: dict[str, list[Record]] = {}
        for record in records:
            by_zone.setdefault(str(record.meta.get("timezone", "UTC")), []).append(record)
        out = Sifted()
        for zone, some in by_zone.items():
            part = self._sieve(zone).remap(some)
            out.seen += part.seen
            out.units += part.units
            out.rejects += part.rejects
        return out

    def _sieve(self, zone: str) -> Sieve:
        if zone not in self._sieves:
            sync = self._sync
            today = self._clock.now().astimezone(ZoneInfo(zone)).date()
            gate = Gate(
                sync.keys.fingerprint_key("gate"),
                f"{sync.sync_id}/{sync.mapping_version}",
                volatile=self._stream.volatile,
            )
            compiled = compile_mapping(self._mapping, today=today, zone=zone)
            self._sieves[zone] = Sieve(self._stream, compiled, gate, sync.hash_key)
        return self._sieves[zone]

    def _settle(
        self, tx: Any, readable: Sequence[tuple[Quarantined, Record]], applied: Applied
    ) -> list[StillRefused]:
        """Keep what was refused again where it is, with the reason of today."""
        entry_of = {id(record): entry for entry, record in readable}
        again: list[tuple[Quarantined, Reject]] = [
            (entry_of[id(reject.record)], reject) for reject in applied.rejects
        ]
        self._quarantine.keep(tx, again)
        return [StillRefused(e.uid, r.reason, r.field_path, r.rule) for e, r in again]

    def _close(self, tx: Any, part: Replayed) -> None:
        """Write counts and the audit link of a transaction."""
        runs.add_counts(tx, self._sync.run_id, **part.counts.numbers())
        if part.tried:
            audit.append(
                tx,
                self._link,
                self._sync.tenant,
                at=self._clock.now(),
                actor=self._actor,
                action="quarantine.replay",
                object_=self._feed.entity,
                run_id=self._sync.run_id,
                n=part.accepted,
                quarantined=len(part.refused),
                sync=self._sync.sync_id,
            )


class _NothingWritten(Exception):
    """Rolls a dry run back."""


def _stretches(listed: Sequence[Any]) -> Iterator[list[str]]:
    """Cut the list into transactions, never between two records with one key.

    Rivals that come together are compared with each other; apart, chance would decide.
    """
    stretch: list[str] = []
    before: bytes | None = None
    for uid, _, source_key in listed:
        if len(stretch) >= BATCH_RECORDS and (source_key is None or source_key != before):
            yield stretch
            stretch = []
        stretch.append(uid)
        before = source_key
    if stretch:
        yield stretch


def discard(
    store: Store,
    keys: TenantKeys,
    uids: Sequence[str],
    reason: str,
    *,
    actor: str,
    clock: Clock,
) -> int:
    """Close open records that nobody wants; return how many were closed.

    All or none: a uid that is not that of an open record stops it.

    Args:
        store: The store.
        keys: The tenant's keys, for the audit chain.
        uids: The records.
        reason: One of :data:`DISCARD_REASONS`.
        actor: Who decided.
        clock: The time.

    Raises:
        ConfigError: ``quarantine.unknown`` or ``quarantine.reason``.
    """
    if reason not in DISCARD_REASONS:
        raise ConfigError("quarantine.reason", known=", ".join(DISCARD_REASONS))
    tenant = keys.tenant
    wanted = sorted(set(uids))
    with store.write() as tx:
        found = table.lock_open(tx, [uid for uid in wanted if _UID.fullmatch(uid)])
        mine = {e.uid for e in found if e.tenant == tenant}
        if unknown := set(wanted) - mine:
            raise ConfigError("quarantine.unknown", uid=min(unknown), n=len(unknown))
        closed = table.mark_discarded(tx, wanted, actor=actor, note=reason, at=clock.now())
        audit.append(
            tx,
            audit_linker(keys),
            tenant,
            at=clock.now(),
            actor=actor,
            action="quarantine.discard",
            object_="hub_quarantine",
            rows=wanted,
            reason=reason,
            n=closed,
        )
    return closed
