"""Interviews as orders: somebody is invited for a position, answers, and a report is made.

The platform knows an invitation, and the person in it, by our key (``outInvitationId``): the same
key again is the same invitation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.ai_interview.results import ResultRecords
from connectors.ai_interview.settings import AiInterviewConfig
from hrhub.connector import (
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
from hrhub.http.answer import Answer

STATUSES = {
    "INVITED": OrderStatus.AWAITING_SUBJECT,
    "OPENED": OrderStatus.AWAITING_SUBJECT,
    "IN_PROGRESS": OrderStatus.IN_PROGRESS,
    "SUBMITTED.NONE": OrderStatus.IN_PROGRESS,
    "SUBMITTED.GENERATING": OrderStatus.IN_PROGRESS,
    # The platform may make the report once more; until then the order grows overdue.
    "SUBMITTED.FAILED": OrderStatus.IN_PROGRESS,
    "SUBMITTED.READY": OrderStatus.COMPLETED,
    "EXPIRED": OrderStatus.EXPIRED,
    "CANCELLED": OrderStatus.CANCELLED,
}
NEEDS = ("display_name", "mobile")

_CANCELLABLE = ("INVITED", "OPENED", "IN_PROGRESS")
_WINDOW = timedelta(days=31)
_PAGE = 100
_BAD_PARAMETER = "40000"


class Interviews(OrderService):
    """AI interviews of one person."""

    def catalog(self, session: Session) -> Sequence[Package]:
        """Return the positions that people can be interviewed for now."""
        return [
            Package(code=row["positionId"], title=row["name"], needs=NEEDS)
            for row in _rows(session, "/positions", {})
            if row.get("status") == "OPEN"
        ]

    def place(self, session: Session, request: OrderRequest) -> OrderState:
        """Invite somebody; the same key again returns the invitation that is there.

        Raises:
            RowRejected: Name or mobile is missing, or the platform refuses them.
        """
        config = session.config
        assert isinstance(config, AiInterviewConfig)
        body = {
            "outInvitationId": request.key,
            "positionId": request.package,
            "candidate": _candidate(request),
            "job": {"outJobId": request.package},
            "expireDays": config.expire_days,
            "notify": config.notify,
            "callbackUrl": request.callback_url or config.callback_url or None,
        }
        try:
            # The key makes it safe to send it again.
            answer = session.http.post("/invitations", json=body, idempotent=True)
        except ContractChanged as error:
            if error.context.get("vendor_code") != _BAD_PARAMETER:
                raise
            raise RowRejected("policy", "mobile", "ai_interview.person") from None
        made = _told(answer)
        return self._state({"status": "INVITED", "outInvitationId": request.key, **made})

    def find(self, session: Session, key: str) -> OrderState | None:
        """Return the invitation of a key among those that moved in the last 31 days."""
        # A minute for a platform whose clock is ahead of ours.
        until = session.clock.now() + timedelta(minutes=1)
        window = {
            "updatedFrom": (until - _WINDOW).isoformat(timespec="seconds"),
            "updatedTo": until.isoformat(timespec="seconds"),
        }
        for row in _rows(session, "/invitations", window):
            if row.get("outInvitationId") == key:
                return self._state(row)
        return None

    def status(self, session: Session, vendor_id: str) -> OrderState:
        """Return where an invitation stands."""
        return self._state(_told(session.http.get(f"/invitations/{vendor_id}/result")))

    def result(self, session: Session, vendor_id: str) -> Page:
        """Return the result."""
        answer = session.http.get(f"/invitations/{vendor_id}/result")
        return page_of(answer, meta={"order": vendor_id})

    def cancel(self, session: Session, vendor_id: str) -> OrderState:
        """Withdraw an invitation that is not answered yet; others stay as they are."""
        state = self.status(session, vendor_id)
        if state.vendor_status not in _CANCELLABLE:
            return state
        path = f"/invitations/{vendor_id}/cancel"
        session.http.post(path, json={"reason": "withdrawn"}, idempotent=True)
        return self.status(session, vendor_id)

    def _state(self, row: Mapping[str, Any]) -> OrderState:
        word, changed = str(row["status"]), row.get("updatedAt") or row.get("submittedAt")
        if word == "SUBMITTED":
            word = f"{word}.{row.get('reportStatus')}"
        ours = row.get("outInvitationId")
        return self.state_of(
            str(row["invitationId"]),
            word,
            changed_at=datetime.fromisoformat(changed) if changed else None,
            invite_url=row.get("interviewUrl"),
            aliases=(str(ours),) if ours else (),
        )


def _told(answer: Answer) -> Mapping[str, Any]:
    """Return what an answer holds.

    Raises:
        ContractChanged: Nothing.
    """
    said = answer.json()
    data = said.get("data") if isinstance(said, dict) else None
    if not isinstance(data, dict):
        raise ContractChanged("vendor.records_missing", path="data")
    return data


def _rows(session: Session, path: str, params: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """Yield the items of a list, page by page."""
    number, seen, total = 1, 0, 1
    while seen < total:
        asked = {**params, "page": number, "pageSize": _PAGE}
        page = _told(session.http.get(path, params=asked))
        items, total = page["items"], int(page["total"])
        if not items:
            return
        yield from items
        number, seen = number + 1, seen + len(items)


def _candidate(request: OrderRequest) -> dict[str, str]:
    request.require(NEEDS, "ai_interview.person")
    mobile = str(request.subject["mobile"])
    if mobile.startswith("+") and not mobile.startswith("+86"):
        raise RowRejected("policy", "mobile", "ai_interview.mainland")
    return {
        # The order's key names the person too: what is erased belongs to one order.
        "outCandidateId": request.key,
        "name": str(request.subject["display_name"]),
        "mobile": mobile.removeprefix("+86"),
        "mobileCountryCode": "86",
    }


interviews = Interviews(
    name="interviews",
    title="AI interview",
    kind=OrderKind.INTERVIEW,
    feed="interview",
    consent="ai_interview",
    statuses=STATUSES,
    records=ResultRecords(),
)
