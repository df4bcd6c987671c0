"""Back a whole store up into one file, and bring it back, on either database.

The archive (:mod:`hrhub.store.archive`) holds all rows of all tenants in one consistent state;
personal values in it are sealed as they are in the store. Landed pages are not in it: they live a
few days, the vendor still has them, and bringing old ones back would bring back people who were
erased since.

A restore happens in one transaction, behind a mark that keeps everybody else out of the store until
all of it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, func, insert, select, update

from hrhub import __version__
from hrhub.ambient import Clock, SystemClock
from hrhub.crypto import KeyProvider, TenantKeys, WrappedKey, audit_linker, default_provider
from hrhub.crypto import open_tenant as unwrap_tenant
from hrhub.errors import Busy, HrHubError, KeysUnavailable, Refused
from hrhub.settings import Settings
from hrhub.store import audit, erasure, orders, outbox, transfer
from hrhub.store import landing as manifest
from hrhub.store.archive import Archive, ArchiveWriter, Facts, open_archive
from hrhub.store.engine import RESTORING, Store, open_store
from hrhub.store.keys import tenant_keys
from hrhub.store.lease import now_in
from hrhub.store.ledger import Ledger
from hrhub.store.migrations.run import create
from hrhub.store.schema import hub_fence, hub_key, hub_landing_batch, hub_lease, hub_meta
from hrhub.store.standing import StandingKeys

if TYPE_CHECKING:
    from hrhub.pipeline.hub import Hub

Progress = Callable[[str, int], None]
"""Told a table and how many of its rows are done."""


@dataclass(frozen=True, slots=True)
class Backed:
    """What a backup holds: the archive's id, its moment, and the rows of each table."""

    archive: str
    taken_at: datetime
    rows: dict[str, int]
    bytes: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore brought.

    Attributes:
        archive: The archive's id.
        taken_at: When it was made.
        program: Version of the program that made it.
        rows: Rows of each table.
        forgotten: Data keys destroyed because their people were erased since.
    """

    archive: str
    taken_at: datetime
    program: str
    rows: dict[str, int]
    forgotten: int


def backup(hub: Hub, path: Path, *, actor: str, progress: Progress | None = None) -> Backed:
    """Write all rows of the store into a new file, as of one moment; syncs may go on.

    Raises:
        Refused: There is such a file already (``archive.exists``).
        StorageError: The file cannot be written, or the store not be read.
    """
    provider = default_provider(hub.settings.keyring)
    writer = ArchiveWriter(path, provider, profile=hub.keys.profile, program=__version__)
    with writer, hub.store.read() as tx:
        if tx.dialect.name == "postgresql":
            tx.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            transfer.take_time(tx)
        taken_at = _database_time(tx)
        for table in transfer.TABLES:
            writer.table(table.name, table.c.keys())
            done = 0
            for rows in transfer.plain_rows(tx, table):
                writer.rows(rows)
                done += len(rows)
                if progress:
                    progress(table.name, done)
        # Read last: what was erased meanwhile is known, so an older ledger will not do.
        facts = writer.commit(taken_at.isoformat(), Ledger(hub.settings.ledger).heads())
    with hub.store.write() as tx:
        audit.append(
            tx,
            audit_linker(hub.keys),
            hub.keys.tenant,
            at=hub.clock.now(),
            actor=actor,
            action="store.backup",
            object_=writer.archive,
            n=facts.rows,
        )
    rows_of = {name: table.rows for name, table in facts.tables.items()}
    return Backed(writer.archive, taken_at, rows_of, path.stat().st_size)


def restore(
    settings: Settings,
    path: Path,
    *,
    actor: str,
    replace: bool = False,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> Restored:
    """Bring the rows of an archive into the store, which is made if it is not there.

    People whose keys were destroyed since, in the store that is replaced or by the ledger, are
    erased again in the same transaction. The landing zone is emptied.

    Args:
        settings: Where things are.
        path: The archive.
        actor: Who restores.
        replace: Give up what the store holds.
        clock: Dates what is written.
        progress: Told how far it is.

    Raises:
        Refused: The archive is damaged, of another version or another key ring (``archive.…``); the
            store holds something (``restore.not_empty``); the ledger is damaged or older than the
            archive (``ledger.…``). Nothing was changed.
        Busy: A sync is at work (``restore.busy``).
        StorageError: The store cannot be used.
    """
    clock = clock or SystemClock()
    provider = default_provider(settings.keyring)
    provider.current()  # before anything is made: no key, no work
    archive = open_archive(path, provider)
    facts = archive.check()
    create(settings.store_url)
    with open_store(settings.store_url, unfinished=True) as store:
        _begin(store, archive, replace=replace)
        try:
            with store.write() as tx:
                transfer.take_time(tx)
                work = _Restore(tx, provider, settings, actor, clock.now())
                forgotten = work.run(archive, facts, progress)
        except BaseException:
            # A process that is killed leaves the mark; one that gives up has changed nothing.
            with suppress(HrHubError):
                _end(store)
            raise
        _empty(settings.landing)
        _end(store)
    return Restored(
        archive.archive,
        datetime.fromisoformat(facts.taken_at),
        archive.program,
        {name: table.rows for name, table in facts.tables.items()},
        forgotten,
    )


def _begin(store: Store, archive: Archive, *, replace: bool) -> None:
    """Keep others out of the store, if it may be filled."""
    with store.write() as tx:
        if not replace:
            held = [t.name for t in transfer.TABLES if t is not hub_key and transfer.count(tx, t)]
            if held:
                raise Refused("restore.not_empty", table=held[0], n=len(held))
        c = hub_lease.c
        at_work = select(func.count()).where(c.holder.is_not(None), c.expires_at >= now_in(tx))
        if many := tx.execute(at_work).scalar_one():
            raise Busy("restore.busy", n=many)
        tx.execute(delete(hub_meta).where(hub_meta.c.key == RESTORING))
        tx.execute(insert(hub_meta).values(key=RESTORING, value=archive.archive))


def _end(store: Store) -> None:
    with store.write() as tx:
        tx.execute(delete(hub_meta).where(hub_meta.c.key == RESTORING))


def _empty(landing: Path) -> None:
    """Remove all landed pages: their keys and their list are gone, or no longer told of."""
    for file in landing.rglob("*.seg*"):
        file.unlink(missing_ok=True)


def _database_time(tx: Connection) -> datetime:
    told: datetime = tx.execute(select(now_in(tx))).scalar_one()
    return told.astimezone(UTC)


class _LoadedKeys:
    """Tenant keys as a transaction sees them; a :class:`hrhub.crypto.KeyTable`."""

    def __init__(self, tx: Connection) -> None:
        self._tx = tx

    def load_tenant_keys(self, tenant: str) -> Sequence[WrappedKey]:
        """Return every version of every key of a tenant."""
        return tenant_keys(self._tx, tenant)

    def add_tenant_keys(self, rows: Sequence[WrappedKey]) -> None:
        """Refuse: a restored tenant has keys, or its data could not be read."""
        raise KeysUnavailable("keys.unknown", key_ref=rows[0].tenant)


class _Restore:
    """One restore, inside its transaction."""

    def __init__(
        self, tx: Connection, provider: KeyProvider, settings: Settings, actor: str, now: datetime
    ) -> None:
        self._tx = tx
        self._provider = provider
        self._ledger = Ledger(settings.ledger)
        self._actor = actor
        self._now = now

    def run(self, archive: Archive, facts: Facts, progress: Progress | None) -> int:
        """Do all of it; return how many data keys were destroyed."""
        tx = self._tx
        before = StandingKeys.keep(tx)
        chains = audit.heads(tx)
        token = tx.execute(select(func.max(hub_fence.c.token))).scalar() or 0
        transfer.clear(tx)
        self._load(archive, facts, progress)
        transfer.number_on(tx)
        before.apply(tx)
        # Workers that hold a lease of the store as it was must fail at the fence.
        tx.execute(update(hub_fence).values(token=hub_fence.c.token + token + 1))
        tx.execute(update(hub_landing_batch).values(state=manifest.DROPPED))
        # What waited to be sent or ordered may have been since; the vendor is asked first.
        outbox.put_in_doubt(tx)
        orders.put_in_doubt(tx)
        forgotten = 0
        for tenant, keys in self._tenants().items():
            erased = self._ledger.erased(audit_linker(keys), tenant, facts.erasures.get(tenant))
            destroyed = erasure.forget(tx, tenant, [*erased, *before.lost(tenant)], self._now)
            forgotten += destroyed
            seq, mac = chains.get(tenant, (None, b""))
            audit.append(
                tx,
                audit_linker(keys),
                tenant,
                at=self._now,
                actor=self._actor,
                action="store.restore",
                object_=archive.archive,
                n=facts.rows,
                taken_at=facts.taken_at,
                forgotten=destroyed,
                # The chain that stood here ended so: what was cut off can be told from it.
                replaced_seq=seq,
                replaced_mac=mac.hex() or None,
            )
        return forgotten

    def _load(self, archive: Archive, facts: Facts, progress: Progress | None) -> None:
        known = {table.name: table for table in transfer.TABLES}
        if facts.tables.keys() != known.keys():
            raise Refused("archive.broken", path=str(archive.path))
        done: dict[str, int] = dict.fromkeys(known, 0)
        for name, columns, rows in archive.tables():
            done[name] += transfer.load(self._tx, known[name], columns, rows)
            if progress:
                progress(name, done[name])
        if any(transfer.count(self._tx, known[n]) != t.rows for n, t in facts.tables.items()):
            raise Refused("archive.broken", path=str(archive.path))

    def _tenants(self) -> dict[str, TenantKeys]:
        """Open the keys of every tenant that came: whoever's cannot be opened is not restored."""
        names = self._tx.execute(select(hub_key.c.tenant).distinct()).scalars()
        table = _LoadedKeys(self._tx)
        try:
            return {name: unwrap_tenant(self._provider, table, name) for name in sorted(names)}
        except KeysUnavailable as error:
            facts: dict[str, Any] = {"key_ref": error.context.get("key_ref", "-")}
            raise Refused("archive.other_keys", reason=error.code, **facts) from None
