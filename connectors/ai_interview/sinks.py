"""What goes back to the platform: the decision that a person took, and that somebody is erased."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from hrhub.connector import Delivery, Planned, Session, Sink, Write, WriteStatus, Written
from hrhub.errors import ContractChanged

_DECISIONS = {
    "strong_yes": "PASS",
    "yes": "PASS",
    "hold": "HOLD",
    "no": "REJECT",
    "strong_no": "REJECT",
}
_UNKNOWN = "40400"


@dataclass(frozen=True, kw_only=True)
class Decisions(Sink):
    """Whether somebody goes on, as a person decided it; the last one counts."""

    def plan(self, session: Session, writes: Sequence[Write]) -> list[Planned]:
        """Say what would be sent; nothing is asked."""
        target, fields = "POST /invitations/{id}/decision", ("decision", "decidedBy", "at")
        return [Planned(key=write.key, target=target, fields=fields) for write in writes]

    def write(self, session: Session, writes: Sequence[Write]) -> list[Written]:
        """Send one decision per write."""
        return [self._send(session, write) for write in writes]

    def _send(self, session: Session, write: Write) -> Written:
        values = write.values
        decision = _DECISIONS.get(str(values.get("verdict")))
        if decision is None or not all(values.get(name) for name in self.required):
            return _refused(write, "ai_interview.write_lacks")
        body = {
            "decision": decision,
            "decidedBy": str(values["reviewer"]),
            "at": _iso(values.get("human_reviewed_at")),
        }
        path = f"/invitations/{quote(str(values['order']), safe='')}/decision"
        try:
            session.http.post(path, json=body, idempotent=True)
        except ContractChanged as error:
            if error.context.get("vendor_code") != _UNKNOWN:
                raise
            return _refused(write, "ai_interview.unknown", _UNKNOWN)
        return Written(key=write.key, status=WriteStatus.WRITTEN)


@dataclass(frozen=True, kw_only=True)
class Erasures(Sink):
    """Deletes what the platform keeps of the person whom one order is about."""

    def plan(self, session: Session, writes: Sequence[Write]) -> list[Planned]:
        """Say what would be sent; nothing is asked."""
        target, fields = "DELETE /candidates/{outCandidateId}", ("outCandidateId",)
        return [Planned(key=write.key, target=target, fields=fields) for write in writes]

    def write(self, session: Session, writes: Sequence[Write]) -> list[Written]:
        """Ask for one erasure per write; who is not there any more is erased already."""
        return [self._erase(session, write) for write in writes]

    def _erase(self, session: Session, write: Write) -> Written:
        if not write.values.get("order"):
            return _refused(write, "ai_interview.write_lacks")
        done = Written(key=write.key, status=WriteStatus.WRITTEN)
        path = f"/invitations/{quote(str(write.values['order']), safe='')}/result"
        answer = session.http.get(path, ok=(404,))
        if answer.status == 404:
            return done
        ours = str(answer.json()["data"]["outCandidateId"])
        path = f"/candidates/{quote(ours, safe='')}"
        session.http.request("DELETE", path, idempotent=True, ok=(404,), expect="any")
        return done


def _iso(at: Any) -> str | None:
    return at.isoformat(timespec="seconds") if isinstance(at, datetime) else at or None


def _refused(write: Write, code: str, vendor_code: str | None = None) -> Written:
    return Written(key=write.key, status=WriteStatus.REFUSED, code=code, vendor_code=vendor_code)


decisions = Decisions(
    name="decisions",
    title="Decisions of people",
    fields=("order", "verdict", "reviewer", "human_reviewed_at"),
    required=("order", "verdict", "reviewer"),
    delivery=Delivery.IDEMPOTENT,
)
erasures = Erasures(
    name="erasures",
    title="Erasure at the platform",
    fields=("order",),
    required=("order",),
    delivery=Delivery.IDEMPOTENT,
)
