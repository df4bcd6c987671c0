"""Daily reports (打卡日报): what WeCom makes of a day of check-ins, leave and trips."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from connectors.wecom.reports import SPAN_DAYS, PeopleReport, refuse_others, rows_of
from connectors.wecom.settings import WecomConfig
from hrhub.connector import Cursor, JsonRecords, Page, Session
from hrhub.connector.rest import Window, read_cursor, write_cursor
from hrhub.errors import RowRejected
from hrhub.http.budget import Rate

_PACE = Rate(per_s=1, burst=40)
"""At most 100 calls in any minute, which is what this interface allows ("获取打卡日报数据")."""

_ZONE = ZoneInfo("Asia/Shanghai")
"""Days begin at midnight of China for every enterprise (assumed)."""

_LATE, _EARLY, _MISSING, _ABSENT = 1, 2, 3, 4
_WEIGHTY = (_ABSENT, _MISSING, _LATE, _EARLY)
"""Exceptions that decide what a day was; those of place and device (5, 6) do not."""
_LEAVE, _TRIP, _OUT = 1, 3, 4


class _Base(msgspec.Struct):
    acctid: str = ""
    date: int = 0


class _Day(msgspec.Struct):
    base_info: _Base = msgspec.field(default_factory=_Base)


class _Days(msgspec.Struct):
    datas: list[_Day]


class _RawDays(msgspec.Struct):
    datas: list[msgspec.Raw]


class DayRecords(JsonRecords):
    """Daily reports, with what no path could name beside them.

    Times come as seconds after midnight and become instants, exceptions and approved absences come
    in lists and become one ``outcome`` and seconds per kind.
    """

    def __init__(self) -> None:
        super().__init__("datas")

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode a day and put beside it what follows from it."""
        row = super().decode(raw, meta)
        base, summary = _table(row, "base_info"), _table(row, "summary_info")
        shifts = _tables(_table(base, "rule_info"), "checkintime")
        midnight = _number(base, "date")
        first, last = (_number(summary, name) for name in ("earliest_time", "lastest_time"))
        planned_in = _number(shifts[0], "work_sec") if shifts else None
        planned_out = _number(shifts[-1], "off_work_sec") if shifts else None
        exceptions = {_number(e, "exception"): e for e in _tables(row, "exception_infos")}
        overtime = _table(row, "ot_info")
        return {
            "acctid": base.get("acctid"),
            "date": midnight,
            "planned_in": _instant(midnight, planned_in),
            "planned_out": _instant(midnight, planned_out),
            # A member who did not check in has zeros; one check-in is the first and the last.
            "first_in": _instant(midnight, first) if first else None,
            "last_out": _instant(midnight, last) if last and last != first else None,
            "late_s": _duration(exceptions, _LATE),
            "early_s": _duration(exceptions, _EARLY),
            "absent_s": _duration(exceptions, _ABSENT),
            "overtime_s": _number(overtime, "ot_duration") or 0,
            "exceptions": sorted(code for code in exceptions if code is not None),
            "outcome": _outcome(base, exceptions, _tables(row, "sp_items")),
            **row,
        }


def _outcome(
    base: Mapping[str, Any], exceptions: Mapping[int | None, Any], items: list[dict[str, Any]]
) -> str:
    """Return what the day was: the gravest exception, else an approved absence, else its kind."""
    for code in _WEIGHTY:
        if code in exceptions:
            return f"exception {code}"
    approved = {_number(item, "type") for item in items if _number(item, "count")}
    for kind in (_LEAVE, _TRIP, _OUT):
        if kind in approved:
            return f"approved {kind}"
    return f"day {_number(base, 'day_type') or 0}"


def _duration(exceptions: Mapping[int | None, dict[str, Any]], code: int) -> int:
    return _number(exceptions.get(code, {}), "duration") or 0


def _instant(midnight: int | None, seconds: int | None) -> int | None:
    return None if midnight is None or seconds is None else midnight + seconds


def _table(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = row.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RowRejected("parse", name, "object")
    return value


def _tables(row: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    value = row.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise RowRejected("parse", name, "list")
    return value


def _number(row: Mapping[str, Any], name: str) -> int | None:
    value = row.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise RowRejected("type", name, "integer")


@dataclass(frozen=True, kw_only=True)
class DayReports(PeopleReport):
    """Daily reports of all visible members, up to yesterday."""

    path: str = "/checkin/getcheckin_daydata"
    pace: Rate | None = _PACE
    records: JsonRecords = field(default_factory=DayRecords)

    def windows(self, session: Session, config: WecomConfig, cursor: Cursor) -> Iterator[Window]:
        """Yield windows from midnight to midnight, once a day: no day is summed up before its end.

        Days are revised when leave or a correction is approved later, so many are asked for again.
        """
        end = session.clock.now().astimezone(_ZONE).date()
        start = config.history_from
        if cursor is not None:
            read_until = read_cursor(cursor).astimezone(_ZONE).date()
            if read_until >= end:
                return
            start = max(start, read_until - timedelta(days=config.revised_days))
        while start < end:
            until = min(start + timedelta(days=SPAN_DAYS), end)
            values = {"starttime": _midnight(start), "endtime": _midnight(until)}
            yield Window(values, write_cursor(datetime.combine(until, time(), _ZONE)))
            start = until

    def taken(self, page: Page, window: Window, asked: set[str]) -> tuple[Page, bool]:
        """Return the page less the day that the window ends with: it may come and is not whole."""
        days = rows_of(page.body, _Days, "datas")
        refuse_others((day.base_info.acctid for day in days), asked)
        end = window.values["endtime"]
        assert isinstance(end, int)
        if all(day.base_info.date < end for day in days):
            return page, bool(days)
        raws = msgspec.json.decode(page.body, type=_RawDays).datas
        kept = [raw for raw, day in zip(raws, days, strict=True) if day.base_info.date < end]
        return replace(page, body=msgspec.json.encode({"datas": kept})), bool(kept)


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), _ZONE).timestamp())
