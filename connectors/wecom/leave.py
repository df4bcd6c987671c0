"""Leave requests: the vacation control of a form, and the steps of a form's approval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from connectors.wecom.forms import absence_of, controls_of
from hrhub.connector import JsonRecords
from hrhub.errors import RowRejected

_DAY_S, _HOUR_S = 86400, 3600
_COPIES = 2
"""Kind of a node whose people are only told of the form."""


class LeaveRecords(JsonRecords):
    """Leave forms, with what is asked for beside them."""

    def __init__(self) -> None:
        super().__init__("forms")

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode a form; a day counts 86,400 seconds where leave goes by days or half days."""
        form = super().decode(raw, meta)
        absence = absence_of(form)
        hours = absence.get("type") == "hour"
        seconds = absence.get("new_duration")
        amount = None
        if isinstance(seconds, int):
            amount = Decimal(seconds) / (_HOUR_S if hours else _DAY_S)
        areas = [c["value"] for c in controls_of(form) if c.get("control") == "Textarea"]
        return {
            "type": _vacation(form),
            "begin": absence.get("new_begin"),
            "end": absence.get("new_end"),
            "amount": amount,
            "unit": "hour" if hours else "day",
            "reason": areas[0].get("text") if areas else None,
            **form,
        }


def _vacation(form: Mapping[str, Any]) -> str | None:
    for control in controls_of(form):
        if control.get("control") == "Vacation":
            try:
                text = control["value"]["vacation"]["selector"]["options"][0]["value"][0]["text"]
            except (KeyError, IndexError, TypeError):
                raise RowRejected("parse", "apply_data.contents", "vacation") from None
            return text if isinstance(text, str) else None
    return None


class StepRecords(JsonRecords):
    """Steps of approvals: one record for everybody who decides on a form, in order.

    A form that a callback brought has no ``apply_data``: what it is about is then left out, and
    stays as a reading said.
    """

    def __init__(self) -> None:
        super().__init__("forms")

    def split(self, body: bytes) -> Sequence[bytes | memoryview]:
        """Cut a body into steps."""
        return [
            msgspec.json.encode(step)
            for raw in super().split(body)
            for step in _steps(super(StepRecords, self).decode(raw, {}))
        ]


def _steps(form: dict[str, Any]) -> Iterator[dict[str, Any]]:
    applicant = form.get("applyer")
    about: dict[str, Any] = {
        "sp_no": form.get("sp_no"),
        "userid": applicant.get("userid") if isinstance(applicant, dict) else None,
    }
    if "apply_data" in form:
        about["kind"] = kind = _kind(form)
        about["leave"] = about["sp_no"] if kind == "Vacation" else None
    for seq, (user_id, row, status) in enumerate(_deciders(form), start=1):
        yield {
            **about,
            "seq": seq,
            "approver": user_id,
            "sp_status": status,
            "sptime": row.get("sptime") or None,
            "speech": row.get("speech") or None,
        }


def _kind(form: dict[str, Any]) -> str:
    """Return the control that makes a form what it is, with the kind of attendance."""
    for control in controls_of(form):
        name = control.get("control")
        if name in ("Vacation", "PunchCorrection"):
            return str(name)
        if name == "Attendance":
            attendance = control["value"].get("attendance")
            return f"Attendance {attendance.get('type') if isinstance(attendance, dict) else ''}"
    return "other"


def _deciders(form: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any], Any]]:
    """Yield user id, row and status of everybody who decides; the newer list where there is one."""
    nodes = (form.get("process_list") or {}).get("node_list")
    if nodes:
        for node in nodes:
            if node.get("node_type") != _COPIES:
                for row in node.get("sub_node_list") or ():
                    yield row.get("userid"), row, row.get("sp_yj")
        return
    for node in form.get("sp_record") or ():
        for row in node.get("details") or ():
            yield (row.get("approver") or {}).get("userid"), row, row.get("sp_status")
