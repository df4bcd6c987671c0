"""Assessments as orders: one key is one order, whatever the dialect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from connectors.assessment.dialect import Ask, Dialect, at, filled
from connectors.assessment.dialects import DIALECTS
from connectors.assessment.reports import Reports
from connectors.assessment.settings import AssessmentConfig
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
from hrhub.connector.rest import write_time
from hrhub.errors import ContractChanged, RowRejected
from hrhub.http.answer import Answer
from hrhub.http.paging import LoopGuard, PageRequest

NEEDS = ("display_name", "personal_email")
_WINDOW = timedelta(days=7)


class Assessments(OrderService):
    """Assessments of one person."""

    def catalog(self, session: Session) -> Sequence[Package]:
        """Return the packages that the contract with the platform covers and that are active."""
        config = settings(session)
        dialect = dialect_of(config)
        names = dialect.package
        values = {"language": config.language}
        return [
            Package(
                code=str(row[names.code]),
                title=str(row[names.title]),
                needs=NEEDS,
                doc=", ".join(str(p.get(names.part)) for p in row.get(names.parts) or ()),
                **_price(row.get(names.price_fen)),
            )
            for row in _listed(session, dialect.catalog, values)
            if row.get(names.active, True)
        ]

    def place(self, session: Session, request: OrderRequest) -> OrderState:
        """Invite the person; the same key again returns the order that is there.

        Raises:
            RowRejected: Name or mail is missing, or the platform refuses them.
        """
        request.require(NEEDS, "assessment.person")
        if (known := self.find(session, request.key)) is not None:
            return known
        config = settings(session)
        dialect = dialect_of(config)
        values = {
            "key": request.key,
            "package": request.package,
            "norm": config.norm or None,
            "language": config.language,
            "days": config.expires_days,
            "callback": request.callback_url,
            "name": str(request.subject["display_name"]),
            "email": str(request.subject["personal_email"]),
        }
        try:
            answer = _ask(session, dialect.place, values, key=request.key)
        except ContractChanged as error:
            code = str(error.context.get("vendor_code"))
            if code in dialect.person_codes:
                raise RowRejected("policy", "personal_email", "assessment.refused") from None
            there = self.find(session, request.key) if code in dialect.duplicate_codes else None
            if there is None:
                raise
            return there
        row = _one(answer, dialect.place.rows, dialect.order.key, request.key)
        if str(row.get("code") or "0") != "0" or not row.get(dialect.order.id):
            raise RowRejected("policy", "personal_email", "assessment.refused")
        return self._state(dialect, row)

    def find(self, session: Session, key: str) -> OrderState | None:
        """Return the order of a key among those that moved in the last seven days."""
        config = settings(session)
        dialect = dialect_of(config)
        # A minute for a platform whose clock is ahead of ours.
        until, zone = session.clock.now() + timedelta(minutes=1), ZoneInfo(config.timezone)
        values = {
            "since": write_time(until - _WINDOW, dialect.times, zone),
            "until": write_time(until, dialect.times, zone),
        }
        for row in _listed(session, dialect.find, values):
            if str(row.get(dialect.order.key)) == key:
                return self._state(dialect, row)
        return None

    def status(self, session: Session, vendor_id: str) -> OrderState:
        """Return where an order stands."""
        dialect = dialect_of(settings(session))
        answer = _ask(session, dialect.status, {"id": vendor_id})
        return self._state(dialect, _one(answer, dialect.status.rows, dialect.order.id, vendor_id))

    def result(self, session: Session, vendor_id: str) -> Page:
        """Return the report; the order's own word says whether it is in doubt."""
        dialect = dialect_of(settings(session))
        state = self.status(session, vendor_id)
        answer = _ask(session, dialect.result, {"id": vendor_id})
        facts = {"order": vendor_id, "dialect": dialect.name, "state": state.vendor_status}
        return page_of(answer, meta=facts)

    def cancel(self, session: Session, vendor_id: str) -> OrderState:
        """Cancel an order that nobody has begun; others stay as they are."""
        dialect = dialect_of(settings(session))
        state = self.status(session, vendor_id)
        if state.vendor_status not in dialect.open_words:
            return state
        try:
            _ask(session, dialect.cancel, {"id": vendor_id})
        except ContractChanged as error:
            # Somebody began in between.
            if str(error.context.get("vendor_code")) not in dialect.closed_codes:
                raise
        return self.status(session, vendor_id)

    def _state(self, dialect: Dialect, row: Mapping[str, Any]) -> OrderState:
        word = str(row.get(dialect.order.status))
        # Another dialect's word is no word here.
        known = word if word in dialect.statuses else f"{dialect.name}: {word}"
        return self.state_of(
            str(row[dialect.order.id]), known, invite_url=row.get(dialect.order.invite)
        )


def settings(session: Session) -> AssessmentConfig:
    """Return the connection's settings."""
    config = session.config
    assert isinstance(config, AssessmentConfig)
    return config


def dialect_of(config: AssessmentConfig) -> Dialect:
    """Return the dialect of a connection."""
    return DIALECTS[config.dialect]


def _ask(session: Session, ask: Ask, values: Mapping[str, Any], key: str = "") -> Answer:
    return session.http.request(
        ask.method,
        ask.path.format_map({n: quote(str(v), safe="") for n, v in values.items()}),
        params=filled(ask.params, values),
        headers={ask.key_header: key} if ask.key_header else {},
        json=None if ask.body is None else filled(ask.body, values),
        # An order is sent again only where the platform remembers its key; the rest reads, or
        # sets a state.
        idempotent=not key or bool(ask.key_header),
    )


def _listed(session: Session, ask: Ask, values: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a list, page by page."""
    guard = LoopGuard(repeats=True)
    request: PageRequest | None = ask.pages.first(PageRequest(ask.path, filled(ask.params, values)))
    while request is not None:
        answer = session.http.get(request.path, params=request.params)
        guard.came(answer)
        yield from _rows(answer, ask.rows)
        request = ask.pages.following(request, answer)


def _rows(answer: Answer, path: str) -> Sequence[Mapping[str, Any]]:
    """Return the list at a path, or the one record there.

    Raises:
        ContractChanged: Neither is there.
    """
    found = at(answer.json(), path)
    rows = [found] if isinstance(found, dict) else found
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ContractChanged("vendor.records_missing", path=path or "body")
    return rows


def _one(answer: Answer, path: str, name: str, value: str) -> Mapping[str, Any]:
    for row in _rows(answer, path):
        if str(row.get(name, value)) == value:
            return row
    raise ContractChanged("vendor.records_missing", path=f"{path or 'body'}.{name}")


def _price(fen: Any) -> dict[str, Any]:
    if not isinstance(fen, int):
        return {}
    return {"price": Decimal(fen) / 100, "currency": "CNY"}


_STATUSES: dict[str, OrderStatus] = {}
for _dialect in DIALECTS.values():
    _STATUSES |= _dialect.statuses

assessments = Assessments(
    name="assessments",
    title="Assessment",
    kind=OrderKind.ASSESSMENT,
    feed="assessment_result",
    consent="assessment",
    statuses=_STATUSES,
    records=Reports(),
)
