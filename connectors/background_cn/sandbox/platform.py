"""The simulated platform: signatures checked, one order per key, states that go on day by day."""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connectors.background_cn.sandbox.keys import Keys
from hrhub.ambient import SystemClock
from hrhub.sandbox.rest import Asked, Reply
from hrhub.sandbox.world import World, WorldPerson

Row = dict[str, Any]
ZONE = ZoneInfo("Asia/Shanghai")
PACKAGES = (
    ("STD-MGR-03", "管理岗标准背调", ("IDENTITY", "EDUCATION", "EMPLOYMENT", "LITIGATION")),
    ("BASIC-01", "基础背调", ("IDENTITY", "LITIGATION")),
)
_SKEW_MS = 300_000
_STEPS = ("CONSENT_PENDING", "CONSENTED", "IN_PROGRESS", "INTERIM", "COMPLETED")
_LIFE = timedelta(days=7)


class Refusal(Exception):
    """A request that is refused with a code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Platform:
    """One platform with one application.

    Attributes:
        orders: Orders by number.
        now: Its clock.
    """

    def __init__(self, world: World, options: Mapping[str, str], keys: Keys) -> None:
        self._lock = threading.Lock()
        self._people = {p.national_id: p for p in world.people}
        self._options = options
        self._keys = keys
        self._nonces: set[str] = set()
        self._left = int(options.get("limit", "100000"))
        self._balance = int(options.get("balance", "1000"))
        self.now = max(SystemClock().now(), world.now)
        self.world_now = world.now
        self.orders: dict[str, Row] = {}

    def answer(self, asked: Asked) -> Reply:
        """Answer one request; refusals come with status 200."""
        with self._lock:
            if asked.path == "/_sim/advance":
                self.advance()
                return Reply.json({})
            try:
                self._admit(asked)
                data, more = self._route(asked), {}
                if isinstance(data, tuple):
                    data, more = data
                said = {"code": "0", "message": "success", **more, "data": data}
            except Refusal as refusal:
                said = {"code": refusal.code, "message": refusal.message}
            return Reply.json({"requestId": f"R{len(self._nonces):08d}", **said})

    def advance(self) -> None:
        """Let a day pass: people consent, items are done; who does nothing lets it expire."""
        self.now += timedelta(days=1)
        for order in self.orders.values():
            state = order["status"]
            if state not in _STEPS[:-1]:
                continue
            if state == "CONSENT_PENDING" and self._options.get("people") == "idle":
                if self.now - order["_placed"] >= _LIFE:
                    self._move(order, "CONSENT_EXPIRED")
                continue
            self._move(order, _STEPS[_STEPS.index(state) + 1])

    def _admit(self, asked: Asked) -> None:
        headers = asked.headers
        self._left -= 1
        if self._left < 0:
            raise Refusal("4029", "请求过于频繁")
        stamp, nonce = headers.get("x-timestamp", ""), headers.get("x-nonce", "")
        clocks = (self.now, self.world_now, SystemClock().now())
        if not stamp.isdigit() or all(
            abs(int(stamp) - clock.timestamp() * 1000) > _SKEW_MS for clock in clocks
        ):
            raise Refusal("1002", "时间戳无效")
        if not self._keys.admits(asked):
            raise Refusal("1001", "签名错误")
        if nonce in self._nonces:
            raise Refusal("1003", "nonce重复")
        self._nonces.add(nonce)

    def _route(self, asked: Asked) -> Any:
        match asked.method, asked.path.strip("/").split("/"):
            case "GET", ["v1", "packages"]:
                names = ("packageCode", "name", "items")
                return [
                    {**dict(zip(names, row, strict=True)), "priceFen": 39900, "slaDays": 5}
                    for row in PACKAGES
                ]
            case "POST", ["v1", "orders"]:
                return self._place(asked.json())
            case "GET", ["v1", "orders"]:
                return self._list(asked.params)
            case "GET", ["v1", "orders", number]:
                return _shown(self._order(number))
            case "POST", ["v1", "orders", number, "cancel"]:
                return self._cancel(self._order(number))
            case "GET", ["v1", "orders", number, "report"]:
                return self._report(self._order(number))
        raise Refusal("2001", "接口不存在")

    def _place(self, given: Row) -> Any:
        key = str(given.get("clientOrderNo") or "")
        for order in self.orders.values():
            if order["clientOrderNo"] == key:
                return _shown(order), {"duplicate": True}
        if given.get("packageCode") not in {code for code, _, _ in PACKAGES}:
            raise Refusal("2003", "套餐未开通")
        if self._balance <= 0:
            raise Refusal("4001", "余额不足")
        candidate = dict(given.get("candidate") or {})
        if given.get("encrypted"):
            candidate |= {n: self._opened(candidate[n]) for n in ("idNo", "mobile")}
        if not key or not all(candidate.get(n) for n in ("name", "idNo", "mobile")):
            raise Refusal("2001", "参数缺失")
        person = self._people.get(candidate["idNo"])
        if person is None or person.faulty:
            raise Refusal("2002", "身份证号无效")
        if not (given.get("consent") or {}).get("version"):
            raise Refusal("3001", "缺少授权")
        self._balance -= 1
        number = f"B{self.now.astimezone(ZONE):%Y%m%d%H%M}{len(self.orders) + 1:04d}"
        uploaded = given["consent"].get("mode") == "UPLOADED"
        order = {
            "orderNo": number,
            "clientOrderNo": key,
            "packageCode": given["packageCode"],
            "consentUrl": None if uploaded else f"https://sign.platform.example/{number}",
            "_person": person,
            "_name": candidate["name"],
            "_placed": self.now,
        }
        self.orders[number] = order
        self._move(order, "CONSENTED" if uploaded else "CONSENT_PENDING")
        return _shown(order)

    def _list(self, params: Mapping[str, str]) -> Row:
        since, until = (datetime.fromisoformat(params[n]) for n in ("updatedFrom", "updatedTo"))
        size, page = int(params.get("pageSize", "50")), int(params.get("pageNo", "1"))
        if until - since > _LIFE or size > 100:
            raise Refusal("2001", "查询范围过大")
        # Orders of a test carry the platform's own time, which may be ahead of the asker's.
        found = [_shown(o) for o in self.orders.values() if o["_changed"] >= since]
        part = found[(page - 1) * size : page * size]
        return {"total": len(found), "pageNo": page, "pageSize": size, "list": part}

    def _cancel(self, order: Row) -> Row:
        if order["status"] != "CONSENT_PENDING":
            raise Refusal("2001", "当前状态不可取消")
        self._move(order, "CANCELLED")
        return _shown(order)

    def _report(self, order: Row) -> Row:
        if order["status"] not in ("INTERIM", "COMPLETED"):
            raise Refusal("2001", "报告未生成")
        done = order["status"] == "COMPLETED"
        codes = next(items for code, _, items in PACKAGES if code == order["packageCode"])
        items = [_item(code, order, done=done) for code in codes]
        worst = any(item["result"] == "DIFFERENT" for item in items)
        return {
            "orderNo": order["orderNo"],
            "status": order["status"],
            "riskLevel": ("YELLOW" if worst else "GREEN") if done else None,
            "finishedAt": order["updatedAt"] if done else None,
            "items": items,
        }

    def _order(self, number: str) -> Row:
        if number not in self.orders:
            raise Refusal("2001", "订单不存在")
        return self.orders[number]

    def _move(self, order: Row, state: str) -> None:
        at = self.now.astimezone(ZONE).isoformat(timespec="seconds")
        order.update(status=state, updatedAt=at, _changed=self.now)

    def _opened(self, text: str) -> str:
        try:
            raw = base64.b64decode(text, validate=True)
            return AESGCM(self._keys.field_key).decrypt(raw[:12], raw[12:], None).decode()
        except (binascii.Error, InvalidTag, ValueError):
            raise Refusal("2001", "解密失败") from None


def _shown(order: Row) -> Row:
    return {name: value for name, value in order.items() if not name.startswith("_")}


def _item(code: str, order: Row, *, done: bool) -> Row:
    """Return an item: identity is done first, and some people told another end of a job."""
    person: WorldPerson = order["_person"]
    finished = done or code == "IDENTITY"
    item: Row = {"itemCode": code, "status": "DONE" if finished else "RUNNING", "result": None}
    if not finished:
        return item
    result: str = "CLEAN" if code == "LITIGATION" else "CONSISTENT"
    detail: Row = {}
    if code == "IDENTITY":
        same = order["_name"] == person.display_name
        result, detail = (
            ("CONSISTENT", "DIFFERENT")[not same],
            {"match": "MATCH" if same else "MISMATCH"},
        )
    elif code == "EMPLOYMENT" and int(person.national_id[-4:-1]) % 7 == 0:
        result, detail = "DIFFERENT", {"difference": ["end"]}
    day = order["_changed"].astimezone(ZONE).date().isoformat()
    return {**item, "result": result, "detail": detail, "channel": "HR", "doneAt": day}
