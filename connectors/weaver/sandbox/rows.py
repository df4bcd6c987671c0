"""The company in Weaver's words: rows of the HRM interface."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hrhub.sandbox.world import World

Row = dict[str, Any]
ROOT = "1"
_ZONE = ZoneInfo("Asia/Shanghai")
_SECONDARY_EVERY = 15


def local(moment: datetime) -> str:
    """Write a time as the OA does: its own, without zone."""
    return moment.astimezone(_ZONE).strftime("%Y-%m-%d %H:%M:%S")


class Directory:
    """All rows, numbered as the OA numbers them: every kind from 1."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._company = {u.code: str(n) for n, u in enumerate(world.companies, start=2)}
        self._department = {u.code: str(n) for n, u in enumerate(world.departments, start=1)}
        self._title = {p.code: str(n) for n, p in enumerate(world.positions, start=1)}
        spells = [(p, s) for p in world.people for s in p.spells]
        self._person = {s.user_id: str(n) for n, (_, s) in enumerate(spells, start=2)}
        self.divisions = self._divisions()
        self.departments = [self._department_row(u) for u in world.departments]
        self.jobtitles = [self._title_row(p) for p in world.positions]
        self.people = [self._person_row(*pair) for pair in spells]
        self.secondary = [self._second(r) for r in self.people[::_SECONDARY_EVERY]]

    def _divisions(self) -> list[Row]:
        made = local(self._world.now)
        rows = [_division(ROOT, "HQ", "华远集团", "0", "0", made)]
        for unit in self._world.companies:
            now = unit.slices[-1]
            number, dead = self._company[unit.code], _dead(now.status)
            rows.append(_division(number, unit.code, now.name, ROOT, dead, local(now.modified_at)))
        return rows

    def _department_row(self, unit: Any) -> Row:
        now = unit.slices[-1]
        above, company = now.parent_code, unit.code
        while company in self._department:
            company = self._world.unit_by_code[company].slices[-1].parent_code
        return {
            "id": self._department[unit.code],
            "departmentcode": unit.code,
            "departmentmark": now.name,
            "departmentname": now.name,
            "subcompanyid1": self._company[company],
            "supdepid": self._department.get(above, "0"),
            "canceled": _dead(now.status),
            "created": "2015-01-01 09:00:00",
            "modified": local(now.modified_at),
            "showorder": "0.0",
            "custom_data": {},
        }

    def _title_row(self, position: Any) -> Row:
        now = position.slices[-1]
        return {
            "id": self._title[position.code],
            "jobtitlemark": now.title,
            "jobtitlename": now.title,
            "jobtitleremark": position.code,
            "jobresponsibility": "",
            "jobcompetency": "",
            "jobdepartmentid": "0",
            "created": "2015-01-01 09:00:00",
            "modified": local(now.modified_at),
        }

    def _person_row(self, person: Any, spell: Any) -> Row:
        job = spell.jobs[-1]
        changed = max(person.modified_at, spell.modified_at, job.modified_at)
        here = spell.employed_on(self._world.as_of)
        trial = here and spell.probation_end >= self._world.as_of
        return {
            "id": self._person[spell.user_id],
            "workcode": spell.user_id,
            "loginid": f"u{spell.user_id}",
            "lastname": person.display_name,
            "sex": "男" if person.gender == "male" else "女",
            "status": ("0" if trial else "1") if here else "5",
            "departmentid": self._department.get(job.department_code, ""),
            "subcompanyid1": self._company.get(job.company_code, ROOT),
            "jobtitle": self._title.get(job.position_code, ""),
            "managerid": self._person.get(job.manager_user_id or "", "0"),
            "mobile": person.mobile,
            "email": person.work_email,
            "companystartdate": spell.hire_date.isoformat(),
            "enddate": spell.contract_end.isoformat() if spell.contract_end else "",
            "birthday": person.birth_date.isoformat(),
            "certificatenum": person.national_id,
            "maritalstatus": "已婚" if person.married else "未婚",
            "seclevel": "10",
            "accounttype": "0",
            "dsporder": self._person[spell.user_id],
            "password": "D41D8CD98F00B204E9800998ECF8427E",
            "created": "2015-01-01 09:00:00",
            "modified": local(changed),
        }

    def _second(self, row: Row) -> Row:
        """Return the second account of somebody: same name, no number, another id."""
        return {**row, "id": f"9{row['id']}", "workcode": "", "accounttype": "1"}


def _division(id_: str, code: str, name: str, above: str, dead: str, modified: str) -> Row:
    return {
        "id": id_,
        "subcompanycode": code,
        "subcompanyname": name,
        "subcompanydesc": name,
        "supsubcomid": above,
        "canceled": dead,
        "created": "2015-01-01 09:00:00",
        "modified": modified,
        "showorder": "0.0",
        "url": "",
        "custom_data": {},
    }


def _dead(status: str) -> str:
    return "0" if status == "A" else "1"
