"""Leave and the approvals of daily work."""

from __future__ import annotations

from hrhub.model.declare import (
    OPEN,
    PERSONAL,
    SENSITIVE,
    code,
    day,
    decimal,
    file,
    integer,
    moment,
    ref,
    text,
)
from hrhub.model.types import Entity

LEAVE_TYPES = (
    "annual",
    "sick",
    "personal",
    "marriage",
    "maternity",
    "paternity",
    "bereavement",
    "work_injury",
    "comp",
    "other",
)
LEAVE_UNITS = ("day", "half_day", "hour")
BALANCE_UNITS = ("day", "hour")
LEAVE_STATUSES = ("draft", "pending", "approved", "rejected", "cancelled", "revoked")
APPROVED_KINDS = ("leave", "overtime", "trip", "punch_correction", "offer", "exit", "other")
APPROVAL_ACTIONS = ("approve", "reject", "transfer", "return", "auto")

leave_request = Entity(
    "leave_request",
    (
        ref("employee_id", "employee", required=True),
        code(
            "type",
            SENSITIVE,
            LEAVE_TYPES,
            doc="sick, maternity and work_injury tell about health",
        ),
        text("type_raw", SENSITIVE, doc="the source's own word"),
        moment("starts_at", PERSONAL),
        moment("ends_at", PERSONAL),
        decimal("amount", PERSONAL),
        code("unit", PERSONAL, LEAVE_UNITS),
        code("status", SENSITIVE, LEAVE_STATUSES),
        text("reason", SENSITIVE),
        *file("attachment", SENSITIVE),
    ),
    subject="subject_id",
    via="employee_id",
    doc="A request for leave and what became of it.",
)

leave_balance = Entity(
    "leave_balance",
    (
        ref("employee_id", "employee", required=True),
        code("type", PERSONAL, LEAVE_TYPES),
        text("type_raw", PERSONAL, doc="the source's own word"),
        day("as_of", PERSONAL),
        decimal("entitled", PERSONAL),
        decimal("used", PERSONAL),
        decimal("remaining", PERSONAL),
        code("unit", PERSONAL, BALANCE_UNITS),
    ),
    subject="subject_id",
    via="employee_id",
    doc="Leave that is left, by the source's own arithmetic.",
)

approval_step = Entity(
    "approval_step",
    (
        ref("employee_id", "employee", doc="whose request it is, where no record is referred to"),
        ref("leave_request_id", "leave_request"),
        ref("offer_id", "offer"),
        ref("exit_record_id", "exit_record"),
        code("approved_kind", PERSONAL, APPROVED_KINDS, doc="what is decided on"),
        text("approved_key", PERSONAL, doc="the source's number of what is decided on"),
        integer("seq", OPEN, doc="place in the chain of approvals"),
        ref("approver_person_id", "person"),
        text("approver", PERSONAL, doc="the source's user id of who decides"),
        code("action", PERSONAL, APPROVAL_ACTIONS),
        moment("acted_at", PERSONAL),
        text("comment", PERSONAL),
    ),
    subject="subject_id",
    via="employee_id",
    doc="One step of an approval: of leave, overtime, a trip, a punch, an offer, an exit.",
)

ALL = (leave_request, leave_balance, approval_step)
