"""Employees written to Kingdee: found by work number, saved, submitted, audited; or forbidden.

A card goes from draft (Z, A) by ``Submit`` to approval (B) and by ``Audit`` to approved (C). An
approved one is opened by ``UnAudit`` (then D) before it can change. Every step is taken from where
the card stands, so that a try that broke off is finished by the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.kingdee.bills import QUERY, REFUSED
from connectors.kingdee.settings import KingdeeConfig
from connectors.kingdee.signing import service
from hrhub.connector import Planned, Session, Sink, Write, WriteStatus, Written
from hrhub.errors import ConfigError

FORM = "BD_Empinfo"
_NAMES = {
    "display_name": "FName",
    "mobile": "FMobile",
    "work_email": "FEmail",
    "hire_date": "FJoinDate",
}
_KEYS = ("FID", "FDocumentStatus", "FForbidStatus", *_NAMES.values())
_LEFT = "terminated"


class _Refused(Exception):
    """The vendor took a call but refused the card."""

    def __init__(self, code: str, vendor_code: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.vendor_code = vendor_code


@dataclass(frozen=True, slots=True)
class _Card:
    """An employee's card as Kingdee has it."""

    id: str
    status: str
    forbidden: bool
    values: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Employees(Sink):
    """One card per employee, known by work number."""

    def plan(self, session: Session, writes: Sequence[Write]) -> list[Planned]:
        """Say what would be sent; nothing is asked."""
        return [
            Planned(
                key=write.key,
                target=f"ExcuteOperation {FORM} Forbid" if _left(write) else f"Save {FORM}",
                fields=("FStaffNumber",) if _left(write) else ("FStaffNumber", *_wanted(write)),
            )
            for write in writes
        ]

    def write(self, session: Session, writes: Sequence[Write]) -> list[Written]:
        """Bring the cards into the state that is told.

        Raises:
            ConfigError: ``kingdee.organisation_missing``: a new card needs one.
        """
        return [self._write(session, write) for write in writes]

    def find(self, session: Session, write: Write) -> Written | None:
        """Tell whether the card stands as the write wants it."""
        card = _card(session, write)
        if card is None or not _done(card, write):
            return None
        return Written(key=write.key, status=WriteStatus.WRITTEN, vendor_id=card.id)

    def _write(self, session: Session, write: Write) -> Written:
        if not all(write.values.get(name) for name in self.required):
            return _refused(write, _Refused("kingdee.refused_card", REFUSED))
        try:
            card = _card(session, write)
            if card is not None and _done(card, write):
                return Written(key=write.key, status=WriteStatus.UNCHANGED, vendor_id=card.id)
            card_id = _leave(session, card) if _left(write) else _keep(session, card, write)
        except _Refused as refused:
            return _refused(write, refused)
        if card_id is None:
            return Written(key=write.key, status=WriteStatus.UNCHANGED)
        return Written(key=write.key, status=WriteStatus.WRITTEN, vendor_id=card_id)


def _leave(session: Session, card: _Card | None) -> str | None:
    """Forbid a card; whoever has none has nothing to be forbidden."""
    if card is None:
        return None
    _call(session, "ExcuteOperation", {"Ids": card.id}, opNumber="Forbid")
    return card.id


def _keep(session: Session, card: _Card | None, write: Write) -> str:
    """Save a card, new or as it is, and take it to approved."""
    wanted = _wanted(write)
    if card is not None and card.status == "B":
        if not _equal(card, wanted):
            raise _Refused("kingdee.in_approval")
        _call(session, "Audit", {"Ids": card.id})
    elif card is None or not _equal(card, wanted):
        if card is not None and card.status == "C":
            _call(session, "UnAudit", {"Ids": card.id})
        card_id = _save(session, card, {"FStaffNumber": str(write.values["work_no"]), **wanted})
        _approve(session, card_id)
        if card is None:
            return card_id
    elif card.status != "C":
        _approve(session, card.id)
    if card.forbidden:
        _call(session, "ExcuteOperation", {"Ids": card.id}, opNumber="Enable")
    return card.id


def _approve(session: Session, card_id: str) -> None:
    for step in ("Submit", "Audit"):
        _call(session, step, {"Ids": card_id})


def _save(session: Session, card: _Card | None, values: Mapping[str, str]) -> str:
    model: dict[str, Any] = {"FID": int(card.id) if card else 0, **values}
    if card is None:
        config = session.config
        assert isinstance(config, KingdeeConfig)
        if not config.organisation:
            raise ConfigError("kingdee.organisation_missing", vendor="Kingdee")
        model |= {n: {"FNumber": config.organisation} for n in ("FCreateOrgId", "FUseOrgId")}
    # Only fields that are named change; lists on the card that are not sent stay.
    data = {"NeedUpDateFields": list(values), "IsDeleteEntry": "false", "Model": model}
    return str(_call(session, "Save", data)["Id"])


def _call(session: Session, operation: str, data: Mapping[str, Any], **more: str) -> dict[str, Any]:
    """Call an operation on the form and return its result.

    Raises:
        _Refused: The card was refused.
    """
    # Sent once: after a lost answer the card itself tells how far it got.
    answer = session.http.post(
        service(f"DynamicFormService.{operation}"), json={"formid": FORM, **more, "data": data}
    )
    result: dict[str, Any] = answer.json().get("Result") or {}
    status = result.get("ResponseStatus") or {}
    if status.get("IsSuccess") is not True:
        errors = status.get("Errors") or [{}]
        # The message may quote the card; the name of the field does not.
        field = str(errors[0].get("FieldName") or "")
        raise _Refused("kingdee.refused_card", field or str(status.get("MsgCode") or REFUSED))
    return result


def _card(session: Session, write: Write) -> _Card | None:
    number = str(write.values.get("work_no") or "").replace("'", "''")
    data = {
        "FormId": FORM,
        "FieldKeys": ",".join(_KEYS),
        "FilterString": f"FStaffNumber='{number}'",
        "OrderString": "FID ASC",
        "Limit": 1,
    }
    rows = session.http.post(QUERY, json={"data": data}, idempotent=True).json()
    if not rows:
        return None
    row = dict(zip(_KEYS, rows[0], strict=True))
    values = {name: str(row[name] or "") for name in _NAMES.values()}
    return _Card(str(row["FID"]), row["FDocumentStatus"], row["FForbidStatus"] == "B", values)


def _wanted(write: Write) -> dict[str, str]:
    """Return the card's fields that a write tells."""
    return {
        theirs: _theirs(ours, value)
        for ours, theirs in _NAMES.items()
        if (value := write.values.get(ours)) is not None
    }


def _theirs(name: str, value: Any) -> str:
    # Mainland numbers stand on cards without the country's code.
    return str(value).removeprefix("+86") if name == "mobile" else str(value)


def _equal(card: _Card, wanted: Mapping[str, str]) -> bool:
    # Dates come back with a time.
    return all(card.values[name].removesuffix("T00:00:00") == text for name, text in wanted.items())


def _done(card: _Card, write: Write) -> bool:
    if _left(write):
        return card.forbidden
    return card.status == "C" and not card.forbidden and _equal(card, _wanted(write))


def _left(write: Write) -> bool:
    return write.values.get("status") == _LEFT


def _refused(write: Write, refused: _Refused) -> Written:
    return Written(
        key=write.key,
        status=WriteStatus.REFUSED,
        code=refused.code,
        vendor_code=refused.vendor_code,
    )
