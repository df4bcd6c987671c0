"""What the canonical store must hold after full syncs of the world.

Vendors that are told identity numbers refuse people whose number is faulty, and what hangs on
them; a vendor that is not told them tells of these people all the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from hrhub.connector import registry
from hrhub.sandbox.host import sandbox_of
from hrhub.sandbox.records import OPEN_END, JobSlice, Spell, WorldPerson
from hrhub.sandbox.vendor import StreamTruth, Telling
from hrhub.sandbox.world import World

STATUS = {"A": "active", "P": "on_leave", "U": "on_leave", "T": "terminated"}
"""Status of a job slice -> canonical status of employee and assignment."""


def expected_store(world: World, vendors: Collection[str]) -> dict[str, int]:
    """Return the number of current rows by entity, after full syncs of vendors.

    Whoever tells of a row, it counts once.

    Args:
        world: The company.
        vendors: Connectors; what :func:`untold` names among them is left out.
    """
    tellers = _tellers(vendors)
    known = _told_employees(world, tellers)
    found: dict[str, set[Hashable]] = defaultdict(set)
    for teller in tellers:
        for entity, names in teller.rows(world, known).items():
            found[entity].update(names)
    return {entity: len(names) for entity, names in sorted(found.items())}


def untold(vendors: Collection[str]) -> list[str]:
    """Return the vendors with streams whose simulators do not say which rows they lead to."""
    return [
        name
        for name in vendors
        if registry.get(name).streams and not isinstance(sandbox_of(name), Telling)
    ]


def expected_streams(world: World, vendors: Collection[str]) -> dict[str, dict[str, StreamTruth]]:
    """Return what the first full sync of each stream must report, all vendors in one store."""
    found = {name: sandbox_of(name).truth(world) for name in vendors}
    known = _told_employees(world, _tellers(vendors))
    if any(spell.user_id not in known for _, spell in world.employed):
        return found
    return {
        name: {
            stream: StreamTruth(truth.pulled, truth.rejected - truth.orphans)
            for stream, truth in streams.items()
        }
        for name, streams in found.items()
    }


def _tellers(vendors: Collection[str]) -> list[Telling]:
    return [s for s in map(sandbox_of, vendors) if isinstance(s, Telling)]


def _told_employees(world: World, tellers: Iterable[Telling]) -> set[str]:
    """Return the work numbers of which somebody tells."""
    return {str(n) for teller in tellers for n in teller.rows(world, ()).get("employee", ())}


def employee_rows(
    vendor: str,
    spells: Iterable[tuple[WorldPerson, Spell]],
    *,
    contacts: Sequence[str],
    documents: bool,
) -> dict[str, set[Hashable]]:
    """Return the rows of records that each tell of a person, an employment and one assignment.

    Args:
        vendor: The connector.
        spells: What the records are about.
        contacts: Kinds of contacts that each record has.
        documents: Whether each has an identity number.
    """
    some = list(spells)
    work_nos = {spell.user_id for _, spell in some}
    return {
        "person": {person.person_id for person, _ in some},
        "person_contact": {(vendor, number, kind) for number in work_nos for kind in contacts},
        "person_identifier": {(vendor, number) for number in work_nos} if documents else set(),
        "employee": set(work_nos),
        "employment": set(work_nos),
        "assignment": {(vendor, number) for number in work_nos},
    }


def own_rows(vendor: str, count: int, kind: str = "") -> set[Hashable]:
    """Return names of so many rows that only one vendor tells of."""
    return {(vendor, kind, number) for number in range(count)}


def punch_rows(world: World, clock: str, known: Collection[str]) -> dict[str, set[Hashable]]:
    """Return the stamps made at a clock by those whom the store knows."""
    return {
        "attendance_punch": {(clock, p.seq) for p in world.punches(clock) if p.user_id in known}
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
