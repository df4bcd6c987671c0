"""Somebody of the sandbox company, in canonical feed names: for orders and write-backs."""

from __future__ import annotations

from typing import Any

from hrhub.sandbox.world import World


def somebody(world: World, number: int = 0) -> dict[str, Any]:
    """Return the values of one employed person without faults."""
    person, spell = [pair for pair in world.employed if not pair[0].faulty][number]
    return {
        "person_id": person.person_id,
        "person": person.person_id,
        "employee": spell.user_id,
        "work_no": spell.user_id,
        "display_name": person.display_name,
        "family_name": person.family_name,
        "given_name": person.given_name,
        "latin_name": person.latin_name,
        "gender": person.gender,
        "birth_date": person.birth_date,
        "national_id": person.national_id,
        "nationality": person.nationality,
        "mobile": person.mobile,
        "work_email": person.work_email,
        "personal_email": person.personal_email,
        "hire_date": spell.hire_date,
        "employer_code": spell.employer_code,
    }
