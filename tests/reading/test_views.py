"""Views for reports: on both databases, right, and without a personal value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text

from hrhub.model import ENTITIES, Privacy
from hrhub.store import Store
from hrhub.store.views import VIEWS, statement
from tests.reading.conftest import Staff, unit

PERSONAL = {f.name for e in ENTITIES.values() for f in e.fields if f.privacy is not Privacy.OPEN}
PERSONAL -= {f.name for e in ENTITIES.values() for f in e.fields if f.privacy is Privacy.OPEN}


def rows(store: Store, view: str) -> list[dict[str, Any]]:
    with store.read() as tx:
        return [dict(r._mapping) for r in tx.execute(text(f"SELECT * FROM {view}"))]


def test_every_view_is_there_with_the_columns_it_documents(store: Store) -> None:
    with store.read() as tx:
        found = inspect(tx)
        columns = {v: [c["name"] for c in found.get_columns(v)] for v in found.get_view_names()}

    assert columns == {name: list(view.columns) for name, view in VIEWS.items()}


@pytest.mark.parametrize("view", VIEWS)
def test_no_view_reads_a_sealed_column(view: str) -> None:
    names = set(VIEWS[view].columns)

    assert not names & PERSONAL
    for dialect in ("sqlite", "postgresql"):
        made = statement(view, dialect)
        assert not any(word in made for word in ("sealed", "row_seal", "SELECT * FROM hub"))


def test_no_view_shows_a_value_of_a_person(staff: Staff) -> None:
    staff.company.tell("punches", {"no": "S0", "at": "2026-01-05T09:00:00", "way": "in"})

    found = [row for view in VIEWS for row in rows(staff.company.hub.store, view)]
    shown = repr(found)

    assert "RD1" in shown
    for person in staff.people:
        secrets = (person.display_name, person.national_id, person.mobile, person.work_email)
        assert not any(secret in shown for secret in secrets)
    assert not any(isinstance(v, bytes | memoryview) for row in found for v in row.values())


def test_headcount_counts_those_in_the_unit_itself(staff: Staff) -> None:
    found = {
        r["org_unit_code"]: r["people"]
        for r in rows(staff.company.hub.store, "v_headcount_by_unit")
    }

    assert found == {"HQ": 0, "RD": 1, "RD1": 1, "SALES": 1}


def test_those_who_left_are_no_employees_of_today(staff: Staff) -> None:
    spell = {"spell": "S1", "person": "P1", "no": "001", "hired": "2021-03-01"}
    staff.company.tell("spells", spell | {"left": "2024-05-31"}, version=2)

    found = rows(staff.company.hub.store, "v_employees_today")

    assert {r["org_unit_code"] for r in found} == {"RD1", "SALES"}


def test_the_tree_has_paths_and_shows_units_in_a_circle_without_one(staff: Staff) -> None:
    staff.company.tell("units", unit("A", "B"), unit("B", "A"))

    found = {
        r["code"]: (r["depth"], r["path"]) for r in rows(staff.company.hub.store, "v_org_tree")
    }

    assert found["RD1"] == (2, "HQ/RD/RD1")
    assert found["A"] == found["B"] == (None, None)


def test_punches_are_counted_on_the_day_of_the_device(staff: Staff) -> None:
    at = ("2026-01-05T07:30:00", "2026-01-05T18:00:00", "2026-01-06T07:59:00")
    staff.company.tell("punches", *({"no": "S0", "at": a, "way": "in", "device": "d"} for a in at))

    found = rows(staff.company.hub.store, "v_punches_daily")

    assert sorted((str(r["work_date"]), r["punches"]) for r in found) == [
        ("2026-01-05", 2),
        ("2026-01-06", 1),
    ]


def test_the_state_of_every_stream_is_that_of_its_newest_run(staff: Staff) -> None:
    found = {r["stream"]: r for r in rows(staff.company.hub.store, "v_sync_status")}

    assert {s: r["status"] for s, r in found.items()} == dict.fromkeys(
        ("units", "people", "spells", "jobs"), "done"
    )
    assert found["people"]["inserted"] == 3 and found["people"]["waiting_in_quarantine"] == 0


def test_the_page_names_every_view_and_every_column() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reading.md").read_text(encoding="utf-8")

    for name, view in VIEWS.items():
        [line] = [ln for ln in page.splitlines() if ln.startswith(f"| `{name}` |")]
        assert view.doc in line
        assert all(f"`{column}`" in line for column in view.columns)
