"""Backfill: map landed pages again under the mapping of today, without asking the vendor.

It takes the path that every record takes: gate, mapping, versions, one fenced transaction per
batch. A record keeps the place in which it landed, so nothing newer is overwritten, and the reading
position stays where it is. Each page remembers the mapping under which it was applied last: what is
killed goes on with the pages that are left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from hrhub.ambient import Clock
from hrhub.connector import Page, Stream
from hrhub.crypto import DataKeyCache, audit_linker
from hrhub.errors import StorageError
from hrhub.mapping import Mapping, compile_mapping
from hrhub.model import ENTITIES
from hrhub.pipeline.apply import apply
from hrhub.pipeline.batch import Sync
from hrhub.pipeline.counts import Counts
from hrhub.pipeline.gate import Gate
from hrhub.pipeline.landing import KEEP, Landing
from hrhub.pipeline.links import Links
from hrhub.pipeline.load import BATCH_BYTES, BATCH_RECORDS
from hrhub.pipeline.records import Cut, Record, Reject, Sieve, Sifted, Splitter, whole
from hrhub.pipeline.rejects import Quarantine
from hrhub.pipeline.subjects import Subjects
from hrhub.store import audit, fingerprints, runs, schema
from hrhub.store import landing as manifest
from hrhub.store import quarantine as table
from hrhub.store.engine import Store
from hrhub.store.landing import LandedBatch
from hrhub.store.lease import Lease
from hrhub.store.quarantine import Quarantined

Progress = Callable[[Counts], None]

_STRETCH_PAGES = 256
_Place = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far back the landed pages of a sync reach.

    Attributes:
        pages: Pages to be gone through.
        since: When the first of them landed; None: there is none.
        current: Kept pages that need nothing: they were applied under the mapping of today.
        earlier: Kept pages that landed before the wanted moment.
        broken: Kept pages of runs that did not end well, where a series may be cut.
        dropped: Pages that retention has removed.
        dropped_until: When the last of them had landed.
    """

    pages: tuple[LandedBatch, ...] = field(repr=False)
    since: datetime | None
    current: int
    earlier: int
    broken: int
    dropped: int
    dropped_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfilled:
    """What a backfill came to.

    Attributes:
        run_id: The run, None for a dry run.
        reach: Which pages there were.
        counts: Outcomes as of any run.
        vanished: Pages that retention removed while this ran.
        unreached: Records of the store that stay as another mapping left them, because no kept page
            tells of them. None for stamps and dry runs.
    """

    run_id: str | None
    reach: Reach
    counts: Counts
    vanished: int
    unreached: int | None


def reach(tx: Any, sync_id: int, stream: Stream, version: str, since: datetime | None) -> Reach:
    """Find the pages that a backfill goes through.

    From the first one on that was applied under another mapping all later ones are: a record that
    came twice then ends as it came last. Series are complete in whole runs only.
    """
    kept = manifest.applied(tx, sync_id)
    gone, gone_until = manifest.dropped(tx, sync_id)
    usable = _whole_runs(tx, kept) if stream.grouped else kept
    first_of = {page.run_id: page for page in reversed(usable)}
    wanted = [
        page
        for page in usable
        if since is None or (first_of[page.run_id] if stream.grouped else page).landed_at >= since
    ]
    due = next((n for n, page in enumerate(wanted) if page.mapping_version != version), len(wanted))
    while stream.grouped and 0 < due < len(wanted) and wanted[due].run_id == wanted[due - 1].run_id:
        due -= 1
    pages = tuple(wanted[due:])
    return Reach(
        pages=pages,
        since=pages[0].landed_at if pages else None,
        current=due,
        earlier=len(usable) - len(wanted),
        broken=len(kept) - len(usable),
        dropped=gone,
        dropped_until=gone_until,
    )


def _whole_runs(tx: Any, kept: Sequence[LandedBatch]) -> list[LandedBatch]:
    """Return the pages of runs that ended well and of which no page is missing."""
    whole: list[LandedBatch] = []
    done = {r.id for r in runs.by_ids(tx, sorted({p.run_id for p in kept})) if r.status == "done"}
    for run_id, pages in groupby(kept, key=lambda page: page.run_id):
        some = list(pages)
        landed = manifest.of_run(tx, run_id)
        if run_id in done and len(landed) == len(some):
            whole += some
    return whole


