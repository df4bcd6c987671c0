"""The outbox at rest: adding writes, finding those that are due, noting what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, func, select, update

from hrhub.store.bulk import insert_ignore
from hrhub.store.claims import CLAIM_S, Claim, is_free
from hrhub.store.schema import hub_outbox as _outbox

PENDING, SENT, UNCHANGED = "pending", "sent", "unchanged"
REFUSED, UNKNOWN, DEAD, DROPPED = "refused", "unknown", "dead", "dropped"
STATES = (PENDING, SENT, UNCHANGED, REFUSED, UNKNOWN, DEAD, DROPPED)
STUCK = (REFUSED, UNKNOWN, DEAD)
"""States that wait for a person."""

_PEOPLE_AT_ONCE = 1_000
_BARRING = (PENDING, UNKNOWN)
"""States in which a write holds up later ones of its lane."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """One write of the outbox.

    Attributes:
        number: Place in the order; 0 before it is stored.
        key: Idempotency key.
        lane: What it stays in order for, 16 bytes.
        fields: Canonical names of its values.
        sealed_values: The values; None once nobody needs them.
        doubtful: A try was begun and its answer never came.
    """

    id: str
    tenant: str
    connection: str
    connector: str
    sink: str
    key: str
    lane: bytes
    person_id: str | None
    fields: Sequence[str]
    sealed_values: bytes | None
    state: str
    next_try_at: datetime
    actor: str
    reason: str
    run_id: str | None
    created_at: datetime
    updated_at: datetime
    doubtful: bool = False
    attempts: int = 0
    sealed_vendor_id: bytes | None = None
    code: str | None = None
    vendor_code: str | None = None
    decided_by: str | None = None
    decision: str | None = None
    number: int = 0


_NAMES = tuple(f.name for f in fields(Queued))
_STORED = tuple(name for name in _NAMES if name != "number")


def add(tx: Connection, row: Queued) -> bool:
    """Add a write; False when one with its key is there already."""
    unique = ("tenant", "connection", "sink", "key")
    return insert_ignore(tx, _outbox, _STORED, [astuple(row)[: len(_STORED)]], unique) == 1


def find(tx: Connection, tenant: str, connection: str, sink: str, key: str) -> Queued | None:
    """Return a write by its key."""
    c = _outbox.c
    return _one(tx, c.tenant == tenant, c.connection == connection, c.sink == sink, c.key == key)


def get(tx: Connection, tenant: str, write_id: str) -> Queued | None:
    """Return a write by its id."""
    return _one(tx, _outbox.c.tenant == tenant, _outbox.c.id == write_id)


def list_writes(
    tx: Connection,
    tenant: str,
    *,
    connection: str | None = None,
    states: Sequence[str] = (),
    limit: int = 50,
) -> list[Queued]:
    """Return writes, newest first."""
    c = _outbox.c
    query = _query().where(c.tenant == tenant)
    if connection is not None:
        query = query.where(c.connection == connection)
    if states:
        query = query.where(c.state.in_(states))
    return [_read(row) for row in tx.execute(query.order_by(c.number.desc()).limit(limit))]


def count(
    tx: Connection, tenant: str, connection: str | None = None
) -> dict[tuple[str, str, str], int]:
    """Count writes by (connection, sink, state)."""
    c = _outbox.c
    query = select(c.connection, c.sink, c.state, func.count()).where(c.tenant == tenant)
    if connection is not None:
        query = query.where(c.connection == connection)
    rows = tx.execute(query.group_by(c.connection, c.sink, c.state).order_by(c.connection, c.sink))
    return {(where, sink, state): n for where, sink, state, n in rows}


def due(
    tx: Connection,
    tenant: str,
    connection: str,
    sink: str,
    now: datetime,
    *,
    limit: int,
    lane: bytes | None = None,
    lock: bool = True,
) -> list[Queued]:
    """Return writes that may be sent now, in order, locked; those that others hold are passed by.

    A write is not due while an earlier one of its lane is open. ``lane`` asks for one lane only.
    """
    c, earlier = _outbox.c, _outbox.alias("earlier")
    barred = exists().where(
        earlier.c.lane == c.lane,
        earlier.c.number < c.number,
        earlier.c.state.in_(_BARRING),
    )
    query = _query().where(
        c.tenant == tenant,
        c.state == PENDING,
        c.connection == connection,
        c.sink == sink,
        c.next_try_at <= now,
        is_free(tx, _outbox),
        ~barred,
    )
    if lane is not None:
        query = query.where(c.lane == lane)
    query = query.order_by(c.number).limit(limit)
    if lock:
        query = query.with_for_update(skip_locked=True)
    return [_read(row) for row in tx.execute(query)]


def due_in_lane(
    tx: Connection, tenant: str, lane: bytes, sink: str, now: datetime, *, limit: int
) -> list[Queued]:
    """Return the first open writes of a lane in order, locked, as far as all may be sent now."""
    c = _outbox.c
    query = (
        select(*(c[name] for name in _NAMES), is_free(tx, _outbox).label("free"))
        .where(c.tenant == tenant, c.lane == lane, c.state.in_(_BARRING))
        .order_by(c.number)
        .limit(limit)
        .with_for_update()
    )
    found: list[Queued] = []
    for *values, free in tx.execute(query):
        row = Queued(**dict(zip(_NAMES, values, strict=True)))
        ready = free and row.state == PENDING and row.sink == sink and row.next_try_at <= now
        if not ready:
            break
        found.append(row)
    return found


def by_number(tx: Connection, tenant: str, connection: str, number: int) -> Queued | None:
    """Return a write of a connection by its number, locked."""
    c = _outbox.c
    query = _query().where(c.tenant == tenant, c.connection == connection, c.number == number)
    row = tx.execute(query.with_for_update()).one_or_none()
    return None if row is None else _read(row)


def settle(tx: Connection, number: int, now: datetime, values: Mapping[str, Any]) -> None:
    """Note what became of a locked write, whoever claimed it."""
    tx.execute(
        update(_outbox)
        .where(_outbox.c.number == number)
        .values(holder=None, claimed_until=None, updated_at=now, **values)
    )


def begin(tx: Connection, claim: Claim, rows: Sequence[Queued], *, seconds: int = CLAIM_S) -> None:
    """Claim writes; from now on it is in doubt whether they were sent, until their end is noted."""
    numbers = [row.number for row in rows]
    claim.take(tx, numbers, seconds=seconds)
    tx.execute(
        update(_outbox)
        .where(_outbox.c.number.in_(numbers))
        .values(doubtful=True, attempts=_outbox.c.attempts + 1)
    )


def note(
    tx: Connection, claim: Claim, number: int, now: datetime, values: Mapping[str, Any]
) -> None:
    """Note what became of a claimed write, and give it back.

    Raises:
        Fenced: Others have taken it over; the transaction must be rolled back.
    """
    done = tx.execute(
        update(_outbox)
        .where(_outbox.c.number == number, claim.held())
        .values(holder=None, claimed_until=None, updated_at=now, **values)
    )
    claim.require(done.rowcount, 1)


def decide(
    tx: Connection, row: Queued, now: datetime, *, by: str, decision: str, values: Mapping[str, Any]
) -> bool:
    """Let a person's decision on a write hold; False if it is not in the state they saw."""
    c = _outbox.c
    done = tx.execute(
        update(_outbox)
        .where(and_(c.number == row.number, c.state == row.state, is_free(tx, _outbox)))
        .values(decided_by=by, decision=decision, updated_at=now, **values)
    )
    return done.rowcount == 1


