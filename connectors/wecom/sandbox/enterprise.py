"""The simulated enterprise: what it answers and forbids, written from its documentation."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

from connectors.wecom.sandbox import accounts
from connectors.wecom.sandbox.days import day_rows
from connectors.wecom.sandbox.forms import form_rows
from connectors.wecom.sandbox.refusal import Refusal
from connectors.wecom.sandbox.rows import Row, checkin_rows, department_rows, member_rows
from hrhub.sandbox.rest import Asked, Reply, Tokens
from hrhub.sandbox.world import World

CORP_ID = "wwsandbox0000000001"
SECRET = "sandbox-secret-of-the-wecom-application"
CONTACTS_SECRET = "sandbox-secret-of-contact-sync"
AGENT_ID = 1000021

_WITHHELD = ("avatar", "thumb_avatar", "gender", "mobile", "email", "biz_mail", "qr_code")
_SPAN_S = 30 * 86400
_FORMS_SPAN_S = 31 * 86400
_MOST_PEOPLE = 100
_ANYBODY = "/department/simplelist"
_WRITES = ("/user/create", "/user/update")
_READS = ("/department/list", "/user/list", "/user/simplelist", "/user/get")
_A_MINUTE = {
    "/checkin/getcheckindata": 600,
    "/checkin/getcheckin_daydata": 100,
    "/oa/getapprovalinfo": 600,
    "/oa/getapprovaldetail": 600,
}
"""Limits of single interfaces."""


class Enterprise:
    """One enterprise with one self-built application, and contact sync."""

    def __init__(self, world: World, options: Mapping[str, str]) -> None:
        self._lock = threading.Lock()
        self._options = options
        self._tokens = Tokens()
        self._issued: dict[str, str] = {}
        self._calls: Counter[str] = Counter()
        self._per_minute = int(options.get("per_minute", "10000"))
        self._seen: dict[str, str] = {}
        self._visits: dict[str, str | None] = {}
        self._used: set[str] = set()
        self._late: set[str] = set()
        self.departments = department_rows(world)
        self.members = member_rows(world)
        self.checkins = checkin_rows(world)
        self.days = day_rows(world)
        self.forms = form_rows(world)
        self.delivered: list[Row] = []
        """Messages that reached somebody."""

    def expire_tokens(self) -> None:
        """Make the token old before its time, as happens for operational reasons."""
        with self._lock:
            self._tokens.revoke()

    def next_minute(self) -> None:
        """Let the limits of the minute begin anew."""
        with self._lock:
            self._calls.clear()

    def answer(self, asked: Asked) -> Reply:
        """Answer one call; errors come with status 200 and a hint that changes."""
        with self._lock:
            try:
                return Reply.json({"errcode": 0, "errmsg": "ok", **self._route(asked)})
            except Refusal as refusal:
                hint = f"hint: [1760000000_{len(self._calls)}_0f], from ip: 127.0.0.1"
                more = (
                    f"more info at https://open.work.weixin.qq.com/devtool/query?e={refusal.code}"
                )
                text = f"{refusal.text}, {hint}, {more}"
                return Reply.json({"errcode": refusal.code, "errmsg": text})

    def _route(self, asked: Asked) -> Row:
        path = asked.path.removeprefix("/cgi-bin")
        self._count(path)
        if path == "/gettoken":
            return self._gettoken(asked.params)
        self._admit(path, asked.params)
        match asked.method, path:
            case "GET", "/department/simplelist":
                names = ("id", "parentid", "order")
                return {"department_id": [{n: d[n] for n in names} for d in self.departments]}
            case "GET", "/department/list":
                return {"department": self.departments}
            case "GET", "/user/list":
                return {"userlist": [self._shown(m) for m in self._direct(asked)]}
            case "GET", "/user/simplelist":
                names = ("userid", "name", "department")
                return {"userlist": [{n: m[n] for n in names} for m in self._direct(asked)]}
            case "POST", "/checkin/getcheckindata":
                return {"checkindata": self._checked_in(_body(asked))}
            case "POST", "/checkin/getcheckin_daydata":
                return {"datas": self._summed_up(_body(asked))}
            case "GET", "/user/get":
                return self._shown(self._member(asked.params["userid"]))
            case "POST", "/user/create":
                return accounts.create(self.members, self.departments, _body(asked))
            case "POST", "/user/update":
                return accounts.update(self.members, self.departments, _body(asked))
            case "GET", "/auth/getuserinfo":
                return self._visitor(asked.params["code"])
            case "POST", "/oa/getapprovalinfo":
                return self._form_numbers(_body(asked))
            case "POST", "/oa/getapprovaldetail":
                return {"info": self._form(_body(asked)["sp_no"])}
            case "POST", "/message/send":
                return self._send(_body(asked))
            case _:
                raise Refusal(40066, "invalid url")

    def _count(self, path: str) -> None:
        self._calls[path] += 1
        most = self._per_minute
        if self._options.get("limits") == "yes":
            most = min(most, _A_MINUTE.get(path, most))
        if self._calls[path] > most:
            raise Refusal(45009, "api freq out of limit")

    def _gettoken(self, params: Mapping[str, str]) -> Row:
        if params.get("corpid") != CORP_ID:
            raise Refusal(40013, "invalid corpid")
        secret = params.get("corpsecret", "")
        if secret not in (SECRET, CONTACTS_SECRET):
            raise Refusal(40001, "invalid credential")
        if not self._tokens.alive(self._issued.get(secret, "")):
            self._issued[secret] = self._tokens.issue()["access_token"]
        return {"access_token": self._issued[secret], "expires_in": self._tokens.life_s}

    def _admit(self, path: str, params: Mapping[str, str]) -> None:
        token = params.get("access_token")
        if not token:
            raise Refusal(41001, "access_token missing")
        if not self._tokens.alive(token):
            issued = token.startswith("sandbox-token-")
            raise Refusal(
                *((42001, "access_token expired") if issued else (40014, "invalid access_token"))
            )
        if self._options.get("trusted") == "no":
            raise Refusal(60020, "not allow to access from your ip")
        contacts = token == self._issued.get(CONTACTS_SECRET)
        if contacts and path in _READS:
            raise Refusal(48009, "ip not allowed to read the directory by contact sync")
        if path != _ANYBODY and contacts != (path in _WRITES):
            raise Refusal(48002, "api forbidden")

    def _direct(self, asked: Asked) -> list[Row]:
        id_ = int(asked.params["department_id"])
        if id_ not in {d["id"] for d in self.departments}:
            raise Refusal(60003, "department not found")
        if self._options.get("visible") == "no":
            return []
        return [m for m in self.members if id_ in m["department"]]

    def _member(self, user_id: str) -> Row:
        if self._options.get("visible") == "no":
            raise Refusal(60011, "no privilege to access/modify contact/party/agent")
        for member in self.members:
            if member["userid"] == user_id.lower():
                return member
        raise Refusal(60111, "userid not found")

    def visit(self, user_id: str | None) -> str:
        """Return the code with which a browser comes back; None is somebody from elsewhere."""
        with self._lock:
            code = f"sandbox-code-{len(self._visits) + 1}"
            self._visits[code] = user_id
            return code

    def forget_visits(self) -> None:
        """Let five minutes pass for every code that was not used."""
        with self._lock:
            self._late |= self._visits.keys()

    def _visitor(self, code: str) -> Row:
        if code not in self._visits:
            raise Refusal(40029, "invalid code")
        if code in self._used:
            raise Refusal(42022, "code has been used")
        if code in self._late:
            raise Refusal(42003, "oauth_code expired")
        self._used.add(code)
        user_id = self._visits[code]
        if user_id is None:
            return {"openid": "oSANDBOX000000000000000001"}
        return {"userid": user_id}

    def _shown(self, member: Row) -> Row:
        if self._options.get("withheld") == "no":
            return member
        return {name: value for name, value in member.items() if name not in _WITHHELD}

    def _checked_in(self, body: Row) -> list[Row]:
        wanted, start, end = _people_and_window(body)
        return [
            row
            for row in self.checkins
            if row["userid"] in wanted and start <= row["checkin_time"] <= end
        ]

    def _summed_up(self, body: Row) -> list[Row]:
        wanted, start, end = _people_and_window(body)
        if any((moment + 8 * 3600) % 86400 for moment in (start, end)):
            raise Refusal(301024, "time interval invalid")
        rows = [(row, row["base_info"]) for row in self.days]
        return [r for r, base in rows if base["acctid"] in wanted and start <= base["date"] <= end]

    def _form_numbers(self, body: Row) -> Row:
        start, end = body["starttime"], body["endtime"]
        if not isinstance(start, str) or not isinstance(end, str) or not 1 <= body["size"] <= 100:
            raise Refusal(301025, "invalid parameter")
        widest = int(self._options.get("widest_s", _FORMS_SPAN_S))
        if int(end) - int(start) > _FORMS_SPAN_S:
            raise Refusal(301025, "time interval too long")
        if int(end) - int(start) > widest:
            raise Refusal(301112, "too many results, narrow the time interval")
        wanted = {f["value"] for f in body["filters"] if f["key"] == "record_type"}
        numbers = [
            form["sp_no"]
            for form in self.forms
            if int(start) <= form["apply_time"] < int(end)
            and (not wanted or form["record_type"] in wanted)
        ]
        # Pages are shorter than asked for: forms of people outside the range are taken out.
        first, size = int(body["new_cursor"] or 0), max(1, body["size"] // 2)
        last = first + size
        more = {"new_next_cursor": str(last)} if last < len(numbers) else {}
        return {"sp_no_list": numbers[first:last], **more}

    def _form(self, number: str) -> Row:
        for form in self.forms:
            if form["sp_no"] == number:
                return {name: value for name, value in form.items() if name != "record_type"}
        raise Refusal(301025, "invalid sp_no")

    def _send(self, body: Row) -> Row:
        if body.get("agentid") != AGENT_ID:
            raise Refusal(301002, "not allow operate another agent with this accesstoken")
        if len(body["text"]["content"].encode()) > 2048:
            raise Refusal(45002, "content size out of limit")
        known = {m["userid"] for m in self.members}
        asked = {id_.lower() for id_ in body["touser"].split("|")}
        if not asked & known:
            raise Refusal(81013, "user & party & tag all invalid")
        said: Row = {"invaliduser": "|".join(sorted(asked - known)), "unlicenseduser": ""}
        if self._options.get("licensed") == "no":
            return {**said, "unlicenseduser": "|".join(sorted(asked & known)), "msgid": ""}
        mark = json.dumps([body["touser"], body["text"]], sort_keys=True)
        if not (body.get("enable_duplicate_check") and mark in self._seen):
            self.delivered.append(body)
        # A suppressed repetition gets an id of its own, which nobody can rely on.
        self._seen[mark] = f"MSG{len(self._seen) + 1:06d}"
        return {**said, "msgid": self._seen[mark]}


def _people_and_window(body: Row) -> tuple[set[str], int, int]:
    people, start, end = body["useridlist"], body["starttime"], body["endtime"]
    if not 1 <= len(people) <= _MOST_PEOPLE:
        raise Refusal(301023, "useridlist invalid")
    if not 0 < end - start <= _SPAN_S:
        raise Refusal(301024, "time interval invalid")
    return {id_.lower() for id_ in people}, start, end


def _body(asked: Asked) -> Row:
    try:
        value: Any = asked.json()
    except ValueError:
        raise Refusal(47001, "Warning: wrong json format. data format error") from None
    if not isinstance(value, dict):
        raise Refusal(47001, "data format error")
    return value
