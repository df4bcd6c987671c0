"""What processes were started for, at rest: which rows were looked at, and which run each got."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select

from hrhub.store.bulk import insert_ignore
from hrhub.store.schema import ENTITY_TABLES, hub_process_cause

_cause = hub_process_cause
_interview = ENTITY_TABLES["interview"]


def unseen_interviews(
    tx: Connection,
    tenant: str,
    process: str,
    *,
    mode: str | None,
    since: datetime,
    after: str | None,
    limit: int,
) -> list[tuple[str, str, int]]:
    """Return interviews completed since then that a process has not judged as they are now.

    In order of their ids, those behind ``after``.

    Returns:
        Id of the row, what it is about (its order, its application, or itself), and its version.
    """
    one, seen = _interview.c, _cause.c
    known = and_(seen.tenant == tenant, seen.process == process, seen.row_id == one.id)
    about = func.coalesce(one.order_id, one.application_id, one.id)
    wanted = (
        select(one.id, about, one.row_version)
        .select_from(_interview.outerjoin(_cause, known))
        .where(
            one.tenant == tenant,
            one.removed_at.is_(None),
            one.completed_at >= since,
            or_(seen.row_id.is_(None), seen.run.is_(None) & (seen.row_version < one.row_version)),
        )
        .order_by(one.id)
        .limit(limit)
    )
    if mode is not None:
        wanted = wanted.where(one.mode == mode)
    if after is not None:
        wanted = wanted.where(one.id > after)
    return [(row_id, about_id, version) for row_id, about_id, version in tx.execute(wanted)]


def started(tx: Connection, tenant: str, process: str, runs: Collection[str]) -> set[str]:
    """Return those of some runs that were started."""
    c = _cause.c
    found = select(c.run).where(c.tenant == tenant, c.process == process, c.run.in_(runs))
    return {run for run in tx.execute(found).scalars() if run}


def note(
    tx: Connection,
    tenant: str,
    process: str,
    judged: Sequence[tuple[str, int, str | None]],
    at: datetime,
) -> None:
    """Note rows as judged: id, version, and the run that was started, None if none was.

    A run that was noted once stays.
    """
    c = _cause.c
    rows = [(tenant, process, row_id, version, run, at) for row_id, version, run in judged]
    keys = ("tenant", "process", "row_id")
    insert_ignore(tx, _cause, (*keys, "row_version", "run", "seen_at"), rows, keys)
    for row_id, version, run in judged:
        tx.execute(
            _cause.update()
            .where(c.tenant == tenant, c.process == process, c.row_id == row_id, c.run.is_(None))
            .values(row_version=version, run=run, seen_at=at)
        )
