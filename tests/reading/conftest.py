"""A company on either database: nobody in it, or three people in four units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hrhub.reading import Reader
from hrhub.sandbox.records import WorldPerson
from hrhub.sandbox.world import build_world
from tests.support.company import Company, company

PEOPLE = build_world(40, faulty=0).people[:3]


@dataclass
class Staff:
    """A company with three people; ``persons`` are their ids, in order."""

    company: Company
    people: tuple[WorldPerson, ...] = field(repr=False)
    persons: list[str] = field(default_factory=list)

    @property
    def reader(self) -> Reader:
        """Who reads it."""
        return self.company.reader

    def employee(self, number: int) -> str:
        """Return the employee id of one of the people."""
        [found] = self.reader.person(self.persons[number]).employee_ids
        return found


def unit(code: str, parent: str | None, start: str = "2020-01-01", **more: Any) -> dict[str, Any]:
    """Return a slice of a unit."""
    return {"code": code, "name": f"Unit {code}", "parent": parent, "start": start, **more}


def job(number: int, start: str, dept: str, **more: Any) -> dict[str, Any]:
    """Return a slice of a job of one of the people."""
    row = {"spell": f"S{number}", "start": start, "end": None, "seq": 1, "dept": dept, "state": 1}
    return row | more


def told(number: int, person: WorldPerson) -> dict[str, Any]:
    """Return what the vendor tells of a person."""
    return {
        "id": f"P{number}",
        "name": person.display_name,
        "born": person.birth_date.isoformat(),
        "idCard": person.national_id,
        "mobile": f"+86{person.mobile}",
        "mail": person.work_email,
    }


@pytest.fixture
def empty(store_url: str, tmp_path: Path) -> Iterator[Company]:
    """A company of nobody."""
    with company(store_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def staff(empty: Company) -> Staff:
    """A company with three people: 0 in RD1, 1 in RD, 2 in SALES."""
    empty.tell("units", unit("HQ", None), unit("RD", "HQ"), unit("RD1", "RD"), unit("SALES", "HQ"))
    empty.tell("people", *(told(n, p) for n, p in enumerate(PEOPLE)))
    spells = [
        {"spell": f"S{n}", "person": f"P{n}", "no": f"00{n}", "hired": "2021-03-01", "left": None}
        for n in range(3)
    ]
    empty.tell("spells", *spells)
    empty.tell(
        "jobs", *(job(n, "2021-03-01", d, title="t") for n, d in enumerate(("RD1", "RD", "SALES")))
    )
    found = Staff(empty, PEOPLE)
    for person in PEOPLE:
        [one] = empty.reader.find("national_id", person.national_id, actor="test")
        found.persons.append(one.id)
    return found
