"""What the canonical store must hold after a full sync of the world.

Faulty people are in quarantine, and with them their employments, assignments and punches.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from hrhub.sandbox.records import OPEN_END, JobSlice, Spell, WorldPerson
from hrhub.sandbox.world import World

STATUS = {"A": "active", "P": "on_leave", "U": "on_leave", "T": "terminated"}
"""Status of a job slice -> canonical status of employee and assignment."""


def expected_store(world: World) -> dict[str, int]:
    """Return the number of current rows by entity, after SuccessFactors and the terminal.

    An employee is a person under one work number, so a rehire counts twice. Every slice of a
    series is a row. The terminal's own faulty stamp is not in the world and not counted.
    """
    good = [person for person in world.people if not person.faulty]
    spells = [spell for person in good for spell in person.spells]
    bad_users = {s.user_id for p in world.people if p.faulty for s in p.spells}
    return {
        "person": len(good),
        "person_identifier": len(good),
        "person_contact": 3 * len(good),
        "employee": len(spells),
        "employment": len(spells),
        "assignment": sum(len(spell.jobs) for spell in spells),
        "org_unit": sum(len(unit.slices) for unit in world.org_units),
        "position": sum(len(position.slices) for position in world.positions),
        "attendance_punch": sum(p.user_id not in bad_users for p in world.punches()),
    }


def expected_people(world: World) -> Iterator[dict[str, Any]]:
    """Yield the canonical values of every person who is not in quarantine."""
    for person in world.people:
        if not person.faulty:
            yield _person(person, world.as_of)


def _person(person: WorldPerson, today: date) -> dict[str, Any]:
    return {
        "person_id": person.person_id,
        "display_name": person.display_name,
        "family_name": person.family_name,
        "given_name": person.given_name or None,
        "latin_name": person.latin_name,
        "gender": person.gender,
        "birth_date": person.birth_date,
        "nationality": person.nationality,
        "national_id": person.national_id,
        "mobile": f"+86{person.mobile}",
        "work_email": person.work_email,
        "personal_email": person.personal_email,
        "spells": [_spell(spell, today) for spell in person.spells],
    }


def _spell(spell: Spell, today: date) -> dict[str, Any]:
    job = spell.job_on(today)
    return {
        "work_no": spell.user_id,
        "status": STATUS[job.status] if job else "pending",
        "employer_code": spell.employer_code,
        "hire_date": spell.hire_date,
        "original_hire_date": spell.original_hire_date,
        "seniority_date": spell.seniority_date,
        "probation_end": spell.probation_end,
        "end_date": spell.end_date,
        "last_working_date": spell.last_working_date,
        "contract_type": spell.contract_type,
        "contract_start": spell.contract_start,
        "contract_end": spell.contract_end,
        "jobs": [_job(slice_) for slice_ in spell.jobs],
    }


def _job(job: JobSlice) -> dict[str, Any]:
    """Return a slice as the store keeps it: ``valid_to`` is the first day after it."""
    return {
        "valid_from": job.start,
        "valid_to": OPEN_END if job.end == OPEN_END else job.end + timedelta(days=1),
        "seq": job.seq,
        "event": job.event,
        "event_reason": job.event_reason,
        "org_unit": job.department_code,
        "position": job.position_code,
        "job_code": job.job_code,
        "job_title": job.job_title,
        "grade": job.grade,
        "manager": job.manager_user_id,
        "location": job.location,
        "cost_center": job.cost_center,
        "fte": job.fte,
        "employment_type": job.employment_type,
        "status": STATUS[job.status],
    }
