"""Background checks as orders: created, paid, consented to by SMS, looked into, reported.

An order of one person has one check (``recordNo``), which is what the hub follows. Our key is the
serial number of the request that creates it: the same one again is the same order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.yibeidiao.settings import YibeidiaoConfig
from connectors.yibeidiao.signing import SEQ, told
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
    "30": OrderStatus.PLACED,
    "40": OrderStatus.AWAITING_SUBJECT,
    "45": OrderStatus.IN_PROGRESS,
    "50": OrderStatus.COMPLETED,
    "-10": OrderStatus.CANCELLED,
}
NEEDS = ("display_name", "national_id", "mobile")

_ROOT = "/open/company"
_UNPAID = "30"
_CONSENTS = {"offline": 1, "sms": 2}
_PERSON_CODES = ("2001", "2002")
_NO_SUCH = "2404"


class Checks(OrderService):
    """Background checks of one person. There is no call that cancels one."""

    def catalog(self, session: Session) -> Sequence[Package]:
        """Return what the connection names; the platform has no list of it."""
        config = session.config
        assert isinstance(config, YibeidiaoConfig)
        return [Package(code=c, title=t, needs=NEEDS) for c, t in config.offered().items()]

    def place(self, session: Session, request: OrderRequest) -> OrderState:
        """Create an order and pay it; the same key again returns the order that is there.

        Raises:
            RowRejected: Name, number or mobile is missing, or the platform refuses them.
        """
        config = session.config
        assert isinstance(config, YibeidiaoConfig)
        request.require(NEEDS, "yibeidiao.person")
        items = ":" in request.package
        body = {
            "packageId": 0 if items else int(request.package),
            "itemIdAndMultis": request.package if items else "",
            "candidateName": str(request.subject["display_name"]),
            "candidateIdCardNo": str(request.subject["national_id"]),
            "candidatePhone": str(request.subject["mobile"]).removeprefix("+86"),
            "authType": _CONSENTS[config.consent],
            # The person fills them in with the consent.
            "items": [],
        }
        try:
            answer = self._post(session, "order/single", body, seq=request.key)
        except ContractChanged as error:
            code = str(error.context.get("vendor_code"))
            if code not in _PERSON_CODES:
                raise
            raise RowRejected("policy", "national_id", f"yibeidiao.person_{code}") from None
        return self._paid(session, _data(session, answer))

    def find(self, session: Session, key: str) -> OrderState | None:
        """Return the order of a key, paid; None if there is none."""
        try:
            answer = session.http.get(f"{_ROOT}/order/detail", params={"seq": key})
        except ContractChanged as error:
            if error.context.get("vendor_code") == _NO_SUCH:
                return None
            raise
        return self._paid(session, _data(session, answer))

    def status(self, session: Session, vendor_id: str) -> OrderState:
        """Return where a check stands."""
        return self._state(_data(session, self._record(session, vendor_id)))

    def result(self, session: Session, vendor_id: str) -> Page:
        """Return the check with its items."""
        answer = self._record(session, vendor_id)
        _data(session, answer)
        return page_of(answer, meta={"order": vendor_id})

    def _paid(self, session: Session, order: Mapping[str, Any]) -> OrderState:
        """Pay an order that waits for it; nothing begins before."""
        if str(order["status"]) == _UNPAID:
            number = str(order["orderNo"])
            answer = self._post(session, "order/pay", {"orderNo": number}, seq=f"{number}-pay")
            order = _data(session, answer)
        (record,) = order["records"]
        return self._state(record)

    def _post(self, session: Session, call: str, body: Mapping[str, Any], *, seq: str) -> Answer:
        # The serial number makes it safe to send it again.
        return session.http.post(f"{_ROOT}/{call}", json=body, headers={SEQ: seq}, idempotent=True)

    def _record(self, session: Session, vendor_id: str) -> Answer:
        return session.http.get(f"{_ROOT}/record/detail", params={"recordNo": vendor_id})

    def _state(self, record: Mapping[str, Any]) -> OrderState:
        return self.state_of(str(record["recordNo"]), str(record["status"]))


def _data(session: Session, answer: Answer) -> Mapping[str, Any]:
    config = session.config
    assert isinstance(config, YibeidiaoConfig)
    return told(answer, config.key, config.token)


checks = Checks(
    name="checks",
    title="Background check",
    kind=OrderKind.BACKGROUND,
    feed="background_check",
    consent="background_check",
    statuses=STATUSES,
    records=JsonRecords("data", single=True, facts=("order",)),
)
