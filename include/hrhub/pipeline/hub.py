"""The hub: store, keys, mappings and clocks put together, and the syncs that run on them.

The same object serves the command line, tests and Airflow tasks.
"""

from __future__ import annotations

from collections import abc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Connection

from hrhub.ambient import Clock, SystemClock, new_id
from hrhub.connector import Connector, ConnectorConfig, OrderService, Page, registry
from hrhub.crypto import (
    BlindIndexer,
    DataKeyCache,
    FileKeyring,
    TenantKeys,
    default_provider,
    open_tenant,
)
from hrhub.errors import ConfigError, Fenced, HrHubError
from hrhub.http.ports import Ports
from hrhub.identity import load_identity_policy
from hrhub.mapping import Mapping, find_mapping
from hrhub.model import CustomFields
from hrhub.pipeline.ahead import ahead
from hrhub.pipeline.census import census
from hrhub.pipeline.counts import Counts
from hrhub.pipeline.load import Progress, Refused
from hrhub.pipeline.orders import RESULT, Orders, stream_of
from hrhub.pipeline.ports import StorePorts
from hrhub.pipeline.registering import refuse_unregistered
from hrhub.pipeline.survivorship import load_policy
from hrhub.pipeline.work import Job, Work, as_hub_error
from hrhub.settings import Settings
from hrhub.store import custom_fields, runs, syncs
from hrhub.store import landing as manifest
from hrhub.store.engine import Store, open_store
from hrhub.store.keys import StoredKeys
from hrhub.store.lease import acquire
from hrhub.store.runs import Run
from hrhub.store.syncs import SyncRow

# What a sync does not need is imported where it is used: most processes run one sync and end.
if TYPE_CHECKING:
    from hrhub.pipeline.backfill import Backfilled
    from hrhub.pipeline.delivery import Delivered, PlannedWrite
    from hrhub.pipeline.drain import Drained
    from hrhub.pipeline.replay import Replayed, Wanted
    from hrhub.pipeline.verification import Verified
    from hrhub.pipeline.verify import Report

REPLAY, BACKFILL = "replay", "backfill"
"""Kinds of the runs that go through records again: quarantine, and landed pages."""

PUSH = "push"
"""Kind of the runs that take records which the vendor sent by itself."""


@dataclass(frozen=True, slots=True)
class PullReceipt:
    """What a pull left in the landing zone; references and counts only."""

    run_id: str
    pages: int
    bytes: int


