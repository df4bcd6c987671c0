"""Results as records: checked against themselves, reasons with what was found beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from hrhub.connector import JsonRecords
from hrhub.errors import RowRejected

_REQUIRED: Mapping[str, Sequence[str]] = {
    "JOB_MATCH_DEVIATION": ("criterion", "expected", "actual", "source"),
    "ABILITY_NOT_MET": ("abilityCode", "requiredScore", "actualScore"),
    "BEHAVIOUR_INCONSISTENT": ("dimension", "claims"),
    "INTEGRITY_SUSPECTED": ("flags",),
    "NOT_COMPLETED": ("subReason",),
    "OTHER": ("summary",),
}
"""Reason -> what it must tell. Others are kept whole, as ``OTHER``."""

_OWN = frozenset({"reasonCode", "severity", "confidence", "abilityCode", "summary"})
"""What of a reason has a field of its own; the rest is its detail."""

_EXPRESSION = "EXPRESSION_VS_CONTENT"
"""Kind of contradiction that is read from somebody's face or voice; it is not taken."""


class ResultRecords(JsonRecords):
    """The result of one interview; the order that it belongs to comes from the page."""

    def __init__(self) -> None:
        super().__init__("data", single=True, facts=("order",))

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode a result.

        Raises:
            RowRejected: It contradicts itself, or a reason does not tell what it must.
        """
        row = super().decode(raw, meta)
        reasons = row.get("failureReasons") or []
        if not isinstance(reasons, list) or not all(isinstance(r, dict) for r in reasons):
            raise RowRejected("type", "failureReasons", "list")
        if row.get("conclusion") == "NOT_RECOMMENDED" and not reasons:
            raise RowRejected("policy", "failureReasons", "ai_interview.reason_missing")
        for number, reason in enumerate(reasons):
            _check(reason, number, row.get("abilities") or ())
        row["failureReasons"] = [_told(r) for r in reasons if r.get("dimension") != _EXPRESSION]
        return row


def _check(reason: Mapping[str, Any], number: int, abilities: Any) -> None:
    """Refuse a reason that lacks something, or that the scores do not bear out."""
    code = str(reason.get("reasonCode"))
    for name in _REQUIRED.get(code, ()):
        if reason.get(name) in (None, "", []):
            raise RowRejected("required", f"failureReasons[{number}].{name}", code)
    if code == "BEHAVIOUR_INCONSISTENT" and len(reason["claims"]) < 2:
        raise RowRejected("required", f"failureReasons[{number}].claims", "two_claims")
    if code == "ABILITY_NOT_MET" and not _borne_out(reason, abilities):
        raise RowRejected(
            "policy", f"failureReasons[{number}].actualScore", "ai_interview.score_disagrees"
        )


def _borne_out(reason: Mapping[str, Any], abilities: Any) -> bool:
    for one in abilities if isinstance(abilities, list) else ():
        if isinstance(one, dict) and one.get("abilityCode") == reason["abilityCode"]:
            score, line = one.get("score"), one.get("passLine")
            numbers = isinstance(score, int | Decimal) and isinstance(line, int | Decimal)
            return numbers and score == reason["actualScore"] and score < line
    return False


def _told(reason: Mapping[str, Any]) -> dict[str, Any]:
    known = reason.get("reasonCode") in _REQUIRED
    detail = {n: v for n, v in reason.items() if n not in _OWN} if known else dict(reason)
    return {**reason, "detail": detail or None}
