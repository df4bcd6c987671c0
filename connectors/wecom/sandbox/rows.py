"""The company in WeCom's words: departments, members, check-ins."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hrhub.sandbox.punches import working_days
from hrhub.sandbox.world import World

Row = dict[str, Any]
ZONE = ZoneInfo("Asia/Shanghai")
ROOT = 1

_TYPES = {0: "上班打卡", 1: "下班打卡", 2: "外出打卡", 3: "外出打卡"}
_DOUBTS = ("地点异常", "时间异常;地点异常", "wifi异常", "非常用设备", "时间异常")


def user_id_of(person_id: str) -> str:
    """Return the user id of a person; it is neither work number nor name."""
    return f"wx{person_id}".lower()


def department_numbers(world: World) -> dict[str, int]:
    """Return code -> id of the units that are active; WeCom knows no closed ones."""
    active = [u for u in world.org_units if u.slices[-1].status == "A"]
    return {unit.code: number for number, unit in enumerate(active, start=ROOT + 1)}


def department_rows(world: World) -> list[Row]:
    """Return the tree as it stands; order counts down."""
    numbers = department_numbers(world)
    people = _user_ids(world)
    rows: list[Row] = [
        {"id": ROOT, "name": "华远", "department_leader": [], "parentid": 0, "order": 100_000_000}
    ]
    for unit in world.org_units:
        if unit.code not in numbers:
            continue
        now = unit.slices[-1]
        head = people.get(now.head_user_id or "")
        rows.append(
            {
                "id": numbers[unit.code],
                "name": now.name,
                "name_en": unit.code,
                "department_leader": [head] if head else [],
                "parentid": numbers.get(now.parent_code or "", ROOT),
                "order": 100_000_000 - 1000 * numbers[unit.code],
            }
        )
    return rows


def member_rows(world: World) -> list[Row]:
    """Return everybody who is employed; every tenth belongs to the root as well."""
    numbers = department_numbers(world)
    people = _user_ids(world)
    rows = []
    for place, (person, spell) in enumerate(world.employed):
        job = spell.job_on(world.as_of)
        main = numbers.get(job.department_code, ROOT) if job else ROOT
        departments = [main] if place % 10 or main == ROOT else [main, ROOT]
        boss = people.get(job.manager_user_id or "") if job else None
        attributes = [
            {"type": 0, "name": "工号", "text": {"value": spell.user_id}},
            {"type": 0, "name": "入职日期", "text": {"value": spell.hire_date.isoformat()}},
            {"type": 1, "name": "主页", "web": {"url": "https://people.example", "title": "me"}},
        ]
        rows.append(
            {
                "userid": people[spell.user_id],
                "name": person.display_name,
                "department": departments,
                "order": [0] * len(departments),
                "position": job.job_title if job else "",
                "mobile": person.mobile,
                "gender": "1" if person.gender == "male" else "2",
                "email": person.personal_email,
                "biz_mail": person.work_email,
                "is_leader_in_dept": [0] * len(departments),
                "direct_leader": [boss] if boss else [],
                "telephone": "",
                "main_department": main,
                # Tenants' fields come in no fixed order.
                "extattr": {"attrs": attributes[:: -1 if place % 2 else 1]},
                "status": 4 if place % 17 == 16 else 1,
            }
        )
    return rows


def checkin_rows(world: World) -> list[Row]:
    """Return stamps as check-ins, and a row without a check-in for everybody once."""
    people = _user_ids(world)
    rows = []
    for place, punch in enumerate(world.punches("wecom")):
        at = punch.at.replace(tzinfo=ZONE)
        doubt = _DOUBTS[place // 9 % len(_DOUBTS)] if place % 9 == 8 else ""
        rows.append(_checkin(people[punch.user_id], _TYPES[punch.state], at, doubt))
    missed = datetime.combine(working_days(world.as_of, 1)[0], time(12, 30), ZONE)
    rows += [
        _checkin(people[spell.user_id], "上班打卡", missed, "未打卡")
        for place, (_, spell) in enumerate(world.employed)
        if place % 12 == 0
    ]
    return rows


def _checkin(user_id: str, kind: str, at: datetime, exception: str) -> Row:
    start = at.replace(hour=9, minute=0, second=0)
    planned = start if kind == "上班打卡" else start + timedelta(hours=9)
    return {
        "userid": user_id,
        "groupname": "总部固定班",
        "checkin_type": kind,
        "exception_type": exception,
        "checkin_time": int(at.timestamp()),
        "location_title": "星河大厦",
        "location_detail": "浦东新区示例路1号",
        "wifiname": "",
        "notes": "",
        "wifimac": "",
        "mediaids": [],
        "lat": 31_230_000,
        "lng": 121_470_000,
        "deviceid": "9F0E-demo",
        "sch_checkin_time": int(planned.timestamp()),
        "groupid": 7,
        "schedule_id": 3,
        "timeline_id": 1,
    }


def _user_ids(world: World) -> dict[str, str]:
    return {spell.user_id: user_id_of(p.person_id) for p, spell in world.employed}