class Hub:
    """One tenant's hub, open for work.

    Args:
        settings: Where things are.
        store: The open store.
        keys: The tenant's keys.
        clock: Tells the time.
        ports: Budget, breaker and tokens of its sessions; those that all workers share if None.
            The shared ones go by the database's time, so a clock that is not real needs its own.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        keys: TenantKeys,
        clock: Clock | None = None,
        ports: Ports | None = None,
    ) -> None:
        self.settings = settings
        self.store = store
        self.keys = keys
        self.clock = clock or SystemClock()
        self.ports = ports or StorePorts(store, keys, self.clock)
        self.data_keys = DataKeyCache(clock=self.clock)
        self.index = BlindIndexer(keys)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def orders(self) -> Orders:
        """Orders to vendors: placing, looking after, taking results in."""
        return Orders(self)

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def latest_runs(self) -> list[Run]:
        """Return the last run of every sync."""
        with self.store.read() as tx:
            return runs.latest(tx, self.settings.tenant)

    def census(self) -> dict[str, int]:
        """Count the living rows of every entity."""
        with self.store.read() as tx:
            return census(tx, self.settings.tenant)

    def mapping(self, connector: Connector, stream: str) -> Mapping:
        """Return the mapping of a stream.

        Raises:
            ConfigError: There is none (``mapping.missing``).
            MappingError: It is wrong; the problems name file, line and column.
        """
        return self._mapping(connector, stream, self.custom_fields())

    def custom_fields(self) -> CustomFields:
        """Return the tenant's registered custom fields."""
        with self.store.read() as tx:
            return custom_fields.known(tx, self.settings.tenant)

    def _mapping(self, connector: Connector, stream: str, custom: CustomFields) -> Mapping:
        return find_mapping(self.settings.mappings, connector.name, stream, custom=custom)

    def pull(
        self,
        connector: Connector,
        config: ConnectorConfig,
        connection: str,
        stream: str,
        *,
        holder: str,
        progress: Progress | None = None,
    ) -> PullReceipt:
        """Read a stream from its cursor on and land its pages; nothing is applied.

        The mapping is checked first, so that a wrong one is refused before anything is written.

        Raises:
            VendorError: The vendor could not be read; pages landed before stay until they expire.
            Busy: Another run works on this sync.
        """
        job = self._job(connector, connection, connector.stream(stream).name)
        with self._run(job, holder, "sync", keep_open=True) as work:
            total = Counts()
            for _, page in work.read(config):
                total = total + Counts(pages=1, bytes=len(page.body))
                if progress:
                    progress(total)
            return PullReceipt(work.run_id, total.pages, total.bytes)

    def load(
        self,
        run_id: str,
        connector: Connector,
        *,
        holder: str,
        progress: Progress | None = None,
    ) -> Counts:
        """Apply the pages that a pull landed; a second try goes on where the first one stopped.

        A run that is done is left as it is, its cursor too: a newer one may have moved it on.

        Raises:
            ConfigError: There is no such run (``run.unknown``).
            Fenced: A newer pull replaced these pages (``run.superseded``).
            ContractChanged: A page does not have the agreed form; nothing of it was applied.
        """
        with self.store.read() as tx:
            run = runs.get(tx, run_id)
        if run is None:
            raise ConfigError("run.unknown", run=run_id)
        if run.status == runs.DONE:
            return Counts(**run.counts)
        job = self._job(connector, run.connection, run.stream)
        with self._run(job, holder, "sync", resume=run) as work:
            return work.loader(progress).run(work.landing.read_run(run_id))

    def sync(
        self,
        connector: Connector,
        config: ConnectorConfig,
        connection: str,
        stream: str,
        *,
        holder: str,
        progress: Progress | None = None,
        mapping: Mapping | None = None,
        refused: Refused | None = None,
    ) -> Counts:
        """Read a stream and apply it; asking and landing run ahead in threads of their own.

        ``mapping`` stands in for the one that belongs to the stream; ``refused`` is called with
        what each transaction refused.

        Raises:
            HrHubError: As :meth:`pull` and :meth:`load`.
        """
        job = self._job(connector, connection, connector.stream(stream).name, mapping)
        with self._run(job, holder, "sync") as work:
            loader = work.loader(progress, refused)
            with ahead(work.read(config), f"land-{work.run_id}") as gathered:
                return loader.run(chain.from_iterable(gathered))

    def take_pages(
        self,
        connector: Connector,
        config: ConnectorConfig,
        connection: str,
        stream: str,
        pages: Sequence[Page],
        *,
        holder: str,
    ) -> Counts:
        """Land and apply pages that the vendor pushed, by the path that read ones take.

        They say nothing about what they do not hold, and the cursor stays where it is.

        Raises:
            HrHubError: As :meth:`load`.
        """
        job = self._job(connector, connection, stream)
        with self._run(job, holder, PUSH) as work:
            return work.loader(None, few=True).run(work.keep(pages, config))

    def drain(
        self, connector: Connector, config: ConnectorConfig, connection: str, *, holder: str
    ) -> Drained:
        """Work through what a vendor reported: load its records, read the streams it named.

        Raises:
            HrHubError: As :meth:`Drain.run`.
        """
        from hrhub.pipeline.drain import Drain

        return Drain(self, connector, config, connection, holder).run()

    def replay(
        self,
        wanted: Wanted,
        *,
        holder: str,
        actor: str,
        dry_run: bool = False,
        connectors: Callable[[SyncRow], Connector] = lambda row: registry.get(row.connector),
        mapping: Mapping | None = None,
        progress: Progress | None = None,
    ) -> list[Replayed]:
        """Give open quarantine records another try under the mappings of today, sync by sync.

        What stops one sync stands in its result; the others are replayed all the same. A dry run
        takes no lease and writes nothing.

        Args:
            wanted: Which records.
            holder: Identity of the runs.
            actor: Who asked for it.
            dry_run: Only tell what would happen.
            connectors: Finds the connector of a sync; files that were imported have none in the
                registry (:class:`hrhub.importing.Imported`).
            mapping: Stands in for the installed mapping of the stream that it names.
            progress: Called after each transaction.

        Raises:
            ConfigError: A uid is not that of an open record (``quarantine.unknown``).
        """
        from hrhub.pipeline.replay import Replayed, affected

        done = []
        for row in affected(self.store, self.settings.tenant, wanted):
            try:
                named = f"{row.connector}.{row.stream}"
                given = mapping if mapping is not None and mapping.stream == named else None
                job = self._job(connectors(row), row.connection, row.stream, given)
                if dry_run:
                    work = Work(self, job, row.id, new_id(), None)
                    done.append(work.replayer(actor).run(wanted, progress))
                    continue
                with self._run(job, holder, REPLAY) as work:
                    done.append(work.replayer(actor).run(wanted, progress))
            except HrHubError as error:
                error.about(connector=row.connector, connection=row.connection, stream=row.stream)
                done.append(Replayed(connection=row.connection, stream=row.stream, error=error))
        return done

    def backfill(
        self,
        connection: str,
        stream: str,
        *,
        holder: str,
        actor: str,
        since: datetime | None = None,
        dry_run: bool = False,
        connectors: Callable[[SyncRow], Connector] = lambda row: registry.get(row.connector),
        mapping: Mapping | None = None,
        progress: Progress | None = None,
    ) -> Backfilled:
        """Map the landed pages of a stream again under the mapping of today; no vendor is asked.

        Pages that were applied under it already are left out, so it can be killed and repeated. A
        dry run takes no lease and writes nothing.

        Args:
            connection: The connection.
            stream: Its stream.
            holder: Who holds the lease.
            actor: Who asked for it.
            since: Only pages that landed then or later.
            dry_run: Say what would come of it.
            connectors: As of :meth:`replay`.
            mapping: Stands in for the installed mapping of the stream.
            progress: Called after each transaction.

        Raises:
            ConfigError: The stream was never synced (``backfill.unknown``).
            Busy: A run works on this sync.
        """
        with self.store.read() as tx:
            row = syncs.find(tx, self.settings.tenant, connection, stream)
        if row is None:
            raise ConfigError("backfill.unknown", connection=connection, stream=stream)
        job = self._job(connectors(row), connection, stream, mapping)
        if dry_run:
            work = Work(self, job, row.id, new_id(), None)
            return work.backfiller(actor).run(since, progress)
        with self._run(job, holder, BACKFILL) as work:
            return work.backfiller(actor).run(since, progress)

    def discard(self, uids: Sequence[str], reason: str, *, actor: str) -> int:
        """Close open quarantine records that nobody wants; return how many.

        Raises:
            ConfigError: A uid or the reason is unknown; nothing was closed.
        """
        from hrhub.pipeline.replay import discard

        return discard(self.store, self.keys, uids, reason, actor=actor, clock=self.clock)

    def enqueue_write(
        self,
        connector: Connector,
        connection: str,
        sink: str,
        values: abc.Mapping[str, Any] | None = None,
        *,
        person: str | None = None,
        employment: str | None = None,
        subject: str | None = None,
        key: str | None = None,
        actor: str,
        reason: str,
        run_id: str | None = None,
        tx: Connection | None = None,
    ) -> str:
        """Put a write to a vendor into the outbox and return its id; nothing is sent here.

        The arguments are those of :class:`~hrhub.pipeline.outbox.WriteRequest`. With ``tx`` the
        write is part of the caller's transaction, so that it is decided together with its cause.

        Raises:
            HrHubError: As :meth:`Outbox.add`.
        """
        from hrhub.pipeline.outbox import Outbox, WriteRequest

        wish = WriteRequest(
            values=values or {},
            person=person,
            employment=employment,
            subject=subject,
            key=key,
            actor=actor,
            reason=reason,
            run_id=run_id,
        )
        outbox = Outbox(self)
        if tx is not None:
            return outbox.add(tx, connector, connection, sink, wish).id
        with self.store.write() as own:
            return outbox.add(own, connector, connection, sink, wish).id

    def deliver(
        self,
        connector: Connector,
        config: ConnectorConfig,
        connection: str,
        sink: str | None = None,
        *,
        holder: str,
    ) -> Delivered:
        """Send what waits in the outbox for a connection, or for one of its sinks.

        Raises:
            HrHubError: As :meth:`Deliverer.run`.
        """
        from hrhub.pipeline.delivery import Deliverer

        return Deliverer(self, connector, config, connection, holder).run(sink)

    def plan_delivery(
        self,
        connector: Connector,
        config: ConnectorConfig,
        connection: str,
        sink: str | None = None,
    ) -> list[PlannedWrite]:
        """Say what :meth:`deliver` would send: targets, names, masked values; nothing is written.

        Raises:
            HrHubError: As :meth:`Deliverer.run`.
        """
        from hrhub.pipeline.delivery import Deliverer

        return Deliverer(self, connector, config, connection, "-").plan(sink)

    def show_write(
        self,
        connector: Connector,
        config: ConnectorConfig,
        connection: str,
        sink: str,
        values: abc.Mapping[str, Any] | None = None,
        *,
        person: str | None = None,
        actor: str,
    ) -> PlannedWrite:
        """Say what one write would send to whom; nothing is put down or sent.

        Raises:
            HrHubError: As :meth:`enqueue_write`.
        """
        from hrhub.pipeline.delivery import Deliverer
        from hrhub.pipeline.outbox import WriteRequest

        wish = WriteRequest(values=values or {}, person=person, actor=actor, reason="shown")
        return Deliverer(self, connector, config, connection, "-").preview(sink, wish)

    @contextmanager
    def result_run(
        self, connector: Connector, connection: str, service: OrderService, holder: str
    ) -> Iterator[Work]:
        """Hold the run in which results of an order service are taken in."""
        job = self._job(connector, connection, service.name)
        with self._run(job, holder, RESULT) as work:
            yield work

    def verify_employment(self, person_id: str, *, actor: str) -> Verified:
        """Hold a person's newest resume against the records of their work.

        Raises:
            ConfigError: There is nobody of that id.
            KeysUnavailable: The person was erased.
        """
        from hrhub.pipeline.verification import verify_employment  # no sync needs it

        return verify_employment(self, person_id, actor=actor)

    def verify(self, *, progress: Callable[[str, int], None] | None = None) -> Report:
        """Check that everything stored still is as it was written; nothing is changed."""
        from hrhub.pipeline.verify import verify  # reads the whole store; nothing else needs it

        return verify(self, progress=progress)

    def _job(
        self, connector: Connector, connection: str, stream: str, mapping: Mapping | None = None
    ) -> Job:
        declared = stream_of(connector, stream)
        custom = self.custom_fields()
        policy = load_policy(self.settings.mappings, custom)
        identity = load_identity_policy(self.settings.mappings)
        mapping = mapping or self._mapping(connector, stream, custom)
        refuse_unregistered(mapping, custom)
        return Job(connector, connection, declared, mapping, policy, custom, identity)

    @contextmanager
    def _run(
        self,
        job: Job,
        holder: str,
        kind: str,
        *,
        resume: Run | None = None,
        keep_open: bool = False,
    ) -> Iterator[Work]:
        """Hold the lease and the record of a run; errors leave it in words and codes."""
        try:
            with self.store.write() as tx:
                sync_id = syncs.sync_id(
                    tx,
                    self.settings.tenant,
                    job.connection,
                    job.stream.name,
                    job.connector.name,
                )
            with acquire(self.store, sync_id, holder) as lease:
                run_id = self._begin(sync_id, holder, kind, job, resume)
                work = Work(self, job, sync_id, run_id, lease)
                try:
                    yield work
                except BaseException as error:
                    self._end(run_id, as_hub_error(error))
                    raise
                if not keep_open:
                    self._end(run_id, None)
        except HrHubError as error:
            raise error.about(**job.facts()) from None
        except Exception as error:
            raise as_hub_error(error).about(**job.facts()) from None

    def _begin(self, sync_id: int, holder: str, kind: str, job: Job, resume: Run | None) -> str:
        now = self.clock.now()
        version = job.mapping.version
        with self.store.write() as tx:
            if resume is not None:
                if any(b.state == manifest.SUPERSEDED for b in manifest.of_run(tx, resume.id)):
                    raise Fenced("run.superseded", run=resume.id)
                runs.reopen(tx, resume.id, mapping_version=version)
                return resume.id
            # pages that a pull landed still wait for their load
            if kind in (REPLAY, BACKFILL, PUSH):
                return runs.start(
                    tx, sync_id, holder=holder, kind=kind, at=now, mapping_version=version
                )
            for left in runs.running(tx, sync_id):
                # We hold the lease, so whoever began this run is gone and its cursor never moved:
                # the new run reads the same data again.
                manifest.supersede(tx, left)
                runs.finish(tx, left, at=now, error=Fenced("run.abandoned", run=left))
            for batch in manifest.waiting(tx, sync_id):
                manifest.supersede(tx, batch.run_id)
            return runs.start(
                tx, sync_id, holder=holder, kind=kind, at=now, mapping_version=version
            )

    def _end(self, run_id: str, error: HrHubError | None) -> None:
        with self.store.write() as tx:
            runs.finish(tx, run_id, at=self.clock.now(), error=error)


def open_hub(
    settings: Settings | None = None,
    *,
    create: bool = False,
    clock: Clock | None = None,
    ports: Ports | None = None,
) -> Hub:
    """Open store and keys; with ``create`` make what is missing of them.

    ``clock`` and ``ports`` are those of :class:`Hub`.

    Raises:
        KeysUnavailable: The key ring is missing, broken, or readable by others.
        StorageError: The store is missing, outdated, readable by others, or out of reach.
    """
    settings = settings or Settings.from_env()
    if create:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not settings.keyring.exists():
            FileKeyring.create(settings.keyring)
    provider = default_provider(settings.keyring)
    provider.current()  # before the store is touched: no key, no work
    store = open_store(settings.store_url, create=create)
    try:
        keys = open_tenant(provider, StoredKeys(store), settings.tenant, clock=clock)
    except BaseException:
        store.close()
        raise
    return Hub(settings, store, keys, clock, ports)
