"""Runs: what was started, how it ended, in numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update

from hrhub.ambient import new_id
from hrhub.errors import ExitStatus, Fenced, HrHubError
from hrhub.store.schema import COUNTS, hub_run, hub_sync

RUNNING, DONE, FAILED = "running", "done", "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run.

    Attributes:
        kind: ``pull``, ``load``, ``sync``, ``replay`` or ``backfill``.
        status: ``running``, ``done`` or ``failed``.
        exit_status: :class:`~hrhub.errors.ExitStatus`, None while it runs.
        counts: Counters by the names in ``COUNTS``.
        error_context: Ids, counts, codes and field paths of the error.
        next_seq: Sequence number of the next batch to land.
    """

    id: str
    sync_id: int
    tenant: str
    connection: str
    stream: str
    connector: str
    holder: str
    kind: str
    status: str
    exit_status: int | None
    started_at: datetime
    finished_at: datetime | None
    mapping_version: str | None
    counts: Mapping[str, int]
    error_code: str | None
    error_context: Mapping[str, Any] | None
    next_seq: int


def start(
    tx: Connection,
    sync_id: int,
    *,
    holder: str,
    kind: str,
    at: datetime,
    mapping_version: str | None = None,
) -> str:
    """Record that a run began; return its id."""
    run_id = new_id()
    tx.execute(
        insert(hub_run).values(
            id=run_id,
            sync_id=sync_id,
            holder=holder,
            kind=kind,
            status=RUNNING,
            started_at=at,
            mapping_version=mapping_version,
        )
    )
    return run_id


def add_counts(tx: Connection, run_id: str, **counts: int) -> None:
    """Add to a run's counters; call it in the transaction that applied what is counted.

    Raises:
        Fenced: There is no such run that is still running.
    """
    changes = {name: hub_run.c[name] + counts[name] for name in COUNTS if counts.get(name)}
    if unknown := counts.keys() - set(COUNTS):
        raise ValueError(f"no such counters: {', '.join(sorted(unknown))}")
    if changes:
        _change(tx, run_id, changes)


def take_seq(tx: Connection, run_id: str, count: int = 1) -> int:
    """Return the next batch number of a run and move on by ``count``; numbers have no gaps.

    Raises:
        Fenced: There is no such run that is still running.
    """
    found = tx.execute(
        update(hub_run)
        .where(hub_run.c.id == run_id, hub_run.c.status == RUNNING)
        .values(next_seq=hub_run.c.next_seq + count)
        .returning(hub_run.c.next_seq)
    ).scalar_one_or_none()
    if found is None:
        raise Fenced(run=run_id)
    return int(found) - count


def set_mapping(tx: Connection, run_id: str, mapping_version: str) -> None:
    """Note under which mapping a run loads."""
    _change(tx, run_id, {"mapping_version": mapping_version})


def running(tx: Connection, sync_id: int) -> list[str]:
    """Return the ids of a sync's runs that never ended, oldest first."""
    query = select(hub_run.c.id).where(hub_run.c.sync_id == sync_id, hub_run.c.status == RUNNING)
    return list(tx.execute(query.order_by(hub_run.c.id)).scalars())


def reopen(tx: Connection, run_id: str, *, mapping_version: str) -> None:
    """Let a run that failed go on, under the mapping of today."""
    tx.execute(
        update(hub_run)
        .where(hub_run.c.id == run_id)
        .values(
            status=RUNNING,
            exit_status=None,
            finished_at=None,
            error_code=None,
            error_context=None,
            mapping_version=mapping_version,
        )
    )


def finish(
    tx: Connection,
    run_id: str,
    *,
    at: datetime,
    error: HrHubError | None = None,
    exit_status: ExitStatus | None = None,
) -> None:
    """Record how a run ended.

    Without an error the exit status follows from the counts: ``QUARANTINE`` when records were
    set aside, else ``DONE``. A run that ended already is left as it is.
    """
    if exit_status is None:
        if error is not None:
            exit_status = error.status
        else:
            aside = tx.execute(select(hub_run.c.quarantined).where(hub_run.c.id == run_id)).scalar()
            exit_status = ExitStatus.QUARANTINE if aside else ExitStatus.DONE
    tx.execute(
        update(hub_run)
        .where(hub_run.c.id == run_id, hub_run.c.status == RUNNING)
        .values(
            status=FAILED if error is not None else DONE,
            exit_status=int(exit_status),
            finished_at=at,
            error_code=None if error is None else error.code,
            error_context=None
            if error is None
            else {name: _plain(value) for name, value in error.context.items()},
        )
    )


