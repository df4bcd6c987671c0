"""Load landed pages: batches of records, each applied in one fenced transaction."""

from __future__ import annotations

import gc
from collections import abc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from hrhub.ambient import Clock
from hrhub.connector import Page, Stream
from hrhub.crypto import DataKeyCache, audit_linker
from hrhub.mapping import Mapping, compile_mapping
from hrhub.model import ENTITIES, Feed
from hrhub.pipeline.apply import apply
from hrhub.pipeline.batch import Sync
from hrhub.pipeline.counts import Counts
from hrhub.pipeline.gate import Gate
from hrhub.pipeline.records import Cut, Record, Reject, Sieve, Sifted, Splitter
from hrhub.pipeline.rejects import Quarantine
from hrhub.pipeline.subjects import Subjects
from hrhub.store import audit, cursors, fingerprints, runs, schema
from hrhub.store import landing as manifest
from hrhub.store.engine import Store
from hrhub.store.landing import LandedBatch
from hrhub.store.lease import Lease

BATCH_RECORDS = 2_000
"""New or changed records at which a transaction is closed; pages are never divided."""

BATCH_BYTES = 16 << 20
"""Bytes of new or changed records at which a transaction is closed."""

STRETCH_RECORDS = 65_536
"""Records read, changed or not, at which a transaction is closed."""

STRETCH_PAGES = 512
"""Pages at which a transaction is closed, for vendors with small ones."""

STRETCH_S = 5.0
"""How long a slow vendor's pages may wait for their transaction."""

_YOUNG = 1
"""Generation of objects to search for cycles between batches: none that was there before."""

Facts = abc.Mapping[str, str | int]
"""What a page carries beside its bytes; ``timezone`` is the connection's."""

Progress = Callable[[Counts], None]
"""Called after each transaction with what the run has come to so far."""

Refused = Callable[[Sequence[Reject]], None]
"""Called after each transaction with the records that it refused."""


