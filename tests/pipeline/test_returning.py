"""Records that come back, move to somebody else, or come together with their neighbours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hrhub.connector import JsonRecords
from hrhub.pipeline.replay import Wanted
from tests.pipeline.conftest import Bench
from tests.pipeline.test_sync import WORLD, flat
from tests.support.shelf import SHELF, ShelfStream, shelf

SPELLS = """
stream: shelf.spells
to: employment
key: no
fields:
  person: person
  work_no: badge
  hire_date: {from: hired, formats: [iso]}
  end_date: {from: left, formats: [iso]}
"""
EMPLOYEES = """
stream: shelf.employees
to: employee
key: id
version: {from: changed, formats: [iso]}
fields:
  work_no: empId
  display_name: name
  national_id: idCard
  hire_date: {from: hired, formats: [iso]}
  end_date: {from: left, formats: [iso]}
  status: {from: state, codes: {1: active, 9: terminated}, else: reject}
  job_title: title
"""
OPENINGS = ShelfStream(
    name="openings",
    title="Openings",
    feed="requisition",
    key=("id",),
    records=JsonRecords("rows"),
)
OPENINGS_MAP = """
stream: shelf.openings
to: requisition
key: id
fields: {code: id, title: title, org_unit: dept}
"""


def use(bench: Bench, stream: str, text: str) -> None:
    path = bench.hub.settings.mappings / "shelf" / f"{stream}.yaml"
    path.write_text(text, encoding="utf-8")


def person(index: int, number: str) -> dict[str, Any]:
    one = WORLD.people[index]
    return {
        "id": number,
        "name": one.display_name,
        "idCard": one.national_id,
        "mobile": one.mobile,
        "changed": "2026-11-01T00:00:00Z",
    }


def test_a_spell_that_ends_and_the_next_of_the_same_badge_come_in_one_batch(bench: Bench) -> None:
    use(bench, "spells", SPELLS)
    bench.put("people", person(0, "P1"))
    bench.sync("people")
    first = {"no": "1", "person": "P1", "badge": "B1", "hired": "2020-01-01"}
    bench.put("spells", first)
    bench.sync("spells")

    bench.put(
        "spells",
        {**first, "left": "2021-01-01"},
        {"no": "2", "person": "P1", "badge": "B1", "hired": "2022-01-01"},
    )
    counts = bench.sync("spells")

    assert (counts.updated, counts.inserted) == (1, 1)
    assert (bench.count("employee"), bench.count("employment")) == (1, 2)
    assert bench.hub.verify().ok


def test_a_record_that_changes_and_a_second_record_of_the_same_employee_come_in_one_batch(
    bench: Bench,
) -> None:
    use(bench, "employees", EMPLOYEES)
    first = {**flat(0), "id": "a"}
    bench.put("employees", first)
    bench.sync("employees")

    newer = {
        **first,
        "changed": "2026-11-02T00:00:00Z",
        "title": "Lead",
        "state": 9,
        "left": "2026-11-01",
    }
    bench.put("employees", newer, {**newer, "id": "b"})
    counts = bench.sync("employees")

    assert (counts.updated, counts.inserted) == (1, 1)
    assert (bench.count("employee"), bench.count("employment")) == (1, 1)
    assert bench.hub.verify().ok


def test_a_change_that_was_refused_and_taken_back_leaves_quarantine_and_is_never_replayed(
    bench: Bench,
) -> None:
    use(bench, "spells", SPELLS)
    bench.put("people", person(0, "P1"))
    bench.sync("people")
    right = {"no": "1", "person": "P1", "badge": "B1", "hired": "2020-01-01"}
    bench.put("spells", right)
    bench.sync("spells")
    bench.put("spells", {**right, "hired": "01.02.2020"})
    assert bench.sync("spells").quarantined == 1

    bench.put("spells", right)
    assert bench.sync("spells").unchanged == 1

    assert bench.count("hub_quarantine", state="open") == 0
    use(bench, "spells", SPELLS.replace("[iso]", "[iso, '%d.%m.%Y']", 1))
    replayed = bench.hub.replay(
        Wanted(), holder="test", actor="cli:test", connectors=lambda _: SHELF
    )
    assert replayed == []
    assert bench.rows("employment")[0].hire_date.isoformat() == "2020-01-01"


def test_a_record_that_changes_twice_and_back_within_a_run_ends_as_it_came_last(
    bench: Bench,
) -> None:
    use(bench, "spells", SPELLS)
    bench.put("people", person(0, "P1"))
    bench.sync("people")
    one = {"no": "1", "person": "P1", "badge": "B1", "hired": "2020-01-01", "left": None}
    bench.put("spells", one)
    bench.sync("spells")

    big = [{**one, "no": f"x{i}", "person": "nobody"} for i in range(4_000)]
    bench.put("spells", {**one, "left": "2021-01-01"}, *big)
    bench.put("spells", one)
    bench.sync("spells")

    assert bench.rows("employment")[0].end_date is None


def test_a_reference_that_was_replaced_does_not_come_back_when_its_old_target_arrives(
    bench: Bench,
) -> None:
    connector = replace(SHELF, streams=(*SHELF.streams, OPENINGS))
    use(bench, "openings", OPENINGS_MAP)

    def sync() -> None:
        bench.hub.sync(connector, bench.config, "shelf_default", "openings", holder="test")

    unit = {"name": "Unit", "parent": None, "start": "2020-01-01"}
    bench.put("units", {"code": "D2", **unit})
    bench.sync("units")
    bench.put("openings", {"id": "1", "title": "Engineer", "dept": "D1"})
    sync()
    bench.put("openings", {"id": "1", "title": "Engineer", "dept": "D2"})
    sync()
    bench.put("units", {"code": "D1", **unit})
    bench.sync("units")

    units = {row.code: row.series_id for row in bench.rows("org_unit")}
    assert bench.rows("requisition")[0].org_unit_id == units["D2"]
    assert bench.count("hub_waiting_ref") == 0


def test_two_vendors_that_tell_of_a_rehire_leave_the_old_spell_as_it_was(bench: Bench) -> None:
    other = replace(shelf(*SHELF.streams), name="shelf")

    def tell(connection: str, **changes: Any) -> None:
        bench.put("employees", flat(0, **changes))
        bench.hub.sync(other, bench.config, connection, "employees", holder="test")
        for path in (bench.shelf / "employees").iterdir():
            path.unlink()

    old = {"hired": "2020-01-01", "left": "2021-01-01", "state": 9}
    tell("shelf_a", **old)
    tell("shelf_b", **old)
    tell("shelf_a", hired="2022-01-01", left=None, changed="2026-11-02T00:00:00Z")
    tell("shelf_b", **old, title="Lead", changed="2026-11-03T00:00:00Z")

    spells = {(r.hire_date.isoformat(), r.end_date) for r in bench.rows("employment")}
    assert ("2022-01-01", None) in spells
    assert bench.count("employment") == 2
