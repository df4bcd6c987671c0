"""Screenings: an order is a candidate and an invitation; its result is a report.

The vendor keeps answers to an ``Idempotency-Key`` for 24 hours. Beyond that an order is found by
our key, which is the candidate's ``custom_id``.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.checkr.settings import CheckrConfig
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
from hrhub.errors import ContractChanged, RowRejected, Throttled

STATUSES = {
    # Words of invitations.
    "pending": OrderStatus.AWAITING_SUBJECT,
    "completed": OrderStatus.IN_PROGRESS,
    "expired": OrderStatus.EXPIRED,
    "deleted": OrderStatus.CANCELLED,
    # Words of reports, which share some with invitations.
    "report.pending": OrderStatus.IN_PROGRESS,
    "report.suspended": OrderStatus.IN_PROGRESS,
    "report.paused": OrderStatus.IN_PROGRESS,
    "report.dispute": OrderStatus.IN_PROGRESS,
    "report.complete": OrderStatus.COMPLETED,
    "report.canceled": OrderStatus.CANCELLED,
}
INCLUDED = "employment_verification,education_verification,ssn_trace,global_watchlist_search"
"""Screenings that come with a report; others are named in it by id only."""

# Programming guide, "Supported characters": Latin letters with accents, digits, - ' . , and blanks.
_ACCEPTED = re.compile(r"[0-9A-Za-zÀ-ÖØ-öø-ÿĀ-ſ'.,\- ]+")
_KEYS = uuid.UUID("4dc1ab1c-9a33-4a2c-8a57-6b2d5f7f5d10")
"""Name space of the keys that are derived from an order's key (RFC 9562, version 5)."""


class Screenings(OrderService):
    """Background checks through invitations, the only way that all packages can be ordered."""

    def catalog(self, session: Session) -> Sequence[Package]:
        """Return the account's packages; they are known by their slug."""
        rows = session.http.get("/packages", params={"per_page": 100}).json()["data"]
        return [
            Package(code=row["slug"], title=row["name"], needs=("latin_name", "personal_email"))
            for row in rows
        ]

    def place(self, session: Session, request: OrderRequest) -> OrderState:
        """Place an order, or return the one that was placed under this key."""
        known = self.find(session, request.key)
        if known is not None:
            return known
        candidate = self._candidate_of(session, request.key) or self._create(
            session, request, "candidates", self._person(request)
        )
        config = session.config
        assert isinstance(config, CheckrConfig)
        body = {
            "candidate_id": candidate["id"],
            "package": request.package,
            "work_locations": _locations(config),
            **({"node": config.node} if config.node else {}),
        }
        return self._state(session, self._create(session, request, "invitations", body))

    def find(self, session: Session, key: str) -> OrderState | None:
        """Return the order of a key: the newest invitation of the candidate with that id."""
        candidate = self._candidate_of(session, key)
        if candidate is None:
            return None
        params = {"candidate_id": candidate["id"]}
        rows = session.http.get("/invitations", params=params).json()["data"]
        return self._state(session, rows[0]) if rows else None

    def status(self, session: Session, vendor_id: str) -> OrderState:
        """Return where an order stands."""
        return self._state(session, self._invitation(session, vendor_id))

    def result(self, session: Session, vendor_id: str) -> Page:
        """Return the report with its verifications."""
        report_id = self._invitation(session, vendor_id).get("report_id")
        if not report_id:
            raise ContractChanged("checkr.no_report", vendor="Checkr")
        answer = session.http.get(f"/reports/{report_id}", params={"include": INCLUDED})
        return page_of(answer, meta={"order": vendor_id})

    def cancel(self, session: Session, vendor_id: str) -> OrderState:
        """Withdraw an invitation that nobody has answered; anything else stays as it is."""
        state = self.status(session, vendor_id)
        if state.status is not OrderStatus.AWAITING_SUBJECT:
            return state
        session.http.request(
            "DELETE", f"/invitations/{vendor_id}", idempotent=True, ok=(404,), expect="any"
        )
        return self.status(session, vendor_id)

    def _invitation(self, session: Session, vendor_id: str) -> dict[str, Any]:
        found: dict[str, Any] = session.http.get(f"/invitations/{vendor_id}").json()
        return found

    def _candidate_of(self, session: Session, key: str) -> dict[str, Any] | None:
        rows = session.http.get("/candidates", params={"custom_id": key}).json()["data"]
        found: dict[str, Any] | None = rows[0] if rows else None
        return found

    def _person(self, request: OrderRequest) -> dict[str, Any]:
        """Return what Checkr must know to write to somebody; they enter the rest themselves."""
        name = str(request.subject.get("latin_name") or "")
        if not _ACCEPTED.fullmatch(name):
            raise RowRejected("encoding", "latin_name", "checkr.characters")
        if not request.subject.get("personal_email"):
            raise RowRejected("required", "personal_email", "checkr.email")
        # Pinyin puts the family name first.
        family, _, given = name.partition(" ")
        return {
            "custom_id": request.key,
            "email": request.subject["personal_email"],
            "last_name": family,
            "first_name": given or family,
            "no_middle_name": True,
        }

    def _create(
        self, session: Session, request: OrderRequest, kind: str, body: dict[str, Any]
    ) -> dict[str, Any]:
        config = session.config
        assert isinstance(config, CheckrConfig)
        if kind == "candidates":
            body = {**body, "work_locations": _locations(config)}
        answer = session.http.post(
            f"/{kind}",
            json=body,
            headers={"Idempotency-Key": str(uuid.uuid5(_KEYS, f"{kind}:{request.key}"))},
            idempotent=True,
            ok=(400, 409),
        )
        if answer.status == 400:
            raise RowRejected("policy", "", f"checkr.{kind}")
        if answer.status == 409:
            # Either the same key is under way, or too many of one person within 24 hours.
            raise Throttled("checkr.conflict", retry_after_s=60.0)
        made: dict[str, Any] = answer.json()
        return made

    def _state(self, session: Session, invitation: Mapping[str, Any]) -> OrderState:
        word, changed = str(invitation["status"]), invitation.get("completed_at")
        aliases = (invitation.get("candidate_id"), invitation.get("report_id"))
        if invitation.get("deleted_at"):
            word, changed = "deleted", invitation["deleted_at"]
        elif word == "completed" and invitation.get("report_id"):
            report = session.http.get(f"/reports/{invitation['report_id']}").json()
            word, changed = f"report.{report['status']}", report.get("completed_at")
        return self.state_of(
            invitation["id"],
            word,
            changed_at=datetime.fromisoformat(changed or invitation["created_at"]),
            invite_url=invitation.get("invitation_url"),
            aliases=tuple(name for name in aliases if name),
        )


def _locations(config: CheckrConfig) -> list[dict[str, str]]:
    place = {"country": config.work_country}
    if config.work_state:
        place["state"] = config.work_state
    return [place]


screenings = Screenings(
    name="screenings",
    title="Background screening",
    kind=OrderKind.BACKGROUND,
    feed="background_check",
    consent="background_check",
    statuses=STATUSES,
    records=JsonRecords(single=True, facts=("order",)),
)
