"""The simulated platform: headers checked, one order per serial number, states day by day."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hrhub.ambient import SystemClock
from hrhub.sandbox.rest import Asked, Reply
from hrhub.sandbox.world import World, WorldPerson

KEY = "5A1D0B7C9E2F4A6B8C3D5E7F90123456"
TOKEN = "B6C8D0E2F4A61738495A6B7C8D9E0F12"

_ZONE = ZoneInfo("Asia/Shanghai")
_SKEW = timedelta(minutes=10)
_ITEMS = {1: "身份核实", 3: "学历核实", 7: "工作履历", 14: "法院诉讼查询"}
_PACKAGES = {12: (1, 3, 7, 14)}
_UNPAID, _UNSIGNED, _RUNNING, _DONE = 30, 40, 45, 50

Row = dict[str, Any]


class Refusal(Exception):
    """A request that is refused with a code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Platform:
    """One platform with one company.

    Attributes:
        orders: Orders by the serial number that created them.
        now: Its clock.
    """

    def __init__(self, world: World, options: Mapping[str, str]) -> None:
        self._lock = threading.Lock()
        self._people = {p.national_id: p for p in world.people if not p.faulty}
        self._idle = options.get("people") == "idle"
        self._balance = int(options.get("balance", "1000"))
        self._left = int(options.get("limit", "100000"))
        self._clocks = (SystemClock().now(), world.now)
        self.now = max(self._clocks)
        self.orders: dict[str, Row] = {}

    def answer(self, asked: Asked) -> Reply:
        """Answer one request; refusals come with status 200, and everything is signed."""
        with self._lock:
            if asked.path == "/_sim/advance":
                self.advance()
                return Reply.json({})
            try:
                self._admit(asked)
                said: Row = {"code": "0", "data": self._route(asked)}
            except Refusal as refusal:
                said = {"code": refusal.code, "msg": refusal.message}
            head = {
                "key": KEY,
                "ts": self.now.astimezone(_ZONE).strftime("%Y%m%d%H%M%S"),
                "seq": asked.headers.get("seq", ""),
            }
            return Reply.json({**said, **head, "sign": _sign("".join(head.values()))})

    def advance(self) -> None:
        """Let a day pass: people sign, items are done."""
        self.now += timedelta(days=1)
        for order in self.orders.values():
            if order["status"] == _UNSIGNED and not self._idle:
                order["status"] = _RUNNING
            elif order["status"] == _RUNNING:
                order.update(status=_DONE, finishTime=f"{self.now.astimezone(_ZONE):%F %T}")

    def _admit(self, asked: Asked) -> None:
        headers = asked.headers
        self._left -= 1
        if self._left < 0:
            raise Refusal("4029", "请求过于频繁")
        key, ts, seq = (headers.get(name, "") for name in ("key", "ts", "seq"))
        if key.upper() != KEY or headers.get("sign") != _sign(f"{key}{ts}{seq}"):
            raise Refusal("1001", "签名错误")
        try:
            at = datetime.strptime(ts, "%Y%m%d%H%M%S").replace(tzinfo=_ZONE)
        except ValueError:
            raise Refusal("1002", "时间戳错误") from None
        clocks = (self.now, SystemClock().now(), *self._clocks)
        if all(abs(at - clock) > _SKEW for clock in clocks):
            raise Refusal("1002", "时间戳错误")

    def _route(self, asked: Asked) -> Row:
        match asked.method, asked.path.removeprefix("/open/company/"):
            case "POST", "order/single":
                return _order(self._place(asked.headers["seq"], asked.json()))
            case "POST", "order/pay":
                return _order(self._pay(asked.json().get("orderNo")))
            case "GET", "order/detail":
                seq, number = asked.params.get("seq"), asked.params.get("orderNo")
                for known, order in self.orders.items():
                    if seq == known or number == order["orderNo"]:
                        return _order(order)
            case "GET", "record/detail":
                for order in self.orders.values():
                    if _record_no(order) == asked.params.get("recordNo"):
                        return _record(order)
        raise Refusal("2404", "数据不存在")

    def _place(self, seq: str, given: Row) -> Row:
        if seq in self.orders:
            return self.orders[seq]
        package, listed = given.get("packageId"), str(given.get("itemIdAndMultis") or "")
        items = _PACKAGES.get(package or 0) or tuple(
            int(part.split(":")[0]) for part in listed.split(",") if part
        )
        if not items or not set(items) <= _ITEMS.keys() or given.get("authType") not in (1, 2):
            raise Refusal("2001", "参数错误")
        person = self._people.get(given.get("candidateIdCardNo", ""))
        if person is None or not given.get("candidateName") or not given.get("candidatePhone"):
            raise Refusal("2002", "身份信息错误")
        order = {
            "orderNo": f"{self.now.astimezone(_ZONE):%Y%m%d%H%M%S}{len(self.orders) + 1:03d}",
            "status": _UNPAID,
            "_items": items,
            "_person": person,
            "_name": given["candidateName"],
        }
        self.orders[seq] = order
        return order

    def _pay(self, number: Any) -> Row:
        order = next((o for o in self.orders.values() if o["orderNo"] == number), None)
        if order is None:
            raise Refusal("2404", "数据不存在")
        if order["status"] == _UNPAID:
            if self._balance <= 0:
                raise Refusal("4001", "余额不足")
            self._balance -= 1
            order["status"] = _UNSIGNED
        return order


def _order(order: Row) -> Row:
    # Of an order 40 means that it runs, of a check that consent is awaited.
    status = {_RUNNING: 40}.get(order["status"], order["status"])
    record = {"recordNo": _record_no(order), "status": order["status"]}
    return {"orderNo": order["orderNo"], "status": status, "records": [record]}


def _record_no(order: Row) -> str:
    return f"{order['orderNo']}000001"


def _record(order: Row) -> Row:
    done = order["status"] == _DONE
    items = [_item(number, order, done=done) for number in order["_items"]]
    odd = any(item["conclusion"] == "不一致" for item in items)
    return {
        "recordNo": _record_no(order),
        "orderNo": order["orderNo"],
        "candidateName": order["_name"],
        "status": order["status"],
        "finishTime": order.get("finishTime"),
        "riskLevel": ("yellow" if odd else "green") if done else None,
        "items": items,
    }


def _item(number: int, order: Row, *, done: bool) -> Row:
    """Return an item: some schools do not answer, and a wrong name is noticed."""
    person: WorldPerson = order["_person"]
    item: Row = {"itemId": number, "itemName": _ITEMS[number], "status": 1, "conclusion": None}
    if not done:
        return item
    if number == 3 and int(person.national_id[-4:-1]) % 5 == 0:
        return {**item, "status": 9}
    same = number != 1 or order["_name"] == person.display_name
    word = "无异常" if number == 14 else "一致" if same else "不一致"
    results = [{"k": "核实结果", "v": word}]
    sections = [{"sectionIndex": 1, "results": results}]
    return {**item, "status": 2, "conclusion": word, "sections": sections}


def _sign(text: str) -> str:
    return hashlib.md5(f"{text}{TOKEN}".encode(), usedforsecurity=False).hexdigest().upper()
