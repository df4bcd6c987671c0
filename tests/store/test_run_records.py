"""Syncs, runs, landed batches and cursors."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from hrhub.ambient import new_id, new_ids
from hrhub.errors import ExitStatus, Fenced, StorageError, Transient
from hrhub.store import Store, cursors, landing, runs, syncs
from hrhub.store.landing import LandedBatch


def batch(sync_id: int, run_id: str, seq: int, at: datetime) -> LandedBatch:
    return LandedBatch(
        batch_uid=new_id(),
        tenant="default",
        sync_id=sync_id,
        run_id=run_id,
        stream="employees",
        seq=seq,
        file=f"{run_id}-{seq}",
        wire_bytes=10,
        decoded_bytes=20,
        records=3,
        sha256_ct=bytes(32),
        completeness="proved",
        landed_at=at,
        meta={"zone": "UTC"},
        hmac_pt=b"h" * 16,
        sealed_cursor=b"sealed",
    )


def test_a_sync_keeps_its_number(store: Store, sync_id: int) -> None:
    key = ("default", "beisen_default", "employees")
    with store.write() as tx:
        assert syncs.sync_id(tx, *key, "beisen") == sync_id
        assert syncs.sync_id(tx, "other", *key[1:], "beisen") != sync_id
        assert syncs.find(tx, *key) == syncs.get(tx, sync_id)
        assert syncs.find(tx, "default", "nobody", "employees") is None
        assert [s.id for s in syncs.list_syncs(tx, "default")] == [sync_id]


def test_a_run_that_ended_takes_no_more_counts_batches_or_endings(
    store: Store, sync_id: int, at: datetime
) -> None:
    with store.write() as tx:
        run = runs.start(tx, sync_id, holder="h", kind="sync", at=at)
        runs.finish(tx, run, at=at)

    for late in (
        lambda tx: runs.add_counts(tx, run, seen=1),
        lambda tx: runs.take_seq(tx, run),
        lambda tx: runs.set_mapping(tx, run, "v2"),
    ):
        with pytest.raises(Fenced), store.write() as tx:
            late(tx)
    with store.write() as tx:
        runs.finish(tx, run, at=at, error=Transient())
        assert runs.get(tx, run).status == "done"  # type: ignore[union-attr]


def test_unknown_counters_are_refused(store: Store, sync_id: int, at: datetime) -> None:
    with store.write() as tx:
        run = runs.start(tx, sync_id, holder="h", kind="sync", at=at)
        with pytest.raises(ValueError, match="typo"):
            runs.add_counts(tx, run, typo=1)


def test_counts_add_up_and_decide_the_exit_status(store: Store, sync_id: int, at: datetime) -> None:
    with store.write() as tx:
        run = runs.start(tx, sync_id, holder="h", kind="sync", at=at, mapping_version="m1")
        runs.add_counts(tx, run, pages=1, seen=3, inserted=2, quarantined=1)
        runs.add_counts(tx, run, pages=1, seen=2, inserted=2, quarantined=0)
        assert [runs.take_seq(tx, run) for _ in range(3)] == [1, 2, 3]
        runs.finish(tx, run, at=at + timedelta(seconds=5))
        found = runs.get(tx, run)

    assert found is not None
    assert (found.counts["seen"], found.counts["inserted"], found.counts["pages"]) == (5, 4, 2)
    assert found.exit_status == ExitStatus.QUARANTINE
    assert (found.connection, found.stream, found.connector) == (
        "beisen_default",
        "employees",
        "beisen",
    )
    assert found.finished_at == at + timedelta(seconds=5)


def test_an_error_is_kept_as_code_and_context(store: Store, sync_id: int, at: datetime) -> None:
    error = Transient("vendor.unreachable", vendor="Beisen", tries=(1, 2), where=at)
    with store.write() as tx:
        run = runs.start(tx, sync_id, holder="h", kind="pull", at=at)
        runs.finish(tx, run, at=at, error=error)
        found = runs.get(tx, run)

    assert found is not None
    assert (found.status, found.exit_status) == ("failed", ExitStatus.RETRYABLE)
    assert found.error_code == "vendor.unreachable"
    assert found.error_context == {"vendor": "Beisen", "tries": [1, 2], "where": str(at)}


def test_the_latest_run_of_each_sync_is_found(store: Store, sync_id: int, at: datetime) -> None:
    with store.write() as tx:
        other = syncs.sync_id(tx, "default", "beisen_default", "org", "beisen")
        good = runs.start(tx, sync_id, holder="h", kind="sync", at=at)
        runs.finish(tx, good, at=at)
        bad = runs.start(tx, sync_id, holder="h", kind="sync", at=at + timedelta(hours=1))
        runs.finish(tx, bad, at=at, error=Transient())
        org = runs.start(tx, other, holder="h", kind="sync", at=at)

        assert [r.id for r in runs.latest(tx, "default")] == [bad, org]
        assert runs.latest(tx, "somebody") == []
        assert runs.latest_good(tx, sync_id).id == good  # type: ignore[union-attr]
        assert runs.latest_good(tx, other) is None
        assert [r.id for r in runs.list_runs(tx, "default", stream="employees")] == [bad, good]
        assert len(runs.list_runs(tx, "default", connection="beisen_default", limit=2)) == 2


def test_a_batch_number_is_given_once(store: Store, sync_id: int, at: datetime) -> None:
    run = new_id()
    with pytest.raises(StorageError) as caught, store.write() as tx:
        landing.add(tx, [batch(sync_id, run, 1, at)])
        landing.add(tx, [batch(sync_id, run, 1, at)])

    assert caught.value.code == "store.conflict"


def test_a_batch_is_applied_once(store: Store, sync_id: int, at: datetime) -> None:
    landed = batch(sync_id, new_id(), 1, at)
    with store.write() as tx:
        landing.add(tx, [landed])
        assert landing.get(tx, landed.batch_uid) == landed
        landing.mark_applied(tx, [landed.batch_uid], {"seen": 3, "inserted": 3}, at=at)

    with pytest.raises(Fenced), store.write() as tx:
        landing.mark_applied(tx, [landed.batch_uid], {}, at=at)
    with store.read() as tx:
        found = landing.get(tx, landed.batch_uid)
    assert found is not None
    assert (found.state, found.counts) == ("applied", {"seen": 3, "inserted": 3})


def test_only_batches_that_are_done_with_expire(store: Store, sync_id: int, at: datetime) -> None:
    first, second = new_ids(2)
    batches = [
        batch(sync_id, first, 1, at),
        batch(sync_id, first, 2, at),
        batch(sync_id, second, 1, at),
    ]
    later = at + timedelta(days=8)
    with store.write() as tx:
        for one in reversed(batches):
            landing.add(tx, [one])
        assert landing.waiting(tx, sync_id) == batches
        assert landing.expired(tx, later) == []

        landing.mark_applied(tx, [batches[0].batch_uid], {}, at=at)
        assert landing.supersede(tx, first) == 1
        assert landing.waiting(tx, sync_id) == batches[2:]
        gone = [b.batch_uid for b in landing.expired(tx, later)]
        assert set(gone) == {batches[0].batch_uid, batches[1].batch_uid}
        assert landing.expired(tx, at) == []

        assert landing.mark_dropped(tx, gone) == 2
        assert landing.expired(tx, later) == []
        assert [b.state for b in landing.of_run(tx, first)] == ["dropped", "dropped"]
        assert landing.of_run(tx, first, state="landed") == []
        assert landing.known_files(tx, [batches[0].file, "stray"]) == {batches[0].file}


@pytest.mark.parametrize("seq", [0, 2, 4, 7])
def test_a_cursor_moves_by_one_step_only(
    store: Store, sync_id: int, at: datetime, seq: int
) -> None:
    run = new_id()
    with store.write() as tx:
        for step in (1, 2):
            cursors.move(tx, sync_id, b"%d" % step, seq=step, run_id=run, at=at)

    with pytest.raises(Fenced), store.write() as tx:
        cursors.move(tx, sync_id, b"wrong", seq=seq, run_id=run, at=at)

    with store.read() as tx:
        assert cursors.load(tx, sync_id) == cursors.StoredCursor(b"2", 2, run, at)


def test_a_cursor_cannot_start_twice(store: Store, sync_id: int, at: datetime) -> None:
    run = new_id()
    with store.write() as tx:
        cursors.move(tx, sync_id, b"1", seq=1, run_id=run, at=at)

    with pytest.raises(Fenced), store.write() as tx:
        cursors.move(tx, sync_id, b"1", seq=1, run_id=run, at=at)


def test_slices_have_their_own_cursors_and_are_forgotten_together(
    store: Store, sync_id: int, at: datetime
) -> None:
    with store.write() as tx:
        assert cursors.load(tx, sync_id, "a") == cursors.StoredCursor(None, 0)
        for name in ("a", "b"):
            cursors.move(tx, sync_id, None, seq=1, run_id=new_id(), at=at, slice_=name)
        assert cursors.load(tx, sync_id).seq == 0
        assert cursors.load(tx, sync_id, "b").seq == 1
        assert cursors.forget(tx, sync_id) == 2
        assert cursors.load(tx, sync_id, "a").seq == 0
