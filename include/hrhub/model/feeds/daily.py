"""Feeds of leave and approvals."""

from __future__ import annotations

from hrhub.model.entities import daily as e
from hrhub.model.feeds.parts import MODIFIED, ref, take
from hrhub.model.types import Feed

_STEP = take(e.approval_step, "seq", "approver", "action", "acted_at", "comment")

APPROVALS = {
    "approval": Feed("approval", "approval_step", _STEP, doc="The steps of its approval, in order.")
}
"""The list of approvals, for records that are decided on."""

leave_request = Feed(
    "leave_request",
    "leave_request",
    (
        ref("employee", e.leave_request, "employee_id", "the employee's source id"),
        *take(
            e.leave_request,
            "type",
            "type_raw",
            "starts_at",
            "ends_at",
            "amount",
            "unit",
            "status",
            "reason",
        ),
        MODIFIED,
    ),
    APPROVALS,
    "A request for leave.",
)
leave_balance = Feed(
    "leave_balance",
    "leave_balance",
    (
        ref("employee", e.leave_balance, "employee_id", "the employee's source id"),
        *take(
            e.leave_balance, "type", "type_raw", "as_of", "entitled", "used", "remaining", "unit"
        ),
        MODIFIED,
    ),
    doc="Leave of one type that an employee has left.",
)
approval_step = Feed(
    "approval_step",
    "approval_step",
    (
        ref(
            "employee",
            e.approval_step,
            "employee_id",
            "source id of the employee whose request it is",
            required=True,
        ),
        ref("leave_request", e.approval_step, "leave_request_id", "source id of the request"),
        *take(e.approval_step, "approved_kind", "approved_key"),
        *_STEP,
        ref("approver_person", e.approval_step, "approver_person_id", "source id of the person"),
        MODIFIED,
    ),
    doc="A step of an approval that comes as a record of its own, of whatever is decided on.",
)

ALL = (leave_request, leave_balance, approval_step)
