"""A sync end to end on both databases: what comes in, what stays out, what a second run does."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import Any

import pytest

from hrhub.crypto import DataKey
from hrhub.crypto.suites import suite_of
from hrhub.errors import ContractChanged, Transient
from hrhub.sandbox.world import build_world
from tests.pipeline.conftest import Bench

WORLD = build_world(40, faulty=0)


def flat(index: int, **changes: Any) -> dict[str, Any]:
    """Return a flat record of a generated person."""
    person = WORLD.people[index]
    return {
        "empId": person.spells[0].user_id,
        "name": person.display_name,
        "sex": person.gender,
        "born": person.birth_date.isoformat(),
        "idCard": person.national_id,
        "mobile": person.mobile,
        "mail": person.work_email,
        "hired": person.spells[0].hire_date.isoformat(),
        "state": 1,
        "dept": "D1",
        "title": "Engineer",
        "changed": "2026-11-01T00:00:00Z",
        **changes,
    }


def test_a_page_cut_in_the_middle_fails_and_nothing_of_it_is_applied(bench: Bench) -> None:
    bench.put("employees", flat(0))
    bench.put("employees", flat(1), flat(2))
    cut = sorted((bench.shelf / "employees").iterdir())[1]
    cut.write_bytes(cut.read_bytes()[:-40])

    with pytest.raises(ContractChanged, match=r"vendor\.page_broken"):
        bench.sync("employees")

    assert bench.count("employee") == 0
    assert bench.count("hub_landing_batch") == 2, "the bad page is kept"

    bench.pages = 1
    bench.put("employees", flat(1), flat(2))
    assert bench.sync("employees").inserted == 3


def test_a_vendor_that_stops_answering_fails_the_run_and_the_next_one_is_complete(
    bench: Bench,
) -> None:
    bench.put("employees", flat(0))
    failing = bench.shelf / "employees" / "0002.fail"
    failing.touch()

    with pytest.raises(Transient) as raised:
        bench.sync("employees")
    assert raised.value.context["connection"] == "shelf_default"
    assert bench.hub.latest_runs()[0].error_code == "vendor.unreachable"

    failing.unlink()
    bench.pages = 1
    bench.put("employees", flat(1))
    assert bench.sync("employees").inserted == 2
    assert bench.count("person") == 2


def test_a_run_leaves_the_garbage_collector_as_it_was_even_when_it_fails(bench: Bench) -> None:
    bench.put("employees", flat(0))
    (bench.shelf / "employees" / "0002.fail").touch()
    for before in (True, False):
        (gc.enable if before else gc.disable)()
        try:
            with pytest.raises(Transient):
                bench.sync("employees")
            assert gc.isenabled() is before
        finally:
            gc.enable()


def test_a_bad_record_goes_to_quarantine_and_the_rest_is_loaded(bench: Bench) -> None:
    wrong = WORLD.people[1].national_id[:-1] + (
        "0" if WORLD.people[1].national_id[-1] != "0" else "1"
    )
    bench.put("employees", flat(0), flat(1, idCard=wrong), flat(2, hired="2026-02-30"))

    counts = bench.sync("employees")

    assert (counts.inserted, counts.quarantined) == (1, 2)
    listed = {(r.reason, r.field_path) for r in bench.rows("hub_quarantine")}
    assert listed == {("range", "idCard"), ("date", "hired")}
    assert wrong.encode() not in _store_bytes(bench)


def test_a_refused_record_keeps_its_place_and_leaves_when_the_vendor_corrects_it(
    bench: Bench,
) -> None:
    bench.put("employees", flat(0, state=7))
    assert bench.sync("employees").quarantined == 1
    bench.put("employees", flat(0, state=7, title="Other"))
    assert bench.sync("employees").quarantined == 1
    assert bench.count("hub_quarantine") == 1
    assert bench.rows("hub_quarantine")[0].attempts == 2

    bench.put("employees", flat(0))
    assert bench.sync("employees").inserted == 1
    assert bench.count("hub_quarantine", state="open") == 0


def test_the_flat_record_becomes_person_contacts_document_employee_employment_assignment(
    bench: Bench,
) -> None:
    bench.put("employees", *(flat(i) for i in range(10)))

    counts = bench.sync("employees")

    assert (counts.seen, counts.inserted) == (10, 10)
    expected = {
        "person": 10,
        "person_contact": 20,
        "person_identifier": 10,
        "employee": 10,
        "employment": 10,
        "assignment": 10,
        "hub_dek": 11,
    }
    assert {table: bench.count(table) for table in expected} == expected


def test_a_second_run_changes_nothing_and_is_stopped_at_the_gate(bench: Bench) -> None:
    bench.put("employees", *(flat(i) for i in range(10)))
    bench.sync("employees")
    before = bench.rows("person"), bench.rows("assignment"), bench.rows("hub_source_link")

    bench.put("employees", *(flat(i) for i in range(10)))
    counts = bench.sync("employees")

    assert (counts.seen, counts.unchanged) == (10, 10)
    assert (bench.rows("person"), bench.rows("assignment"), bench.rows("hub_source_link")) == before


def test_a_changed_record_updates_its_rows_and_opens_an_observed_slice(bench: Bench) -> None:
    bench.put("employees", flat(0), flat(1))
    bench.sync("employees")
    newer = "2026-11-02T00:00:00Z"
    bench.put(
        "employees",
        flat(0, changed=newer, mobile=WORLD.people[5].mobile, title="Lead", since="2026-11-02"),
    )

    counts = bench.sync("employees")

    assert (counts.updated, counts.inserted) == (1, 0)
    assert bench.count("person") == 2
    assert bench.count("person_contact", removed_at=None) == 4
    assert bench.count("assignment", superseded_at=None) == 3
    assert bench.count("assignment") == 4


def test_an_older_version_is_stale_and_changes_nothing(bench: Bench) -> None:
    bench.put("employees", flat(0))
    bench.sync("employees")
    bench.put("employees", flat(0, changed="2026-10-01T00:00:00Z", title="Old"))

    counts = bench.sync("employees")

    assert counts.stale == 1
    assert bench.rows("assignment")[0].job_title == "Engineer"


def test_two_different_records_with_one_key_and_version_both_wait(bench: Bench) -> None:
    bench.put("employees", flat(0), flat(0, title="Other"), flat(1))

    counts = bench.sync("employees")

    assert (counts.inserted, counts.quarantined) == (1, 2)


def test_the_same_person_under_two_work_numbers_is_one_person(bench: Bench) -> None:
    bench.put("employees", flat(0), flat(0, empId="77"))

    bench.sync("employees")

    assert (bench.count("person"), bench.count("employee")) == (1, 2)


def test_series_that_cross_pages_are_replaced_as_a_whole(bench: Bench) -> None:
    person = WORLD.people[0]
    bench.put(
        "people",
        {
            "id": "P1",
            "name": person.display_name,
            "idCard": person.national_id,
            "mobile": person.mobile,
            "changed": "2026-11-01T00:00:00Z",
        },
    )
    bench.sync("people")
    bench.put("spells", {"no": "001", "person": "P1", "hired": "2020-01-01"})
    bench.sync("spells")
    first = {
        "no": "001",
        "start": "2020-01-01",
        "end": "2020-12-31",
        "seq": 1,
        "dept": "D1",
        "title": "A",
    }
    second = {
        "no": "001",
        "start": "2021-01-01",
        "end": "9999-12-31",
        "seq": 1,
        "dept": "D1",
        "title": "B",
    }
    bench.put("jobs", first)
    bench.put("jobs", second)

    counts = bench.sync("jobs")
    assert (counts.seen, counts.inserted) == (1, 1)
    assert bench.count("assignment", superseded_at=None) == 2

    for path in (bench.shelf / "jobs").iterdir():
        path.unlink()
    bench.put("jobs", {**first, "end": "9999-12-31"})
    counts = bench.sync("jobs")
    assert counts.updated == 1
    assert bench.count("assignment", superseded_at=None) == 1
    assert bench.count("assignment") == 3


def test_references_wait_until_what_they_point_to_arrives(bench: Bench) -> None:
    bench.put("units", {"code": "D2", "name": "Child", "parent": "D1", "start": "2020-01-01"})
    bench.sync("units")
    assert bench.count("org_unit", parent_id=None) == 1
    assert bench.count("hub_waiting_ref") == 1

    bench.put("units", {"code": "D1", "name": "Top", "parent": None, "start": "2020-01-01"})
    bench.sync("units")

    rows = {row.code: row for row in bench.rows("org_unit")}
    assert rows["D2"].parent_id == rows["D1"].series_id
    assert bench.count("hub_waiting_ref") == 0


def test_a_record_whose_person_is_unknown_waits_in_quarantine(bench: Bench) -> None:
    bench.put("spells", {"no": "001", "person": "P9", "hired": "2020-01-01"})

    counts = bench.sync("spells")

    assert counts.quarantined == 1
    assert bench.rows("hub_quarantine")[0].reason == "reference"


def test_punches_find_their_employee_by_work_number_and_come_once(bench: Bench) -> None:
    bench.put("employees", flat(0))
    bench.sync("employees")
    no = WORLD.people[0].spells[0].user_id
    stamps = [{"no": no, "at": f"2026-11-02T08:{m:02d}:00", "way": "in"} for m in range(5)]
    bench.put("punches", *stamps, {"no": "nobody", "at": "2026-11-02T08:00:00", "way": "in"})

    counts = bench.sync("punches")
    assert (counts.inserted, counts.quarantined) == (5, 1)

    bench.put("punches", *stamps, {"no": no, "at": "2026-11-02T18:00:00", "way": "out"})
    counts = bench.sync("punches")
    assert (counts.unchanged, counts.inserted) == (5, 1)
    assert bench.count("attendance_punch") == 6


def test_pull_and_load_apart_do_the_same_and_a_second_load_adds_nothing(bench: Bench) -> None:
    from tests.support.shelf import SHELF

    bench.put("employees", *(flat(i) for i in range(3)))
    receipt = bench.hub.pull(SHELF, bench.config, "shelf_default", "employees", holder="dag/run1")
    assert (receipt.pages, bench.count("person")) == (1, 0)

    assert bench.hub.load(receipt.run_id, SHELF, holder="dag/run1").inserted == 3
    assert bench.hub.load(receipt.run_id, SHELF, holder="dag/run1").inserted == 3
    assert bench.count("person") == 3
    assert bench.count("hub_run") == 1


def test_loading_a_run_that_is_done_again_does_not_move_the_cursor_back(bench: Bench) -> None:
    from tests.support.shelf import SHELF

    bench.put("employees", flat(0))
    first = bench.hub.pull(SHELF, bench.config, "shelf_default", "employees", holder="dag/run1")
    bench.hub.load(first.run_id, SHELF, holder="dag/run1")
    bench.put("employees", flat(1))
    assert bench.sync("employees").inserted == 1
    [cursor] = bench.rows("hub_cursor")

    again = bench.hub.load(first.run_id, SHELF, holder="dag/run1")

    assert (again.seen, again.inserted) == (1, 1)
    assert bench.rows("hub_cursor") == [cursor]
    assert bench.hub.pull(SHELF, bench.config, "shelf_default", "employees", holder="x").pages == 0


def test_no_personal_value_stands_in_clear_on_disk(bench: Bench) -> None:
    bench.put("employees", *(flat(i) for i in range(5)), flat(6, state=7))
    bench.sync("employees")

    on_disk = _store_bytes(bench)

    for person in (*WORLD.people[:5], WORLD.people[6]):
        for value in (person.national_id, person.mobile, person.display_name, person.work_email):
            assert value.encode() not in on_disk
            assert json.dumps(value)[1:-1].encode() not in on_disk


def _store_bytes(bench: Bench) -> bytes:
    """Return everything the hub keeps: its files, and a dump of every table."""
    files = [p for p in bench.hub.settings.home.rglob("*") if p.is_file()]
    from hrhub.store.schema import metadata

    dump = repr([bench.rows(name) for name in metadata.tables]).encode()
    url = bench.hub.store.url
    database = [Path(url.database)] if bench.hub.store.dialect == "sqlite" and url.database else []
    return dump + b"".join(p.read_bytes() for p in [*files, *database])


def test_how_often_a_key_has_sealed_is_added_up_in_its_row(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def uses() -> dict[str, int]:
        return {r.owner: r.uses for r in bench.rows("hub_dek") if r.purpose == "subject"}

    sealed: dict[bytes, int] = {}
    seal_at = DataKey.seal_at

    def counting(key: DataKey, typed: bytes, place: bytes, padded: bool) -> bytes:
        sealed[key.dek_id] = sealed.get(key.dek_id, 0) + 1
        return seal_at(key, typed, place, padded)

    monkeypatch.setattr(DataKey, "seal_at", counting)
    bench.put("employees", flat(0), flat(1))
    bench.sync("employees")
    first = uses()
    bench.hub.data_keys.clear()
    bench.put("employees", flat(0, changed="2026-11-02T00:00:00Z", sex="other"))
    bench.sync("employees")
    bench.put("employees", flat(0, changed="2026-11-03T00:00:00Z", sex="undisclosed"))
    bench.sync("employees")

    after = uses()
    assert min(first.values()) > 0
    assert sorted(n - first[owner] for owner, n in after.items())[0] == 0, "one did not change"
    assert sorted(after.values()) == sorted(
        n for dek_id, n in sealed.items() if dek_id in {bytes(r.dek_id) for r in _subjects(bench)}
    )


def test_uses_of_a_transaction_that_was_rolled_back_are_told_again() -> None:
    key = DataKey(bytes(32), bytes(16), "t", suite_of(1))
    key.seal(b"x", entity="e", field_path="f", row_uid="r", type_byte=1, padded=False)

    taken = key.take_uses()
    key.return_uses(taken)

    assert (taken, key.take_uses(), key.take_uses()) == (1, 1, 0)


def _subjects(bench: Bench) -> list[Any]:
    return [row for row in bench.rows("hub_dek") if row.purpose == "subject"]
