"""Approval forms of the company, in WeCom's words."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from connectors.wecom.sandbox.rows import ZONE, Row, user_id_of
from hrhub.sandbox.world import World

_PEOPLE = 120
"""How many people hand in forms: WeCom gives each form by a call of its own."""
_VACATIONS = ("年假", "病假", "事假", "调休假", "哺乳假")
_STATUSES = (2, 1, 3, 4, 6)


def form_rows(world: World) -> list[Row]:
    """Return forms that were handed in today, for days to come."""
    day = datetime.combine(world.as_of, time(), ZONE)
    people = {spell.user_id: user_id_of(p.person_id) for p, spell in world.employed}
    rows: list[Row] = []
    for place, (_, spell) in enumerate(world.employed[:_PEOPLE]):
        kinds = [
            (5, 0, "1", "请假", _leave(place, day)),
            (9, 1, "5", "加班", _attendance("Attendance", 5, day)),
            (11, 2, "2", "补卡", {"control": "PunchCorrection", "value": {"punch_correction": {}}}),
            # A form of the tenant's own has no record type.
            (13, 3, "", "离职申请", {"control": "Text", "value": {"text": "测试"}}),
        ]
        # Who decides was settled when somebody began; later changes leave forms as they are.
        boss = people.get(spell.jobs[0].manager_user_id or "", people[spell.user_id])
        for every, rest, record_type, name, control in kinds:
            if place % every == rest:
                at = int((day + timedelta(hours=9, seconds=len(rows))).timestamp())
                rows.append(
                    _form(world, len(rows), people[spell.user_id], boss, at, name, control)
                    | {"record_type": record_type}
                )
    return rows


def _form(
    world: World, number: int, user_id: str, boss: str, at: int, name: str, control: Row
) -> Row:
    status = _STATUSES[number % len(_STATUSES)]
    decided = {2: 2, 6: 2, 3: 3}.get(status, 1)
    moment = 0 if decided == 1 else at + 60
    step = {"userid": boss, "speech": "", "sp_yj": decided, "sptime": moment, "media_ids": []}
    copied = {"node_type": 2, "sub_node_list": [{**step, "sp_yj": 1, "sptime": 0}]}
    detail = {"approver": {"userid": boss}, "speech": "", "sp_status": decided, "sptime": moment}
    form: Row = {
        "sp_no": f"{world.as_of:%Y%m%d}{number + 1:04d}",
        "sp_name": name,
        "sp_status": status,
        "template_id": f"3T{len(name)}",
        "apply_time": at,
        "applyer": {"userid": user_id, "partyid": "2"},
        "sp_record": [{"sp_status": decided, "approverattr": 1, "details": [detail]}],
        "notifyer": [],
        "apply_data": {"contents": [{"id": "c-1", "title": [], **control}]},
        "comments": [],
    }
    # Forms of older processes have no list of nodes.
    if number % 3:
        node = {"node_type": 1, "sp_status": decided, "apv_rel": 2, "sub_node_list": [step]}
        form["process_list"] = {"node_list": [node, copied]}
    return form


def _leave(place: int, day: datetime) -> Row:
    begin = day + timedelta(days=3 + place % 7)
    hours = place % 4 == 0
    seconds = 7200 if hours else 43200
    control: dict[str, Any] = _attendance(
        "Vacation", 1, begin, "hour" if hours else "halfday", seconds
    )
    text = {"text": _VACATIONS[place // 5 % len(_VACATIONS)], "lang": "zh_CN"}
    options = [{"key": str(place // 5 % len(_VACATIONS) + 1), "value": [text]}]
    attendance = control["value"].pop("attendance")
    selector = {"type": "single", "options": options}
    control["value"] = {"vacation": {"selector": selector, "attendance": attendance}}
    return control


def _attendance(
    control: str, kind: int, begin: datetime, unit: str = "hour", seconds: int = 7200
) -> Row:
    start = int(begin.timestamp())
    dates = {"type": unit, "new_begin": start, "new_end": start + seconds, "new_duration": seconds}
    return {"control": control, "value": {"attendance": {"date_range": dates, "type": kind}}}
