"""People written to a terminal: name, number, and the days on which the door opens.

Never photos, fingerprints, passwords or door commands; and never a deletion without numbers, which
some firmware takes for everybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from connectors.hikvision.terminal import JSON
from connectors.hikvision.words import status_of
from hrhub.connector import Planned, Session, Sink, Write, WriteStatus, Written

_ADD = "/ISAPI/AccessControl/UserInfo/Record"
_CHANGE = "/ISAPI/AccessControl/UserInfo/Modify"
_REMOVE = "/ISAPI/AccessControl/UserInfo/Delete"
_SEARCH = "/ISAPI/AccessControl/UserInfo/Search"
_EXISTS = ("deviceuseralreadyexist", "employeenoalreadyexist")
_BEGIN, _END = date(2000, 1, 1), date(2037, 12, 31)
"""Firmware of 32 bits refuses later days (assumed)."""

_HANDLED = (400, 403, 404, 500)


@dataclass(frozen=True, kw_only=True)
class Persons(Sink):
    """One user of the terminal per employee."""

    def plan(self, session: Session, writes: Sequence[Write]) -> list[Planned]:
        """Say what would be sent; nothing is asked."""
        return [
            Planned(
                key=write.key,
                target=f"PUT {_REMOVE}" if _left(write) else f"POST {_ADD}",
                fields=("employeeNo",) if _left(write) else tuple(_user(write)),
            )
            for write in writes
        ]

    def write(self, session: Session, writes: Sequence[Write]) -> list[Written]:
        """Add, change or remove one user per write."""
        return [self._write(session, write) for write in writes]

    def _write(self, session: Session, write: Write) -> Written:
        number = str(write.values.get("work_no") or "")
        if not number or not all(write.values.get(name) for name in self.required):
            return _refused(write, "hikvision.person_incomplete", None)
        if _left(write):
            body = {"UserInfoDelCond": {"EmployeeNoList": [{"employeeNo": number}]}}
            return _outcome(write, _put(session, _REMOVE, body))
        user = _user(write)
        known = _known(session, number)
        if known is not None and all(known.get(name) == value for name, value in user.items()):
            return Written(key=write.key, status=WriteStatus.UNCHANGED, vendor_id=number)
        said = _put(session, _CHANGE if known else _ADD, {"UserInfo": user}, new=not known)
        if said in _EXISTS:
            said = _put(session, _CHANGE, {"UserInfo": user})
        return _outcome(write, said)


def _put(session: Session, path: str, body: Mapping[str, Any], *, new: bool = False) -> str | None:
    """Send a user; return None for good, else the terminal's word in lower case."""
    answer = session.http.request(
        "POST" if new else "PUT",
        path,
        params=JSON,
        json=body,
        idempotent=True,
        ok=_HANDLED,
    )
    return status_of(answer)


def _known(session: Session, number: str) -> dict[str, Any] | None:
    condition = {
        # One search at a time: the number itself tells it from those of others.
        "searchID": f"hub-{number}"[:36],
        "searchResultPosition": 0,
        "maxResults": 1,
        "EmployeeNoList": [{"employeeNo": number}],
    }
    body = {"UserInfoSearchCond": condition}
    answer = session.http.request("POST", _SEARCH, params=JSON, json=body, idempotent=True)
    rows = answer.json().get("UserInfoSearch", {}).get("UserInfo") or []
    rows = [rows] if isinstance(rows, dict) else rows
    return next((row for row in rows if row.get("employeeNo") == number), None)


def _user(write: Write) -> dict[str, Any]:
    values = write.values
    begin = _day(values.get("hire_date"), _BEGIN)
    end = min(_day(values.get("end_date"), _END), _END)
    return {
        "employeeNo": str(values["work_no"]),
        "name": str(values["display_name"]),
        "userType": "normal",
        "Valid": {
            "enable": True,
            "beginTime": f"{begin.isoformat()}T00:00:00",
            "endTime": f"{end.isoformat()}T23:59:59",
            "timeType": "local",
        },
        # Without these somebody is known, and every door is refused.
        "doorRight": "1",
        "RightPlan": [{"doorNo": 1, "planTemplateNo": "1"}],
    }


def _day(value: Any, default: date) -> date:
    if value is None:
        return default
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def _left(write: Write) -> bool:
    return write.values.get("status") == "terminated"


def _outcome(write: Write, said: str | None) -> Written:
    if said in (None, "deviceusernotexist"):
        number = str(write.values["work_no"])
        return Written(key=write.key, status=WriteStatus.WRITTEN, vendor_id=number)
    code = "hikvision.full" if said == "reachmaxuser" else "hikvision.person_refused"
    return _refused(write, code, said)


def _refused(write: Write, code: str, vendor_code: str | None) -> Written:
    return Written(key=write.key, status=WriteStatus.REFUSED, code=code, vendor_code=vendor_code)
