"""The simulated installation: logins, signatures, operations and refusals, all with status 200."""

from __future__ import annotations

import base64
import binascii
import json
import sqlite3
import threading
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from connectors.kingdee.sandbox.forms import EMPLOYEE, FORMS, Forms, UnknownField
from connectors.kingdee.signing import client_secret, signed
from hrhub.ambient import SystemClock
from hrhub.sandbox.rest import Asked, Reply
from hrhub.sandbox.world import World

DATA_CENTER = "5f0c0a1b2c3d4e"
USER = "hubapi"
PASSWORD = "sandbox-password-of-kingdee"
APP_ID = "123456_" + base64.b64encode(b"sandbox-mask-24-bytes-ok").decode()
APP_SECRET = "sandbox-application-secret-of-kingdee"
ROOT = "/k3cloud"

_MOST_ROWS = 2000
_SKEW_S = 300
_LOST = "会话信息已丢失，请重新登录"
_DATES = ("FJoinDate",)
_REFERENCES = ("FCreateOrgId", "FUseOrgId")


class Refusal(Exception):
    """A call that is refused."""

    def __init__(self, number: int, text: str, field: str = "") -> None:
        super().__init__(text)
        self.number = number
        self.text = text
        self.field = field


class Galaxy:
    """One data centre."""

    def __init__(self, world: World, options: Mapping[str, str]) -> None:
        self._lock = threading.Lock()
        self._public = options.get("public", "no") == "yes"
        self._sessions: set[str] = set()
        self._made = 0
        self._now = world.now
        self.forms = Forms(world)

    def expire_sessions(self) -> None:
        """Lose all sessions, as happens when nobody calls for half an hour."""
        with self._lock:
            self._sessions.clear()

    def answer(self, asked: Asked) -> Reply:
        """Answer one call; refusals of queries come inside two lists."""
        name = asked.path.removeprefix(f"{ROOT}/Kingdee.BOS.WebApi.ServicesStub.")
        service, _, operation = name.removesuffix(".common.kdsvc").partition(".")
        with self._lock:
            if service == "AuthService":
                return self._sign_in(operation, asked.json())
            try:
                self._admit(asked)
                return Reply.json(self._operate(operation, asked.json()))
            except Refusal as refusal:
                error = {"FieldName": refusal.field, "Message": refusal.text, "DIndex": 0}
                status = {
                    "ErrorCode": 500,
                    "IsSuccess": False,
                    "Errors": [error],
                    "SuccessEntitys": [],
                    "SuccessMessages": [],
                    # Both forms were seen.
                    "MsgCode": refusal.number if refusal.number % 2 else str(refusal.number),
                }
                result = {"Result": {"ResponseStatus": status}}
                return Reply.json([[result]] if "Query" in operation else result)

    def _sign_in(self, call: str, given: Mapping[str, Any]) -> Reply:
        if given.get("acctID") != DATA_CENTER:
            # A wrong data centre is no answer of the login's.
            return Reply(b"<html>Server Error</html>", 500, {"content-type": "text/html"})
        good = given.get("username") == USER
        if call == "ValidateUser":
            good = good and given.get("password") == PASSWORD and not self._public
        elif call == "LoginByAppSecret":
            good = good and (given.get("appId"), given.get("appSecret")) == (APP_ID, APP_SECRET)
        elif call == "LoginBySign":
            values = [DATA_CENTER, USER, APP_ID, APP_SECRET, str(given.get("timestamp"))]
            good = (
                good and given.get("sign") == sha256("".join(sorted(values)).encode()).hexdigest()
            )
        else:
            return Reply(b"", 404)
        said: dict[str, Any] = {"Message": "用户名或密码错误", "LoginResultType": 0}
        if good:
            self._made += 1
            session = f"5b0f4a3e-0000-4000-8000-{self._made:012d}"
            self._sessions.add(session)
            context = {"SessionId": f"web{self._made:05d}", "UserId": 100008, "UserName": USER}
            said = {"Message": None, "LoginResultType": 1, "Context": context}
            said |= {"KDSVCSessionId": session, "IsSuccessByAPI": True}
        return Reply.json({"MessageCode": "CheckPasswordPolicy", "Lcid": 0, **said})

    def _admit(self, asked: Asked) -> None:
        if asked.headers.get("x-api-clientid"):
            if not self._signature_holds(asked.headers, asked.path):
                raise Refusal(1, _LOST)
        elif asked.headers.get("kdservice-sessionid") not in self._sessions:
            raise Refusal(1, _LOST)

    def _signature_holds(self, headers: Mapping[str, str], path: str) -> bool:
        client, secret = client_secret(APP_ID)
        stamp, nonce = headers.get("x-api-timestamp", ""), headers.get("x-api-nonce", "")
        text = f"POST\n{quote(path, safe='')}\n\nx-api-nonce:{nonce}\nx-api-timestamp:{stamp}\n"
        try:
            data = base64.b64decode(headers.get("x-kd-appdata", ""), validate=True).decode()
            apart_s = abs(int(stamp) - SystemClock().now().timestamp())
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return False
        near = min(apart_s, abs(int(stamp) - self._now.timestamp())) <= _SKEW_S
        return (
            near
            and headers.get("x-api-clientid") == client
            and headers.get("x-kd-appkey") == APP_ID
            and headers.get("x-api-signature") == signed(text, secret)
            and headers.get("x-kd-signature") == signed(APP_ID + data, APP_SECRET)
            and data.split(",")[:2] == [DATA_CENTER, USER]
        )

    def _operate(self, operation: str, given: Mapping[str, Any]) -> Any:
        data = given.get("data")
        data = json.loads(data) if isinstance(data, str) else data
        if not isinstance(data, dict):
            raise Refusal(8, "缺少参数data")
        form = str(given.get("formid") or data.get("FormId") or "")
        if form not in FORMS or form == "FPostEntity":
            raise Refusal(4, f"业务对象{form}不存在")
        if operation in ("ExecuteBillQuery", "BillQuery"):
            rows = self._query(form, data)
            names = str(data["FieldKeys"]).split(",")
            keyed = [dict(zip(names, row, strict=True)) for row in rows]
            return rows if operation == "ExecuteBillQuery" else keyed
        if form != EMPLOYEE:
            raise Refusal(11, "无权操作")
        if operation == "Save":
            return self._save(data)
        for card in str(data.get("Ids", "")).split(","):
            self._step(operation, str(given.get("opNumber", "")), int(card))
        return {"Result": {"ResponseStatus": {"IsSuccess": True, "Errors": [], "MsgCode": 0}}}

    def _query(self, form: str, data: Mapping[str, Any]) -> list[list[Any]]:
        fields = str(data.get("FieldKeys") or "").split(",")
        limit = int(data.get("Limit") or _MOST_ROWS)
        if limit > _MOST_ROWS:
            raise Refusal(11, "Limit不能超过2000")
        where, order = str(data.get("FilterString") or ""), str(data.get("OrderString") or "")
        try:
            start = int(data.get("StartRow") or 0)
            return self.forms.query(form, fields, where, order, start, limit)
        except UnknownField as unknown:
            raise Refusal(9, f"字段{unknown}不存在") from None
        except sqlite3.Error:
            raise Refusal(11, "过滤条件有误") from None

    def _save(self, data: Mapping[str, Any]) -> Any:
        model = dict(data.get("Model") or {})
        card = int(model.pop("FID", 0) or 0)
        names = data.get("NeedUpDateFields") or list(model)
        values = {n: model[n] for n in names if n in model and n in FORMS[EMPLOYEE]}
        values |= {n: f"{values[n][:10]}T00:00:00" for n in _DATES if values.get(n)}
        if unknown := [n for n in names if n not in (*FORMS[EMPLOYEE], *_REFERENCES)]:
            raise Refusal(9, f"字段{unknown[0]}不存在")
        if not card and not (values.get("FName") and model.get("FUseOrgId")):
            raise Refusal(11, "字段“姓名”是必填项", "FName")
        number = str(values.get("FStaffNumber", ""))
        if number and self.forms.number_taken(number, card):
            raise Refusal(11, "编码已存在", "FStaffNumber")
        if card:
            before = self._card(card)
            if before["FDocumentStatus"] in ("B", "C"):
                raise Refusal(11, "已审核或审核中的单据不允许修改")
            self.forms.change(card, values)
        else:
            organisation = model["FUseOrgId"]["FNumber"]
            more = {"FUseOrgId.FNumber": organisation, "FDocumentStatus": "A", "FNumber": number}
            card = self.forms.add(values | more)
            self.forms.change(card, {})
        status = {"IsSuccess": True, "Errors": [], "MsgCode": 0, "SuccessEntitys": [{"Id": card}]}
        return {"Result": {"Id": card, "Number": number, "ResponseStatus": status}}

    def _step(self, operation: str, number: str, card: int) -> None:
        now = self._card(card)["FDocumentStatus"]
        match operation, number, now:
            case "Submit", _, "Z" | "A" | "D":
                self.forms.change(card, {"FDocumentStatus": "B"})
            case "Audit", _, "B":
                self.forms.change(card, {"FDocumentStatus": "C"})
            case "UnAudit", _, "C":
                self.forms.change(card, {"FDocumentStatus": "D"})
            case "ExcuteOperation", "Forbid", "C":
                self.forms.change(card, {"FForbidStatus": "B"})
            case "ExcuteOperation", "Enable", "C":
                self.forms.change(card, {"FForbidStatus": "A"})
            case _:
                raise Refusal(11, "单据状态不允许该操作")

    def _card(self, card: int) -> dict[str, Any]:
        found = self.forms.employee(card)
        if found is None:
            raise Refusal(11, "单据不存在")
        return dict(found)
