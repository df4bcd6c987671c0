"""The simulated OA: three interfaces side by side, refusals with status 200, a login page."""

from __future__ import annotations

import base64
import binascii
import json
import threading
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from connectors.weaver.sandbox import soap
from connectors.weaver.sandbox.flow import Flow
from connectors.weaver.sandbox.rows import Directory, Row
from connectors.weaver.tokens import digest_of
from hrhub.ambient import SystemClock
from hrhub.sandbox.rest import Asked, Reply
from hrhub.sandbox.world import World

HRM_SECRET = "sandbox-secret-of-the-hrm-interface"
APP_ID = "5F1C2D3E-SANDBOX"
APP_SECRET = "sandbox-secret-of-the-registration"
USER_ID = "12"
PLAN_WORKFLOW = "214"
ADDRESS = "10.20.0.15"
PLAN_FIELDS = ("gh", "ksrq", "bc", "dd")

_SKEW_MS = 300_000
_PAGE = 20
_LOGIN = b"<html><script>top.location='/wui/index.html#/?logintype=1'</script></html>"


class Refusal(Exception):
    """A call that is refused."""

    def __init__(self, said: Row) -> None:
        super().__init__()
        self.said = said


class Office:
    """One installation.

    Attributes:
        directory: Its rows.
        requests: Plans that were handed in, as they came.
        flow: Requests of workflows.
    """

    def __init__(self, world: World, options: Mapping[str, str]) -> None:
        self._lock = threading.Lock()
        self._now_ms = int(world.now.timestamp() * 1000)
        self._digest = options.get("digest", "md5")
        self._listed = options.get("listed", "yes") == "yes"
        self._dead_token = options.get("dead_token", "json")
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._tokens: set[str] = set()
        self._made = 0
        self.directory = Directory(world)
        self.requests: list[Row] = []
        self.flow = Flow(world, self.directory)

    @property
    def public_key(self) -> str:
        """The OA's key, as the registration gives it."""
        der = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode("ascii")

    def expire_tokens(self) -> None:
        """Forget all tokens of the open platform."""
        with self._lock:
            self._tokens.clear()

    def answer(self, asked: Asked) -> Reply:
        """Answer one call."""
        address = f"http://{asked.headers.get('host', '')}"
        with self._lock:
            try:
                if asked.path.startswith("/services/HrmService"):
                    if asked.method == "GET":
                        return soap.wsdl(address)
                    allowed = (ADDRESS,) if self._listed else ()
                    return soap.answer(asked, self.directory, address, allowed)
                if asked.path.startswith("/api/hrm/resful/"):
                    self._admit_hrm(asked.headers)
                    return self._hrm(asked.path.rsplit("/", 1)[1], dict(asked.form))
                if asked.path == "/api/ec/dev/auth/applytoken":
                    return self._apply(asked.headers)
                if asked.path.startswith("/api/workflow/paService/"):
                    return self._workflow(asked)
            except Refusal as refusal:
                return Reply.json(refusal.said)
        return Reply(_LOGIN, 200, {"content-type": "text/html"})

    def _admit_hrm(self, headers: Mapping[str, str]) -> None:
        stamp = headers.get("ts", "")
        algorithm: Any = self._digest
        now_ms = int(SystemClock().now().timestamp() * 1000)
        near = stamp.isdigit() and (
            min(abs(int(stamp) - now_ms), abs(int(stamp) - self._now_ms)) <= _SKEW_MS
        )
        if not near or headers.get("key") != digest_of(algorithm, f"{HRM_SECRET}{stamp}"):
            raise Refusal({"code": "2", "msg": "2: 无权限调用此接口"})

    def _hrm(self, name: str, form: Mapping[str, str]) -> Reply:
        if name == "synHrmresource":
            rows = json.loads(form["data"])
            result = {str(row.get("workcode")): self._take(row) for row in rows}
            return Reply.json({"code": "1", "result": result})
        asked = json.loads(form["params"])
        rows = self._rows(name, asked)
        size, page = int(asked.get("pagesize", _PAGE)), int(asked.get("curpage", 1))
        part = rows[(page - 1) * size : page * size]
        # What the total counts, pages or records, the documentation says both ways.
        total = -(-len(rows) // size)
        data = {"totalSize": total, "dataList": part, "pageSize": size, "page": page}
        return Reply.json({"code": "1", "data": data})

    def _rows(self, name: str, asked: Mapping[str, Any]) -> list[Row]:
        match name:
            case "getHrmsubcompanyWithPage":
                rows = self.directory.divisions
            case "getHrmdepartmentWithPage":
                rows = self.directory.departments
            case "getJobtitleInfoWithPage":
                rows = self.directory.jobtitles
            case "getHrmUserInfoWithPage":
                rows = self.directory.people + self.directory.secondary
            case _:
                raise Refusal({"code": "-1", "msg": "接口不存在"})
        wanted = str(asked.get("canceled", "0"))
        rows = [r for r in rows if r.get("canceled", wanted) == wanted]
        since = str(asked.get("modified", ""))
        return [r for r in rows if r["modified"] >= since]

    def _take(self, given: Row) -> Row:
        people = {row["workcode"]: row for row in self.directory.people}
        department = str(given.get("department", ""))
        if department.startswith("{JSON}"):
            code = json.loads(department.removeprefix("{JSON}")).get("departmentcode")
            known = {d["departmentcode"]: d["id"] for d in self.directory.departments}
            if code not in known:
                return {"code": "0", "msg": "部门不存在"}
            given = {**given, "departmentid": known[code]}
        boss = given.pop("managerid", None)
        if boss is not None:
            if boss not in people:
                return {"code": "0", "msg": "上级不存在"}
            given["managerid"] = people[boss]["id"]
        number = str(given.get("workcode", ""))
        holder = given.get("certificatenum")
        if any(r["certificatenum"] == holder and n != number for n, r in people.items() if holder):
            return {"code": "0", "msg": "证件号码重复"}
        if number in people:
            people[number].update(given)
            return {"code": "1", "msg": "更新成功"}
        blank = dict.fromkeys(self.directory.people[0], "")
        id_ = str(len(self.directory.people) + 2)
        self.directory.people.append({**blank, "accounttype": "0", **given, "id": id_})
        return {"code": "1", "msg": "插入成功"}

    def _apply(self, headers: Mapping[str, str]) -> Reply:
        if headers.get("appid") != APP_ID or self._open(headers.get("secret", "")) != APP_SECRET:
            raise Refusal({"status": False, "code": -1, "msg": "应用未注册"})
        self._made += 1
        token = f"e3d7e45b-0000-4000-8000-{self._made:012d}"
        self._tokens.add(token)
        said = {"msg": "获取成功!", "code": 0, "msgShowType": "none", "status": "true"}
        return Reply.json({**said, "token": token})

    def _workflow(self, asked: Asked) -> Reply:
        if asked.headers.get("token") not in self._tokens:
            if self._dead_token == "html":
                return Reply(_LOGIN, 200, {"content-type": "text/html"})
            raise Refusal({"status": False, "code": "005", "msg": "token不存在或者超时"})
        if self._open(asked.headers.get("userid", "")) != USER_ID:
            raise Refusal({"code": "USER_EXCEPTION", "errMsg": {}})
        form = dict(asked.form)
        match asked.path.rsplit("/", 1)[1]:
            case "doCreateRequest":
                return self._create(form)
            case "getAllWorkflowRequestList":
                wanted = json.loads(form.get("conditions") or "{}")
                page, size = int(form.get("pageNo") or 1), int(form.get("pageSize") or 10)
                return Reply.json(self.flow.listed(wanted, page, size))
            case "getWorkflowRequestLogs":
                number, before = form.get("requestId", ""), int(form.get("endId") or 0)
                return Reply.json(self.flow.entries(number, before, int(form["pageSize"])))
            case _:
                raise Refusal({"code": "FAIL", "errMsg": {}})

    def _create(self, form: Mapping[str, str]) -> Reply:
        main = json.loads(form.get("mainData") or "[]")
        unknown = [f["fieldName"] for f in main if f["fieldName"] not in PLAN_FIELDS]
        if unknown or not main or form.get("workflowId") != PLAN_WORKFLOW:
            wrong = {f"error_param_{name}": "字段不存在" for name in unknown}
            # The code is a text or an object.
            code: Any = {"name": "PARAM_ERROR", "statusCode": 2}
            raise Refusal({"code": code, "errMsg": wrong})
        number = int(self.flow.start(USER_ID, PLAN_WORKFLOW, "考勤计划")["requestId"])
        self.requests.append({"id": number, **{f["fieldName"]: f["fieldValue"] for f in main}})
        return Reply.json({"code": "SUCCESS", "data": {"requestid": number}, "errMsg": {}})

    def _open(self, sealed: str) -> str:
        try:
            raw = base64.b64decode(sealed, validate=True)
            return self._key.decrypt(raw, padding.PKCS1v15()).decode()
        except (binascii.Error, ValueError):
            return ""
