"""Employments: spells of people already known, and the employee role they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from hrhub.ambient import new_ids
from hrhub.identity import by_work_no, take_turn
from hrhub.pipeline.batch import Batch
from hrhub.pipeline.merging import Manner, Told, write_told
from hrhub.pipeline.records import Unit
from hrhub.pipeline.writes import StoredRow, shape, stored
from hrhub.store import bulk, schema


def _day_first(unit: Unit) -> str:
    day = unit.values["hire_date"].isoformat() if "hire_date" in unit.values else ""
    return f"{day}/{unit.version}"


_EMPLOYEE = Manner("employee", ("work_no", "status"), _day_first)
_EMPLOYMENT = Manner(
    "employment",
    tuple(n for n in shape("employment").open if n != "employee_id"),
)


class Hired(NamedTuple):
    """A record that speaks of an employment of a known person."""

    unit: Unit
    link_id: str
    person_id: str


@dataclass(frozen=True, slots=True)
class Changed:
    """What known records tell, written together with the new ones: they may share a row.

    ``employees`` and ``employments`` hold (record, link, row id); ``spells`` are the employments
    as they stand, ``fixed`` the owners of new ones.
    """

    employees: Sequence[tuple[Unit, str, str]] = ()
    employments: Sequence[tuple[Unit, str, str]] = ()
    spells: Mapping[str, StoredRow] = field(default_factory=dict)
    fixed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def apply_employments(batch: Batch) -> None:
    """Write the employment feed: an employment, its employee, and a link for each."""
    take_turn(batch.tx, batch.sync.tenant)  # two sources of one employee would not see each other
    key_of = batch.sync.key_of
    people = batch.links.targets(
        batch.tx, "person", [key_of(u.values["person"]) for u in batch.new]
    )
    ids = iter(new_ids(2 * len(batch.new)))
    hired: list[Hired] = []
    for unit in batch.new:
        person_id = people.get(key_of(unit.values["person"]))
        if person_id is None:
            batch.reject(unit, "reference", "person", "person")
        else:
            hired.append(Hired(unit, next(ids), person_id))
    for one, (employee_id, employment_id) in zip(
        hired, hire(batch, hired, _changed(batch)), strict=True
    ):
        batch.writes.link_unit(one.link_id, "employment", employment_id, one.unit)
        batch.writes.link(next(ids), "employee", employee_id, one.unit.source_key)


def _changed(batch: Batch) -> Changed:
    """Return what employments tell that are known and have changed."""
    standing = stored(batch, "employment", [link.entity_id for _, link in batch.changed])
    return Changed(
        [
            (unit, link.id, standing[link.entity_id].values["employee_id"])
            for unit, link in batch.changed
        ],
        [(unit, link.id, link.entity_id) for unit, link in batch.changed],
        standing,
    )


def hire(batch: Batch, hired: Sequence[Hired], changed: Changed) -> list[tuple[str, str]]:
    """Write records, new and changed; return employee and employment of each new one.

    The employee is the person's one with that work number, the employment the employee's one that
    began on that day, whichever source brought them; else they are new.
    """
    employees, owners = _employees_of(batch, hired)
    began_on = _spells_of(batch, [e for e in employees if e not in owners])
    ids = iter(new_ids(len(hired)))
    employments: list[str] = []
    fixed: dict[str, Mapping[str, Any]] = {}
    for one, employee_id in zip(hired, employees, strict=True):
        began = employee_id, one.unit.values["hire_date"]
        if began not in began_on:
            began_on[began] = next(ids)
            fixed[began_on[began]] = {"employee_id": employee_id}
        employments.append(began_on[began])
    people = [(h.unit, h.link_id, e) for h, e in zip(hired, employees, strict=True)]
    tell_employees(batch, [*people, *changed.employees], owners=owners)
    known = stored(batch, "employment", [e for e in employments if e not in fixed])
    told = [(h.unit, h.link_id, e) for h, e in zip(hired, employments, strict=True)]
    tell_employments(
        batch,
        [*told, *changed.employments],
        {**known, **changed.spells},
        {**fixed, **changed.fixed},
    )
    return list(zip(employees, employments, strict=True))


def _employees_of(batch: Batch, hired: Sequence[Hired]) -> tuple[list[str], dict[str, str]]:
    """Return the employee of each record, and the persons of those that are new."""
    index = batch.sync.index.eq("employee", "work_no", "code")
    made = [batch.writes.entry("employee", "work_no", h.unit.values) for h in hired]
    hashes = [entry[1] if entry else b"" for entry in made]
    wanted = batch.matching.held(made) if batch.matching else hashes
    matches = by_work_no(batch.tx, batch.sync.tenant, index, wanted)
    of: dict[tuple[str, bytes], str] = {
        (match.person_id, bi): match.employee_id for bi, found in matches.items() for match in found
    }
    ids = iter(new_ids(len(hired)))
    owners: dict[str, str] = {}
    employees: list[str] = []
    for one, bi in zip(hired, hashes, strict=True):
        employee_id = of.get((one.person_id, bi))
        if employee_id is None:
            employee_id = of[one.person_id, bi] = next(ids)
            owners[employee_id] = one.person_id
        employees.append(employee_id)
    batch.subjects.load(batch.tx, [h.person_id for h in hired])
    return employees, owners


def tell_employees(
    batch: Batch,
    told: Sequence[tuple[Unit, str, str]],
    *,
    owners: Mapping[str, str] | None = None,
) -> None:
    """Write what (record, link) say about employees; ``owners`` names the persons of new ones.

    Where several spells share a work number, the newest one tells the status.
    """
    new = owners or {}
    known = stored(batch, "employee", list({e for _, _, e in told} - new.keys()))
    write_told(
        batch,
        _EMPLOYEE,
        [Told(e, unit, link_id, unit.values) for unit, link_id, e in told],
        known,
        fixed={e: {"person_id": person_id} for e, person_id in new.items()},
        subjects={**new, **{e: row.subject for e, row in known.items()}},
    )


def tell_employments(
    batch: Batch,
    told: Sequence[tuple[Unit, str, str]],
    known: Mapping[str, StoredRow],
    fixed: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Write what (record, link) say about employments; ``fixed`` holds the owners of new ones."""
    write_told(
        batch,
        _EMPLOYMENT,
        [Told(e, unit, link_id, unit.values) for unit, link_id, e in told],
        known,
        fixed=fixed or {},
        subjects={e: None for _, _, e in told},
    )


def _spells_of(batch: Batch, employee_ids: Sequence[str]) -> dict[tuple[str, date], str]:
    """Return the employments of employees by the day on which they began."""
    return {(employee, began): spell for employee, began, spell in spells(batch, employee_ids)}


def spells(batch: Batch, employee_ids: Sequence[str]) -> list[tuple[str, date, str]]:
    """Return (employee, first day, employment) of employees."""
    rows: list[tuple[str, date, str]] = bulk.fetch_by(
        batch.tx,
        schema.ENTITY_TABLES["employment"],
        "employee_id",
        employee_ids,
        select=("employee_id", "hire_date", "id"),
        where={"removed_at": None},
    )
    return rows
