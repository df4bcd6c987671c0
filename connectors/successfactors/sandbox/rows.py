"""The shared world in the words of a SuccessFactors tenant.

Ids of picklist options are this tenant's own (drawn from the world's seed), so that a mapping
that leans on them instead of on external codes fails here and not at a customer.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from connectors.successfactors.sandbox import recruiting_rows
from connectors.successfactors.sandbox.schema import TYPES
from connectors.successfactors.sandbox.tables import Row, Tables, day_ms, instant_ms
from hrhub.sandbox.world import OrgUnit, Spell, World, WorldPerson

PICKLISTS: dict[str, tuple[str, ...]] = {
    "employee-status": ("A", "U", "P", "D", "S", "F", "O", "R", "T"),
    "event": ("H", "R", "5", "6", "8", "10", "13", "26"),
    "employmentType": ("FT", "PT", "IN", "DS", "RR"),
    "contractType": ("FIX", "OPEN"),
    "ecEmailType": ("B", "P"),
    "ecPhoneType": ("B", "C", "H"),
    "ecMaritalStatus": ("S", "M"),
    **recruiting_rows.PICKLISTS,
}
_EVENT = {
    "hire": "H",
    "transfer": "6",
    "promotion": "8",
    "data_change": "5",
    "leave": "10",
    "return": "13",
    "exit": "26",
}
_REHIRE_REASON = "HIRREH"
_EMPLOYMENT_TYPE = {
    "full_time": "FT",
    "part_time": "PT",
    "intern": "IN",
    "dispatched": "DS",
    "retired_rehire": "RR",
}
_CONTRACT = {"fixed_term": "FIX", "open_ended": "OPEN"}
_DIAL_CODES = ("86", "+86", None)
"""How people enter the country code of one and the same kind of number."""
_SINCE_EVER = day_ms(date(1900, 1, 1))
_FOREVER = day_ms(date(9999, 12, 31))


def build_tables(world: World) -> Tables:
    """Write the world down as this tenant's rows."""
    return _Writer(world).tables()