class Backfiller:
    """Map the landed pages of one sync again.

    Args:
        store: The store.
        sync: The sync, under the id of this run.
        stream: The stream.
        mapping: Today's mapping.
        landing: The sync's pages.
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
        mapping: Mapping,
        landing: Landing,
        lease: Lease | None,
        clock: Clock,
        data_keys: DataKeyCache,
        actor: str,
    ) -> None:
        self._store = store
        self._sync = sync
        self._stream = stream
        self._mapping = mapping
        self._feed = mapping.feed
        self._landing = landing
        self._lease = lease
        self._clock = clock
        self._actor = actor
        self._subjects = Subjects(sync.keys, data_keys)
        self._quarantine = Quarantine(sync)
        self._link = audit_linker(sync.keys)
        self._known: fingerprints.Fingerprints | None = None
        self._sieves: dict[str, Sieve] = {}
        self._former: dict[str, Gate] = {}
        self._shown: set[bytes] = set()
        self._pages: list[LandedBatch] = []
        self._kept: list[Record] = []
        self._bytes = self._kept_bytes = self._seen = self._vanished = 0

    def run(self, since: datetime | None = None, progress: Progress | None = None) -> Backfilled:
        """Go through the pages; without a lease nothing is written.

        Raises:
            Fenced: A newer run took over; transactions before stay, the open one is rolled back.
            StorageError: A page is damaged (``landing.damaged``).
        """
        started = self._clock.monotonic()
        sync = self._sync
        with self._store.read() as tx:
            found = reach(tx, sync.sync_id, self._stream, sync.mapping_version, since)
        total = Counts()
        for counts in self._commits(found.pages):
            elapsed = round(self._clock.monotonic() - started, 3)
            total = replace(total + counts, seconds=elapsed)
            if progress:
                progress(total)
        return Backfilled(
            run_id=sync.run_id if self._lease else None,
            reach=found,
            counts=total,
            vanished=self._vanished,
            unreached=self._unreached(),
        )

    def _commits(self, pages: Sequence[LandedBatch]) -> Iterator[Counts]:
        """Go through pages and yield the counts of each transaction.

        None spans two runs: versions of a record that came apart stay apart.
        """
        for _, some in groupby(pages, key=lambda page: page.run_id):
            splitter = Splitter(self._stream)
            version: str | None = None
            for landed in some:
                version = landed.mapping_version
                page = self._read(landed)
                if page is None:
                    self._vanished += 1
                    if self._stream.grouped:  # the open series and the next one may be cut
                        splitter = Splitter(self._stream)
                        break
                    continue
                seq = ((landed.token or 0) << 20) | landed.seq
                self._keep(splitter.split(page, landed.batch_uid, seq), version)
                self._pages.append(landed)
                self._bytes += len(page.body)
                if self._is_full():
                    yield self._commit(ended=False)
            self._keep(splitter.end(), version)
            if self._pages:
                yield self._commit(last=self._pages[-1] is pages[-1])

    def _read(self, landed: LandedBatch) -> Page | None:
        """Return a page; None if retention removed it a moment ago."""
        try:
            return self._landing.read(landed)
        except StorageError:
            if landed.landed_at < self._clock.now() - KEEP:
                return None
            raise

    def _keep(self, cuts: Sequence[Cut], former_version: str | None) -> None:
        """Keep the records that the gate lets pass; each learns its fingerprint of before."""
        for cut in cuts:
            passing = self._sieve(str(cut.meta.get("timezone", "UTC"))).passing(cut)
            self._seen += len(cut.raws)
            if self._lease is None:  # what an earlier page told stands in no store to compare with
                passing = [r for r in passing if r.fingerprint not in self._shown]
                self._shown.update(record.fingerprint for record in passing)
            if former_version is not None and passing:
                former = self._gate(former_version)
                prints = former.fingerprints([whole(record) for record in passing], cut.meta)
                for record, fingerprint in zip(passing, prints, strict=True):
                    record.former = fingerprint
            self._kept += passing
            self._kept_bytes += sum(len(part) for record in passing for part in record.parts)

    def _is_full(self) -> bool:
        return (
            len(self._kept) >= BATCH_RECORDS
            or self._kept_bytes >= BATCH_BYTES
            or len(self._pages) >= _STRETCH_PAGES
        )

    def _gate(self, version: str, known: fingerprints.Fingerprints | None = None) -> Gate:
        sync = self._sync
        key = sync.keys.fingerprint_key("gate")
        if known is not None:
            return Gate(key, f"{sync.sync_id}/{version}", known, self._stream.volatile)
        if version not in self._former:
            self._former[version] = Gate(
                key, f"{sync.sync_id}/{version}", volatile=self._stream.volatile
            )
        return self._former[version]

    def _sieve(self, zone: str) -> Sieve:
        """Return the sieve for pages of a zone; all share one set of fingerprints."""
        if zone not in self._sieves:
            if self._known is None:
                entity = self._feed.entity
                facts = schema.ENTITY_TABLES[entity] if ENTITIES[entity].fact else None
                with self._store.read() as tx:
                    self._known = fingerprints.load(tx, self._sync.sync_id, facts=facts)
            gate = self._gate(self._sync.mapping_version, self._known)
            today = self._clock.now().astimezone(ZoneInfo(zone)).date()
            compiled = compile_mapping(self._mapping, today=today, zone=zone)
            self._sieves[zone] = Sieve(self._stream, compiled, gate, self._sync.hash_key)
        return self._sieves[zone]

    def _commit(self, *, ended: bool = True, last: bool = False) -> Counts:
        """Apply what was kept; ``ended`` says that a run's last page is among it."""
        # The last series of a page may still be open: the page is not done before it is closed.
        held = self._pages[-1:] if self._stream.grouped and not ended else []
        self._pages = self._pages[: len(self._pages) - len(held)]
        if self._lease is not None:
            self._lease.check()
        committed = False
        left: Sequence[bytes] = ()
        try:
            with self._store.write() as tx:
                counts, left = self._apply(tx, last=last)
                if self._lease is None:
                    raise _NothingWritten
                self._close(tx, counts, self._lease)
            committed = True
        except _NothingWritten:
            pass
        finally:
            self._subjects.end(committed=committed)
            if not committed:
                self._quarantine.forget_key()
        if committed:
            for sieve in list(self._sieves.values())[:1]:
                sieve.forget(left)
        self._pages, self._kept = held, []
        self._bytes = self._kept_bytes = self._seen = 0
        return counts

    def _apply(self, tx: Any, *, last: bool) -> tuple[Counts, Sequence[bytes]]:
        """Apply what was kept; return counts and the fingerprints that stand for nothing now."""
        now = self._clock.now()
        places = _places(tx, sorted({record.batch_uid for record in self._kept}))
        wanted = [r for r in self._kept if _state(places, r) != table.DISCARDED]
        sifted = self._map(wanted)
        rejects = self._not_outdated(tx, sifted.rejects)
        outdated = len(self._kept) - len(wanted) + len(sifted.rejects) - len(rejects)
        sifted.rejects = rejects
        sifted.unchanged = self._seen - len(self._kept)
        sifted.seen = self._seen - outdated
        applied = apply(tx, self._sync, self._feed, self._subjects, sifted, now=now, last=last)
        # A record that was refused before keeps its entry, also where that was closed meanwhile.
        again = [
            (places[_place(reject.record)], reject)
            for reject in applied.rejects
            if _place(reject.record) in places
        ]
        table.reopen(tx, [e.uid for e, _ in again if e.state != table.OPEN])
        self._quarantine.keep(tx, again)
        taken = [places[p].uid for u in applied.accepted if (p := _place(u.record)) in places]
        table.mark_replayed(tx, taken, actor=self._actor, at=now)
        fresh = [r for r in applied.rejects if _place(r.record) not in places]
        self._quarantine.settle(tx, fresh, applied.accepted, now)
        more = Counts(seen=outdated, stale=outdated, pages=len(self._pages), bytes=self._bytes)
        return applied.counts + more, applied.left

    def _map(self, records: Sequence[Record]) -> Sifted:
        out = Sifted()
        for zone, sieve in self._sieves.items():
            some = [r for r in records if str(r.meta.get("timezone", "UTC")) == zone]
            part = sieve.map(some)
            out.units += part.units
            out.rejects += part.rejects
        return out

    def _not_outdated(self, tx: Any, rejects: Sequence[Reject]) -> list[Reject]:
        """Leave out what is refused of records that the store knows in a later form."""
        entity, sync = self._feed.entity, self._sync
        keys = [r.source_key for r in rejects if r.source_key is not None]
        if ENTITIES[entity].fact or not keys:
            return list(rejects)
        known = Links(sync).fetch(tx, entity, keys)
        return [
            r
            for r in rejects
            if r.source_key not in known or known[r.source_key].landed_seq <= r.record.landed_seq
        ]

    def _close(self, tx: Any, counts: Counts, lease: Lease) -> None:
        """Write what belongs to the transaction beside the rows; the fence is the last word."""
        sync = self._sync
        manifest.mark_mapped(tx, [p.batch_uid for p in self._pages], sync.mapping_version)
        runs.add_counts(tx, sync.run_id, **counts.numbers())
        if counts.inserted + counts.updated + counts.quarantined:
            audit.append(
                tx,
                self._link,
                sync.tenant,
                at=self._clock.now(),
                actor=self._actor,
                action="sync.backfill",
                object_=self._feed.entity,
                run_id=sync.run_id,
                n=counts.inserted + counts.updated,
                quarantined=counts.quarantined,
                sync=sync.sync_id,
            )
        lease.fence(tx)

    def _unreached(self) -> int | None:
        """Count the records that a run under another mapping was the last one to touch."""
        if self._lease is None or ENTITIES[self._feed.entity].fact:
            return None
        link, run = schema.hub_source_link.c, schema.hub_run.c
        query = (
            select(func.count())
            .select_from(schema.hub_source_link)
            .join(schema.hub_run, run.id == link.run_id, isouter=True)
            .where(link.sync_id == self._sync.sync_id, link.entity == self._feed.entity)
            .where(link.state == "live")
            .where(func.coalesce(run.mapping_version, "") != self._sync.mapping_version)
        )
        with self._store.read() as tx:
            return int(tx.execute(query).scalar_one())


class _NothingWritten(Exception):
    """Rolls a dry run back."""


def _place(record: Record) -> _Place:
    return record.batch_uid, record.index


def _places(tx: Any, batch_uids: Sequence[str]) -> dict[_Place, Quarantined]:
    """Return the quarantine entries of pages, open and closed, by where the record stands."""
    return {(e.batch_uid, e.index): e for e in table.of_pages(tx, batch_uids)}


def _state(places: dict[_Place, Quarantined], record: Record) -> str | None:
    entry = places.get(_place(record))
    return entry.state if entry else None
