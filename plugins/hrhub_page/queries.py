"""What the page reads: counts, codes and moments of the store, each page in one transaction.

No key is opened: everything sealed stays sealed. The store is opened for the request and closed
after it, so a store that moved, came back or was upgraded is seen at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hrhub.settings import Settings
from hrhub.store import exchange, open_store, orders, overview, syncs
from hrhub.store.exchange import Stuck
from hrhub.store.orders import Tally
from hrhub.store.overview import Entry, Rejected, Standing
from hrhub.store.runs import Run

RUNS_SHOWN = 30
GROUPS_SHOWN = 40
ENTRIES_SHOWN = 8
"""Records listed under a group before "all of them" is a page of its own."""
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Overview:
    """How syncs stand, the kinds of rejects among them, most frequent first, and what else waits.

    What waits to go out or has come in belongs to connections: one DAG is not asked for it.
    """

    standings: list[Standing]
    rejected: list[Rejected]
    stuck: Sequence[Stuck] = ()
    orders: Sequence[Tally] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """One connection: how its syncs stand and what they did lately."""

    overview: Overview
    runs: list[Run]


@dataclass(frozen=True, slots=True)
class Group:
    """Records refused for one reason at one field, the newest of them."""

    rejected: Rejected
    entries: list[Entry]


def read_overview(settings: Settings, now: datetime, *, dag_id: str | None = None) -> Overview:
    """Read how all syncs stand, or those of one DAG."""
    with open_store(settings.store_url) as store, store.read() as tx:
        found = overview.standings(tx, settings.tenant, dag_id=dag_id)
        waits = [] if dag_id else exchange.stuck(tx, settings.tenant, now)
        rejected = overview.rejected(tx, settings.tenant, limit=GROUPS_SHOWN)
        ordered = [] if dag_id else orders.tally(tx, settings.tenant, now)
        return Overview(found, rejected, waits, ordered)


def read_dag_run(settings: Settings, dag_id: str, run_id: str) -> list[Run]:
    """Read the hub's runs of one DAG run."""
    with open_store(settings.store_url) as store, store.read() as tx:
        return overview.runs_under(tx, settings.tenant, dag_id, run_id)


def read_source(settings: Settings, connection: str, now: datetime) -> Source | None:
    """Read one connection, None when the hub never met it."""
    with open_store(settings.store_url) as store, store.read() as tx:
        standings = overview.standings(tx, settings.tenant, connection=connection)
        if not standings:
            return None
        rejected = overview.rejected(tx, settings.tenant, connection=connection, limit=GROUPS_SHOWN)
        runs = overview.recent_runs(tx, settings.tenant, connection, limit=RUNS_SHOWN)
        waits = exchange.stuck(tx, settings.tenant, now, connection)
        ordered = [
            tally
            for tally in orders.tally(tx, settings.tenant, now)
            if tally.connection == connection
        ]
        return Source(Overview(standings, rejected, waits, ordered), runs)


def read_rejects(
    settings: Settings, connection: str | None = None, stream: str | None = None
) -> list[Group]:
    """Read what waits in quarantine by reason, with the newest records of each."""
    with open_store(settings.store_url) as store, store.read() as tx:
        groups = overview.rejected(
            tx, settings.tenant, connection=connection, stream=stream, limit=GROUPS_SHOWN
        )
        return [
            Group(
                group,
                overview.entries(
                    tx,
                    group.sync_id,
                    reason=group.reason,
                    rule=group.rule,
                    field_path=group.field_path,
                    limit=ENTRIES_SHOWN,
                ),
            )
            for group in groups
        ]


def read_records(
    settings: Settings,
    connection: str,
    stream: str,
    *,
    reason: str,
    rule: str,
    field_path: str,
    page: int,
) -> list[Entry]:
    """Read a group's records of one page, from 1, and one more if there are more."""
    with open_store(settings.store_url) as store, store.read() as tx:
        sync = syncs.find(tx, settings.tenant, connection, stream)
        if sync is None:
            return []
        return overview.entries(
            tx,
            sync.id,
            reason=reason,
            rule=rule,
            field_path=field_path,
            limit=PAGE_SIZE + 1,
            offset=PAGE_SIZE * (page - 1),
        )