class _Writer:
    def __init__(self, world: World) -> None:
        self._world = world
        self._rows: dict[str, list[Row]] = {name: [] for name in TYPES}
        self._option: dict[tuple[str, str], str] = {}
        self._edits: dict[tuple[str, str], datetime] = {
            (e.person_id, e.kind): e.at for e in world.edits
        }

    def tables(self) -> Tables:
        world = self._world
        self._picklists()
        for unit in world.companies:
            self._unit("FOCompany", unit, {"country": "CHN", "currency": "CNY"})
        for unit in world.departments:
            self._unit("FODepartment", unit, {})
        self._positions()
        self._event_reasons()
        for number, person in enumerate(world.people, 1):
            self._person(number, person)
        recruiting_rows.RecruitingRows(world, self._add, self._option).write()
        shuffle = random.Random(world.seed)
        for rows in self._rows.values():
            shuffle.shuffle(rows)
        return Tables(self._rows, world.as_of, world.now)

    def _add(self, name: str, values: Mapping[str, Any], modified: datetime | int) -> None:
        stamp = modified if isinstance(modified, int) else instant_ms(modified)
        kind = TYPES[name]
        row = dict.fromkeys(kind.prop)
        row.update(values)
        if "lastModifiedDateTime" in row:
            row["lastModifiedDateTime"] = stamp
        if "createdDateTime" in row:
            row["createdDateTime"] = min(stamp, row["createdDateTime"] or stamp)
        self._rows[name].append(Row(kind, row))

    def _picklists(self) -> None:
        start = 10_000 + random.Random(self._world.seed).randrange(80_000)
        for picklist, codes in PICKLISTS.items():
            for place, code in enumerate(codes):
                start += 1
                self._option[picklist, code] = str(start)
                self._add(
                    "PicklistOption",
                    {
                        "id": start,
                        "externalCode": code,
                        "status": "ACTIVE",
                        "localeLabel": f"{picklist} {code}",
                        "sortOrder": place + 1,
                    },
                    0,
                )

    def _unit(self, name: str, unit: OrgUnit, more: Mapping[str, Any]) -> None:
        for part in unit.slices:
            row: dict[str, Any] = {
                "externalCode": unit.code,
                "startDate": day_ms(part.start),
                "endDate": day_ms(part.end),
                "name": part.name,
                "status": part.status,
                **more,
            }
            if name == "FODepartment":
                row["parent"] = part.parent_code
                row["headOfUnit"] = part.head_user_id
                row["costCenter"] = part.cost_center
            self._add(name, row, part.modified_at)

    def _positions(self) -> None:
        for position in self._world.positions:
            for part in position.slices:
                self._add(
                    "Position",
                    {
                        "code": position.code,
                        "effectiveStartDate": day_ms(part.start),
                        "effectiveEndDate": day_ms(part.end),
                        "effectiveStatus": part.status,
                        "externalName_defaultValue": part.title,
                        "positionTitle": part.title,
                        "jobTitle": part.title,
                        "jobCode": part.job_code,
                        "department": part.department_code,
                        "payGrade": part.grade,
                        "targetFTE": part.headcount,
                        "vacant": False,
                        "parentPositionCode": part.parent_code,
                    },
                    part.modified_at,
                )

    def _event_reasons(self) -> None:
        seen: dict[str, tuple[str, str]] = {}
        for spell in self._world.spell_by_user.values():
            for job in spell.jobs:
                seen.setdefault(
                    job.event_reason, (_event_code(job.event, job.event_reason), job.status)
                )
        for reason, (event, status) in sorted(seen.items()):
            self._add(
                "FOEventReason",
                {
                    "externalCode": reason,
                    "startDate": _SINCE_EVER,
                    "endDate": _FOREVER,
                    "name": reason,
                    "status": "A",
                    "event": self._option["event", event],
                    "emplStatus": self._option["employee-status", status],
                },
                _SINCE_EVER,
            )

    def _person(self, number: int, person: WorldPerson) -> None:
        first = person.spells[0]
        created = min(instant_ms(person.modified_at), day_ms(first.hire_date))
        stamps = dict.fromkeys(("person", "personal", "email", "phone", "card"), created)
        # A changed child does not touch its parent, as recorded on a tenant: only the row that was
        # changed carries the time of the change.
        edits = {
            table: self._edits[person.person_id, kind]
            for kind, table in (("mobile", "phone"), ("name", "personal"))
            if (person.person_id, kind) in self._edits
        }
        for table, at in (edits or {list(stamps)[number % 5]: person.modified_at}).items():
            stamps[table] = instant_ms(at)
        key = {"personIdExternal": person.person_id, "createdDateTime": created}
        self._add(
            "PerPerson",
            key
            | {
                "personId": 5000 + number,
                "perPersonUuid": f"{number:032X}",
                "dateOfBirth": day_ms(person.birth_date),
                "countryOfBirth": person.nationality,
                "userId": person.spells[-1].user_id,
            },
            stamps["person"],
        )
        self._add(
            "PerPersonal",
            key
            | {
                "startDate": day_ms(first.hire_date),
                "endDate": _FOREVER,
                "firstName": person.given_name or None,
                "lastName": person.family_name,
                "displayName": person.display_name,
                "gender": "F" if person.gender == "female" else "M",
                "maritalStatus": self._option["ecMaritalStatus", "M" if person.married else "S"],
                "nationality": person.nationality,
            },
            stamps["personal"],
        )
        for code, address in (("B", person.work_email), ("P", person.personal_email)):
            self._add(
                "PerEmail",
                key
                | {
                    "emailType": self._option["ecEmailType", code],
                    "emailAddress": address,
                    "isPrimary": code == "B",
                },
                stamps["email"],
            )
        self._add(
            "PerPhone",
            key
            | {
                "phoneType": self._option["ecPhoneType", "C"],
                "phoneNumber": person.mobile,
                "countryCode": _DIAL_CODES[number % 3],
                "isPrimary": True,
            },
            stamps["phone"],
        )
        self._add(
            "PerNationalId",
            key
            | {
                "country": person.nationality,
                "cardType": "ID",
                "nationalId": person.national_id,
                "isPrimary": True,
            },
            stamps["card"],
        )
        for spell in person.spells:
            self._spell(person, spell)

    def _spell(self, person: WorldPerson, spell: Spell) -> None:
        self._add(
            "EmpEmployment",
            {
                "personIdExternal": spell.person_id,
                "userId": spell.user_id,
                "startDate": day_ms(spell.hire_date),
                "endDate": _maybe(spell.end_date),
                "originalStartDate": day_ms(spell.original_hire_date),
                "seniorityDate": day_ms(spell.seniority_date),
                "lastDateWorked": _maybe(spell.last_working_date),
                "assignmentClass": "ST",
                "isContingentWorker": False,
                "jobNumber": 1,
            },
            spell.modified_at,
        )
        self._add(
            "User",
            {
                "userId": spell.user_id,
                "username": spell.user_id,
                "status": "t" if spell.employed_on(self._world.as_of) else "f",
                "firstName": person.given_name or None,
                "lastName": person.family_name,
                "defaultFullName": person.display_name,
                "email": person.work_email,
            },
            spell.modified_at,
        )
        for job in spell.jobs:
            self._add(
                "EmpJob",
                {
                    "userId": spell.user_id,
                    "startDate": day_ms(job.start),
                    "seqNumber": job.seq,
                    "endDate": day_ms(job.end),
                    "event": self._option["event", _event_code(job.event, job.event_reason)],
                    "eventReason": job.event_reason,
                    "emplStatus": self._option["employee-status", job.status],
                    "company": job.company_code,
                    "department": job.department_code,
                    "costCenter": job.cost_center,
                    "location": job.location,
                    "position": job.position_code,
                    "jobCode": job.job_code,
                    "jobTitle": job.job_title,
                    "managerId": job.manager_user_id or "NO_MANAGER",
                    "payGrade": job.grade,
                    "employmentType": self._option[
                        "employmentType", _EMPLOYMENT_TYPE[job.employment_type]
                    ],
                    "contractType": self._option["contractType", _CONTRACT[spell.contract_type]],
                    "contractEndDate": _maybe(spell.contract_end),
                    "probationPeriodEndDate": day_ms(spell.probation_end),
                    "fte": job.fte,
                    "standardHours": job.fte * 40,
                    "countryOfCompany": "CHN",
                },
                job.modified_at,
            )


def _event_code(event: str, reason: str) -> str:
    return "R" if event == "hire" and reason == _REHIRE_REASON else _EVENT[event]


def _maybe(day: date | None) -> int | None:
    return None if day is None else day_ms(day)
