"""Feeds of pay and bank accounts; a mapping to them is refused while their module is off."""

from __future__ import annotations

from hrhub.model.entities import optional as e
from hrhub.model.feeds.parts import MODIFIED, SLICE, ref, take
from hrhub.model.types import Feed

compensation = Feed(
    "compensation",
    "compensation",
    (
        ref("employment", e.compensation, "employment_id", "source id of the employment's record"),
        *SLICE,
        *take(e.compensation, "components", "currency"),
        MODIFIED,
    ),
    doc="Slices of what an employment pays; a record is a whole series.",
)
pay_item = Feed(
    "pay_item",
    "pay_item",
    (
        ref("employee", e.pay_item, "employee_id", "the employee's source id"),
        *take(e.pay_item, "period", "code", "amount", "currency"),
        MODIFIED,
    ),
    doc="One item of a payslip.",
)
person_bank = Feed(
    "person_bank",
    "person_bank",
    (
        ref("person", e.person_bank, "person_id", "source id of the person's record"),
        *take(e.person_bank, "account", "holder", "bank_code", "bank_name", "is_primary"),
        MODIFIED,
    ),
    doc="An account that pay goes to.",
)

ALL = (compensation, pay_item, person_bank)
