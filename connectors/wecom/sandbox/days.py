"""Daily reports of the company, in WeCom's words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from connectors.wecom.sandbox.rows import ZONE, Row, user_id_of
from hrhub.sandbox.punches import working_days
from hrhub.sandbox.world import World

_START_S, _END_S = 9 * 3600, 18 * 3600
_IN, _OUT = 0, 1


def day_rows(world: World) -> list[Row]:
    """Return a report per member and day since the first check-in; today has none yet."""
    stamps: dict[tuple[str, date], list[tuple[int, int]]] = {}
    for punch in world.punches("wecom"):
        second = punch.at.hour * 3600 + punch.at.minute * 60 + punch.at.second
        stamps.setdefault((punch.user_id, punch.at.date()), []).append((second, punch.state))
    rows = []
    for day in _calendar(world):
        for person, spell in world.employed:
            job = spell.job_on(day)
            if job is None:
                continue
            seen = stamps.get((spell.user_id, day), [])
            rows.append(_report(user_id_of(person.person_id), day, seen, away=job.status != "A"))
    return rows


def _calendar(world: World) -> Iterator[date]:
    day = working_days(world.as_of, world.punch_days)[0]
    while day < world.as_of:
        yield day
        day += timedelta(days=1)


def _report(user_id: str, day: date, stamps: list[tuple[int, int]], *, away: bool) -> Row:
    works = day.weekday() < 5
    seconds = sorted(second for second, _ in stamps)
    ins = [second for second, state in stamps if state == _IN]
    outs = [second for second, state in stamps if state == _OUT]
    exceptions = []
    if works and not away:
        if not (ins and outs):
            exceptions.append({"exception": 3, "count": 1, "duration": 0})
        if ins and ins[0] > _START_S:
            exceptions.append({"exception": 1, "count": 1, "duration": ins[0] - _START_S})
        if outs and outs[0] < _END_S:
            exceptions.append({"exception": 2, "count": 1, "duration": _END_S - outs[0]})
    leave = {"type": 1, "vacation_id": 1, "time_type": 0, "name": "年假"}
    leave |= {"count": 1, "duration": 86400} if works and away else {"count": 0, "duration": 0}
    return {
        "base_info": {
            "date": int(datetime.combine(day, time(), ZONE).timestamp()),
            "record_type": 1,
            "name": "",
            "name_ex": "",
            "departs_name": "",
            "acctid": user_id,
            "day_type": 0 if works else 1,
            "rule_info": {
                "groupid": 7,
                "groupname": "总部固定班",
                "scheduleid": 0,
                "schedulename": "",
                "checkintime": [{"work_sec": _START_S, "off_work_sec": _END_S}] if works else [],
            },
        },
        "summary_info": {
            "checkin_count": len(seconds),
            "regular_work_sec": outs[0] - ins[0] if ins and outs else 0,
            "standard_work_sec": _END_S - _START_S if works else 0,
            "earliest_time": seconds[0] if seconds else 0,
            "lastest_time": seconds[-1] if seconds else 0,
        },
        "exception_infos": exceptions,
        "holiday_infos": [],
        "ot_info": {"ot_status": 0, "ot_duration": 0, "exception_duration": []},
        # Every kind of approval comes every day, most of them with a count of 0.
        "sp_items": [
            leave,
            {
                "type": 3,
                "vacation_id": 0,
                "time_type": 0,
                "name": "出差",
                "count": 0,
                "duration": 0,
            },
        ],
    }
