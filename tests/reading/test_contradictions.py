"""What sources tell that cannot all be true: kept as told, and found, whatever came first."""

from __future__ import annotations

from datetime import date
from itertools import permutations

import pytest

from hrhub.pipeline.verify import Report
from hrhub.pipeline.verify.contradictions import Led, circles
from hrhub.store.types import FOREVER
from tests.reading.conftest import Staff, job, unit
from tests.support.company import Company

SPELL = {"spell": "S1", "person": "P1", "no": "001", "hired": "2021-03-01", "left": "2022-03-31"}


def found(report: Report) -> list[tuple[str, str]]:
    assert report.ok, "the store is whole"
    return sorted((f.code, f.place) for f in report.findings)


def circling(company: Company) -> set[str | None]:
    codes = {u.series_id: u.code for u in company.reader.org_units()}
    told = company.hub.verify().findings
    return {codes[f.id] for f in told if f.code == "verify.unit_circle"}


def test_a_store_without_contradictions_has_no_findings(staff: Staff) -> None:
    assert found(staff.company.hub.verify()) == []


@pytest.mark.parametrize("order", range(6))
def test_units_in_a_circle_are_stored_as_told_and_found_in_any_order(
    empty: Company, order: int
) -> None:
    told = [unit("A", "B"), unit("B", "A"), unit("C", "B")]
    for one in list(permutations(told))[order]:
        empty.tell("units", one)

    assert len(empty.reader.org_units()) == 3
    assert circling(empty) == {"A", "B"}
    assert empty.hub.verify().ok


def test_a_unit_that_is_its_own_parent_is_found(empty: Company) -> None:
    empty.tell("units", unit("A", "A"))

    assert circling(empty) == {"A"}


def test_units_that_change_places_are_no_circle(empty: Company) -> None:
    empty.tell(
        "units",
        unit("A", "B", end="2023-12-31"),
        unit("A", None, start="2024-01-01"),
        unit("B", None, end="2023-12-31"),
        unit("B", "A", start="2024-01-01"),
    )

    assert circling(empty) == set()


def test_a_circle_of_the_past_that_begins_with_the_second_slice_is_found() -> None:
    early, late = date(2020, 1, 1), date(2024, 1, 1)
    slices = [
        Led("a", "b", early, FOREVER, 1, "source", "1"),
        Led("b", None, early, late, 1, "source", "2"),
        Led("b", "a", late, date(2024, 6, 1), 1, "source", "3"),
        Led("b", None, date(2024, 6, 1), FOREVER, 1, "source", "4"),
    ]

    assert circles(slices) == {"a", "b"}
    assert circles(s for s in slices if s.id != "3") == set()


def test_a_corrected_circle_is_found_no_longer(empty: Company) -> None:
    empty.tell("units", unit("A", "B"), unit("B", "A"))
    empty.tell("units", unit("B", None), version=2)

    assert circling(empty) == set()


@pytest.mark.parametrize("first", [0, 1])
def test_spells_of_one_person_that_overlap_are_stored_as_told_and_found(
    staff: Staff, first: int
) -> None:
    told = [SPELL | {"left": "2022-03-31"}, SPELL | {"spell": "S9", "hired": "2022-03-31"}]
    for one in (told[first], told[1 - first]):
        staff.company.tell("spells", one | {"left": one["left"]}, version=2)

    assert found(staff.company.hub.verify()) == [("verify.spells_overlap", "employment")] * 2


def test_a_spell_that_begins_the_day_after_the_last_one_ended_is_none(staff: Staff) -> None:
    again = SPELL | {"spell": "S9", "no": "901", "hired": "2022-04-01", "left": None}
    staff.company.tell("spells", SPELL, again, version=2)

    assert found(staff.company.hub.verify()) == []


def test_two_numbers_of_one_person_at_the_same_time_overlap(staff: Staff) -> None:
    staff.company.tell("spells", SPELL | {"spell": "S9", "no": "901"}, version=2)

    assert found(staff.company.hub.verify()) == [("verify.spells_overlap", "employment")] * 2


@pytest.mark.parametrize("first", [0, 1])
def test_slices_of_a_job_that_share_a_day_are_stored_as_told_and_found(
    staff: Staff, first: int
) -> None:
    told = [job(0, "2021-03-01", "RD1", end="2024-01-01"), job(0, "2024-01-01", "SALES")]
    staff.company.tell("jobs", told[first], told[1 - first], version=2)

    assert found(staff.company.hub.verify()) == [("verify.slices_overlap", "assignment")] * 2
    assert len(staff.reader.assignments([staff.employee(0)])) == 2


def test_changes_of_one_day_that_are_numbered_do_not_overlap(staff: Staff) -> None:
    slices = [
        job(0, "2021-03-01", "RD1", end="2024-05-31"),
        job(0, "2024-06-01", "SALES", end="2024-06-01", seq=1),
        job(0, "2024-06-01", "RD", seq=2),
    ]
    staff.company.tell("jobs", *slices, version=2)

    assert found(staff.company.hub.verify()) == []


def test_slices_of_a_unit_that_share_a_day_are_found(staff: Staff) -> None:
    told = [unit("RD1", "RD", end="2024-01-01"), unit("RD1", "HQ", start="2023-12-31")]
    staff.company.tell("units", *told, version=2)

    assert found(staff.company.hub.verify()) == [("verify.slices_overlap", "org_unit")] * 2
