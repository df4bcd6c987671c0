"""Orders at rest: what stands, what is due, who is placing one. Open columns only.

The order itself is a row of ``service_order``; ``hub_order`` beside it says what is left to do.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select, update

from hrhub.store.claims import CLAIM_S, is_free
from hrhub.store.lease import now_in
from hrhub.store.quarantine import OPEN as IN_QUARANTINE
from hrhub.store.schema import ENTITY_TABLES, hub_order, hub_quarantine, hub_sync

FINAL = ("completed", "failed", "expired", "cancelled")
"""Statuses that are never left; those of ``hrhub.connector.orders``."""
NONE, WANTED, PARTIAL, FULL = "none", "wanted", "partial", "full"
"""How far the result of an order is."""

_orders = ENTITY_TABLES["service_order"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order, without any personal value.

    Attributes:
        id: Our id of it.
        service: Order service of the connector.
        status: One of ``hrhub.connector.OrderStatus``.
        vendor_status: The vendor's word for it.
        actor: Who placed it.
        tries: How often placing was begun.
        result: ``none``, ``wanted``, ``partial`` or ``full``.
        refused: Records of its latest result that wait in quarantine.
        next_at: When it is looked at next; None: nothing is left to do.
        failures: Looks in a row that failed, the last one with ``error_code``.
        changed_at: When its status changed last.
    """

    id: str
    sync_id: int
    connection: str
    connector: str
    service: str
    kind: str
    person_id: str
    package: str | None
    package_name: str | None
    key: str
    consent_id: str | None
    status: str
    vendor_status: str | None
    placed_at: datetime | None
    due_at: datetime | None
    completed_at: datetime | None
    cost: Decimal | None
    currency: str | None
    actor: str
    tries: int
    result: str
    result_batch: str | None
    refused: int
    next_at: datetime | None
    failures: int
    error_code: str | None
    error_context: dict[str, Any] | None
    created_at: datetime
    changed_at: datetime

    @property
    def final(self) -> bool:
        """Whether its status is never left again."""
        return self.status in FINAL

    def overdue(self, now: datetime) -> bool:
        """Tell whether it should have ended by now."""
        return not self.final and self.due_at is not None and self.due_at < now


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Orders of one service in one status.

    Attributes:
        count: How many.
        overdue: Those of them that should have ended.
        failing: Those of them whose last look failed.
        oldest: When the oldest of them was asked for.
    """

    connection: str
    connector: str
    service: str
    status: str
    count: int
    overdue: int
    failing: int
    oldest: datetime


def listed(
    tx: Connection,
    tenant: str,
    *,
    ids: Collection[str] | None = None,
    key: str | None = None,
    connection: str | None = None,
    service: str | None = None,
    statuses: Collection[str] | None = None,
    people: Collection[str] | None = None,
    overdue_at: datetime | None = None,
    limit: int | None = None,
) -> list[Order]:
    """Return a tenant's orders, newest first; what is not asked for does not matter.

    Args:
        tx: The transaction.
        tenant: Whose.
        ids: These orders.
        key: That of this idempotency key.
        connection: Of this connection.
        service: Of this service.
        statuses: In one of these statuses.
        people: About one of these persons.
        overdue_at: Only those that should have ended by this moment and have not.
        limit: At most so many.
    """
    o, s = _orders.c, hub_sync.c
    query = _query().where(o.tenant == tenant)
    for column, wanted in ((o.id, ids), (o.status, statuses), (o.person_id, people)):
        if wanted is not None:
            query = query.where(column.in_(list(wanted)))
    for column, one in (
        (o.idempotency_key, key),
        (s.connection, connection),
        (s.stream, service),
    ):
        if one is not None:
            query = query.where(column == one)
    if overdue_at is not None:
        query = query.where(o.due_at < overdue_at, o.status.not_in(FINAL))
    query = query.order_by(o.created_at.desc(), o.id.desc()).limit(limit)
    return [Order(**row._mapping) for row in tx.execute(query)]


def tally(tx: Connection, tenant: str, now: datetime) -> list[Tally]:
    """Count a tenant's orders by service and status."""
    o, h, s = _orders.c, hub_order.c, hub_sync.c
    late = (o.due_at < now) & o.status.not_in(FINAL)
    query = (
        select(
            s.connection,
            s.connector,
            s.stream.label("service"),
            o.status,
            func.count().label("count"),
            func.count().filter(late).label("overdue"),
            func.count().filter(h.error_code.is_not(None)).label("failing"),
            func.min(o.created_at, type_=o.created_at.type).label("oldest"),
        )
        .join(hub_order, h.order_id == o.id)
        .join(hub_sync, s.id == h.sync_id)
        .where(o.tenant == tenant)
        .group_by(s.connection, s.connector, s.stream, o.status)
        .order_by(s.connection, s.stream, o.status)
    )
    return [Tally(**row._mapping) for row in tx.execute(query)]


def syncs_of_orders(tx: Connection, sync_ids: Collection[int]) -> set[int]:
    """Return those of some syncs that belong to an order service."""
    c = hub_order.c
    query = select(c.sync_id).where(c.sync_id.in_(list(sync_ids))).distinct()
    return set(tx.execute(query).scalars())


