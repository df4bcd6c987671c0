"""Replaying quarantine on both databases: what leaves it, what stays, what is never overwritten."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hrhub.ambient import new_id
from hrhub.connector import Connector
from hrhub.errors import Busy, ConfigError
from hrhub.pipeline import replay
from hrhub.pipeline.replay import Replayed, Wanted
from hrhub.store import audit, lease
from hrhub.store import quarantine as table
from hrhub.store.syncs import SyncRow
from tests.pipeline.conftest import Bench
from tests.pipeline.test_sync import WORLD, flat
from tests.support.shelf import SHELF


def shelf(row: SyncRow) -> Connector:
    assert row.connector == "shelf"
    return SHELF


def run(bench: Bench, *, dry_run: bool = False, **wanted: Any) -> list[Replayed]:
    return bench.hub.replay(
        Wanted(**wanted), holder="cli/1", actor="cli:root", dry_run=dry_run, connectors=shelf
    )


def mend(bench: Bench, stream: str, old: str, new: str) -> None:
    """Change the mapping of a stream."""
    path = Path(bench.hub.settings.mappings) / "shelf" / f"{stream}.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def open_uids(bench: Bench) -> list[str]:
    return sorted(r.uid for r in bench.rows("hub_quarantine") if r.state == "open")


def knows_seven(bench: Bench) -> None:
    mend(bench, "employees", "9: terminated}", "9: terminated, 7: on_leave}")


# --- what stays ---------------------------------------------------------------------------------


def test_a_record_that_is_still_wrong_stays_with_one_attempt_more(bench: Bench) -> None:
    bench.put("employees", flat(0, state=7))
    bench.sync("employees")
    [before] = bench.rows("hub_quarantine")

    [done] = run(bench)

    assert (done.tried, done.accepted, done.counts.quarantined) == (1, 0, 1)
    assert [(r.uid, r.reason, r.field_path) for r in done.refused] == [
        (before.uid, "enum", "state")
    ]
    [after] = bench.rows("hub_quarantine")
    assert (after.uid, after.attempts, after.state) == (before.uid, 2, "open")
    assert after.landed_seq == before.landed_seq
    assert bench.hub.latest_runs()[0].kind == "replay"


def test_the_reason_becomes_the_one_of_today(bench: Bench) -> None:
    bench.put("employees", flat(0, state=7, hired="2026-02-30"))
    bench.sync("employees")
    knows_seven(bench)

    [done] = run(bench)

    assert [r.reason for r in done.refused] == ["date"]
    assert bench.rows("hub_quarantine")[0].reason == "date"


def test_a_uid_nobody_knows_stops_everything(bench: Bench) -> None:
    bench.put("employees", flat(0, state=7))
    bench.sync("employees")
    knows_seven(bench)

    for unknown in (new_id(), "not-an-id"):
        with pytest.raises(ConfigError, match=r"quarantine\.unknown"):
            run(bench, uids=(*open_uids(bench), unknown))

    assert bench.count("employee") == 0


def test_a_sync_that_is_busy_is_reported_and_the_other_one_replayed(bench: Bench) -> None:
    bench.put("employees", flat(0, state=7))
    bench.sync("employees")
    bench.put("spells", {"no": "001", "person": "P9", "hired": "2020-01-01"})
    bench.sync("spells")
    knows_seven(bench)
    spells = next(r for r in bench.hub.latest_runs() if r.stream == "spells")

    with lease.acquire(bench.hub.store, spells.sync_id, "somebody else"):
        employees, busy = run(bench)

    assert (employees.stream, employees.accepted) == ("employees", 1)
    assert isinstance(busy.error, Busy)
    assert busy.error.context["stream"] == "spells"


def test_a_record_whose_envelope_was_changed_stays_and_the_others_are_replayed(
    bench: Bench, damage: Callable[..., None]
) -> None:
    bench.put("employees", flat(0, state=7), flat(1, state=7))
    bench.sync("employees")
    knows_seven(bench)
    broken = open_uids(bench)[0]
    damage("hub_quarantine", {"uid": broken}, sealed_raw=b"\xc1\x01\x01\x00" + bytes(80))

    [done] = run(bench)

    assert (done.accepted, done.unreadable) == (1, (broken,))
    assert open_uids(bench) == [broken]


# --- what leaves --------------------------------------------------------------------------------


def test_after_mending_the_mapping_all_records_leave_and_are_stored(bench: Bench) -> None:
    bench.put("employees", flat(0), *(flat(i, state=7) for i in range(1, 6)))
    assert bench.sync("employees").quarantined == 5
    knows_seven(bench)

    [done] = run(bench, connection="shelf_default", stream="employees", reason="enum")

    assert (done.tried, done.accepted, done.counts.inserted) == (5, 5, 5)
    assert bench.count("employee") == 6
    rows = bench.rows("hub_quarantine")
    assert {(r.state, r.actor) for r in rows} == {("replayed", "cli:root")}
    with bench.hub.store.read() as tx:
        last = list(audit.links(tx, "default"))[-1][0]
    assert (last["act"], last["actor"], last["n"]) == ("quarantine.replay", "cli:root", 5)
    assert bench.hub.latest_runs()[0].exit_status == 0
    assert run(bench) == []


def test_only_what_was_asked_for_is_replayed(bench: Bench) -> None:
    bench.put("employees", flat(1, state=7), flat(2, state=7), flat(3, hired="2026-02-30"))
    bench.sync("employees")
    knows_seven(bench)
    one = next(r.uid for r in bench.rows("hub_quarantine") if r.reason == "enum")

    [done] = run(bench, uids=(one,))
    assert (done.tried, done.accepted) == (1, 1)

    assert run(bench, reason="reference") == []
    assert run(bench, connection="another") == []
    [done] = run(bench, reason="enum")
    assert done.tried == 1
    assert [r.reason for r in bench.rows("hub_quarantine") if r.state == "open"] == ["date"]


def test_what_waited_for_another_record_is_taken_in_once_that_is_there(bench: Bench) -> None:
    bench.put("spells", {"no": "001", "person": "P9", "hired": "2020-01-01"})
    bench.sync("spells")
    person = WORLD.people[0]
    bench.put("people", {"id": "P9", "name": person.display_name, "idCard": person.national_id,
                         "mobile": person.mobile, "changed": "2026-11-01T00:00:00Z"})  # fmt: skip
    bench.sync("people")

    [done] = run(bench)

    assert done.accepted == 1
    assert bench.count("employment") == 1


def test_a_newer_row_is_never_overwritten_by_an_old_record(bench: Bench) -> None:
    bench.put("spells", {"no": "001", "person": "P1", "hired": "2020-01-01"})
    bench.sync("spells")
    [old] = bench.rows("hub_quarantine")
    person = WORLD.people[0]
    bench.put("people", {"id": "P1", "name": person.display_name, "idCard": person.national_id,
                         "mobile": person.mobile, "changed": "2026-11-01T00:00:00Z"})  # fmt: skip
    bench.sync("people")
    bench.put("spells", {"no": "001", "person": "P1", "hired": "2021-05-05"})
    assert bench.sync("spells").inserted == 1
    # The newer record took the old one's place in the list; put it back as a race would leave it.
    _reopen(bench, old.uid)

    [done] = run(bench)

    assert (done.counts.stale, done.counts.updated, done.accepted) == (1, 0, 1)
    assert str(bench.rows("employment")[0].hire_date) == "2021-05-05"
    assert open_uids(bench) == []


def test_a_replayed_record_is_stopped_at_the_gate_by_the_next_sync(bench: Bench) -> None:
    bench.put("employees", flat(0, state=7))
    bench.sync("employees")
    knows_seven(bench)
    run(bench)

    bench.put("employees", flat(0, state=7))

    assert bench.sync("employees").unchanged == 1


def test_records_that_contradict_each_other_wait_until_one_is_discarded(bench: Bench) -> None:
    bench.put("employees", flat(0), flat(0, title="Other"))
    bench.sync("employees")

    [done] = run(bench)
    assert {r.reason for r in done.refused} == {"duplicate_key"}
    assert {r.attempts for r in bench.rows("hub_quarantine")} == {2}

    assert bench.hub.discard(open_uids(bench)[1:], "wrong_at_source", actor="cli:root") == 1
    [done] = run(bench)
    assert done.accepted == 1


def test_contradicting_records_that_come_again_keep_a_place_each_and_leave_together(
    bench: Bench,
) -> None:
    bench.put("employees", flat(0), flat(0, title="Other"))
    bench.sync("employees")
    bench.put("employees", flat(0), flat(0, title="Other"))
    bench.sync("employees")
    assert [r.attempts for r in bench.rows("hub_quarantine")] == [2, 2]

    bench.put("employees", flat(0, changed="2026-11-09T00:00:00Z"))

    assert bench.sync("employees").inserted == 1
    assert open_uids(bench) == []


def test_pages_that_a_pull_landed_still_wait_for_their_load(bench: Bench) -> None:
    bench.put("employees", flat(0, state=7))
    bench.sync("employees")
    bench.put("employees", flat(1))
    receipt = bench.hub.pull(SHELF, bench.config, "shelf_default", "employees", holder="dag/1")
    knows_seven(bench)

    assert run(bench)[0].accepted == 1

    assert bench.hub.load(receipt.run_id, SHELF, holder="dag/1").inserted == 1


def test_more_records_than_fit_one_transaction_are_all_replayed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "BATCH_RECORDS", 2)
    bench.put("employees", *(flat(i, state=7) for i in range(5)), flat(0, state=7, title="B"))
    bench.sync("employees")
    knows_seven(bench)
    seen: list[int] = []

    [done] = bench.hub.replay(
        Wanted(), holder="cli/1", actor="cli:root", connectors=shelf,
        progress=lambda counts: seen.append(counts.seen),
    )  # fmt: skip

    assert (done.tried, done.accepted) == (6, 4), "the two rivals were compared with each other"
    assert len(seen) > 1
    assert seen[-1] == 6


# --- dry run and discard ------------------------------------------------------------------------


def test_a_dry_run_tells_the_outcome_and_writes_nothing(bench: Bench) -> None:
    bench.put("employees", flat(0, state=7), flat(1, hired="2026-02-30"))
    bench.sync("employees")
    knows_seven(bench)
    before = {t: bench.rows(t) for t in ("hub_quarantine", "hub_run", "hub_audit", "hub_dek",
                                         "hub_fence", "hub_lease", "person")}  # fmt: skip

    [told] = run(bench, dry_run=True)

    assert (told.run_id, told.tried, told.accepted) == (None, 2, 1)
    assert [r.reason for r in told.refused] == ["date"]
    assert {t: bench.rows(t) for t in before} == before
    [done] = run(bench)
    assert (done.accepted, done.refused) == (told.accepted, told.refused)


def test_discarding_needs_a_reason_of_the_list_and_open_records(bench: Bench) -> None:
    bench.put("employees", flat(0, state=7))
    bench.sync("employees")
    [uid] = open_uids(bench)

    with pytest.raises(ConfigError, match=r"quarantine\.reason"):
        bench.hub.discard([uid], "because", actor="cli:root")
    with pytest.raises(ConfigError, match=r"quarantine\.unknown"):
        bench.hub.discard([uid, new_id()], "duplicate", actor="cli:root")
    assert open_uids(bench) == [uid]

    assert bench.hub.discard([uid, uid], "duplicate", actor="cli:root") == 1
    with pytest.raises(ConfigError, match=r"quarantine\.unknown"):
        bench.hub.discard([uid], "duplicate", actor="cli:root")

    with bench.hub.store.read() as tx:
        row = table.get(tx, uid)
        last = list(audit.links(tx, "default"))[-1][0]
    assert row is not None
    assert (row.state, row.note, row.actor) == ("discarded", "duplicate", "cli:root")
    assert (last["act"], last["rows"], last["reason"]) == (
        "quarantine.discard", [uid], "duplicate",
    )  # fmt: skip


def _reopen(bench: Bench, uid: str) -> None:
    from sqlalchemy import update

    from hrhub.store.schema import hub_quarantine

    with bench.hub.store.write() as tx:
        tx.execute(
            update(hub_quarantine)
            .where(hub_quarantine.c.uid == uid)
            .values(state="open", actor=None, resolved_at=None)
        )
