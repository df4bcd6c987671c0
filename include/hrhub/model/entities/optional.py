"""Pay and bank accounts: modules that are off until an installation asks for them."""

from __future__ import annotations

from hrhub.model.declare import OPEN, PERSONAL, SENSITIVE, data, decimal, flag, ref, text
from hrhub.model.types import Entity

compensation = Entity(
    "compensation",
    (
        ref("employment_id", "employment", required=True),
        data("components", SENSITIVE, doc="list of code, amount and period"),
        text("currency", SENSITIVE, doc="ISO 4217"),
    ),
    subject="subject_id",
    via="employment_id",
    history=True,
    doc="What somebody is paid, over time.",
)

pay_item = Entity(
    "pay_item",
    (
        ref("employee_id", "employee", required=True),
        text("period", SENSITIVE, required=True, doc="month such as 2026-01"),
        text("code", SENSITIVE, required=True, doc="the source's code of the item"),
        decimal("amount", SENSITIVE),
        text("currency", SENSITIVE, doc="ISO 4217"),
    ),
    subject="subject_id",
    via="employee_id",
    doc="One item of one payslip.",
)

person_bank = Entity(
    "person_bank",
    (
        ref("person_id", "person", required=True),
        text("account", SENSITIVE, required=True),
        text("holder", SENSITIVE, check="name"),
        text("bank_code", SENSITIVE),
        text("bank_name", PERSONAL),
        flag("is_primary", OPEN),
    ),
    subject="person_id",
    doc="An account that pay goes to.",
)

ALL = (compensation, pay_item, person_bank)
