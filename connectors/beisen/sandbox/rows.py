"""The company in Beisen's words: rows of organisations, positions and employees."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hrhub.sandbox.records import JobSlice, OrgUnit, Position, Spell, WorldPerson
from hrhub.sandbox.world import World

Row = dict[str, Any]
TENANT_ID = "100042"
BEGAN = date(2026, 3, 1)
"""The day on which the company moved to Beisen: nothing was changed there before."""

NEVER = "0001-01-01T00:00:00"
OPEN = "9999-12-31T00:00:00"
_ZONE = ZoneInfo("Asia/Shanghai")
_ROOT = int(f"900{TENANT_ID}")
_SPACE = uuid.UUID("5b0f4a3e-7f52-4c1e-9a41-1d2c3b4a5968")
_PAST_EVERY = 5
_LEAVING_EVERY = 20
_TYPES = {"intern": 2, "dispatched": 1}


def changed(*moments: datetime) -> str:
    """Write the last of some times as rows tell it, never before the company began here."""
    began = datetime(BEGAN.year, BEGAN.month, BEGAN.day, 9, tzinfo=_ZONE)
    return max([began, *moments]).astimezone(_ZONE).strftime("%Y-%m-%dT%H:%M:%S")


def guid(text: str) -> str:
    """Return the guid of something, always the same."""
    return str(uuid.uuid5(_SPACE, text))


class Rows:
    """All rows of the tenant.

    Attributes:
        employees: With the record in force.
        latest: With the newest approved record, which may lie in the future.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._unit = {u.code: _ROOT + n for n, u in enumerate(world.org_units, start=1)}
        people = enumerate(world.people, start=1)
        self._person = {s.user_id: 612000000 + n for n, p in people for s in p.spells}
        self.organizations = self._organizations()
        self.positions = [self._position(p) for p in world.positions]
        self.employees = [self._employee(p) for p in world.people]
        self.latest = [self._coming(n, row) for n, row in enumerate(self.employees, start=1)]

    def _organizations(self) -> list[Row]:
        began = datetime(BEGAN.year, BEGAN.month, BEGAN.day, tzinfo=_ZONE)
        rows = [self._unit_row(_ROOT, "HQ", "华远集团", 0, began)]
        for n, unit in enumerate(self._world.org_units):
            row = self._organization(unit)
            rows.append(row)
            if n % _PAST_EVERY == 0:
                stop = {"stopDate": row["startDate"], "startDate": "2000-01-01T00:00:00"}
                past = {**row, **stop, "name": f"{row['name']}（旧）", "isCurrentRecord": False}
                rows.append(past)
        return rows

    def _organization(self, unit: OrgUnit) -> Row:
        now = unit.slices[-1]
        above = self._unit.get(now.parent_code or "", _ROOT)
        row = self._unit_row(self._unit[unit.code], unit.code, now.name, above, now.modified_at)
        head = self._person.get(now.head_user_id or "", 0)
        status = 1 if now.status == "A" else 0
        return {**row, "personInCharge": head, "status": status, "startDate": _day(now.start)}

    def _unit_row(self, oid: int, code: str, name: str, above: int, at: datetime) -> Row:
        return {
            "oId": oid,
            "code": code,
            "name": name,
            "shortName": name,
            "pOIdOrgAdmin": above,
            "personInCharge": 0,
            "status": 1,
            "level": 0 if not above else 1,
            "order": 0,
            "startDate": "2005-01-01T00:00:00",
            "stopDate": OPEN,
            "isCurrentRecord": True,
            "establishDate": NEVER,
            "stdIsDeleted": False,
            "originalId": None,
            "modifiedTime": changed(at),
            "businessModifiedTime": changed(at),
        }

    def _position(self, position: Position) -> Row:
        now = position.slices[-1]
        at = changed(now.modified_at)
        return {
            "oId": guid(position.code),
            "code": position.code,
            "name": now.title,
            "oIdOrganization": self._unit[now.department_code],
            "oIdJobPost": now.job_code,
            "status": 1 if now.status == "A" else 0,
            "startDate": _day(now.start),
            "stopDate": OPEN,
            "isCurrentRecord": True,
            "stdIsDeleted": False,
            "modifiedTime": at,
            "businessModifiedTime": at,
        }

    def _employee(self, person: WorldPerson) -> Row:
        spell = person.spells[-1]
        job = spell.job_on(self._world.as_of) or spell.jobs[-1]
        at = changed(person.modified_at, spell.modified_at, job.modified_at)
        user = self._person[spell.user_id]
        info: Row = {
            "userID": user,
            "originalId": None,
            "name": person.display_name,
            "gender": 0 if person.gender == "male" else 1,
            "email": person.personal_email,
            "workEmail": person.work_email,
            "mobilePhone": person.mobile,
            "iDType": "1",
            "iDNumber": person.national_id,
            "birthday": _day(person.birth_date),
            "workDate": NEVER,
            "firstEntryDate": _day(person.spells[0].original_hire_date),
            "latestEntryDate": _day(spell.hire_date),
            "activationState": 1,
            "customProperties": {},
            "stdIsDeleted": False,
            "createdTime": changed(),
            "modifiedTime": at,
            "businessModifiedTime": at,
        }
        return {
            "originalId": None,
            "employeeInfo": info,
            "recordInfo": self._record(spell, job, user),
        }

    def _record(self, spell: Spell, job: JobSlice, user: int) -> Row:
        today = self._world.as_of
        status = 8
        if spell.employed_on(today):
            status = 2 if spell.probation_end >= today else 3
        left = status == 8 and spell.end_date is not None
        return {
            "userID": user,
            "staffID": guid(f"staff{user}"),
            "jobNumber": spell.user_id,
            "objectId": guid(f"record{spell.user_id}{job.start}"),
            "oIdDepartment": self._unit[job.department_code],
            "oIdOrganization": self._unit[job.company_code],
            "oIdJobPost": None,
            "oIdJobPosition": guid(job.position_code),
            "oIdJobLevel": None,
            "pOIdEmpAdmin": self._person.get(job.manager_user_id or "", 0),
            "employeeStatus": status,
            "employType": _TYPES.get(job.employment_type, 0),
            "serviceType": 0,
            "approvalStatus": 4,
            "startDate": _day(job.start),
            "stopDate": OPEN,
            "entryDate": _day(spell.hire_date),
            "probationStartDate": _day(spell.hire_date),
            "probationStopDate": _day(spell.probation_end),
            "regularizationDate": NEVER,
            "lastWorkDate": _day(spell.end_date) if left and spell.end_date else NEVER,
            "changeTypeOID": "13" if status == 8 else "1",
            "isCurrentRecord": True,
        }

    def _coming(self, number: int, row: Row) -> Row:
        """Return the newest record: now and then somebody's leaving is approved and to come."""
        record = row["recordInfo"]
        if number % _LEAVING_EVERY or record["employeeStatus"] == 8:
            return row
        last = _day(self._world.as_of + timedelta(days=30))
        leaving = {"employeeStatus": 8, "lastWorkDate": last, "startDate": last}
        leaving |= {"changeTypeOID": "13", "isCurrentRecord": False}
        return {**row, "recordInfo": {**record, **leaving}}


def _day(day: date) -> str:
    return f"{day.isoformat()}T00:00:00"
