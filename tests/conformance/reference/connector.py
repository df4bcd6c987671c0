"""Acme HR: employees, punches, an assessment, a contact book, signed reports."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from pydantic import SecretStr

from hrhub.connector import (
    Checked,
    Connector,
    ConnectorConfig,
    Delivery,
    Event,
    EventReceiver,
    HttpStream,
    JsonRecords,
    Mode,
    ModifiedSince,
    OrderKind,
    OrderRequest,
    OrderService,
    OrderState,
    OrderStatus,
    Package,
    Page,
    Planned,
    Received,
    Session,
    Sink,
    VendorAnswer,
    Write,
    WriteStatus,
    Written,
    page_of,
    setting,
)
from hrhub.errors import AuthError, ContractChanged, RowRejected, ScopeError, Throttled
from hrhub.http.answer import Answer
from hrhub.http.auth import Auth, ClientCredentials
from hrhub.http.budget import Rate
from hrhub.http.paging import CursorParam, PageNumber
from hrhub.http.problems import JsonCode

MAX_AGE_S = 300


class AcmeConfig(ConnectorConfig):
    """One Acme tenant."""

    api_url: str = setting(title="Address", help="Root of the interface.", slot="host")
    client_id: str = setting(title="Client", help="Who we are.", slot="login")
    client_secret: SecretStr = setting(title="Secret", help="Of the client.", slot="password")
    signing_key: SecretStr = setting(title="Signing key", help="Signs reports.")


def base_url(config: ConnectorConfig) -> str:
    assert isinstance(config, AcmeConfig)
    return config.api_url


def auth(config: ConnectorConfig) -> Auth:
    assert isinstance(config, AcmeConfig)
    return ClientCredentials("oauth/token", config.client_id, config.client_secret)


def check(session: Session) -> Checked:
    answer = session.http.get("me").json()
    return Checked("Acme HR", {"tenant": str(answer["data"]["tenant"])})


@dataclass(frozen=True, kw_only=True)
class Assessments(OrderService):
    """Assessments, placed under our key and looked up before another try."""

    def catalog(self, session: Session) -> Sequence[Package]:
        data = session.http.get("packages").json()["data"]
        return [Package(code=p["id"], title=p["title"], needs=("display_name",)) for p in data]

    def place(self, session: Session, request: OrderRequest) -> OrderState:
        if (there := self.find(session, request.key)) is not None:
            return there
        body = {
            "externalId": request.key,
            "package": request.package,
            "name": request.subject["display_name"],
        }
        return self.state(session.http.post("orders", json=body))

    def find(self, session: Session, key: str) -> OrderState | None:
        answer = session.http.get("orders", params={"externalId": key})
        data = answer.json()["data"]
        return self.read(data[0]) if data else None

    def status(self, session: Session, vendor_id: str) -> OrderState:
        return self.state(session.http.get(f"orders/{vendor_id}"))

    def result(self, session: Session, vendor_id: str) -> Page:
        return page_of(session.http.get(f"orders/{vendor_id}/report"))

    def cancel(self, session: Session, vendor_id: str) -> OrderState:
        state = self.status(session, vendor_id)
        if state.status in (OrderStatus.CANCELLED, OrderStatus.COMPLETED):
            return state
        return self.state(session.http.post(f"orders/{vendor_id}/cancel", json={}))

    def state(self, answer: Answer) -> OrderState:
        return self.read(answer.json()["data"])

    def read(self, data: dict[str, Any]) -> OrderState:
        status = self.statuses.get(data["status"])
        if status is None:
            raise ContractChanged("acme.status_unknown")
        return OrderState(vendor_id=data["id"], status=status, vendor_status=data["status"])


@dataclass(frozen=True, kw_only=True)
class Contacts(Sink):
    """The contact book; it takes the same entry twice, so we look first."""

    def plan(self, session: Session, writes: Sequence[Write]) -> list[Planned]:
        return [
            Planned(key=w.key, target="POST contacts", fields=("workNo", "mobile")) for w in writes
        ]

    def write(self, session: Session, writes: Sequence[Write]) -> list[Written]:
        return [self.one(session, w) for w in writes]

    def one(self, session: Session, write: Write) -> Written:
        if not set(self.required) <= write.values.keys():
            return Written(key=write.key, status=WriteStatus.REFUSED, code="acme.incomplete")
        if (there := self.find(session, write)) is not None:
            return there
        data = session.http.post("contacts", json=self.body(write)).json()["data"]
        return Written(key=write.key, status=WriteStatus.WRITTEN, vendor_id=data["id"])

    def body(self, write: Write) -> dict[str, Any]:
        return {
            "externalId": write.key,
            "workNo": write.values["work_no"],
            "mobile": write.values["mobile"],
        }

    def find(self, session: Session, write: Write) -> Written | None:
        answer = session.http.get("contacts", params={"externalId": write.key})
        data = answer.json()["data"]
        if not data:
            return None
        return Written(key=write.key, status=WriteStatus.UNCHANGED, vendor_id=data[0]["id"])


def signature(key: str, event_id: str, stamp: str, body: bytes) -> str:
    return hmac.new(key.encode(), f"{event_id}.{stamp}.".encode() + body, "sha256").hexdigest()


@dataclass(frozen=True, kw_only=True)
class Changes(EventReceiver):
    """Reports of changes, signed over id, time and body."""

    def verify(self, config: ConnectorConfig, received: Received, now: datetime) -> None:
        assert isinstance(config, AcmeConfig)
        headers = received.headers
        stamp = headers.get("x-acme-time", "")
        wanted = signature(
            config.signing_key.get_secret_value(),
            headers.get("x-acme-id", ""),
            stamp,
            received.body,
        )
        genuine = hmac.compare_digest(wanted, headers.get("x-acme-signature", ""))
        if not genuine or abs(now.timestamp() - float(stamp)) > MAX_AGE_S:
            raise AuthError("event.refused")

    def parse(self, config: ConnectorConfig, received: Received) -> Sequence[Event]:
        try:
            data = msgspec.json.decode(received.body)
            return [
                Event(
                    id=received.headers["x-acme-id"],
                    type=data["type"],
                    stream="employees",
                    keys=tuple(data["keys"]),
                )
            ]
        except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
            raise RowRejected("parse", "", "json") from None


ERRORS = {
    "40100": VendorAnswer(AuthError, "auth.refused"),
    "40300": VendorAnswer(ScopeError, "auth.missing_right"),
    "40400": VendorAnswer(ContractChanged, "acme.unknown"),
    "50001": VendorAnswer(Throttled, "vendor.throttled"),
}
WORD = {"what": "Acme: {code}", "who": "{connection}", "do": "-"}
CODES = ("acme.unknown", "acme.status_unknown", "acme.incomplete", "event.refused")
WORDS = {language: dict.fromkeys(CODES, WORD) for language in ("en", "zh")}

EMPLOYEES = HttpStream(
    name="employees",
    title="Employees",
    feed="employee",
    key=("id",),
    records=JsonRecords("data"),
    volatile=("fetchedAt",),
    path="employees",
    pages=PageNumber(size=12, records="data", total="total"),
    cursor=ModifiedSince("changedSince", lookback_s=60, safety_lag_s=0),
    total="total",
)
PUNCHES = HttpStream(
    name="punches",
    title="Punches",
    feed="punch",
    key=("seq",),
    records=JsonRecords("data"),
    mode=Mode.FULL,
    after=("employees",),
    path="punches",
    params={"limit": 40},
    pages=CursorParam("next", "after"),
)
ORDERS = Assessments(
    name="assessments",
    title="Assessments",
    kind=OrderKind.ASSESSMENT,
    feed="assessment_result",
    records=JsonRecords("data"),
    statuses={
        "WAITING": OrderStatus.PLACED,
        "DONE": OrderStatus.COMPLETED,
        "DROPPED": OrderStatus.CANCELLED,
    },
)
CONTACTS = Contacts(
    name="contacts",
    title="Contact book",
    fields=("work_no", "mobile"),
    required=("work_no", "mobile"),
    delivery=Delivery.LOOKUP,
)
CHANGES = Changes(name="changes", title="Changes")

connector = Connector(
    name="acme",
    title="Acme HR",
    version="1.0.0",
    config=AcmeConfig,
    base_url=base_url,
    auth=auth,
    check=check,
    streams=(EMPLOYEES, PUNCHES),
    orders=(ORDERS,),
    sinks=(CONTACTS,),
    events=(CHANGES,),
    errors=ERRORS,
    code_of=JsonCode("code", in_success=True),
    rate=Rate(per_s=20, burst=5),
    words=WORDS,
)
