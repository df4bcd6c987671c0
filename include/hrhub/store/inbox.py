"""The inbox at rest: requests as they came, and the memory of events that came already."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, func, select, update

from hrhub.store import bulk
from hrhub.store.claims import Claim, is_free
from hrhub.store.schema import hub_inbox as _inbox
from hrhub.store.schema import hub_inbox_event as _event

WAITING, DONE, UNREADABLE, DISCARDED = "waiting", "done", "unreadable", "discarded"
STATES = (WAITING, DONE, UNREADABLE, DISCARDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One request of a vendor.

    Attributes:
        number: Order of arrival; 0 before it is stored.
        events: How many events it tells of.
        size: Length of its body.
    """

    id: str
    tenant: str
    connection: str
    connector: str
    receiver: str
    events: int
    size: int
    sealed_request: bytes
    state: str
    next_try_at: datetime
    received_at: datetime
    updated_at: datetime
    attempts: int = 0
    code: str | None = None
    rule: str | None = None
    decided_by: str | None = None
    decision: str | None = None
    number: int = 0


_NAMES = tuple(f.name for f in fields(Kept))
_STORED = tuple(name for name in _NAMES if name != "number")


def known_events(tx: Connection, keys: Collection[bytes]) -> set[bytes]:
    """Return which events came already."""
    return {bytes(key) for (key,) in bulk.fetch_by(tx, _event, "event_key", keys, ("event_key",))}


def add(tx: Connection, rows: Iterable[Kept], keys: Collection[bytes], now: datetime) -> None:
    """Keep requests and remember their events.

    Raises:
        StorageError: ``store.conflict`` (on leaving the transaction) when somebody else has just
            kept one of the events.
    """
    bulk.insert(tx, _event, ("event_key", "received_at"), [(key, now) for key in keys])
    bulk.insert(tx, _inbox, _STORED, [astuple(row)[: len(_STORED)] for row in rows])


def claim_waiting(
    tx: Connection,
    claim: Claim,
    tenant: str,
    connection: str,
    now: datetime,
    *,
    limit: int,
    most_bytes: int,
) -> list[Kept]:
    """Claim the oldest requests of a connection that are due; none while somebody drains it.

    Not more than ``limit`` and, beyond the first, not more than ``most_bytes`` of bodies.
    """
    c = _inbox.c
    mine = (c.tenant == tenant, c.state == WAITING, c.connection == connection)
    # Whoever comes second waits here for the first one's claim, and then sees it.
    head = select(c.number).where(*mine).order_by(c.number).limit(1).with_for_update()
    if tx.execute(head).scalar() is None:
        return []
    taken = select(exists().where(*mine, c.holder != claim.holder, ~is_free(tx, _inbox)))
    if tx.execute(taken).scalar():
        return []
    due = (*mine, c.next_try_at <= now, is_free(tx, _inbox))
    sizes = tx.execute(select(c.number, c.size).where(*due).order_by(c.number).limit(limit)).all()
    numbers: list[int] = []
    room = most_bytes
    for number, size in sizes:
        room -= size
        if room < 0 and numbers:
            break
        numbers.append(number)
    query = _query().where(c.number.in_(numbers))
    rows = [_read(row) for row in tx.execute(query.order_by(c.number))]
    claim.take(tx, [row.number for row in rows])
    return rows


def note(
    tx: Connection, claim: Claim, numbers: Sequence[int], now: datetime, **values: object
) -> None:
    """Note what became of claimed requests, and give them back.

    Raises:
        Fenced: Others have taken them over; the transaction must be rolled back.
    """
    done = tx.execute(
        update(_inbox)
        .where(_inbox.c.number.in_(numbers), claim.held())
        .values(holder=None, claimed_until=None, updated_at=now, **values)
    )
    claim.require(done.rowcount, len(numbers))


def decide(
    tx: Connection, row: Kept, now: datetime, *, by: str, decision: str, **values: object
) -> bool:
    """Let a person's decision on a request hold; False if it is not in the state they saw."""
    c = _inbox.c
    done = tx.execute(
        update(_inbox)
        .where(c.number == row.number, c.state == row.state, is_free(tx, _inbox))
        .values(decided_by=by, decision=decision, updated_at=now, **values)
    )
    return done.rowcount == 1


def get(tx: Connection, tenant: str, request_id: str) -> Kept | None:
    """Return a request by its id."""
    c = _inbox.c
    row = tx.execute(_query().where(c.tenant == tenant, c.id == request_id)).one_or_none()
    return None if row is None else _read(row)


def list_requests(
    tx: Connection,
    tenant: str,
    *,
    connection: str | None = None,
    states: Sequence[str] = (),
    limit: int = 50,
) -> list[Kept]:
    """Return requests, newest first."""
    c = _inbox.c
    query = _query().where(c.tenant == tenant)
    if connection is not None:
        query = query.where(c.connection == connection)
    if states:
        query = query.where(c.state.in_(states))
    return [_read(row) for row in tx.execute(query.order_by(c.number.desc()).limit(limit))]


def count(
    tx: Connection, tenant: str, connection: str | None = None
) -> dict[tuple[str, str, str], int]:
    """Count requests by (connection, receiver, state)."""
    c = _inbox.c
    query = select(c.connection, c.receiver, c.state, func.count()).where(c.tenant == tenant)
    if connection is not None:
        query = query.where(c.connection == connection)
    rows = tx.execute(query.group_by(c.connection, c.receiver, c.state).order_by(c.connection))
    return {(where, receiver, state): n for where, receiver, state, n in rows}


def waiting_connections(tx: Connection, tenant: str, now: datetime) -> list[str]:
    """Return the connections that have something due."""
    c = _inbox.c
    query = select(c.connection).where(c.tenant == tenant, c.state == WAITING, c.next_try_at <= now)
    return list(tx.execute(query.distinct().order_by(c.connection)).scalars())


def forget(
    tx: Connection, tenant: str, *, requests_before: datetime, events_before: datetime
) -> int:
    """Delete requests that are settled and older, and old memories; return how many requests."""
    c = _inbox.c
    tx.execute(delete(_event).where(_event.c.received_at < events_before))
    gone = tx.execute(
        delete(_inbox).where(
            c.tenant == tenant, c.state.in_((DONE, DISCARDED)), c.updated_at < requests_before
        )
    )
    return int(gone.rowcount)


def _query() -> Any:
    return select(*(_inbox.c[name] for name in _NAMES))


def _read(row: Any) -> Kept:
    return Kept(**row._mapping)
