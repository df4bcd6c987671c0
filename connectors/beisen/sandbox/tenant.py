"""The simulated tenant: two ways to a token, windows of time, scrolls that are soon forgotten."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.beisen.sandbox.assessing import Assessing
from connectors.beisen.sandbox.recruiting import Recruiting
from connectors.beisen.sandbox.rows import TENANT_ID, Row, Rows
from hrhub.ambient import SystemClock
from hrhub.sandbox.rest import Asked, Reply, Tokens
from hrhub.sandbox.world import World

APP_KEY = "sandbox-app-key"
APP_SECRET = "sandbox-secret-of-the-connector"

_OBJECTS = "/TenantBaseExternal/api/v5/"
_RECRUITING = "/RecruitV6/api/v1/"
_ASSESSING = "/AssessmentOpen/api/v1/"
_SCROLL_S = 10.0
_LONGEST = timedelta(days=90)
_MOST_ROWS = 300
_TOO_LONG = "只支持查询90天范围内的数据，请分段查询"
_FIELDS = {"ChangeTypeOID": "changeTypeOID"}


class Refusal(Exception):
    """A call that is refused under status 200."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code)
        self.code = code
        self.text = text


class Tenant:
    """One tenant.

    Attributes:
        rows: Organisation and employees.
        recruiting: Jobs and applications.
        assessing: Activities and who takes them.
        tokens: What it gave out.
        closed: Objects whose interface is not granted.
        forgetful: How many scrolls to forget as if ten seconds had passed.
    """

    def __init__(self, world: World, options: Mapping[str, str]) -> None:
        self.rows = Rows(world)
        self.recruiting = Recruiting(world)
        self.assessing = Assessing(options)
        self.tokens = Tokens()
        self.closed: set[str] = set()
        self.forgetful = 0
        self._masked = options.get("masked", "no") == "yes"
        self._flood = options.get("flood", "no") == "yes"
        self._now = world.now
        self._clock = SystemClock()
        self._lock = threading.Lock()
        self._scrolls: dict[str, tuple[float, Sequence[Row], int]] = {}
        self._numbers = itertools.count(1)

    def answer(self, asked: Asked) -> Reply:
        """Answer one call."""
        if asked.path == "/token":
            return self._token(asked.json(), ("app_key", "app_secret"))
        if asked.path == "/OAuth/Token":
            return self._token(asked.form, ("app_id", "secret"))
        if not (sent := asked.headers.get("authorization")):
            return Reply.json({"message": "Authorization header is empty"}, 400)
        if not self.tokens.alive(sent):
            return Reply.json({"message": "un-authorized"}, 401)
        if asked.path.startswith((_RECRUITING, _ASSESSING)):
            return self._call(asked)
        name, _, operation = asked.path.removeprefix(_OBJECTS).partition("/")
        if name in self.closed:
            return Reply.json({"message": "forbidden"}, 403)
        try:
            if operation != "GetByTimeWindow":
                raise Refusal("417", "接口不存在")
            with self._lock:
                return Reply.json(self._window(name, asked.json()))
        except Refusal as refusal:
            return Reply.json({"code": refusal.code, "message": refusal.text, "data": None})

    def _call(self, asked: Asked) -> Reply:
        """Answer a call of recruiting or assessments, whose codes are numbers."""
        recruits = asked.path.startswith(_RECRUITING)
        calls = self.recruiting.calls if recruits else self.assessing.calls
        call = calls.get(asked.path.removeprefix(_RECRUITING if recruits else _ASSESSING))
        try:
            if call is None:
                raise KeyError(asked.path)
            with self._lock:
                data = call(asked.json() if asked.body else {})
        except KeyError:
            return Reply.json({"code": 417, "message": "数据不存在", "data": None})
        return Reply.json({"code": 200, "message": "", "data": data})

    def _token(self, given: Mapping[str, Any], names: tuple[str, str]) -> Reply:
        if given.get("grant_type") != "client_credentials":
            return Reply.json({"error": "invalid_grant"}, 400)
        if names[0] == "app_id" and given.get("tenant_id") != TENANT_ID:
            return Reply.json({"error": "invalid_tenantid"}, 400)
        if (given.get(names[0]), given.get(names[1])) != (APP_KEY, APP_SECRET):
            return Reply.json({"error": "invalid_client"}, 400)
        told: dict[str, Any] = {**self.tokens.issue(), "token_type": "bearer"}
        if names[0] == "app_id":
            # One of the two forms in which the documentation contradicts itself.
            told["expires_in"] = "8400000"
        return Reply.json(told)

    def _window(self, name: str, given: Mapping[str, Any]) -> Row:
        token = str(given.get("scrollId") or "")
        size = int(given.get("capacity") or 100)
        if not 1 <= size <= _MOST_ROWS:
            raise Refusal("417", "capacity不能超过300")
        if token:
            rows, start = self._place(token)
        else:
            rows, start = self._found(name, given), 0
        following = f"FGluY2x1ZGVf{next(self._numbers):08d}"
        self._scrolls[following] = (self._clock.monotonic(), rows, start + size)
        return {
            "code": "200",
            "message": "",
            "total": len(rows),
            "scrollId": following,
            # Deprecated and unreliable, as said.
            "isLastData": False,
            "data": [self._shown(row) for row in rows[start : start + size]],
        }

    def _place(self, token: str) -> tuple[Sequence[Row], int]:
        """Return where a scroll stands; an id is used up by being used."""
        if self.forgetful:
            self.forgetful -= 1
            self._scrolls.clear()
        made, rows, start = self._scrolls.pop(token, (-_SCROLL_S, (), 0))
        if self._clock.monotonic() - made > _SCROLL_S or token == "":
            raise Refusal("417", "scrollId已失效")
        return rows, start

    def _found(self, name: str, given: Mapping[str, Any]) -> list[Row]:
        start = datetime.fromisoformat(str(given["startTime"]))
        stop = datetime.fromisoformat(str(given["stopTime"]))
        if stop - start > _LONGEST:
            raise Refusal("417", _TOO_LONG)
        of = {
            "Organization": self.rows.organizations,
            "Position": self.rows.positions,
            "Employee": self.rows.latest,
        }
        if name not in of:
            raise Refusal("417", "对象不存在")
        rows = of[name]
        if name == "Employee":
            if given.get("isGetLatestRecord") is False:
                rows = self.rows.employees
            rows = [row for row in rows if _asked_for(row["recordInfo"], given)]
        by_row = given.get("timeWindowQueryType") == 1
        first, last = start.isoformat(), stop.isoformat()
        found = [(self._changed(row, by_row), n, row) for n, row in enumerate(rows)]
        return [row for at, _, row in sorted(found, key=lambda f: f[:2]) if first <= at <= last]

    def _changed(self, row: Row, by_row: bool) -> str:
        said = row.get("employeeInfo", row)
        if by_row and self._flood and "employeeInfo" in row:
            # Seniority is recalculated every night.
            return f"{self._now.date().isoformat()}T02:00:00"
        return str(said["modifiedTime" if by_row else "businessModifiedTime"])

    def _shown(self, row: Row) -> Row:
        if not self._masked or "employeeInfo" not in row:
            return row
        info = row["employeeInfo"]
        mobile, number = str(info["mobilePhone"]), str(info["iDNumber"])
        hidden = {"mobilePhone": f"{mobile[:3]}****{mobile[-4:]}", "iDNumber": f"{number[:4]}****"}
        return {**row, "employeeInfo": {**info, **hidden}}


def _asked_for(record: Row, given: Mapping[str, Any]) -> bool:
    lists = {
        "empStatus": "employeeStatus",
        "employType": "employType",
        "serviceType": "serviceType",
        "approvalStatuses": "approvalStatus",
    }
    if not set(given.get("approvalStatuses") or ()) <= {2, 4}:
        raise Refusal("417", "approvalStatuses只支持2和4")
    if any(record[n] not in given[k] for k, n in lists.items() if given.get(k)):
        return False
    for query in given.get("extQueries") or ():
        if query["fieldName"] not in _FIELDS or query["queryType"] != 5:
            raise Refusal("417", "extQueries有误")
        if str(record[_FIELDS[query["fieldName"]]]) not in query["values"]:
            return False
    return True
