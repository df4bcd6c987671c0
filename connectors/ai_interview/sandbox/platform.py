"""The simulated platform: tokens, one invitation per key, interviews that go on step by step."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.ai_interview.sandbox.hooks import Hooks
from connectors.ai_interview.sandbox.results import result_of
from hrhub.ambient import SystemClock
from hrhub.sandbox.rest import Asked, Reply, Tokens, page_by_number
from hrhub.sandbox.world import World

Row = dict[str, Any]
ACCESS_ID = "hrhub-sandbox"
ACCESS_SECRET = "sandbox-secret-of-the-interviewer"
ZONE = ZoneInfo("Asia/Shanghai")
POSITIONS = (
    ("P5", "后端工程师", "AM3", "OPEN"),
    ("P6", "客户经理", "AM3", "OPEN"),
    ("P7", "实习生", "AM3", "CLOSED"),
)

_ROOT = "/openapi/v1"
_STEPS = (
    ("INVITED", "NONE"),
    ("OPENED", "NONE"),
    ("IN_PROGRESS", "NONE"),
    ("SUBMITTED", "GENERATING"),
    ("SUBMITTED", "READY"),
)
_EVENTS = {
    ("OPENED", "NONE"): "invitation.opened",
    ("SUBMITTED", "GENERATING"): "invitation.submitted",
    ("SUBMITTED", "READY"): "interview.result",
    ("EXPIRED", "NONE"): "invitation.expired",
}
_STATUSES = {10004: 401, 40000: 400, 40300: 403, 40400: 404, 42900: 429, 50000: 500}
_WINDOW = timedelta(days=31)


class Refusal(Exception):
    """A request that is refused with a code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Platform:
    """One platform with one access.

    Attributes:
        invitations: Invitations by id.
        decisions: Decisions that came back, by id of the invitation.
        now: Its clock.
    """

    def __init__(self, world: World, options: Mapping[str, str], hooks: Hooks) -> None:
        self._lock = threading.Lock()
        self.world = world
        self._people = {p.mobile: p for p in world.people}
        self._options = options
        self._hooks = hooks
        self._left = int(options.get("limit", "100000"))
        self._asked = 0
        self.tokens = Tokens()
        self.now = max(SystemClock().now(), world.now)
        self.invitations: dict[str, Row] = {}
        self.decisions: dict[str, Row] = {}

    def answer(self, asked: Asked) -> Reply:
        """Answer one request."""
        with self._lock:
            if asked.path == "/_sim/advance":
                self._advance()
                return Reply.json({})
            self._asked += 1
            said: Row = {"code": 0, "message": "ok", "requestId": f"R{self._asked:08d}"}
            status = 200
            try:
                said["data"] = self._route(asked, said)
            except Refusal as refusal:
                said |= {"code": refusal.code, "message": refusal.message}
                status = _STATUSES.get(refusal.code, 200)
            headers = {"retry-after": "1"} if status == 429 else {}
            return Reply.json(said, status, **headers)

    def advance(self) -> None:
        """Let a step of time pass: people answer, reports are made, the idle let it expire."""
        with self._lock:
            self._advance()

    def correct(self, number: str) -> None:
        """Have a person at the platform look at a result again, who finds that it was good."""
        with self._lock:
            row = self.invitations[number]
            row["_outcome"] = "recommended"
            self._tell(row, "interview.result_corrected")

    def _advance(self) -> None:
        self.now += timedelta(hours=12)
        for row in self.invitations.values():
            state = (row["status"], row["reportStatus"])
            if state not in _STEPS[:-1]:
                continue
            if row["status"] == "INVITED" and self._options.get("people") == "idle":
                if self.now >= row["_expires"]:
                    self._move(row, ("EXPIRED", "NONE"))
                continue
            self._move(row, _STEPS[_STEPS.index(state) + 1])

    def _route(self, asked: Asked, said: Row) -> Any:
        path = asked.path.removeprefix(_ROOT).strip("/").split("/")
        if (asked.method, path) == ("POST", ["auth", "token"]):
            return self._token(asked.json())
        self._left -= 1
        if self._left < 0:
            raise Refusal(42900, "请求过于频繁")
        if not self.tokens.alive(asked.headers.get("authorization")):
            raise Refusal(10004, "token已过期")
        if asked.headers.get("x-access-id") != ACCESS_ID:
            raise Refusal(40300, "无权限")
        match asked.method, path:
            case "GET", ["positions"]:
                names = ("positionId", "name", "abilityModelId", "status")
                return _page(asked, [dict(zip(names, row, strict=True)) for row in POSITIONS])
            case "POST", ["invitations"]:
                return self._invite(asked.json(), said)
            case "GET", ["invitations"]:
                return self._list(asked)
            case "GET", ["invitations", number, "result"]:
                return self._result(self._invitation(number))
            case "POST", ["invitations", number, "cancel"]:
                return self._cancel(self._invitation(number))
            case "POST", ["invitations", number, "decision"]:
                return self._decide(number, asked.json())
            case "DELETE", ["candidates", ours]:
                return self._erase(ours)
        raise Refusal(40400, "接口不存在")

    def _token(self, given: Row) -> Row:
        if not given.get("accessId"):
            raise Refusal(10001, "accessId缺失")
        if not given.get("accessSecret"):
            raise Refusal(10002, "accessSecret缺失")
        if (given["accessId"], given["accessSecret"]) != (ACCESS_ID, ACCESS_SECRET):
            raise Refusal(10003, "accessId或accessSecret错误")
        token = self.tokens.issue()
        return {"token": token["access_token"], "expiresIn": token["expires_in"]}

    def _invite(self, given: Row, said: Row) -> Row:
        key = str(given.get("outInvitationId") or "")
        for row in self.invitations.values():
            if row["outInvitationId"] == key:
                said |= {"code": 40900, "message": "重复邀请"}
                return _made(row)
        open_ = {code for code, _, _, status in POSITIONS if status == "OPEN"}
        if given.get("positionId") not in open_:
            raise Refusal(40400, "岗位不存在")
        candidate = given.get("candidate") or {}
        person = self._people.get(str(candidate.get("mobile")))
        if not key or not candidate.get("name") or not candidate.get("outCandidateId"):
            raise Refusal(40000, "参数缺失")
        if person is None:
            raise Refusal(40000, "手机号无效")
        number = f"I{len(self.invitations) + 1:06d}"
        expires = self.now + timedelta(days=int(given.get("expireDays") or 7))
        row = self.invitations[number] = {
            "invitationId": number,
            "outInvitationId": key,
            "outCandidateId": candidate["outCandidateId"],
            "positionId": given["positionId"],
            "outJobId": (given.get("job") or {}).get("outJobId"),
            "_person": person,
            "_expires": expires,
            "_callback": str(given.get("callbackUrl") or ""),
            "_outcome": self._options.get("outcome", ""),
        }
        self._move(row, _STEPS[0])
        return _made(row)

    def _list(self, asked: Asked) -> Row:
        ends = (asked.params["updatedFrom"], asked.params["updatedTo"])
        since, until = (datetime.fromisoformat(end) for end in ends)
        if until - since > _WINDOW:
            raise Refusal(40000, "查询范围过大")
        # Invitations carry the platform's own time, which may be ahead of the asker's.
        names = ("invitationId", "outInvitationId", "status", "reportStatus", "updatedAt")
        found = [row for row in self.invitations.values() if row["_changed"] >= since]
        return _page(asked, [{name: row[name] for name in names} for row in found])

    def _result(self, row: Row) -> Row:
        shown = {name: value for name, value in row.items() if not name.startswith("_")}
        ready = row["reportStatus"] == "READY"
        return {**shown, **(result_of(row) if ready else {"conclusion": None})}

    def _cancel(self, row: Row) -> Row:
        if row["status"] in ("INVITED", "OPENED", "IN_PROGRESS"):
            self._move(row, ("CANCELLED", "NONE"))
        return {}

    def _decide(self, number: str, given: Row) -> Row:
        self._invitation(number)
        if given.get("decision") not in ("PASS", "REJECT", "HOLD") or not given.get("decidedBy"):
            raise Refusal(40000, "参数错误")
        self.decisions[number] = given
        return {}

    def _erase(self, ours: str) -> Row:
        theirs = [row for row in self.invitations.values() if row["outCandidateId"] == ours]
        if not theirs:
            raise Refusal(40400, "人员不存在")
        for row in theirs:
            del self.invitations[row["invitationId"]]
            data = {"outCandidateId": ours, "at": self._stamp()}
            self._hooks.tell("candidate.erased", data, row["_callback"], SystemClock().now())
        return {}

    def _invitation(self, number: str) -> Row:
        if number not in self.invitations:
            raise Refusal(40400, "邀请不存在")
        return self.invitations[number]

    def _move(self, row: Row, state: tuple[str, str]) -> None:
        row["status"], row["reportStatus"] = state
        row |= {"updatedAt": self._stamp(), "_changed": self.now}
        if row["status"] == "SUBMITTED":
            row.setdefault("submittedAt", self._stamp())
        if kind := _EVENTS.get(state):
            self._tell(row, kind)

    def _tell(self, row: Row, kind: str) -> None:
        data = self._result(row)
        if not kind.startswith("interview."):
            data = {name: row[name] for name in ("invitationId", "outInvitationId")}
            data["at"] = self._stamp()
        # Callbacks carry the time at which they are sent, not that of the simulated company.
        self._hooks.tell(kind, data, row["_callback"], SystemClock().now())

    def _stamp(self) -> str:
        return self.now.astimezone(ZONE).isoformat(timespec="seconds")


def _made(row: Row) -> Row:
    return {
        "invitationId": row["invitationId"],
        "interviewUrl": f"https://ai-interview.example/i/{row['invitationId']}",
        "expiresAt": row["_expires"].astimezone(ZONE).isoformat(timespec="seconds"),
    }


def _page(asked: Asked, rows: list[Row]) -> Row:
    return {
        "total": len(rows),
        "items": page_by_number(asked, rows, size="pageSize", most=100),
    }
