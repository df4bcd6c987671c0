"""One run per sync: a lease says who is alive, a fence says who may write.

Only the database's clock counts. A run that lost its lease may still believe that it holds it;
its next transaction then fails at the fence, and everything in it is rolled back. The holder is
the run's identity, so a retry of the same run takes over at once and fences its predecessor.
"""

from __future__ import annotations

import threading
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, literal_column, or_, select, update

from hrhub.errors import Busy, Fenced, StorageError
from hrhub.store.bulk import insert_ignore
from hrhub.store.engine import Store
from hrhub.store.schema import hub_fence, hub_lease, hub_sync
from hrhub.store.types import UtcTs

LEASE_S = 30
RENEW_S = 10.0


class Lease:
    """A held lease, renewed in the background until it is released or lost.

    Attributes:
        sync_id: What is held.
        holder: The run that holds it.
        token: The fence token: higher than that of every holder before.
    """

    def __init__(
        self, store: Store, sync_id: int, holder: str, token: int, *, renew_s: float = RENEW_S
    ) -> None:
        self.sync_id = sync_id
        self.holder = holder
        self.token = token
        self._store = store
        self._renew_s = renew_s
        self._over = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lease-{sync_id}", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Stop a run that lost its lease; call it before each batch.

        Raises:
            Fenced: A newer run took over.
        """
        if self._lost.is_set():
            raise Fenced(sync=self.sync_id)

    def fence(self, tx: Connection) -> None:
        """Make the transaction valid only under this lease; must be its last statement.

        Raises:
            Fenced: A newer run took over; the transaction must be rolled back.
        """
        self.check()
        f = hub_fence.c
        counted = tx.execute(
            update(hub_fence)
            .where(f.sync_id == self.sync_id, f.token == self.token)
            .values(n=f.n + 1)
        )
        if counted.rowcount != 1:
            self._lost.set()
            raise Fenced(sync=self.sync_id)

    def renew(self) -> bool:
        """Push the expiry on; False when the lease is lost.

        Raises:
            StorageError: The store did not answer; the lease may still be ours.
        """
        with self._store.write() as tx:
            kept = tx.execute(
                update(hub_lease).where(*self._ours()).values(expires_at=now_in(tx, LEASE_S))
            )
        if kept.rowcount != 1:
            self._lost.set()
        return kept.rowcount == 1

    def release(self) -> None:
        """Give the lease back; a lease that is lost is left to its new holder."""
        self._over.set()
        if self._thread is not threading.current_thread():
            self._thread.join()
        with self._store.write() as tx:
            tx.execute(update(hub_lease).where(*self._ours()).values(holder=None, expires_at=None))

    def __enter__(self) -> Lease:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self.release()
        except StorageError:
            # The lease runs out by itself; the error that ended the work must not be replaced.
            if kind is None:
                raise

    def _ours(self) -> tuple[ColumnElement[bool], ...]:
        # A retry of the same run has the same holder, so the name alone does not tell them apart.
        token = select(hub_fence.c.token).where(hub_fence.c.sync_id == self.sync_id)
        return (
            hub_lease.c.sync_id == self.sync_id,
            hub_lease.c.holder == self.holder,
            token.scalar_subquery() == self.token,
        )

    def _keep(self) -> None:
        while not self._over.wait(self._renew_s) and not self._lost.is_set():
            try:
                self.renew()
            except StorageError:
                # Busy or away for now. Should it stay so, the fence decides, not our clock.
                continue


def acquire(store: Store, sync_id: int, holder: str, *, renew_s: float = RENEW_S) -> Lease:
    """Take the lease of a sync.

    Args:
        store: The store.
        sync_id: What to hold.
        holder: Identity of the run; the same identity takes over from itself at once.
        renew_s: Seconds between renewals.

    Raises:
        Busy: Another run holds it; ``holder`` and ``until`` say which one and how long at most.
    """
    with store.write() as tx:
        tenant = tx.execute(select(hub_sync.c.tenant).where(hub_sync.c.id == sync_id)).scalar_one()
        insert_ignore(tx, hub_lease, ("sync_id", "tenant"), [(sync_id, tenant)], ("sync_id",))
        insert_ignore(
            tx,
            hub_fence,
            ("sync_id", "tenant", "token", "n"),
            [(sync_id, tenant, 0, 0)],
            ("sync_id",),
        )
        lease = hub_lease.c
        taken = tx.execute(
            update(hub_lease)
            .where(
                lease.sync_id == sync_id,
                or_(
                    lease.holder.is_(None),
                    lease.holder == holder,
                    lease.expires_at < now_in(tx),
                ),
            )
            .values(holder=holder, expires_at=now_in(tx, LEASE_S))
        )
        if taken.rowcount != 1:
            other, until = _holder(tx, sync_id)
            raise Busy(sync=sync_id, holder=other, until=until)
        token = tx.execute(
            update(hub_fence)
            .where(hub_fence.c.sync_id == sync_id)
            .values(token=hub_fence.c.token + 1)
            .returning(hub_fence.c.token)
        ).scalar_one()
    return Lease(store, sync_id, holder, token, renew_s=renew_s)


def holder_of(tx: Connection, sync_id: int) -> tuple[str, datetime] | None:
    """Return who works on a sync now and until when at most, None when nobody does."""
    lease = hub_lease.c
    row = tx.execute(
        select(lease.holder, lease.expires_at).where(
            lease.sync_id == sync_id, lease.holder.is_not(None), lease.expires_at >= now_in(tx)
        )
    ).one_or_none()
    return None if row is None else (row.holder, row.expires_at)


def _holder(tx: Connection, sync_id: int) -> tuple[str, str]:
    row = tx.execute(
        select(hub_lease.c.holder, hub_lease.c.expires_at).where(hub_lease.c.sync_id == sync_id)
    ).one()
    return row.holder, row.expires_at.isoformat(timespec="seconds")


def now_in(tx: Connection, plus_s: int = 0) -> ColumnElement[datetime]:
    """Return the database's time as an expression, on SQLite in the width of ``UtcTs``."""
    if tx.dialect.name == "sqlite":
        sql = f"strftime('%Y-%m-%dT%H:%M:%f', 'now', '{plus_s:+d} seconds') || '000Z'"
    else:
        # ``now()`` is when the transaction began; a lease must count from this instant.
        sql = f"clock_timestamp() + interval '{plus_s} seconds'"
    return literal_column(f"({sql})", UtcTs())
