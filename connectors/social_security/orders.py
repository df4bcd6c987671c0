"""Contribution records as orders: the person's authorisation, then a query under it, then months.

An order is known by the number of the authorisation (``authNo``). The query is submitted as soon
as the person has signed; both are made under a ``transNo`` that follows from the order's key, so
that nothing is made twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from connectors.social_security.gateway import VENDOR, ask, told, trans_no_of
from connectors.social_security.settings import SocialSecurityConfig
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
)
from hrhub.errors import ConsentError, ContractChanged, RowRejected

STATUSES = {
    # Words of authorisations.
    "PENDING": OrderStatus.AWAITING_SUBJECT,
    "SIGNED": OrderStatus.IN_PROGRESS,
    "USED": OrderStatus.IN_PROGRESS,
    "REFUSED": OrderStatus.FAILED,
    "EXPIRED": OrderStatus.EXPIRED,
    "REVOKED": OrderStatus.CANCELLED,
    # Words of queries.
    "ACCEPTED": OrderStatus.IN_PROGRESS,
    "RUNNING": OrderStatus.IN_PROGRESS,
    "PARTIAL": OrderStatus.PARTIAL,
    "SUCCESS": OrderStatus.COMPLETED,
    # Nothing was ever paid: an answer, and no failure.
    "NO_DATA": OrderStatus.COMPLETED,
    "FAILED": OrderStatus.FAILED,
    "AUTH_INVALID": OrderStatus.FAILED,
}
SCOPE = ("PENSION", "MEDICAL", "UNEMPLOYMENT", "INJURY", "MATERNITY")
PACKAGE = Package(
    code="CONTRIBUTION_DETAIL",
    title="Contribution records, month by month",
    needs=("display_name", "national_id", "mobile"),
    doc="Every month of contributions with payer, place, scheme and base.",
)
_UNKNOWN_AUTH = "30001"
_PERSON_CODES = {"20002": "checksum", "20003": "name_and_number"}
_PAGE = 200
_SELF_PAID = re.compile("灵活就业|个体工商户|自由职业")
_RESIDENT_SCHEMES = ("170", "390")


class MonthRecords(JsonRecords):
    """Months of a result; the order, and when it was asked, come from the page."""

    def __init__(self) -> None:
        super().__init__("records")

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode a month; ``payer`` tells payers apart, ``paid`` says how it was paid."""
        month = super().decode(raw, meta)
        return {
            **month,
            "payer": month.get("employerUscc") or month.get("employerName") or "-",
            "paid": f"{_payer(month)}.{month.get('payStatus')}.{month.get('payType')}",
            "order": meta.get("order"),
            "queriedAt": meta.get("queried_at"),
            "askedFrom": meta.get("asked_from"),
        }


