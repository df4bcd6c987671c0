"""A vendor that checks people, on a real socket, with every trouble that a test may ask for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from pydantic import SecretStr

from hrhub.ambient import SystemClock
from hrhub.connector import (
    Checked,
    Connector,
    ConnectorConfig,
    JsonRecords,
    OrderKind,
    OrderRequest,
    OrderService,
    OrderState,
    OrderStatus,
    Package,
    Page,
    Session,
    page_of,
    setting,
)
from hrhub.errors import ContractChanged, RowRejected
from hrhub.http.testing import Received, Reply, ScriptedServer

CONNECTION = "bureau_default"
MAPPING = """
stream: bureau.checks
to: background_check
key: number
fields:
  order: order
  overall: {from: verdict, codes: {green: clear, red: adverse}, else: reject}
  overall_raw: verdict
each:
  item:
    - from: items
      fields: {kind: kind, verdict: outcome}
"""
STATUSES = {
    "new": OrderStatus.AWAITING_SUBJECT,
    "working": OrderStatus.IN_PROGRESS,
    "some": OrderStatus.PARTIAL,
    "done": OrderStatus.COMPLETED,
    "void": OrderStatus.CANCELLED,
}


class BureauConfig(ConnectorConfig):
    """Where the bureau is."""

    url: str = setting(title="Address", help="Its root.", slot="host")
    key: SecretStr = setting(SecretStr("-"), title="Key", help="Its key.", slot="password")


class Checks(OrderService):
    """Checks of people's past."""

    def catalog(self, session: Session) -> Sequence[Package]:
        """Return two packages."""
        session.http.get("/packages")
        return [
            Package(code="basic", title="Basic", needs=("display_name", "mobile")),
            Package(code="deep", title="Deep", needs=("display_name", "national_id")),
        ]

    def place(self, session: Session, request: OrderRequest) -> OrderState:
        """Place one; the bureau itself knows no keys, it makes an order for every request."""
        known = self.find(session, request.key)
        if known is not None:
            return known
        body = {"ref": request.key, "package": request.package, "who": dict(request.subject)}
        answer = session.http.post("/orders", json=body, ok=(422,))
        if answer.status == 422:
            raise RowRejected("policy", "mobile", "bureau.mobile")
        return self._state(answer.json())

    def find(self, session: Session, key: str) -> OrderState | None:
        """Return the order of a reference."""
        rows = session.http.get("/orders", params={"ref": key}).json()["orders"]
        return self._state(rows[0]) if rows else None

    def status(self, session: Session, vendor_id: str) -> OrderState:
        """Return where one stands."""
        return self._state(session.http.get(f"/orders/{vendor_id}").json())

    def result(self, session: Session, vendor_id: str) -> Page:
        """Return its report."""
        return page_of(session.http.get(f"/orders/{vendor_id}/report"), meta={"order": vendor_id})

    def cancel(self, session: Session, vendor_id: str) -> OrderState:
        """Cancel it, if the bureau has not begun."""
        return self._state(session.http.post(f"/orders/{vendor_id}/cancel", idempotent=True).json())

    def _state(self, row: Mapping[str, Any]) -> OrderState:
        status = self.statuses.get(row["status"])
        if status is None:
            raise ContractChanged("order.status_unknown", vendor_code=row["status"])
        return OrderState(
            vendor_id=row["id"],
            status=status,
            vendor_status=row["status"],
            invite_url=f"https://bureau.example/{row['id']}",
            aliases=(f"file-{row['id']}",),
        )


class ReportRecords(JsonRecords):
    """Reports in a list; the order they belong to comes from the page."""

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode one and put its order beside it."""
        return {**super().decode(raw, meta), "order": meta["order"]}


def _check(session: Session) -> Checked:
    return Checked("Bureau")


def _url(config: ConnectorConfig) -> str:
    assert isinstance(config, BureauConfig)
    return config.url


checks = Checks(
    name="checks",
    title="Checks",
    kind=OrderKind.BACKGROUND,
    feed="background_check",
    consent="background_check",
    statuses=STATUSES,
    records=ReportRecords("reports"),
)
connector = Connector(
    name="bureau",
    title="Bureau",
    version="1",
    config=BureauConfig,
    base_url=_url,
    check=_check,
    orders=(checks,),
)


class Bureau:
    """The vendor.

    Attributes:
        orders: Its orders by id.
        reports: Reports by order; those of an order without one are green.
        lose: How many answers to orders are lost on their way, after the order was made.
        down: How many requests are answered with 503.
        wait_s: How long an order takes to make: for two that come at once.
        refuses: Whether it refuses people's data.
        broken: Orders whose report is not what was agreed.
        cancels: Whether it takes cancellations.
        before: Called with each request before it takes effect.
        after: Called with each request when it has taken effect, before it is answered.
    """

    def __init__(self) -> None:
        self.orders: dict[str, dict[str, Any]] = {}
        self.reports: dict[str, Any] = {}
        self.told: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.lose = 0
        self.down = 0
        self.wait_s = 0.0
        self.refuses = False
        self.broken: set[str] = set()
        self.cancels = True
        self.before: Callable[[str], None] = lambda _: None
        self.after: Callable[[str], None] = lambda _: None
        self._lock = threading.Lock()
        self._server = ScriptedServer(self._answer)
        self._server.__enter__()

    @property
    def config(self) -> BureauConfig:
        """A connection to it."""
        return BureauConfig(url=self._server.url, allow_networks=["127.0.0.0/8"])

    def stop(self) -> None:
        """Close it."""
        self._server.__exit__(None, None, None)

    def move(self, word: str, order_id: str | None = None) -> None:
        """Move one order, or all, to a status."""
        for row in self.orders.values():
            if order_id in (None, row["id"]):
                row["status"] = word

    def _answer(self, asked: Received) -> Reply:
        name = f"{asked.method} {asked.path}"
        self.before(name)
        reply = self._reply(asked)
        self.after(name)
        return reply

    def _reply(self, asked: Received) -> Reply:
        with self._lock:
            self.asked.append(f"{asked.method} {asked.path}")
            if self.down:
                self.down -= 1
                return Reply.json({}, 503)
        match asked.method, asked.path.strip("/").split("/"):
            case "GET", ["packages"]:
                return Reply.json({})
            case "GET", ["orders"]:
                found = [o for o in self.orders.values() if o["ref"] == asked.params["ref"]]
                return Reply.json({"orders": found})
            case "POST", ["orders"]:
                return self._place(msgspec.json.decode(asked.body))
            case "GET", ["orders", order_id]:
                return Reply.json(self.orders[order_id])
            case "GET", ["orders", order_id, "report"]:
                whole = {"reports": [self._report(order_id)]}
                return Reply.json({} if order_id in self.broken else whole)
            case "POST", ["orders", order_id, "cancel"]:
                if self.cancels:
                    self.orders[order_id]["status"] = "void"
                return Reply.json(self.orders[order_id])
        return Reply.json({}, 404)

    def _place(self, body: dict[str, Any]) -> Reply:
        if self.refuses:
            return Reply.json({}, 422)
        if self.wait_s:
            SystemClock().sleep(self.wait_s)
        with self._lock:
            order_id = f"B{len(self.orders) + 1:04d}"
            self.orders[order_id] = {"id": order_id, "ref": body["ref"], "status": "new"}
            self.told.append(body)
            if self.lose:
                self.lose -= 1
                return Reply(reset=True)
        return Reply.json(self.orders[order_id], 201)

    def _report(self, order_id: str) -> Any:
        whole = {"number": f"R-{order_id}", "verdict": "green", "items": []}
        return self.reports.get(order_id, whole)
