"""Background checks as orders: the person consents, items are looked into, a report says what came.

The platform knows an order by our key (``clientOrderNo``): the same key again is the same order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.background_cn.settings import BackgroundConfig
from connectors.background_cn.signing import sealed_field
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
from hrhub.http.answer import Answer

STATUSES = {
    "CREATED": OrderStatus.PLACED,
    "CONSENT_PENDING": OrderStatus.AWAITING_SUBJECT,
    "CONSENTED": OrderStatus.IN_PROGRESS,
    "IN_PROGRESS": OrderStatus.IN_PROGRESS,
    # Something is missing; the platform asks the person for it.
    "SUSPENDED": OrderStatus.IN_PROGRESS,
    "INTERIM": OrderStatus.PARTIAL,
    "COMPLETED": OrderStatus.COMPLETED,
    "CONSENT_REFUSED": OrderStatus.FAILED,
    "CONSENT_EXPIRED": OrderStatus.EXPIRED,
    "CANCELLED": OrderStatus.CANCELLED,
}
NEEDS = ("display_name", "national_id", "mobile")
SCOPE = ("IDENTITY", "EDUCATION", "EMPLOYMENT", "LITIGATION", "NON_COMPETE")
"""What the consent that is ordered under covers."""

_PERSON_CODES = ("2001", "2002")
_UNTIL_CONSENT = ("CREATED", "CONSENT_PENDING")
_WINDOW = timedelta(days=7)
_PAGE = 100


class Checks(OrderService):
    """Background checks of one person."""

    def catalog(self, session: Session) -> Sequence[Package]:
        """Return the packages that the contract with the platform covers."""
        return [
            Package(
                code=row["packageCode"],
                title=row["name"],
                needs=NEEDS,
                doc=", ".join(row.get("items") or ()),
            )
            for row in _told(session.http.get("/v1/packages"))
        ]

    def place(self, session: Session, request: OrderRequest) -> OrderState:
        """Place an order; the same key again returns the order that is there.

        Raises:
            RowRejected: Name, number or mobile is missing, or the platform refuses them.
        """
        config = session.config
        assert isinstance(config, BackgroundConfig)
        body = {
            "clientOrderNo": request.key,
            "packageCode": request.package,
            "candidate": _candidate(request, config),
            "encrypted": bool(config.field_key.get_secret_value()),
            "consent": {
                "mode": config.consent_mode,
                "scope": list(SCOPE),
                "version": request.consent,
            },
            "callbackUrl": request.callback_url,
        }
        try:
            # The key makes it safe to send it again.
            answer = session.http.post("/v1/orders", json=body, idempotent=True)
        except ContractChanged as error:
            code = str(error.context.get("vendor_code"))
            if code not in _PERSON_CODES:
                raise
            raise RowRejected("policy", "national_id", f"background.person_{code}") from None
        return self._state(_told(answer))

    def find(self, session: Session, key: str) -> OrderState | None:
        """Return the order of a key among those that moved in the last seven days."""
        for order in _recent(session):
            if order.get("clientOrderNo") == key:
                return self._state(order)
        return None

    def status(self, session: Session, vendor_id: str) -> OrderState:
        """Return where an order stands."""
        return self._state(_told(session.http.get(f"/v1/orders/{vendor_id}")))

    def result(self, session: Session, vendor_id: str) -> Page:
        """Return the report."""
        path = f"/v1/orders/{vendor_id}/report"
        answer = session.http.get(path, params={"format": "json"})
        return page_of(answer, meta={"order": vendor_id})

    def cancel(self, session: Session, vendor_id: str) -> OrderState:
        """Cancel an order that the person has not consented to yet; others stay as they are."""
        state = self.status(session, vendor_id)
        if state.vendor_status not in _UNTIL_CONSENT:
            return state
        session.http.post(f"/v1/orders/{vendor_id}/cancel", json={}, idempotent=True)
        return self.status(session, vendor_id)

    def _state(self, order: Mapping[str, Any]) -> OrderState:
        changed = order.get("updatedAt")
        return self.state_of(
            str(order["orderNo"]),
            str(order["status"]),
            changed_at=datetime.fromisoformat(changed) if changed else None,
            invite_url=order.get("consentUrl"),
        )


def _told(answer: Answer) -> Any:
    """Return what an answer holds.

    Raises:
        ContractChanged: Nothing.
    """
    said = answer.json()
    data = said.get("data") if isinstance(said, dict) else None
    if data is None:
        raise ContractChanged("vendor.records_missing", path="data")
    return data


def _recent(session: Session) -> Iterator[Mapping[str, Any]]:
    """Yield the orders of the last days, page by page."""
    # A minute for a platform whose clock is ahead of ours.
    until = session.clock.now() + timedelta(minutes=1)
    window = {
        "updatedFrom": (until - _WINDOW).isoformat(timespec="seconds"),
        "updatedTo": until.isoformat(timespec="seconds"),
    }
    number, seen, total = 1, 0, 1
    while seen < total:
        params = {**window, "pageNo": number, "pageSize": _PAGE}
        page = _told(session.http.get("/v1/orders", params=params))
        rows, total = page["list"], int(page["total"])
        if not rows:
            return
        yield from rows
        number, seen = number + 1, seen + len(rows)


def _candidate(request: OrderRequest, config: BackgroundConfig) -> dict[str, str]:
    subject = request.subject
    request.require(NEEDS, "background.person")
    number = str(subject["national_id"])
    mobile = str(subject["mobile"]).removeprefix("+86")
    if config.field_key.get_secret_value():
        number, mobile = (sealed_field(v, config.field_key) for v in (number, mobile))
    candidate = {
        "name": str(subject["display_name"]),
        "idType": "01",
        "idNo": number,
        "mobile": mobile,
    }
    if email := subject.get("personal_email"):
        candidate["email"] = str(email)
    return candidate


checks = Checks(
    name="checks",
    title="Background check",
    kind=OrderKind.BACKGROUND,
    feed="background_check",
    consent="background_check",
    statuses=STATUSES,
    records=JsonRecords("data", single=True, facts=("order",)),
)
