"""Employments: spells of people already known, and the employee role they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hrhub.ambient import new_ids
from hrhub.identity import by_work_no
from hrhub.pipeline.batch import Batch
from hrhub.pipeline.records import Unit
from hrhub.pipeline.writes import shape, stored
from hrhub.store import bulk, schema

EMPLOYEE_FIELDS = ("work_no", "status")
EMPLOYMENT_FIELDS = tuple(n for n in shape("employment").open if n != "employee_id")


def apply_employments(batch: Batch) -> None:
    """Write the employment feed: an employment, its employee, and a link for each."""
    key_of = batch.sync.key_of
    people = batch.links.targets(
        batch.tx, "person", [key_of(u.values["person"]) for u in batch.new]
    )
    placed: list[tuple[Unit, str]] = []
    for unit in batch.new:
        person_id = people.get(key_of(unit.values["person"]))
        if person_id is None:
            batch.reject(unit, "reference", "person", "person")
        else:
            placed.append((unit, person_id))
    employees = employees_of(batch, placed)
    for (unit, _), employee_id in zip(placed, employees, strict=True):
        link_id, employee_link, employment_id = new_ids(3)
        write_employment(batch, unit, link_id, employment_id, employee_id)
        batch.writes.link_unit(link_id, "employment", employment_id, unit)
        batch.writes.link(employee_link, "employee", employee_id, unit.source_key)
    _change(batch)


def _change(batch: Batch) -> None:
    """Write employments that are known and have changed."""
    spells = stored(batch, "employment", [link.entity_id for _, link in batch.changed])
    update_employees(
        batch,
        [(unit, spells[link.entity_id].values["employee_id"]) for unit, link in batch.changed],
    )
    for unit, link in batch.changed:
        row = spells[link.entity_id]
        values = {**row.values, **_told(unit, EMPLOYMENT_FIELDS)}
        batch.writes.update("employment", row.id, values, unit.content, row.row_version + 1)


def write_employment(
    batch: Batch, unit: Unit, link_id: str, employment_id: str, employee_id: str
) -> None:
    """Add a spell."""
    values = {"employee_id": employee_id, **_told(unit, EMPLOYMENT_FIELDS)}
    batch.writes.insert("employment", employment_id, values, unit.content, link_id=link_id)


def employees_of(batch: Batch, placed: Sequence[tuple[Unit, str]]) -> list[str]:
    """Return the employee of each (record, person): the one with that work number, or a new one."""
    hashes = [batch.writes.entry("employee", "work_no", unit.values) or b"" for unit, _ in placed]
    matches = by_work_no(
        batch.tx, batch.sync.tenant, schema.INDEX_IDS["employee", "work_no"], list(set(hashes))
    )
    of: dict[tuple[str, bytes], str] = {
        (match.person_id, bi): match.employee_id for bi, found in matches.items() for match in found
    }
    ids = iter(new_ids(len(placed)))
    batch.subjects.load(batch.tx, [person_id for _, person_id in placed])
    out: list[str] = []
    for (unit, person_id), bi in zip(placed, hashes, strict=True):
        employee_id = of.get((person_id, bi))
        if employee_id is None:
            employee_id = of[person_id, bi] = next(ids)
            batch.writes.insert(
                "employee",
                employee_id,
                {"person_id": person_id, **_told(unit, EMPLOYEE_FIELDS)},
                unit.content,
                subject=person_id,
            )
        out.append(employee_id)
    return out


def update_employees(batch: Batch, units: Sequence[tuple[Unit, str]]) -> None:
    """Write what records say about employees that are known, where it differs."""
    rows = stored(batch, "employee", list({e for _, e in units}))
    for unit, employee_id in units:
        row = rows[employee_id]
        values = {**row.values, **_told(unit, EMPLOYEE_FIELDS)}
        if values != row.values:
            batch.writes.update(
                "employee",
                row.id,
                values,
                unit.content,
                row.row_version + 1,
                subject=row.subject,
            )


def current_spells(batch: Batch, employee_ids: Sequence[str]) -> dict[str, str]:
    """Return the id of each employee's latest employment."""
    rows = bulk.fetch_by(
        batch.tx,
        schema.ENTITY_TABLES["employment"],
        "employee_id",
        employee_ids,
        select=("employee_id", "hire_date", "id"),
        where={"removed_at": None},
    )
    return {employee_id: spell_id for employee_id, _, spell_id in sorted(rows)}


def _told(unit: Unit, names: Sequence[str]) -> dict[str, Any]:
    values = unit.values
    return {name: values[name] for name in names if name in values}
