"""The simulated terminal: who it is, searches in pages of thirty, users, refusals."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.hikvision.sandbox.digest import DigestGuard
from connectors.hikvision.sandbox.streaming import BOUNDARY, AlertStream
from hrhub.ambient import SystemClock
from hrhub.sandbox.rest import Asked, Reply
from hrhub.sandbox.world import World

USER = "admin"
PASSWORD = "sandbox-password-of-the-terminal"
SERIAL = "DS-K1T671TM20260301AACH0001"
ZONE = ZoneInfo("Asia/Shanghai")
CAP = 30

_XML = {"content-type": "application/xml; charset=UTF-8"}
_SPACE = "http://www.isapi.org/ver20/XMLSchema"
_MINORS = {1: 38, 2: 1, 15: 75}
_STATES = ("checkIn", "checkOut", "breakOut", "breakIn")
_OTHER = ((5, 76, ""), (5, 21, ""), (5, 25, ""))
_LONGEST = 32


class Refusal(Exception):
    """A call that is refused."""

    def __init__(self, code: int, word: str, status: int = 200, message: str = "") -> None:
        super().__init__(word)
        self.code = code
        self.word = word
        self.status = status
        self.message = message


class Terminal:
    """One terminal.

    Attributes:
        users: Its users by number.
        events: Its log, oldest first.
        guard: Who may pass.
        stream: The line on which it tells its log.
    """

    def __init__(self, world: World, options: Mapping[str, str]) -> None:
        self._lock = threading.Lock()
        self._now = world.now
        self._options = options
        self._skew = timedelta(seconds=int(options.get("skew_s", "0")))
        self._searches: dict[str, list[Any]] = {}
        self._capacity = int(options.get("capacity", "10000"))
        self.guard = DigestGuard(USER, PASSWORD, int(options.get("nonce_uses", "1000000")))
        self.users = {
            spell.user_id: _user(spell.user_id, person.display_name)
            for person, spell in world.employed
        }
        self.events = _log(world, options)
        self.stream = AlertStream(self.events, options)

    def answer(self, asked: Asked) -> Reply:
        """Answer one call, one at a time."""
        with self._lock:
            if self.guard.locked:
                return _xml("userCheck", lockStatus="locked", unlockTime="1743", status=401)
            if challenge := self.guard.admit(asked):
                left = str(5 - self.guard.failures)
                reply = _xml("userCheck", statusValue="401", retryLoginTime=left, status=401)
                return reply.but(headers={**reply.headers, "www-authenticate": challenge})
            try:
                return self._route(asked)
            except Refusal as refusal:
                said = {"statusCode": refusal.code, "subStatusCode": refusal.word}
                more = {"statusString": "Invalid Content", "errorMsg": refusal.message}
                return Reply.json({**said, **more}, refusal.status)

    def _route(self, asked: Asked) -> Reply:
        path = asked.path.removeprefix("/ISAPI")
        if asked.method == "GET" and path == "/System/deviceInfo":
            return _xml(
                "DeviceInfo",
                deviceName="Gate 1",
                model="DS-K1T671TM",
                serialNumber=SERIAL,
                firmwareVersion="V3.7.80",
            )
        if asked.method == "GET" and path == "/System/status":
            return _xml("DeviceStatus", deviceUpTime="86400")
        if asked.method == "GET" and path == "/System/time":
            local = (max(SystemClock().now(), self._now) + self._skew).astimezone(ZONE)
            text = local.isoformat(timespec="seconds")
            return _xml("Time", timeMode="NTP", localTime=text, timeZone="CST-8:00:00")
        if asked.method == "GET" and path == "/Event/notification/alertStream":
            if not self.stream.take():
                raise Refusal(2, "deviceBusy", 503)
            kind = f"multipart/mixed; boundary={BOUNDARY}"
            headers = {"content-type": kind}
            return Reply(headers=headers, framing="close", following=self.stream.pieces())
        try:
            body = asked.json()
        except ValueError:
            raise Refusal(6, "badJsonFormat", 400) from None
        match asked.method, path:
            case "POST", "/AccessControl/AcsEvent":
                return self._search("AcsEvent", "InfoList", body, self._matching(body))
            case "POST", "/AccessControl/UserInfo/Search":
                return self._search("UserInfoSearch", "UserInfo", body, self._people(body))
            case "POST", "/AccessControl/UserInfo/Record":
                return self._add(body["UserInfo"])
            case "PUT", "/AccessControl/UserInfo/Modify":
                return self._change(body["UserInfo"])
            case "PUT", "/AccessControl/UserInfo/Delete":
                return self._remove(body["UserInfoDelCond"]["EmployeeNoList"])
        raise Refusal(4, "notSupport", 403)

    def _matching(self, body: Mapping[str, Any]) -> list[Any]:
        condition = body["AcsEventCond"]
        for name in ("major", "minor", "searchID"):
            if name not in condition:
                raise Refusal(6, "MessageParametersLack", 400, name)
        start, end = (_moment(condition.get(n)) for n in ("startTime", "endTime"))
        wanted = (condition["major"], condition["minor"])
        return [
            event
            for event in self.events
            if start <= event["_at"] <= end
            and all(w in (0, event[n]) for w, n in zip(wanted, ("major", "minor"), strict=True))
        ]

    def _people(self, body: Mapping[str, Any]) -> list[Any]:
        asked = body["UserInfoSearchCond"].get("EmployeeNoList")
        if not asked:
            return list(self.users.values())
        numbers = {row["employeeNo"] for row in asked}
        return [user for number, user in self.users.items() if number in numbers]

    def _search(
        self, name: str, rows_name: str, body: Mapping[str, Any], found: list[Any]
    ) -> Reply:
        """Answer from the set that was found when the search began."""
        condition = next(iter(body.values()))
        key, position = str(condition["searchID"]), int(condition["searchResultPosition"])
        if position == 0:
            self._searches = {key: found}
        if key not in self._searches:
            # Another search took its place.
            key, self._searches = "replaced", {"replaced": found}
        rows = self._searches[key]
        part = [self._row(r) for r in rows[position : position + min(condition["maxResults"], CAP)]]
        more = position + len(part) < len(rows)
        said: dict[str, Any] = {
            "searchID": key,
            "totalMatches": len(rows),
            "responseStatusStrg": "MORE" if more else "OK" if part else "NO MATCH",
            "numOfMatches": len(part),
        }
        if len(part) == 1 and self._options.get("single") == "yes":
            said[rows_name] = part[0]
        elif part:
            said[rows_name] = part
        text = json.dumps({name: said}, ensure_ascii=False).encode()
        return Reply(text, 200, {"content-type": "application/json"})

    def _row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        shown = {name: value for name, value in row.items() if not name.startswith("_")}
        if self._options.get("offset") == "no" and "time" in shown:
            shown["time"] = shown["time"][:19]
        if self._options.get("serials") == "no":
            shown.pop("serialNo", None)
        return shown

    def _add(self, user: dict[str, Any]) -> Reply:
        if user["employeeNo"] in self.users:
            raise Refusal(6, "employeeNoAlreadyExist")
        if len(self.users) >= self._capacity:
            raise Refusal(6, "reachMaxUser")
        return self._take(user)

    def _change(self, user: dict[str, Any]) -> Reply:
        if user["employeeNo"] not in self.users:
            raise Refusal(6, "deviceUserNotExist", 400)
        return self._take({**self.users[user["employeeNo"]], **user})

    def _take(self, user: dict[str, Any]) -> Reply:
        if len(user["employeeNo"]) > _LONGEST or user["Valid"]["endTime"][:4] > "2037":
            raise Refusal(6, "badParameters", 400)
        self.users[user["employeeNo"]] = user
        return _good()

    def _remove(self, rows: list[Mapping[str, str]]) -> Reply:
        numbers = [row["employeeNo"] for row in rows]
        # Some firmware takes an empty list for everybody.
        for number in numbers or list(self.users):
            self.users.pop(number, None)
        return _good()


def _log(world: World, options: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return punches, and between them what is none: doors, refused faces."""
    events: list[dict[str, Any]] = []
    names = {spell.user_id: person.display_name for person, spell in world.employed}

    def add(at: datetime, major: int, minor: int, **more: Any) -> None:
        time = at.isoformat(timespec="seconds")
        base = {"major": major, "minor": minor, "time": time, "serialNo": len(events) + 1}
        events.append({**base, "cardNo": "18446744073709551613", "doorNo": 1, **more, "_at": at})

    for place, punch in enumerate(world.punches("hikvision")):
        at = punch.at.replace(tzinfo=ZONE)
        if place % 7 == 0:
            major, minor, number = _OTHER[place // 7 % len(_OTHER)]
            add(at, major, minor, employeeNoString=number)
        old = options.get("old_numbers") == "yes" and punch.user_id.isdigit()
        name = "employeeNo" if old else "employeeNoString"
        add(
            at,
            5,
            _MINORS[punch.verify],
            name=names[punch.user_id],
            userType="normal",
            currentVerifyMode="faceOrFpOrCardOrPw",
            attendanceStatus=_STATES[punch.state],
            mask="no",
            **{name: punch.user_id},
        )
    return events


def _user(number: str, name: str) -> dict[str, Any]:
    valid = {"enable": True, "beginTime": "2020-01-01T00:00:00", "endTime": "2037-12-31T23:59:59"}
    return {
        "employeeNo": number,
        "name": name,
        "userType": "normal",
        "Valid": {**valid, "timeType": "local"},
        "doorRight": "1",
        "RightPlan": [{"doorNo": 1, "planTemplateNo": "1"}],
        "password": "",
        "numOfCard": 1,
        "numOfFP": 0,
        "numOfFace": 1,
    }


def _moment(text: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise Refusal(6, "badParameters", 400) from None
    if moment.tzinfo is None:
        raise Refusal(6, "badParameters", 400)
    return moment


def _good() -> Reply:
    return Reply.json({"statusCode": 1, "statusString": "OK", "subStatusCode": "ok"})


def _xml(root: str, *, status: int = 200, **children: str) -> Reply:
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in children.items())
    body = f'<?xml version="1.0" encoding="UTF-8"?><{root} xmlns="{_SPACE}">{inner}</{root}>'
    return Reply(body.encode(), status, _XML)