@contextmanager
def without_cycle_search() -> Iterator[None]:
    """Keep Python from searching for cyclic garbage inside the block.

    A batch is some hundred thousand objects without cycles; going through all of them again and
    again took a seventh of the CPU of a load. What cycles there are wait for the end of a batch.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Loader:
    """Take landed pages in order and apply them.

    Records that are unchanged go no further than the gate. A transaction spans whole pages, until
    what has changed in them makes a batch or they are many. The cursor of a page moves in the
    transaction that applies it; for grouped streams at the end of the run, because the last series
    of a page is complete only when the next page has begun.

    ``few`` says that the pages hold a few records of a large stream: reading what is known of all
    of them for the gate would cost more than it saves, so every record is compared when applied.
    """

    def __init__(
        self,
        *,
        store: Store,
        sync: Sync,
        stream: Stream,
        feed: Feed,
        mapping: Mapping,
        lease: Lease,
        clock: Clock,
        data_keys: DataKeyCache,
        progress: Progress | None = None,
        refused: Refused | None = None,
        few: bool = False,
    ) -> None:
        self._few = few
        self._store = store
        self._sync = sync
        self._stream = stream
        self._feed = feed
        self._lease = lease
        self._clock = clock
        self._progress = progress
        self._refused = refused
        self._subjects = Subjects(sync.keys, data_keys)
        self._quarantine = Quarantine(sync)
        self._link = audit_linker(sync.keys)
        self._splitter = Splitter(stream)
        self._gate_key = sync.keys.fingerprint_key("gate")
        self._mapping = mapping
        self._sieve: Sieve | None = None
        self._kept: list[Record] = []
        self._kept_bytes = 0
        self._seen = 0
        self._pages: list[LandedBatch] = []
        self._bytes = 0
        self._cursor: bytes | None = None
        self._started = self._committed = clock.monotonic()
        self.counts = Counts()

    def sieve(self, meta: Facts) -> Sieve:
        """Return the sieve of this run, made with the zone that the first page names."""
        if self._sieve is None:
            sync, entity = self._sync, self._feed.entity
            facts = schema.ENTITY_TABLES[entity] if ENTITIES[entity].fact else None
            known = fingerprints.halves(bytearray())
            if not self._few:
                with self._store.read() as tx:
                    known = fingerprints.load(tx, sync.sync_id, facts=facts)
            version = f"{sync.sync_id}/{sync.mapping_version}"
            gate = Gate(self._gate_key, version, known, self._stream.volatile)
            zone = str(meta.get("timezone", "UTC"))
            today = self._clock.now().astimezone(ZoneInfo(zone)).date()
            compiled = compile_mapping(self._mapping, today=today, zone=zone)
            self._sieve = Sieve(self._stream, compiled, gate, sync.hash_key)
        return self._sieve

    def run(self, pages: Iterable[tuple[LandedBatch, Page]]) -> Counts:
        """Apply all pages and return the run's counts.

        Raises:
            HrHubError: As :meth:`take`, and whatever bringing the pages raises.
        """
        with without_cycle_search():
            for landed, page in pages:
                self.take(landed, page)
            return self.finish()

    def take(self, landed: LandedBatch, page: Page) -> None:
        """Add a page, and apply what has gathered when it is enough.

        A page that an earlier try of this run applied is only looked at for an open series.

        Raises:
            ContractChanged: The page cannot be cut into records; it stays in the landing zone.
            Fenced: A newer run took over; what was open is rolled back.
        """
        seq = ((landed.token or 0) << 20) | landed.seq
        cuts = self._splitter.split(page, landed.batch_uid, seq)
        if landed.sealed_cursor is not None:
            self._cursor = landed.sealed_cursor
        if landed.state == manifest.APPLIED:
            return
        self._keep(cuts)
        self._pages.append(landed)
        self._bytes += len(page.body)
        if self._is_full():
            self._commit(last=False)
            gc.collect(_YOUNG)

    def _keep(self, cuts: Sequence[Cut]) -> None:
        """Keep what is new or changed; the rest is only counted, and its page let go."""
        for cut in cuts:
            passing = self.sieve(cut.meta).passing(cut)
            self._seen += len(cut.raws)
            self._kept += passing
            self._kept_bytes += sum(len(part) for record in passing for part in record.parts)

    def _is_full(self) -> bool:
        return (
            len(self._kept) >= BATCH_RECORDS
            or self._kept_bytes >= BATCH_BYTES
            or self._seen >= STRETCH_RECORDS
            or len(self._pages) >= STRETCH_PAGES
            or self._clock.monotonic() - self._committed >= STRETCH_S
        )

    def finish(self) -> Counts:
        """Apply the rest and return the run's counts."""
        self._keep(self._splitter.end())
        self._commit(last=True)
        return self.counts

    def _sifted(self) -> Sifted:
        if self._sieve is None:
            return Sifted()
        sifted = self._sieve.map(self._kept)
        sifted.seen, sifted.unchanged = self._seen, self._seen - len(self._kept)
        return sifted

    def _commit(self, *, last: bool) -> None:
        self._lease.check()
        sifted = self._sifted()
        now = self._clock.now()
        committed = False
        try:
            with self._store.write() as tx:
                applied = apply(
                    tx, self._sync, self._feed, self._subjects, sifted, now=now, last=last
                )
                self._quarantine.settle(tx, applied.rejects, applied.accepted, now)
                counts = applied.counts + Counts(pages=len(self._pages), bytes=self._bytes)
                self._close(tx, counts, last=last)
            committed = True
            if self._sieve is not None:
                self._sieve.forget(applied.left)
        finally:
            self._subjects.end(committed=committed)
            if not committed:
                self._quarantine.forget_key()
        self._committed = self._clock.monotonic()
        elapsed = self._committed - self._started
        self.counts = replace(self.counts + counts, seconds=round(elapsed, 3))
        self._kept, self._kept_bytes, self._seen = [], 0, 0
        self._pages, self._bytes = [], 0
        if self._refused and applied.rejects:
            self._refused(applied.rejects)
        if self._progress:
            self._progress(self.counts)

    def _close(self, tx: Any, counts: Counts, *, last: bool) -> None:
        """Write what belongs to the transaction beside the rows; the fence is the last word."""
        sync, now = self._sync, self._clock.now()
        manifest.mark_applied(
            tx,
            [p.batch_uid for p in self._pages],
            counts.numbers(),
            at=now,
            mapping_version=sync.mapping_version,
        )
        if self._cursor is not None and (last or not self._stream.grouped):
            standing = cursors.load(tx, sync.sync_id)
            if standing.sealed_value != self._cursor:
                cursors.move(
                    tx,
                    sync.sync_id,
                    self._cursor,
                    seq=standing.seq + 1,
                    run_id=sync.run_id,
                    at=now,
                )
        runs.add_counts(tx, sync.run_id, **counts.numbers())
        if counts.inserted + counts.updated + counts.quarantined:
            audit.append(
                tx,
                self._link,
                sync.tenant,
                at=now,
                actor=f"sync:{sync.connection}/{sync.stream}",
                action="sync.apply",
                object_=self._feed.entity,
                run_id=sync.run_id,
                n=counts.inserted + counts.updated,
                quarantined=counts.quarantined,
            )
        self._lease.fence(tx)