def lock(tx: Connection, ids: Collection[str]) -> None:
    """Hold orders until the transaction ends: nobody else changes them meanwhile."""
    c = hub_order.c
    query = select(c.order_id).where(c.order_id.in_(list(ids)))
    tx.execute(query.order_by(c.order_id).with_for_update()).all()


def lock_service(tx: Connection, sync_id: int) -> None:
    """Hold a service until the transaction ends: nobody else enters an order of it meanwhile."""
    tx.execute(select(hub_sync.c.id).where(hub_sync.c.id == sync_id).with_for_update()).all()


def take(tx: Connection, order_id: str, holder: str) -> bool:
    """Let a process place an order, unless another one is at it; tell whether it may."""
    taken = tx.execute(
        update(hub_order)
        .where(hub_order.c.order_id == order_id, is_free(tx, hub_order))
        .values(holder=holder, claimed_until=now_in(tx, CLAIM_S))
    )
    return bool(taken.rowcount == 1)


def is_held_by(tx: Connection, order_id: str, holder: str) -> bool:
    """Tell whether a process still has an order; it then keeps it until the transaction ends."""
    c = hub_order.c
    query = select(c.order_id).where(c.order_id == order_id, c.holder == holder)
    return tx.execute(query.with_for_update()).one_or_none() is not None


def note(tx: Connection, order_id: str, **values: object) -> None:
    """Change what is left to do for an order."""
    tx.execute(update(hub_order).where(hub_order.c.order_id == order_id).values(values))


def take_due(
    tx: Connection,
    sync_id: int,
    *,
    now: datetime,
    until: datetime,
    limit: int,
    ids: Collection[str] | None = None,
) -> list[str]:
    """Take the orders that are due, longest waiting first, and put them off until a moment.

    Whoever else looks for due orders meanwhile does not find them; if we die, they are due again
    then. ``ids`` takes these orders instead, due or not, as long as something is left to do.
    """
    c = hub_order.c
    query = select(c.order_id).where(c.sync_id == sync_id, c.next_at.is_not(None))
    query = query.where(c.next_at <= now) if ids is None else query.where(c.order_id.in_(list(ids)))
    query = query.order_by(c.next_at, c.order_id).limit(limit)
    taken = list(tx.execute(query.with_for_update(skip_locked=True)).scalars())
    if taken:
        tx.execute(update(hub_order).where(c.order_id.in_(taken)).values(next_at=until))
    return taken


def give_back(
    tx: Connection, ids: Collection[str], *, put_off_until: datetime, now: datetime
) -> None:
    """Let orders that were taken and not looked at be due again."""
    c = hub_order.c
    tx.execute(
        update(hub_order)
        .where(c.order_id.in_(list(ids)), c.next_at == put_off_until)
        .values(next_at=now)
    )


def due_soonest(tx: Connection, ids: Collection[str], now: datetime) -> int:
    """Let orders with something left to do be due now; return how many there were."""
    c = hub_order.c
    done = tx.execute(
        update(hub_order)
        .where(c.order_id.in_(list(ids)), or_(c.next_at.is_not(None), c.result != NONE))
        .values(next_at=now, failures=0)
    )
    return int(done.rowcount)


def put_in_doubt(tx: Connection) -> int:
    """Say of all orders yet to be placed that placing was begun; return how many there were.

    For a store that was restored: what waited in the backup may have been placed since, so the
    vendor is asked for it first.
    """
    c = hub_order.c
    done = tx.execute(
        update(hub_order)
        .where(c.sealed_request.is_not(None), c.tries == 0)
        .values(tries=1, holder=None, claimed_until=None)
    )
    return int(done.rowcount)


def sealed_request(tx: Connection, order_id: str) -> bytes | None:
    """Return what the vendor is to be told, sealed; None once it has been told."""
    c = hub_order.c
    found = tx.execute(select(c.sealed_request).where(c.order_id == order_id)).scalar_one()
    return None if found is None else bytes(found)


def _query() -> Select[Any]:
    o, h, s, q = _orders.c, hub_order.c, hub_sync.c, hub_quarantine.c
    refused = (
        select(func.count())
        .where(q.batch_uid == h.result_batch, q.state == IN_QUARANTINE)
        .correlate(hub_order)
        .scalar_subquery()
    )
    return (
        select(
            o.id,
            h.sync_id,
            s.connection,
            s.connector,
            s.stream.label("service"),
            o.kind,
            o.person_id,
            o.package_code.label("package"),
            o.package_name,
            o.idempotency_key.label("key"),
            o.consent_id,
            o.status,
            h.vendor_status,
            o.placed_at,
            o.due_at,
            o.completed_at,
            o.cost,
            o.cost_currency.label("currency"),
            h.actor,
            h.tries,
            h.result,
            h.result_batch,
            refused.label("refused"),
            h.next_at,
            h.failures,
            h.error_code,
            h.error_context,
            o.created_at,
            h.changed_at,
        )
        .join(hub_order, h.order_id == o.id)
        .join(hub_sync, s.id == h.sync_id)
    )
