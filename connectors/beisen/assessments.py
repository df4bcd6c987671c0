"""Assessments (测评) as orders: somebody is added to an activity, takes it, and a report is made.

Nothing public states this interface: its root is a setting, and its shape is assumed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.beisen.settings import BeisenConfig
from hrhub.connector import (
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
)
from hrhub.errors import ContractChanged, RowRejected

STATUSES = {
    "0": OrderStatus.AWAITING_SUBJECT,
    "1": OrderStatus.IN_PROGRESS,
    # Taken; the report is being made.
    "2": OrderStatus.IN_PROGRESS,
    "3": OrderStatus.COMPLETED,
    "4": OrderStatus.EXPIRED,
}
NEEDS = ("display_name", "mobile")


class ReportRecords(JsonRecords):
    """Reports of one person, one per product; the order they belong to comes from the page."""

    def __init__(self) -> None:
        super().__init__("data", optional=True)

    def split(self, body: bytes) -> Sequence[bytes | memoryview]:
        """Cut a body into reports.

        Raises:
            ContractChanged: There is none.
        """
        if not (reports := super().split(body)):
            raise ContractChanged("vendor.records_missing", path=self.path)
        return reports

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode a report and put its order beside it."""
        return {"order": meta.get("order"), **super().decode(raw, meta)}


class Assessments(OrderService):
    """Assessments of one person."""

    def catalog(self, session: Session) -> Sequence[Package]:
        """Return the activities that people can be added to."""
        answer = session.http.get(f"{_root(session)}/Activity/GetList")
        return [
            Package(
                code=str(row["activityId"]),
                title=str(row["activityName"]),
                needs=NEEDS,
                doc=", ".join(str(p.get("productName")) for p in row.get("products") or ()),
            )
            for row in _rows(answer.json())
        ]

    def place(self, session: Session, request: OrderRequest) -> OrderState:
        """Add the person to an activity; the same key again returns the order that is there.

        Raises:
            RowRejected: Name or mobile is missing, or Beisen refuses the person.
        """
        request.require(NEEDS, "beisen.testee")
        # Whether Beisen would take one external id for one person twice is not known.
        if (known := self.find(session, request.key)) is not None:
            return known
        testee = {
            "externalId": request.key,
            "name": str(request.subject["display_name"]),
            "mobile": str(request.subject["mobile"]).removeprefix("+86"),
        }
        body = {"activityId": request.package, "testees": [testee], "notify": False}
        answer = session.http.post(f"{_root(session)}/Activity/AddTestee", json=body)
        item = _one(_rows(answer.json()), "externalId", request.key)
        if str(item.get("code", "200")) != "200" or not item.get("testeeId"):
            raise RowRejected("policy", "display_name", "beisen.testee_refused")
        return OrderState(
            vendor_id=str(item["testeeId"]),
            status=OrderStatus.AWAITING_SUBJECT,
            vendor_status="0",
            invite_url=item.get("testUrl"),
        )

    def find(self, session: Session, key: str) -> OrderState | None:
        """Return the order of a key."""
        rows = self._ask(session, "externalIds", key)
        found = [row for row in rows if str(row.get("externalId")) == key]
        return self._state(found[0]) if found else None

    def status(self, session: Session, vendor_id: str) -> OrderState:
        """Return where an order stands."""
        return self._state(_one(self._ask(session, "testeeIds", vendor_id), "testeeId", vendor_id))

    def result(self, session: Session, vendor_id: str) -> Page:
        """Return the reports."""
        path = f"{_root(session)}/Report/GetByTesteeId"
        answer = session.http.post(path, json={"testeeId": vendor_id}, idempotent=True)
        return page_of(answer, meta={"order": vendor_id})

    def _ask(self, session: Session, name: str, value: str) -> Sequence[Mapping[str, Any]]:
        path = f"{_root(session)}/Testee/GetStatus"
        return _rows(session.http.post(path, json={name: [value]}, idempotent=True).json())

    def _state(self, row: Mapping[str, Any]) -> OrderState:
        word = str(row.get("status"))
        status = self.statuses.get(word)
        if status is None:
            safe = word if re.fullmatch(r"\w{1,40}", word, re.ASCII) else "unreadable"
            raise ContractChanged("order.status_unknown", vendor_code=safe, vendor="Beisen")
        return OrderState(
            vendor_id=str(row["testeeId"]),
            status=status,
            vendor_status=word,
            invite_url=row.get("testUrl"),
        )


def _root(session: Session) -> str:
    config = session.config
    assert isinstance(config, BeisenConfig)
    return f"/{config.assessment_root.strip('/')}"


def _rows(said: Any) -> Sequence[Mapping[str, Any]]:
    """Return the list of an answer.

    Raises:
        ContractChanged: It has none.
    """
    data = said.get("data") if isinstance(said, dict) else None
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise ContractChanged("vendor.records_missing", path="data")
    return data


def _one(rows: Sequence[Mapping[str, Any]], name: str, value: str) -> Mapping[str, Any]:
    for row in rows:
        if str(row.get(name)) == value:
            return row
    raise ContractChanged("vendor.records_missing", path=f"data.{name}")


assessments = Assessments(
    name="assessments",
    title="Assessment",
    kind=OrderKind.ASSESSMENT,
    feed="assessment_result",
    consent="assessment",
    statuses=STATUSES,
    records=ReportRecords(),
)
