"""Education checks as orders: the person issues a report and its code, the report is compared.

The code opens the report to whoever has it, so it stays between the person and the checker: the
hub neither asks for it nor keeps it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

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
from hrhub.errors import RowRejected

VENDOR = "education checker"
STATUSES = {
    "REQUESTED": OrderStatus.AWAITING_SUBJECT,
    "CODE_RECEIVED": OrderStatus.IN_PROGRESS,
    "VERIFIED": OrderStatus.COMPLETED,
    "MISMATCH": OrderStatus.COMPLETED,
    # Diplomas from before 2001 and foreign ones are not at CHSI: that is an answer, and no fault.
    "NOT_FOUND": OrderStatus.COMPLETED,
    # The code ran out, and its holder did not extend it.
    "EXPIRED": OrderStatus.EXPIRED,
    # The holder closed the report, as everybody may at any time.
    "CLOSED": OrderStatus.FAILED,
    "CANCELLED": OrderStatus.CANCELLED,
}
NEEDS = ("display_name", "national_id", "mobile")

_TITLES = {"XUELI": "学历 Diploma", "XUEJI": "学籍 Enrolment", "XUEWEI": "学位 Degree"}
_REFUSED = (400, 422)
_NUMBER = re.compile(r"\d{18}")


class Findings(JsonRecords):
    """A check with what the report says under ``findings``.

    The code, the name and the masked identity number are left out: the first opens the report, the
    others are known. A certificate number that does not look like one is kept, with a word on it.
    """

    def __init__(self) -> None:
        super().__init__("data", single=True, facts=("order",))

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode a check."""
        check = super().decode(raw, meta)
        report = check.pop("report", None)
        if isinstance(report, dict):
            kept = {name: value for name, value in report.items() if name not in _LEFT_OUT}
            doubts = doubts_of(kept.get("certificateNo"), kept.get("graduateDate"))
            check["findings"] = kept | ({"certificateDoubts": doubts} if doubts else {})
        return check


_LEFT_OUT = frozenset({"verifyCode", "name", "idNoMasked"})


def doubts_of(number: Any, graduated: Any) -> list[str]:
    """Return what is odd about a certificate number: its form, or the year inside it.

    Five digits name the school, one the form of study, four the year, two the level and six count.
    """
    if number in (None, ""):
        return []
    if not (isinstance(number, str) and _NUMBER.fullmatch(number)):
        return ["form"]
    year = str(graduated or "")[:4]
    return ["year"] if year and number[6:10] != year else []


class Reports(OrderService):
    """Online verification reports of one person."""

    def catalog(self, session: Session) -> Sequence[Package]:
        """Return the kinds of report that the contract covers."""
        return [
            Package(
                code=row["reportType"],
                title=_TITLES.get(row["reportType"], row["reportType"]),
                needs=NEEDS,
                doc="The person logs in to CHSI, issues the report and enters its code.",
            )
            for row in session.http.get("/v1/report-types").json()["data"]
        ]

    def place(self, session: Session, request: OrderRequest) -> OrderState:
        """Have the person asked for the code; the same key again returns the check that is there.

        Raises:
            RowRejected: Name, number or mobile is missing, or the checker refuses them.
        """
        request.require(NEEDS, "chsi.person")
        subject = request.subject
        body = {
            "clientNo": request.key,
            "reportType": request.package,
            "person": {
                "name": str(subject["display_name"]),
                "idNo": str(subject["national_id"]),
                "mobile": str(subject["mobile"]).removeprefix("+86"),
            },
            "consent": request.consent,
        }
        # The key makes it safe to send it again.
        answer = session.http.post("/v1/checks", json=body, idempotent=True, ok=_REFUSED)
        if answer.status in _REFUSED:
            raise RowRejected("policy", "national_id", "chsi.person")
        return self._state(answer.json()["data"])

    def find(self, session: Session, key: str) -> OrderState | None:
        """Return the check of a key."""
        found = session.http.get("/v1/checks", params={"clientNo": key}).json()["data"]
        return self._state(found[0]) if found else None

    def status(self, session: Session, vendor_id: str) -> OrderState:
        """Return where a check stands."""
        return self._state(session.http.get(f"/v1/checks/{vendor_id}").json()["data"])

    def result(self, session: Session, vendor_id: str) -> Page:
        """Return what the report said, and whether it is the person's."""
        answer = session.http.get(f"/v1/checks/{vendor_id}/result")
        return page_of(answer, meta={"order": vendor_id})

    def cancel(self, session: Session, vendor_id: str) -> OrderState:
        """Cancel a check whose code has not come; others stay as they are."""
        state = self.status(session, vendor_id)
        if state.status is not OrderStatus.AWAITING_SUBJECT:
            return state
        session.http.post(f"/v1/checks/{vendor_id}/cancel", json={}, idempotent=True, ok=(409,))
        return self.status(session, vendor_id)

    def _state(self, check: Mapping[str, Any]) -> OrderState:
        return self.state_of(
            str(check["checkNo"]),
            str(check["state"]),
            changed_at=datetime.fromisoformat(check["changedAt"]),
            invite_url=check.get("inviteUrl"),
        )


reports = Reports(
    name="reports",
    title="Education report",
    kind=OrderKind.EDUCATION,
    feed="background_check",
    # It goes to a third party (PIPL Art. 23), for the purpose of a background check.
    consent="background_check",
    statuses=STATUSES,
    records=Findings(),
    turnaround=timedelta(days=30),
)
