"""How syncs stand and what waits, on both databases; by index, however long the history."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, event, insert

from hrhub.ambient import new_id, new_ids
from hrhub.errors import Transient
from hrhub.store import Store, overview, quarantine, runs, syncs
from hrhub.store.lease import acquire
from hrhub.store.schema import hub_run
from tests.store.test_quarantine import record

MINUTE = timedelta(minutes=1)


def ended(
    tx: Connection, sync_id: int, at: datetime, *, holder: str = "cli:a", kind: str = "sync"
) -> str:
    run = runs.start(tx, sync_id, holder=holder, kind=kind, at=at)
    runs.finish(tx, run, at=at + MINUTE)
    return run


def failed(tx: Connection, sync_id: int, at: datetime) -> str:
    run = runs.start(tx, sync_id, holder="cli:a", kind="sync", at=at)
    runs.finish(tx, run, at=at + MINUTE, error=Transient())
    return run


def test_a_sync_that_never_ran_stands_empty(store: Store, sync_id: int) -> None:
    with store.read() as tx:
        [found] = overview.standings(tx, "default")

    assert (found.sync.id, found.last, found.good, found.usual) == (sync_id, None, None, None)
    assert (found.rejects, found.held) == (0, False)


def test_nothing_of_another_tenant_is_seen(store: Store, sync_id: int, at: datetime) -> None:
    with store.write() as tx:
        ended(tx, sync_id, at, holder="hub_a/run/pull/-1/1")
        quarantine.add(tx, [record(sync_id, at)])

        assert overview.standings(tx, "other") == []
        assert overview.rejected(tx, "other", limit=9) == []
        assert overview.recent_runs(tx, "other", "beisen_default", limit=9) == []
        assert overview.runs_under(tx, "other", "hub_a", "run") == []


def test_the_last_run_and_the_last_good_one_are_told_apart(
    store: Store, sync_id: int, at: datetime
) -> None:
    with store.write() as tx:
        good = ended(tx, sync_id, at)
        bad = failed(tx, sync_id, at + MINUTE)
        [found] = overview.standings(tx, "default")

    assert found.last is not None
    assert found.good is not None
    assert (found.last.id, found.good.id) == (bad, good)


def test_a_replay_says_nothing_about_the_vendor(store: Store, sync_id: int, at: datetime) -> None:
    with store.write() as tx:
        bad = failed(tx, sync_id, at)
        replay = ended(tx, sync_id, at + MINUTE, kind=overview.REPLAY)
        [found] = overview.standings(tx, "default")
        listed = overview.recent_runs(tx, "default", "beisen_default", limit=9)

    assert found.last is not None
    assert found.last.id == bad
    assert found.good is None
    assert [run.id for run in listed] == [replay, bad]


@pytest.mark.parametrize(("many", "usual"), [(2, None), (3, 15), (8, 15), (9, 15)])
def test_the_usual_time_between_runs_is_learnt_from_good_ones(
    store: Store, sync_id: int, at: datetime, many: int, usual: int | None
) -> None:
    with store.write() as tx:
        for n in range(many):
            ended(tx, sync_id, at + n * 15 * MINUTE)
            failed(tx, sync_id, at + (n * 15 + 5) * MINUTE)
        [found] = overview.standings(tx, "default")

    assert found.usual == (None if usual is None else usual * MINUTE)


def test_a_held_lease_shows(store: Store, sync_id: int) -> None:
    with acquire(store, sync_id, "somebody"), store.read() as tx:
        assert [s.held for s in overview.standings(tx, "default")] == [True]
    with store.read() as tx:
        assert [s.held for s in overview.standings(tx, "default")] == [False]


def test_runs_are_found_by_the_dag_run_that_began_them(
    store: Store, sync_id: int, at: datetime
) -> None:
    with store.write() as tx:
        other = syncs.sync_id(tx, "default", "beisen_default", "org", "beisen")
        mine = ended(tx, sync_id, at, holder="hub_a/manual__2026+00:00/x.pull/-1/1")
        ended(tx, sync_id, at, holder="hub_a/manual__2026+00:00x/x.pull/-1/1")
        ended(tx, other, at, holder="hub_ab/manual__2026+00:00/x.pull/-1/1")
        ended(tx, other, at, holder="cli:hub_a")

        under = overview.runs_under(tx, "default", "hub_a", "manual__2026+00:00")
        assert [run.id for run in under] == [mine]
        standing = overview.standings(tx, "default", dag_id="hub_a")
        assert [s.sync.id for s in standing] == [sync_id]
        assert overview.standings(tx, "default", dag_id="hub_") == []
        assert overview.runs_under(tx, "default", "hub_a", "manual__2026") == []


def test_open_records_are_grouped_by_what_to_do_about_them(
    store: Store, sync_id: int, at: datetime
) -> None:
    with store.write() as tx:
        org = syncs.sync_id(tx, "default", "feishu_default", "org", "feishu")
        first, second = record(sync_id, at), record(sync_id, at + MINUTE)
        other_rule = record(sync_id, at, rule="format")
        elsewhere = record(org, at)
        closed = record(sync_id, at)
        quarantine.add(tx, [first, second, other_rule, elsewhere, closed])
        quarantine.mark_replayed(tx, [closed.uid], actor="a", at=at)
        quarantine.count_attempt(tx, [first.uid])

        groups = overview.rejected(tx, "default", limit=9)
        assert [(g.connection, g.rule, g.count) for g in groups] == [
            ("beisen_default", "calendar", 2),
            ("beisen_default", "format", 1),
            ("feishu_default", "calendar", 1),
        ]
        assert (groups[0].oldest, groups[0].newest) == (at, at + MINUTE)
        assert overview.rejected(tx, "default", limit=1) == groups[:1]
        only = overview.rejected(tx, "default", connection="feishu_default", limit=9)
        assert only == groups[2:]
        assert overview.rejected(tx, "default", stream="employees", limit=9) == groups[:2]
        assert [s.rejects for s in overview.standings(tx, "default")] == [3, 1]

        group = {"reason": "date", "rule": "calendar", "field_path": "dateOfBirth"}
        listed = overview.entries(tx, sync_id, **group, limit=9)
        assert [(e.uid, e.attempts) for e in listed] == [(second.uid, 1), (first.uid, 2)]
        assert overview.entries(tx, sync_id, **group, limit=9, offset=1) == listed[1:]


def test_no_question_reads_the_whole_history(store: Store, sync_id: int, at: datetime) -> None:
    ids = new_ids(30_000)
    with store.write() as tx:
        rows = [
            {
                "id": new,
                "sync_id": sync_id,
                "holder": f"hub_a/run{n}/employees.pull/-1/1",
                "kind": "sync",
                "status": "done",
                "started_at": at + n * 15 * MINUTE,
                "finished_at": at + n * 15 * MINUTE,
            }
            for n, new in enumerate(ids)
        ]
        tx.execute(insert(hub_run), rows)
        asked: list[tuple[str, object]] = []

        def listen(conn: object, cursor: object, statement: str, given: object, *_: object) -> None:
            asked.append((statement, given))

        event.listen(tx, "before_cursor_execute", listen)
        assert overview.standings(tx, "default", dag_id="hub_a")[0].last.id == ids[-1]  # type: ignore[union-attr]
        assert len(overview.recent_runs(tx, "default", "beisen_default", limit=20)) == 20
        [one] = overview.runs_under(tx, "default", "hub_a", "run7")
        assert one.id == ids[7]
        assert runs.latest(tx, "default")[0].id == ids[-1]
        event.remove(tx, "before_cursor_execute", listen)

        if tx.dialect.name == "postgresql":
            tx.exec_driver_sql("ANALYZE hub_run")
        plans = [plan(tx, *one) for one in asked if "hub_run" in one[0]]

    assert len(plans) >= 6
    assert [p for p in plans if "Seq Scan on hub_run" in p or "SCAN hub_run" in p] == []


def plan(tx: Connection, statement: str, given: object) -> str:
    word = "EXPLAIN" if tx.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    return "\n".join(
        str(row)
        for row in tx.exec_driver_sql(f"{word} {statement}", given)  # type: ignore[arg-type]
    )


def test_ids_of_nothing_are_harmless(store: Store) -> None:
    with store.read() as tx:
        assert overview.standings(tx, "default") == []
        assert overview.entries(tx, 1, reason="date", rule="x", field_path=new_id(), limit=1) == []
