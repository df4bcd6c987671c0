"""The simulated gateway: authorisations, queries, limits, refusals; written from the contract."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from connectors.social_security.sandbox.history import records
from connectors.social_security.sandbox.sealing import Platform, Wrong
from hrhub.ambient import SystemClock
from hrhub.sandbox.rest import Asked, Reply
from hrhub.sandbox.world import World, WorldPerson

_BEIJING = timezone(timedelta(hours=8))
_WINDOW = timedelta(minutes=5)
_REMEMBERED = timedelta(hours=24)
_LINK = timedelta(days=3)
_REFUSES_EVERY = 29
"""One person in so many refuses to sign."""
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)

Row = dict[str, Any]


class Desk:
    """One application at the gateway; ``now`` moves only when a test lets it."""

    def __init__(self, world: World, options: Mapping[str, str], platform: Platform) -> None:
        self._lock = threading.Lock()
        self._world = world
        self._platform = platform
        self._options = options
        self._people = {p.national_id: (n, p) for n, p in enumerate(world.people)}
        self._auths: dict[str, Row] = {}
        self._tasks: dict[str, Row] = {}
        self._made: dict[str, tuple[datetime, str, Row]] = {}
        self._left = int(options.get("limit", "1000000"))
        self._queries = int(options.get("quota", "5000"))
        self.now = world.now
        self.billed: list[str] = []

    def answer(self, asked: Asked) -> Reply:
        """Answer one request, sealed and signed under the request's own number."""
        with self._lock:
            if asked.path == "/_sim/advance" and asked.method == "POST":
                self.advance()
                return Reply.json({})
            if not asked.path.startswith("/api/v1/") or asked.method != "POST":
                return Reply.json({"code": 20001, "message": "no such service"}, 404)
            try:
                self._left -= 1
                if self._left < 0:
                    raise Wrong("50029")
                envelope, data = self._platform.read(asked.body)
                self._in_window(str(envelope.get("timestamp")))
                told = self._once(asked.path.removeprefix("/api/v1/"), envelope, data)
            except Wrong as wrong:
                # Refusals are told outside: a customer with wrong keys could not read them else.
                refusal = {"code": int(str(wrong)), "message": "拒绝", "success": False}
                return Reply.json(refusal)
            fields = {
                "timestamp": str(int(self.now.timestamp() * 1000)),
                "transNo": envelope["transNo"],
                "code": 0,
                "message": "成功",
                "success": True,
            }
            body = self._platform.write(fields, told)
            return Reply(body, 200, {"content-type": "application/json;charset=UTF-8"})

    def advance(self) -> None:
        """Let a day pass: people sign or refuse, sources answer, links run out."""
        self.now += timedelta(days=1)
        for auth in self._auths.values():
            if auth["status"] == "PENDING" and self._options.get("people") != "idle":
                auth["status"] = "REFUSED" if auth["refuses"] else "SIGNED"
            elif auth["status"] == "PENDING" and self.now >= auth["until"]:
                auth["status"] = "EXPIRED"
        for task in self._tasks.values():
            self._progress(task)

    def _progress(self, task: Row) -> None:
        """One day of a query: accepted, then running; with several places one of them first."""
        areas = sorted({r["areaCode"] for r in task["records"]})
        if task["status"] == "ACCEPTED":
            task["status"] = "RUNNING"
            return
        if task["status"] not in ("RUNNING", "PARTIAL"):
            return
        if task["status"] == "RUNNING" and len(areas) > 1:
            task.update(status="PARTIAL", areas=areas[:1], finishedAt=self._moment())
            return
        task.update(
            status="SUCCESS" if areas else "NO_DATA", areas=areas, finishedAt=self._moment()
        )
        if areas:
            self.billed.append(task["taskNo"])

    def _in_window(self, stamp: str) -> None:
        try:
            at = (
                datetime.fromtimestamp(int(stamp) / 1000, _BEIJING)
                if len(stamp) == 13
                else datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=_BEIJING)
            )
        except (ValueError, OverflowError):
            raise Wrong("20001") from None
        # The world stands still; customers with a real clock live in the real time.
        now = self.now if self._options.get("clock") == "world" else SystemClock().now()
        if abs(now - at) > _WINDOW:
            raise Wrong("10004")

    def _once(self, service: str, envelope: Row, data: Row) -> Row:
        """Answer a number that is known as before, or refuse it with other content."""
        trans_no = envelope.get("transNo")
        if not isinstance(trans_no, str) or not 1 <= len(trans_no) <= 64:
            raise Wrong("20001")
        content = hashlib.sha256(json.dumps([service, data], sort_keys=True).encode()).hexdigest()
        before = self._made.get(trans_no)
        if before and self.now - before[0] < _REMEMBERED:
            if before[1] != content:
                raise Wrong("10006")
            return before[2]
        told = self._serve(service, data, trans_no)
        if service in ("si/auth/create", "si/query/submit"):
            self._made[trans_no] = (self.now, content, told)
        return told

    def _serve(self, service: str, data: Row, trans_no: str) -> Row:
        match service:
            case "si/quota":
                return {"remaining": self._queries, "perDay": 5000}
            case "si/auth/create":
                return self._create(data, trans_no)
            case "si/auth/status":
                return _shown(self._auth(data))
            case "si/auth/revoke":
                auth = self._auth(data)
                if auth["status"] in ("PENDING", "SIGNED"):
                    auth["status"] = "REVOKED"
                return {"authNo": auth["authNo"], "status": auth["status"]}
            case "si/query/submit":
                return self._submit(data)
            case "si/query/result":
                return self._result(data)
            case _:
                raise Wrong("20001")

    def _create(self, data: Row, trans_no: str) -> Row:
        needed = ("name", "idNo", "mobile", "purpose", "scope", "startMonth", "endMonth", "channel")
        if any(not data.get(name) for name in needed) or data.get("idType") != "01":
            raise Wrong("20001")
        if not _valid(data["idNo"]):
            raise Wrong("20002")
        number, person = self._people.get(data["idNo"], (0, None))
        if person is not None and person.display_name != data["name"]:
            raise Wrong("20003")
        auth_no = f"A{self.now:%Y%m%d}{len(self._auths) + 1:09d}"
        self._auths[auth_no] = {
            "authNo": auth_no,
            "authUrl": f"https://h5.gateway.example/sign/{auth_no}",
            "expireAt": self._moment(_LINK),
            "status": "PENDING",
            "startMonth": data["startMonth"],
            "endMonth": data["endMonth"],
            "taskNo": None,
            "transNo": trans_no,
            "until": self.now + _LINK,
            "refuses": number % _REFUSES_EVERY == _REFUSES_EVERY - 1,
            "person": person,
        }
        names = ("authNo", "authUrl", "expireAt", "status")
        return {name: self._auths[auth_no][name] for name in names}

    def _auth(self, data: Row) -> Row:
        found = self._auths.get(str(data.get("authNo")))
        if found is None and data.get("transNo"):
            same = (a for a in self._auths.values() if a["transNo"] == data["transNo"])
            found = next(same, None)
        if found is None:
            raise Wrong("30001")
        return found

    def _submit(self, data: Row) -> Row:
        auth = self._auth(data)
        if auth["status"] == "PENDING":
            raise Wrong("30001")
        if auth["status"] != "SIGNED":
            raise Wrong("30002")
        if data["startMonth"] < auth["startMonth"] or data["endMonth"] > auth["endMonth"]:
            raise Wrong("30003")
        if self._options.get("closed"):
            raise Wrong("40002")
        if self._queries < 1:
            raise Wrong("50030")
        self._queries -= 1
        task_no = f"T{self.now:%Y%m%d}{len(self._tasks) + 1:09d}"
        self._tasks[task_no] = {
            "taskNo": task_no,
            "status": "ACCEPTED",
            "finishedAt": None,
            "areas": [],
            "records": self._found(auth["person"], data),
        }
        auth.update(status="USED", taskNo=task_no)
        return {"taskNo": task_no, "status": "ACCEPTED", "estimatedSeconds": 600}

    def _found(self, person: WorldPerson | None, data: Row) -> list[Row]:
        if person is None:
            return []
        areas = tuple(str(code).rstrip("0") for code in data.get("areaCodes") or ())
        return [
            record
            for record in records(self._world, person)
            if data["startMonth"] <= record["month"] <= data["endMonth"]
            and (not areas or record["areaCode"].startswith(areas))
        ]

    def _result(self, data: Row) -> Row:
        task = self._tasks.get(str(data.get("taskNo")))
        page = data.get("page") or {"no": 1, "size": 200}
        if task is None or not 1 <= page["size"] <= 200 or page["no"] < 1:
            raise Wrong("20001")
        shown = [r for r in task["records"] if r["areaCode"] in task["areas"]]
        start = (page["no"] - 1) * page["size"]
        return {
            "taskNo": task["taskNo"],
            "status": task["status"],
            "finishedAt": task["finishedAt"],
            "areas": [{"areaCode": code, "status": "OK"} for code in task["areas"]],
            "records": shown[start : start + page["size"]],
            "page": {**page, "total": len(shown)},
        }

    def _moment(self, later: timedelta = timedelta()) -> str:
        return (self.now + later).astimezone(_BEIJING).isoformat(timespec="seconds")


def _shown(auth: Row) -> Row:
    return {k: v for k, v in auth.items() if k not in ("until", "refuses", "person", "transNo")}


def _valid(number: str) -> bool:
    if len(number) != 18 or not number[:17].isdigit():
        return False
    total = sum(w * int(c) for w, c in zip(_WEIGHTS, number[:17], strict=True))
    return "10X98765432"[total % 11] == number[17]