def get(tx: Connection, run_id: str) -> Run | None:
    """Return one run."""
    row = tx.execute(_query().where(hub_run.c.id == run_id)).one_or_none()
    return None if row is None else _read(row)


def list_runs(
    tx: Connection,
    tenant: str,
    *,
    connection: str | None = None,
    stream: str | None = None,
    limit: int = 50,
) -> list[Run]:
    """Return a tenant's runs, newest first."""
    query = _query().where(hub_sync.c.tenant == tenant)
    if connection is not None:
        query = query.where(hub_sync.c.connection == connection)
    if stream is not None:
        query = query.where(hub_sync.c.stream == stream)
    query = query.order_by(hub_run.c.started_at.desc(), hub_run.c.id.desc()).limit(limit)
    return [_read(row) for row in tx.execute(query)]


def latest(tx: Connection, tenant: str) -> list[Run]:
    """Return the last run of each of a tenant's syncs, by connection and stream."""
    again = hub_run.alias()
    newest = (
        select(again.c.id)
        .where(again.c.sync_id == hub_sync.c.id)
        .order_by(again.c.started_at.desc(), again.c.id.desc())
        .limit(1)
        .correlate(hub_sync)
        .scalar_subquery()
    )
    query = (
        _query()
        # One look into the index per sync; a window over all runs would read a year of them.
        .where(hub_sync.c.tenant == tenant, hub_run.c.id == newest)
        .order_by(hub_sync.c.connection, hub_sync.c.stream)
    )
    return [_read(row) for row in tx.execute(query)]


def by_ids(tx: Connection, ids: Sequence[str]) -> list[Run]:
    """Return runs by their ids, in no order."""
    return [_read(row) for row in tx.execute(_query().where(hub_run.c.id.in_(ids)))]


def of_sync(tx: Connection, sync_id: int, *, limit: int) -> list[Run]:
    """Return the newest runs of a sync, newest first."""
    query = _query().where(hub_run.c.sync_id == sync_id)
    query = query.order_by(hub_run.c.started_at.desc(), hub_run.c.id.desc()).limit(limit)
    return [_read(row) for row in tx.execute(query)]


def of_holder(tx: Connection, sync_ids: Sequence[int], first: str, after: str) -> list[Run]:
    """Return the runs of syncs whose holder sorts from ``first`` to before ``after``."""
    c = hub_run.c
    query = _query().where(c.sync_id.in_(sync_ids), c.holder >= first, c.holder < after)
    return [_read(row) for row in tx.execute(query.order_by(c.started_at, c.id))]


def latest_good(tx: Connection, sync_id: int) -> Run | None:
    """Return the last run of a sync that ended well, with or without quarantine."""
    query = (
        _query()
        .where(hub_run.c.sync_id == sync_id, hub_run.c.status == DONE)
        .order_by(hub_run.c.started_at.desc(), hub_run.c.id.desc())
        .limit(1)
    )
    row = tx.execute(query).one_or_none()
    return None if row is None else _read(row)


def _change(tx: Connection, run_id: str, changes: Mapping[str, Any]) -> None:
    changed = tx.execute(
        update(hub_run)
        .where(hub_run.c.id == run_id, hub_run.c.status == RUNNING)
        .values(dict(changes))
    )
    if changed.rowcount != 1:
        raise Fenced(run=run_id)


def _query() -> Select[Any]:
    return select(
        hub_run,
        hub_sync.c.tenant,
        hub_sync.c.connection,
        hub_sync.c.stream,
        hub_sync.c.connector,
    ).join(hub_sync, hub_sync.c.id == hub_run.c.sync_id)


def _read(row: Row[Any]) -> Run:
    values = dict(row._mapping)
    counts = {name: values.pop(name) for name in COUNTS}
    return Run(counts=counts, **values)


def _plain(value: object) -> object:
    """Keep what JSON can hold; other objects become their text (paths, enums, dates)."""
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