def overtaken(tx: Connection, row: Queued) -> bool:
    """Tell whether a later write of the same lane to the same sink has arrived already."""
    c = _outbox.c
    query = select(c.number).where(
        c.lane == row.lane,
        c.sink == row.sink,
        c.number > row.number,
        c.state.in_((SENT, UNCHANGED)),
    )
    return tx.execute(query.limit(1)).scalar() is not None


def drop_for(
    tx: Connection, person_ids: Sequence[str], now: datetime, *, by: str, decision: str
) -> int:
    """Drop the open writes about people and forget the values of all; return how many."""
    c = _outbox.c
    dropped = 0
    for start in range(0, len(person_ids), _PEOPLE_AT_ONCE):
        some = person_ids[start : start + _PEOPLE_AT_ONCE]
        mine = update(_outbox).where(c.person_id.in_(some))
        done = tx.execute(
            mine.where(c.state.in_((PENDING, *STUCK))).values(
                state=DROPPED, decided_by=by, decision=decision, updated_at=now
            )
        )
        dropped += int(done.rowcount)
        tx.execute(mine.values(sealed_values=None, sealed_vendor_id=None))
    return dropped


def put_in_doubt(tx: Connection) -> int:
    """Say of all writes that wait that they may have been sent; return how many there are.

    For a store that was restored: what waited in the backup may have been sent since.
    """
    done = tx.execute(
        update(_outbox)
        .where(_outbox.c.state == PENDING)
        .values(doubtful=True, holder=None, claimed_until=None)
    )
    return int(done.rowcount)


def _query() -> Any:
    return select(*(_outbox.c[name] for name in _NAMES))


def _one(tx: Connection, *conditions: Any) -> Queued | None:
    row = tx.execute(_query().where(*conditions)).one_or_none()
    return None if row is None else _read(row)


def _read(row: Any) -> Queued:
    return Queued(**row._mapping)
