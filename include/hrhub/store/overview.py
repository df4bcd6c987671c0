"""How every sync stands, and what waits in quarantine: questions that people's pages ask.

Read-only, and never slower for a long history: each answer is found through an index, per sync,
whether there are ten runs or a million.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Label, ScalarSelect, func, select

from hrhub.store import runs, syncs
from hrhub.store.lease import now_in
from hrhub.store.orders import syncs_of_orders
from hrhub.store.quarantine import OPEN
from hrhub.store.runs import DONE, Run
from hrhub.store.schema import hub_lease, hub_quarantine, hub_run, hub_sync
from hrhub.store.syncs import SyncRow

REPLAY, BACKFILL = "replay", "backfill"
"""Kinds of the runs that go through records again: they say nothing about the vendor."""
_SPANS = (8, 2)
"""Over how many runs the usual time between them is taken, whichever there are enough for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one sync stands.

    Attributes:
        last: Its newest run, None before the first; replays and backfills are left out, as
            everywhere here.
        good: Its newest run that ended well, with or without rejects.
        usual: Mean time between its last good runs, None when there are fewer than three.
        rejects: Records that wait in quarantine now.
        held: Whether a run holds its lease at this moment.
        ordered: Whether its records are results of orders, which come in no rhythm.
    """

    sync: SyncRow
    last: Run | None
    good: Run | None
    usual: timedelta | None
    rejects: int
    held: bool
    ordered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Open records of one sync that were refused for one reason at one field.

    Attributes:
        newest: When the last of them was set aside.
        oldest: When the first of them was.
    """

    connection: str
    connector: str
    stream: str
    sync_id: int
    reason: str
    rule: str
    field_path: str
    count: int
    oldest: datetime
    newest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One open record, without what was sealed."""

    uid: str
    run_id: str
    field_path: str
    field: str | None
    attempts: int
    created_at: datetime


def standings(
    tx: Connection, tenant: str, *, connection: str | None = None, dag_id: str | None = None
) -> list[Standing]:
    """Return how a tenant's syncs stand, by connection and stream.

    Args:
        tx: The transaction.
        tenant: Whose.
        connection: Only those of one connection.
        dag_id: Only those that tasks of one Airflow DAG ever worked on.
    """
    listed = syncs.list_syncs(tx, tenant, connection)
    found = [s for s in listed if s.connector != syncs.MANUAL]
    if dag_id is not None:
        known = set(_worked_on_by(tx, [s.id for s in found], _under(dag_id)))
        found = [s for s in found if s.id in known]
    ids = [s.id for s in found]
    last, good = _newest(tx, ids), _newest(tx, ids, DONE)
    ordered = syncs_of_orders(tx, ids)
    usual, waiting, held = _usual(tx, ids), _waiting(tx, ids), _held(tx, ids)
    return [
        Standing(
            sync=sync,
            last=last.get(sync.id),
            good=good.get(sync.id),
            usual=usual.get(sync.id),
            rejects=waiting.get(sync.id, 0),
            held=sync.id in held,
            ordered=sync.id in ordered,
        )
        for sync in found
    ]


def recent_runs(tx: Connection, tenant: str, connection: str, *, limit: int) -> list[Run]:
    """Return the newest runs of a connection, replays among them, newest first."""
    found = [
        run
        for sync in syncs.list_syncs(tx, tenant, connection)
        for run in runs.of_sync(tx, sync.id, limit=limit)
    ]
    return sorted(found, key=lambda run: (run.started_at, run.id), reverse=True)[:limit]


def runs_under(tx: Connection, tenant: str, dag_id: str, dag_run_id: str) -> list[Run]:
    """Return the runs that the tasks of one Airflow DAG run began, oldest first."""
    bounds = _under(dag_id, dag_run_id)
    ids = _worked_on_by(tx, [s.id for s in syncs.list_syncs(tx, tenant)], bounds)
    return runs.of_holder(tx, ids, *bounds)


def rejected(
    tx: Connection,
    tenant: str,
    *,
    connection: str | None = None,
    stream: str | None = None,
    limit: int,
) -> list[Rejected]:
    """Return what waits in quarantine by sync, reason, rule and field, most frequent first."""
    c, s = hub_quarantine.c, hub_sync.c
    many = func.count().label("count")
    query = (
        select(
            s.connection,
            s.connector,
            s.stream,
            c.sync_id,
            c.reason,
            c.rule,
            c.field_path,
            many,
            func.min(c.created_at, type_=c.created_at.type).label("oldest"),
            func.max(c.created_at, type_=c.created_at.type).label("newest"),
        )
        .join(hub_sync, s.id == c.sync_id)
        .where(s.tenant == tenant, c.state == OPEN)
        .group_by(s.connection, s.connector, s.stream, c.sync_id, c.reason, c.rule, c.field_path)
        .order_by(many.desc(), s.connection, s.stream, c.reason, c.rule, c.field_path)
    )
    if connection is not None:
        query = query.where(s.connection == connection)
    if stream is not None:
        query = query.where(s.stream == stream)
    return [Rejected(**row._mapping) for row in tx.execute(query.limit(limit))]


def entries(
    tx: Connection,
    sync_id: int,
    *,
    reason: str,
    rule: str,
    field_path: str,
    limit: int,
    offset: int = 0,
) -> list[Entry]:
    """Return the open records of one group of :func:`rejected`, newest first."""
    c = hub_quarantine.c
    query = (
        select(c.uid, c.run_id, c.field_path, c.field, c.attempts, c.created_at)
        .where(
            c.sync_id == sync_id,
            c.state == OPEN,
            c.reason == reason,
            c.rule == rule,
            c.field_path == field_path,
        )
        .order_by(c.created_at.desc(), c.uid.desc())
        .limit(limit)
        .offset(offset)
    )
    return [Entry(**row._mapping) for row in tx.execute(query)]


def _newest(tx: Connection, ids: Sequence[int], status: str | None = None) -> dict[int, Run]:
    query = select(hub_sync.c.id, _nth(hub_run.c.id, 0, status).label("run"))
    found = [run for _, run in tx.execute(query.where(hub_sync.c.id.in_(ids))) if run is not None]
    return {run.sync_id: run for run in runs.by_ids(tx, found)}


def _usual(tx: Connection, ids: Sequence[int]) -> dict[int, timedelta]:
    places = (0, *_SPANS)
    columns: list[Label[Any]] = [_nth(hub_run.c.started_at, n, DONE).label(f"n{n}") for n in places]
    usual: dict[int, timedelta] = {}
    for number, newest, *earlier in tx.execute(
        select(hub_sync.c.id, *columns).where(hub_sync.c.id.in_(ids))
    ):
        for span, moment in zip(_SPANS, earlier, strict=True):
            if moment is not None:
                usual[number] = (newest - moment) / span
                break
    return usual


def _nth(column: ColumnElement[Any], n: int, status: str | None) -> ScalarSelect[Any]:
    """Return a value of the n-th newest run of the sync in the enclosing query.

    A subquery per sync is one look into the index (sync_id, status, started_at); numbering all
    runs with a window would read the whole history.
    """
    c = hub_run.c
    query = select(column).where(c.sync_id == hub_sync.c.id, c.kind.not_in((REPLAY, BACKFILL)))
    if status is not None:
        query = query.where(c.status == status)
    query = query.order_by(c.started_at.desc(), c.id.desc()).limit(1).offset(n)
    return query.correlate(hub_sync).scalar_subquery()


def _waiting(tx: Connection, ids: Sequence[int]) -> Mapping[int, int]:
    c = hub_quarantine.c
    query = select(c.sync_id, func.count()).where(c.sync_id.in_(ids), c.state == OPEN)
    return {row[0]: row[1] for row in tx.execute(query.group_by(c.sync_id))}


def _held(tx: Connection, ids: Sequence[int]) -> set[int]:
    c = hub_lease.c
    query = select(c.sync_id).where(
        c.sync_id.in_(ids), c.holder.is_not(None), c.expires_at >= now_in(tx)
    )
    return set(tx.execute(query).scalars())


def _under(*parts: str) -> tuple[str, str]:
    """Return the bounds between which the names of holders begin with ``part/…/``.

    Tasks hold a lease as ``dag/dag run/task/…``; "0" is the character after "/".
    """
    prefix = "/".join(parts)
    return f"{prefix}/", f"{prefix}0"


def _worked_on_by(tx: Connection, ids: Sequence[int], bounds: tuple[str, str]) -> list[int]:
    first, after = bounds
    c = hub_run.c
    one = (
        select(c.id)
        .where(c.sync_id == hub_sync.c.id, c.holder >= first, c.holder < after)
        .order_by(c.holder)  # or PostgreSQL would look for one by reading the table
        .limit(1)
        .correlate(hub_sync)
        .scalar_subquery()
    )
    query = select(hub_sync.c.id, one.label("run")).where(hub_sync.c.id.in_(ids))
    return [number for number, run in tx.execute(query) if run is not None]