class Contributions(OrderService):
    """Contribution records of one person."""

    def catalog(self, session: Session) -> Sequence[Package]:
        """Return the one package; other kinds of query bring no months."""
        return [PACKAGE]

    def place(self, session: Session, request: OrderRequest) -> OrderState:
        """Ask for the person's authorisation, or return the one that was asked for under this key.

        Raises:
            RowRejected: Name, number or mobile is missing, or does not fit together.
        """
        known = self.find(session, request.key)
        if known is not None:
            return known
        config = _settings(session)
        first, last = _span(session, config)
        data = {
            **_person(request),
            "purpose": "EMPLOYMENT_VERIFICATION",
            "scope": list(SCOPE),
            "startMonth": first,
            "endMonth": last,
            "validDays": config.valid_days,
            "redirectUrl": config.redirect_url,
            "channel": config.channel,
        }
        try:
            made = told(session, "si/auth/create", data, trans_no_of("a", request.key))
        except ContractChanged as error:
            rule = _PERSON_CODES.get(str(error.context.get("vendor_code")))
            if rule is None:
                raise
            raise RowRejected("policy", "national_id", f"social_security.{rule}") from None
        return self._state(made["authNo"], made["status"], made.get("authUrl"))

    def find(self, session: Session, key: str) -> OrderState | None:
        """Return the order whose authorisation was asked for under a key."""
        try:
            found = told(session, "si/auth/status", {"transNo": trans_no_of("a", key)})
        except ConsentError as error:
            if error.context.get("vendor_code") != _UNKNOWN_AUTH:
                raise
            return None
        return self._standing(session, found)

    def status(self, session: Session, vendor_id: str) -> OrderState:
        """Return where an order stands; once the person has signed, the query is submitted."""
        return self._standing(session, told(session, "si/auth/status", {"authNo": vendor_id}))

    def result(self, session: Session, vendor_id: str) -> Page:
        """Return all months, put together from the gateway's pages.

        Raises:
            ContractChanged: There is no query yet, or pages do not add up.
        """
        authorised = told(session, "si/auth/status", {"authNo": vendor_id})
        task_no = authorised.get("taskNo")
        if not task_no:
            raise ContractChanged("social_security.no_result", vendor=VENDOR)
        records: list[msgspec.Raw] = []
        for answer in _pages(session, task_no):
            records += answer.records
        if len(records) != answer.page.total:
            raise ContractChanged("social_security.answer_refused", vendor=VENDOR, rule="total")
        meta = {
            "order": vendor_id,
            "queried_at": answer.finishedAt or "",
            "asked_from": authorised["startMonth"],
        }
        body = msgspec.json.encode({"taskNo": task_no, "records": records})
        return Page(body=body, meta=meta, total=len(records))

    def cancel(self, session: Session, vendor_id: str) -> OrderState:
        """Revoke the authorisation; one that was used or is over stays as it is."""
        state = self.status(session, vendor_id)
        if state.vendor_status not in ("PENDING", "SIGNED"):
            return state
        told(session, "si/auth/revoke", {"authNo": vendor_id})
        return self.status(session, vendor_id)

    def _standing(self, session: Session, authorised: Mapping[str, Any]) -> OrderState:
        auth_no, word = authorised["authNo"], authorised["status"]
        task_no = authorised.get("taskNo")
        if word == "SIGNED":
            task_no = self._submit(session, authorised)
        if word not in ("SIGNED", "USED") or not task_no:
            return self._state(auth_no, word, authorised.get("authUrl"))
        query = _told_of_task(session, task_no)
        return self._state(auth_no, query.status, changed=query.finishedAt)

    def _submit(self, session: Session, authorised: Mapping[str, Any]) -> str:
        """Submit the query, over the months that the person agreed to; return its number."""
        config = _settings(session)
        data = {
            "authNo": authorised["authNo"],
            "queryType": PACKAGE.code,
            "areaCodes": list(config.area_codes),
            "startMonth": authorised["startMonth"],
            "endMonth": authorised["endMonth"],
        }
        task = told(session, "si/query/submit", data, trans_no_of("q", authorised["authNo"]))
        return str(task["taskNo"])

    def _state(
        self, auth_no: str, word: str, url: str | None = None, changed: str | None = None
    ) -> OrderState:
        return self.state_of(
            auth_no,
            word,
            changed_at=datetime.fromisoformat(changed) if changed else None,
            invite_url=url,
        )


class _PageFacts(msgspec.Struct):
    no: int
    size: int
    total: int


class _Result(msgspec.Struct):
    """A page of a query's answer."""

    taskNo: str
    status: str
    finishedAt: str | None = None
    records: list[msgspec.Raw] = []
    page: _PageFacts = msgspec.field(default_factory=lambda: _PageFacts(1, _PAGE, 0))


_RESULT = msgspec.json.Decoder(_Result)


def _told_of_task(session: Session, task_no: str, number: int = 1) -> _Result:
    plain = ask(
        session, "si/query/result", {"taskNo": task_no, "page": {"no": number, "size": _PAGE}}
    )
    try:
        return _RESULT.decode(plain)
    except msgspec.ValidationError:
        raise ContractChanged("vendor.records_missing", path="records") from None


def _pages(session: Session, task_no: str) -> Iterator[_Result]:
    """Yield the pages of a result, as many as its first one announces."""
    first = _told_of_task(session, task_no)
    yield first
    for number in range(2, -(-first.page.total // _PAGE) + 1):
        yield _told_of_task(session, task_no, number)


def _person(request: OrderRequest) -> dict[str, str]:
    """Return what the gateway must know to find somebody."""
    subject = request.subject
    request.require(PACKAGE.needs, "social_security.person")
    return {
        "name": str(subject["display_name"]),
        "idType": "01",
        "idNo": str(subject["national_id"]),
        "mobile": str(subject["mobile"]).removeprefix("+86"),
    }


def _span(session: Session, config: SocialSecurityConfig) -> tuple[str, str]:
    """Return first and last month to ask for: those before this one, in the gateway's zone."""
    today = session.clock.now().astimezone(ZoneInfo(config.timezone)).date()
    last = today.year * 12 + today.month - 2
    return _month(last - config.months + 1), _month(last)


def _month(number: int) -> str:
    return f"{date(number // 12, number % 12 + 1, 1):%Y%m}"


def _payer(month: Mapping[str, Any]) -> str:
    """Return ``self`` for what people pay for themselves: residents and flexible workers."""
    if month.get("insuranceType") in _RESIDENT_SCHEMES:
        return "self"
    return "self" if _SELF_PAID.search(str(month.get("employerName") or "")) else "employer"


def _settings(session: Session) -> SocialSecurityConfig:
    config = session.config
    assert isinstance(config, SocialSecurityConfig)
    return config


contributions = Contributions(
    name="contributions",
    title="Social-security contribution records",
    kind=OrderKind.SOCIAL_SECURITY,
    feed="social_security_month",
    consent="social_security_query",
    statuses=STATUSES,
    records=MonthRecords(),
)
