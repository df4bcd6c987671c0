"""What was true on a day, and what did we believe at a time: both in one call."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hrhub.reading import Assignment
from hrhub.store.types import FOREVER
from tests.reading.conftest import Staff, job, unit


def units_of(staff: Staff, found: list[Assignment]) -> list[str]:
    codes = {u.series_id: u.code for u in staff.reader.org_units()}
    return [codes[a.org_unit_id] for a in found if a.org_unit_id]


def test_days_outside_a_slice_have_no_answer(staff: Staff) -> None:
    staff.company.tell("jobs", job(0, "2021-03-01", "RD1", end="2021-03-31"), version=2)
    me = [staff.employee(0)]

    assert not staff.reader.assignments(me, as_of=date(2021, 2, 28))
    assert not staff.reader.assignments(me, as_of=date(2021, 4, 1)), "the end is half-open"
    assert len(staff.reader.assignments(me, as_of=date(2021, 3, 31))) == 1


def test_the_highest_number_of_a_day_wins(staff: Staff) -> None:
    slices = [
        job(0, "2021-03-01", "RD1", end="2024-05-31"),
        job(0, "2024-06-01", "SALES", end="2024-06-01", seq=1),
        job(0, "2024-06-01", "RD", seq=2),
    ]
    staff.company.tell("jobs", *slices, version=2)
    me = [staff.employee(0)]

    assert units_of(staff, staff.reader.assignments(me, as_of=date(2024, 6, 1))) == ["RD"]
    assert len(staff.reader.assignments(me)) == 3, "the history has both"


def test_a_correction_is_seen_only_by_those_who_ask_later(staff: Staff) -> None:
    before = staff.company.clock.now()
    staff.company.tell(
        "jobs",
        job(0, "2021-03-01", "RD1", end="2022-12-31"),
        job(0, "2023-01-01", "SALES"),
        version=2,
    )
    me, day = [staff.employee(0)], date(2024, 1, 1)

    assert units_of(staff, staff.reader.assignments(me, as_of=day)) == ["SALES"]
    assert units_of(staff, staff.reader.assignments(me, as_of=day, known_at=before)) == ["RD1"]
    [old] = staff.reader.assignments(me, known_at=before)
    assert old.superseded_at is not None and old.valid_to == FOREVER


def test_nothing_was_known_before_the_first_sync(staff: Staff) -> None:
    before = datetime(2025, 12, 31, tzinfo=UTC)

    assert not staff.reader.org_units(known_at=before)
    assert not staff.reader.department("HQ", known_at=before)


def test_a_future_slice_that_was_deleted_is_believed_no_longer(staff: Staff) -> None:
    staff.company.tell(
        "jobs", job(1, "2021-03-01", "RD", end="2027-12-31"), job(1, "2028-01-01", "HQ"), version=2
    )
    announced = staff.company.clock.now()
    staff.company.tell("jobs", job(1, "2021-03-01", "RD"), version=3)
    me, day = [staff.employee(1)], date(2028, 6, 1)

    assert units_of(staff, staff.reader.assignments(me, as_of=day)) == ["RD"]
    assert units_of(staff, staff.reader.assignments(me, as_of=day, known_at=announced)) == ["HQ"]


def test_a_hire_that_is_dated_back_holds_from_that_day_for_those_who_ask_later(
    staff: Staff,
) -> None:
    before = staff.company.clock.now()
    staff.company.tell("jobs", job(0, "2020-06-01", "RD1"), version=2)
    me, day = [staff.employee(0)], date(2020, 7, 1)

    assert units_of(staff, staff.reader.assignments(me, as_of=day)) == ["RD1"]
    assert not staff.reader.assignments(me, as_of=day, known_at=before)


def test_units_that_were_merged_hand_their_people_over_on_the_day(staff: Staff) -> None:
    staff.company.tell("units", unit("RD1", "RD", end="2024-06-30"), version=2)
    moved = [job(0, "2021-03-01", "RD1", end="2024-06-30"), job(0, "2024-07-01", "SALES")]
    staff.company.tell("jobs", *moved, version=2)

    assert len(staff.reader.department("RD1", date(2024, 6, 30))) == 1
    assert not staff.reader.department("RD1", date(2024, 7, 1))
    assert len(staff.reader.department("SALES", date(2024, 7, 1))) == 2
    assert "RD1" not in {u.code for u in staff.reader.org_units(as_of=date(2024, 7, 1))}


def test_managers_who_lead_each_other_are_kept_as_they_are_told(staff: Staff) -> None:
    staff.company.tell("jobs", job(0, "2021-03-01", "RD1", boss="S1"), version=2)
    staff.company.tell("jobs", job(1, "2021-03-01", "RD", boss="S0"), version=2)

    found = staff.reader.assignments([staff.employee(0), staff.employee(1)])
    current = {a.employee_id: a.manager_employee_id for a in found if a.superseded_at is None}
    assert current == {
        staff.employee(0): staff.employee(1),
        staff.employee(1): staff.employee(0),
    }
    assert len(staff.reader.department("RD")) == 2


def test_a_department_holds_those_of_all_units_under_it(staff: Staff) -> None:
    day = date(2025, 1, 1)

    deep = staff.reader.department("RD", day)
    flat = staff.reader.department("RD", day, deep=False)

    assert sorted(a.person_id for a in deep) == sorted(staff.persons[:2])
    assert [a.person_id for a in flat] == [staff.persons[1]]
    assert len(staff.reader.department("HQ", day)) == 3
    assert staff.reader.assignments(department="RD", as_of=day) == deep


def test_a_department_nobody_knows_is_empty(staff: Staff) -> None:
    assert staff.reader.department("NONE") == []


def test_units_in_a_circle_end_the_way_down(staff: Staff) -> None:
    staff.company.tell("units", unit("HQ", "RD1"), version=2)

    assert len(staff.reader.department("RD")) == 3


def test_a_unit_that_moved_counts_where_it_was_on_the_day(staff: Staff) -> None:
    moved = [
        unit("RD1", "RD", end="2023-12-31"),
        unit("RD1", "SALES", start="2024-01-01"),
    ]
    staff.company.tell("units", *moved, version=2)

    assert len(staff.reader.department("SALES", date(2023, 6, 1))) == 1
    assert len(staff.reader.department("SALES", date(2024, 6, 1))) == 2


def test_those_who_left_are_in_no_department_afterwards(staff: Staff) -> None:
    spell = {"spell": "S1", "person": "P1", "no": "001", "hired": "2021-03-01"}
    staff.company.tell("spells", spell | {"left": "2024-05-31"}, version=2)

    assert len(staff.reader.department("RD", date(2024, 5, 31))) == 2
    assert len(staff.reader.department("RD", date(2024, 6, 1))) == 1


def test_a_terminated_slice_puts_nobody_into_a_department(staff: Staff) -> None:
    staff.company.tell(
        "jobs",
        job(2, "2021-03-01", "SALES", end="2023-12-31"),
        job(2, "2024-01-01", "SALES", state=9),
        version=2,
    )

    assert not staff.reader.department("SALES", date(2024, 1, 1))
    assert staff.reader.department("SALES", date(2023, 12, 31))


def test_who_changed_units_twice_on_a_day_is_only_where_the_day_ended(staff: Staff) -> None:
    slices = [
        job(0, "2021-03-01", "RD1", end="2024-05-31"),
        job(0, "2024-06-01", "SALES", end="2024-06-01", seq=1),
        job(0, "2024-06-01", "RD", seq=2),
    ]
    staff.company.tell("jobs", *slices, version=2)
    day = date(2024, 6, 1)

    assert staff.persons[0] not in {a.person_id for a in staff.reader.department("SALES", day)}
    assert staff.persons[0] in {a.person_id for a in staff.reader.department("RD", day)}


def test_a_slice_that_comes_twice_in_one_record_is_stored_once(staff: Staff) -> None:
    again = job(0, "2021-03-01", "RD1", title="twice")
    staff.company.tell("jobs", again, again, version=2)
    staff.company.tell("jobs", again, again, job(0, "2024-01-01", "RD"), version=3)

    assert len(staff.reader.assignments([staff.employee(0)])) == 2


def test_punches_are_half_open_too(staff: Staff) -> None:
    at = ("2026-01-05T09:00:00", "2026-01-05T18:00:00", "2026-01-06T09:00:00")
    staff.company.tell("punches", *({"no": "S0", "at": a, "way": "in"} for a in at))
    start = datetime(2026, 1, 5, 1, tzinfo=UTC)

    found = staff.reader.punches(staff.employee(0), start, start + timedelta(days=1))

    assert [p.punched_at.hour for p in found] == [1, 10]
