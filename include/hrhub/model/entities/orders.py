"""Orders to vendors and what they bring: assessments, background checks, social security.

An order's own state is open: it tells where the vendor is, not what was found, and unfinished
orders must be found without opening an envelope.
"""

from __future__ import annotations

from hrhub.model.declare import (
    OPEN,
    PERSONAL,
    SENSITIVE,
    code,
    data,
    day,
    decimal,
    file,
    integer,
    moment,
    ref,
    text,
)
from hrhub.model.types import Entity

ORDER_KINDS = ("assessment", "interview", "background", "social_security", "education", "other")
ORDER_STATUSES = (
    "requested",
    "placed",
    "awaiting_subject",
    "in_progress",
    "partial",
    "completed",
    "failed",
    "expired",
    "cancelled",
)
VALIDITY_FLAGS = ("valid", "suspect", "invalid")
STANDARD_KINDS = ("z", "t", "sten", "stanine", "iq", "pct", "ten", "hundred")
CHECK_RESULTS = ("clear", "review", "adverse", "incomplete")
CHECK_ITEMS = (
    "identity",
    "education",
    "employment",
    "reference",
    "criminal",
    "litigation",
    "credit",
    "commercial_interest",
    "license",
    "sanctions",
    "social_media",
)
ITEM_VERDICTS = ("match", "mismatch", "partial", "unable", "not_applicable")
SCHEMES = ("pension", "medical", "unemployment", "injury", "maternity", "housing_fund")
MONTH_STATES = ("paid", "arrears", "back_paid", "suspended", "flexible")

service_order = Entity(
    "service_order",
    (
        code("kind", OPEN, ORDER_KINDS, required=True),
        ref("person_id", "person", required=True),
        ref("application_id", "application"),
        ref("employee_id", "employee"),
        text("connection_id", OPEN, required=True),
        text("package_code", OPEN),
        text("package_name", OPEN),
        text("idempotency_key", OPEN, required=True, doc="an order is placed once, whatever fails"),
        ref(
            "consent_id",
            "consent",
            doc="no background check and no social-security query without one",
        ),
        code("status", OPEN, ORDER_STATUSES),
        text("vendor_order_id", SENSITIVE),
        text("invite_url", SENSITIVE, doc="whoever has the link takes the person's place"),
        text("report_url", SENSITIVE),
        *file("report", SENSITIVE),
        moment("placed_at", OPEN),
        moment("due_at", OPEN),
        moment("completed_at", OPEN),
        decimal("cost", OPEN),
        text("cost_currency", OPEN, doc="ISO 4217"),
    ),
    subject="person_id",
    unique=("idempotency_key",),
    doc="An order to a vendor about a person, from request to result.",
)

assessment_result = Entity(
    "assessment_result",
    (
        ref("order_id", "service_order", required=True),
        text("instrument", PERSONAL),
        text("instrument_version", PERSONAL),
        text("norm_group", PERSONAL, doc="a percentile means nothing without it"),
        moment("taken_at", PERSONAL),
        integer("attempt", PERSONAL),
        decimal("overall_score", SENSITIVE),
        decimal("score_max", SENSITIVE),
        decimal("percentile", SENSITIVE),
        text("level", SENSITIVE),
        code(
            "validity_flag",
            SENSITIVE,
            VALIDITY_FLAGS,
            doc="what the vendor's answers about speed and social desirability come to",
        ),
    ),
    subject="subject_id",
    via="order_id",
    doc="Result of one assessment.",
)

assessment_scale = Entity(
    "assessment_scale",
    (
        ref("result_id", "assessment_result", required=True),
        text("scale_code", OPEN, required=True),
        text("scale_name", OPEN),
        text("parent_code", OPEN, doc="scale above it"),
        integer("seq", OPEN, doc="place in the report"),
        decimal("raw", SENSITIVE),
        decimal("standard", SENSITIVE),
        code(
            "standard_kind",
            SENSITIVE,
            STANDARD_KINDS,
            doc="unit of `standard`; kinds are never converted",
        ),
        decimal("percentile", SENSITIVE),
        text("level", SENSITIVE),
        text("narrative", SENSITIVE),
    ),
    subject="subject_id",
    via="result_id",
    doc="One scale of an assessment; scales form a tree.",
)

background_check = Entity(
    "background_check",
    (
        ref("order_id", "service_order", required=True),
        code("overall", SENSITIVE, CHECK_RESULTS),
        text("overall_raw", SENSITIVE, doc="the vendor's own word or traffic light"),
        text("adjudication", SENSITIVE, doc="the company's decision, not the vendor's"),
        ref("adjudicated_by", "person"),
        moment("adjudicated_at", OPEN),
        text("adjudication_note", SENSITIVE),
    ),
    subject="subject_id",
    via="order_id",
    doc="Result of a background check, and what the company decided on it.",
)

background_item = Entity(
    "background_item",
    (
        ref("check_id", "background_check", required=True),
        code("kind", SENSITIVE, CHECK_ITEMS, required=True),
        code("verdict", SENSITIVE, ITEM_VERDICTS, doc="unable is not mismatch"),
        data("detail", SENSITIVE, doc="the vendor's findings"),
        text("source_desc", SENSITIVE, doc="who was asked"),
        day("verified_on", SENSITIVE),
        *file("evidence", SENSITIVE),
        ref("resume_job_id", "resume_job", doc="the claim that was checked"),
        ref("resume_education_id", "resume_education", doc="the claim that was checked"),
    ),
    subject="subject_id",
    via="check_id",
    doc="One thing that a background check looked into.",
)

social_security_month = Entity(
    "social_security_month",
    (
        ref("order_id", "service_order", required=True),
        day("month", SENSITIVE, required=True, doc="its first day"),
        text("payer_name", SENSITIVE),
        text("payer_uscc", SENSITIVE, doc="unified social credit code"),
        text("payer_norm", SENSITIVE, doc="the name made comparable"),
        text("region_code", SENSITIVE, doc="GB/T 2260"),
        code("scheme", OPEN, SCHEMES, required=True),
        code("state", SENSITIVE, MONTH_STATES),
        decimal("base", SENSITIVE, doc="monthly contribution base, CNY"),
        moment("queried_at", OPEN, doc="starts the retention clock"),
        day("asked_from", SENSITIVE, doc="first month that the query asked for, its first day"),
    ),
    subject="subject_id",
    via="order_id",
    doc="One month of contributions by one payer to one scheme.",
)

ALL = (
    service_order,
    assessment_result,
    assessment_scale,
    background_check,
    background_item,
    social_security_month,
)
