"""The simulated checker: one check per key, codes of sixteen characters, reports since 2001."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hrhub.ambient import SystemClock
from hrhub.sandbox.rest import Asked, Reply
from hrhub.sandbox.world import World, WorldPerson

KEY = "sandbox-key-of-the-checker"
TYPES = ("XUELI", "XUEJI", "XUEWEI")

_ZONE = ZoneInfo("Asia/Shanghai")
_CODE_LIFE = timedelta(days=30)
_FIRST_YEAR = 2001
_STUDY_YEARS = (18, 22)
_SCHOOLS = (("10001", "第一大学"), ("10002", "第二理工大学"), ("10003", "第三师范学院"))
_MAJORS = ("市场营销", "计算机科学与技术", "机械工程", "会计学")

Row = dict[str, Any]


class Refusal(Exception):
    """A request that is refused."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class Desk:
    """One checker with one customer.

    Attributes:
        checks: Checks by number.
        now: Its clock.
    """

    def __init__(self, world: World, options: Mapping[str, str]) -> None:
        self._lock = threading.Lock()
        self._people = {p.national_id: p for p in world.people if not p.faulty}
        self._codes = options.get("codes", "issued")
        self._left = int(options.get("limit", "100000"))
        self.now = max(SystemClock().now(), world.now)
        self.checks: dict[str, Row] = {}

    def answer(self, asked: Asked) -> Reply:
        """Answer one request."""
        with self._lock:
            if asked.path == "/_sim/advance":
                self.advance()
                return Reply.json({})
            try:
                if asked.headers.get("authorization") != f"Bearer {KEY}":
                    raise Refusal(401, "KEY_UNKNOWN")
                return Reply.json({"data": self._route(asked)})
            except Refusal as refusal:
                return Reply.json({"code": refusal.code}, refusal.status)

    def advance(self) -> None:
        """Let a day pass: people enter codes, reports are looked at, what is old runs out."""
        self.now += timedelta(days=1)
        for check in self.checks.values():
            if check["state"] == "REQUESTED":
                if self._codes != "idle":
                    self._move(check, "CODE_RECEIVED")
                elif self.now - check["_placed"] >= _CODE_LIFE:
                    self._move(check, "EXPIRED")
            elif check["state"] == "CODE_RECEIVED":
                self._move(check, self._found(check))

    def _found(self, check: Row) -> str:
        if self._codes in ("expired", "closed"):
            return self._codes.upper()
        person: WorldPerson = check["_person"]
        if person.birth_date.year + _STUDY_YEARS[1] < _FIRST_YEAR:
            return "NOT_FOUND"
        return "VERIFIED" if check["_name"] == person.display_name else "MISMATCH"

    def _route(self, asked: Asked) -> Any:
        match asked.method, asked.path.strip("/").split("/"):
            case "GET", ["v1", "report-types"]:
                return [{"reportType": name} for name in TYPES]
            case "POST", ["v1", "checks"]:
                return self._place(asked.json())
            case "GET", ["v1", "checks"]:
                key = asked.params.get("clientNo")
                return [_shown(c) for c in self.checks.values() if c["clientNo"] == key]
            case "GET", ["v1", "checks", number]:
                return _shown(self._check(number))
            case "GET", ["v1", "checks", number, "result"]:
                return self._result(self._check(number))
            case "POST", ["v1", "checks", number, "cancel"]:
                check = self._check(number)
                if check["state"] != "REQUESTED":
                    raise Refusal(409, "TOO_LATE")
                self._move(check, "CANCELLED")
                return _shown(check)
        raise Refusal(404, "NO_SUCH_CALL")

    def _place(self, given: Row) -> Row:
        for known in self.checks.values():
            if known["clientNo"] == given.get("clientNo"):
                return _shown(known)
        self._left -= 1
        if self._left < 0:
            raise Refusal(429, "CAPTCHA_REQUIRED")
        if given.get("reportType") not in TYPES:
            raise Refusal(403, "TYPE_NOT_COVERED")
        if not given.get("consent"):
            raise Refusal(403, "CONSENT_MISSING")
        told = given.get("person") or {}
        person = self._people.get(told.get("idNo", ""))
        if person is None or not all(told.get(name) for name in ("name", "mobile")):
            raise Refusal(422, "PERSON_INVALID")
        number = f"E{self.now.astimezone(_ZONE):%Y%m%d}{len(self.checks) + 1:06d}"
        check: Row = {
            "checkNo": number,
            "clientNo": given["clientNo"],
            "reportType": given["reportType"],
            "inviteUrl": f"https://verify.provider.example/c/{number}",
            "_person": person,
            "_name": told["name"],
            "_placed": self.now,
        }
        self.checks[number] = check
        self._move(check, "REQUESTED")
        return _shown(check)

    def _result(self, check: Row) -> Row:
        if check["state"] not in ("VERIFIED", "MISMATCH", "NOT_FOUND"):
            raise Refusal(409, "NO_RESULT")
        found = check["state"] != "NOT_FOUND"
        return {
            **_shown(check),
            "checkedAt": check["changedAt"],
            "report": _report(check) if found else None,
        }

    def _check(self, number: str) -> Row:
        if number not in self.checks:
            raise Refusal(404, "NO_SUCH_CHECK")
        return self.checks[number]

    def _move(self, check: Row, state: str) -> None:
        at = self.now.astimezone(_ZONE).isoformat(timespec="seconds")
        check.update(state=state, changedAt=at)


def _shown(check: Row) -> Row:
    return {name: value for name, value in check.items() if not name.startswith("_")}


def _report(check: Row) -> Row:
    """Return the report of somebody who studied from eighteen to twenty-two."""
    person: WorldPerson = check["_person"]
    drawn = int(hashlib.sha256(person.person_id.encode()).hexdigest()[:8], 16)
    school_code, school = _SCHOOLS[drawn % len(_SCHOOLS)]
    began, ended = (person.birth_date.year + age for age in _STUDY_YEARS)
    digest = hashlib.sha256(check["checkNo"].encode()).hexdigest().upper()
    return {
        "verifyCode": digest[:16],
        "reportType": check["reportType"],
        "name": person.display_name,
        "gender": {"female": "女", "male": "男"}[person.gender],
        "birthDate": person.birth_date.isoformat(),
        "idNoMasked": f"{person.national_id[:6]}********{person.national_id[-4:]}",
        "school": school,
        "major": _MAJORS[drawn % len(_MAJORS)],
        "level": "本科",
        "studyForm": "普通全日制",
        "schooling": "四年",
        "enrollDate": f"{began}-09-01",
        "graduateDate": f"{ended}-06-30",
        "conclusion": "毕业",
        "certificateNo": f"{school_code}1{ended}05{drawn % 1_000_000:06d}",
        "validUntil": (check["_placed"] + timedelta(days=180)).date().isoformat(),
    }
