"""Recruiting: openings, candidates, applications, offers."""

from __future__ import annotations

from hrhub.model.declare import (
    OPEN,
    PERSONAL,
    SENSITIVE,
    code,
    data,
    day,
    decimal,
    integer,
    moment,
    ref,
    text,
)
from hrhub.model.types import Entity

REQUISITION_STATUSES = ("draft", "open", "on_hold", "filled", "cancelled")
CHANNELS = ("board", "careers_site", "referral", "campus", "agency", "headhunter", "other")
TALENT_STATES = ("active", "dormant", "blocked", "withdrawn", "hired")
DEGREES = (
    "junior_secondary",
    "senior_secondary",
    "vocational",
    "associate",
    "bachelor",
    "master",
    "doctor",
    "other",
)
STAGES = (
    "new",
    "screening",
    "assessment",
    "interview",
    "background",
    "offer",
    "hired",
    "rejected",
    "withdrawn",
)
OUTCOMES = ("hired", "rejected", "withdrawn", "expired")
OFFER_STATUSES = ("draft", "approving", "sent", "accepted", "declined", "withdrawn", "expired")
PAY_PERIODS = ("hour", "day", "month", "year")

requisition = Entity(
    "requisition",
    (
        text("code", OPEN, required=True),
        text("title", OPEN, required=True),
        ref("org_unit_id", "org_unit"),
        ref("position_id", "position"),
        code("status", OPEN, REQUISITION_STATUSES),
        integer("headcount", OPEN),
        day("opened_on", OPEN),
        day("closed_on", OPEN),
        text("location", OPEN),
        ref("hiring_manager_person_id", "person"),
    ),
    doc="An opening that somebody is sought for.",
)

candidate = Entity(
    "candidate",
    (
        ref("person_id", "person", required=True),
        code("source_channel", OPEN, CHANNELS),
        text("source_detail", OPEN, doc="name of the board or agency, never of a person"),
        ref("referrer_person_id", "person"),
        text("current_employer", PERSONAL, doc="as claimed"),
        text("current_title", PERSONAL, doc="as claimed"),
        code("highest_degree", PERSONAL, DEGREES),
        text("graduation_school", PERSONAL),
        integer("graduation_year", PERSONAL),
        code("talent_state", PERSONAL, TALENT_STATES),
        text("blocked_reason", PERSONAL, doc="nobody is blocked without one"),
        day("review_on", OPEN, doc="when a block must be looked at again"),
        data("tags", PERSONAL, doc="list of labels; none about health or belief"),
    ),
    subject="person_id",
    doc="The role of a person who is sought or seeks work.",
)

application = Entity(
    "application",
    (
        ref("candidate_id", "candidate", required=True),
        ref("requisition_id", "requisition"),
        code("stage", PERSONAL, STAGES),
        text("stage_raw", PERSONAL, doc="the source's own word"),
        moment("stage_entered_at", OPEN),
        moment("applied_at", OPEN),
        moment("closed_at", OPEN),
        code("outcome", PERSONAL, OUTCOMES),
        text("reject_reason", SENSITIVE, doc="code of the tenant's closed list"),
        text("reject_note", SENSITIVE),
        ref("owner_person_id", "person", doc="the recruiter"),
    ),
    subject="subject_id",
    via="candidate_id",
    doc="A candidate's application for an opening; people apply again, so a pair may recur.",
)

application_event = Entity(
    "application_event",
    (
        ref("application_id", "application", required=True),
        moment("at", OPEN, required=True),
        code("from_stage", PERSONAL, STAGES),
        code("to_stage", PERSONAL, STAGES),
        text("actor", PERSONAL, doc="who moved it, as the source says"),
    ),
    subject="subject_id",
    via="application_id",
    doc="One move of an application from stage to stage.",
)

offer = Entity(
    "offer",
    (
        ref("application_id", "application", required=True),
        code("status", PERSONAL, OFFER_STATUSES),
        moment("sent_at", PERSONAL),
        moment("responded_at", PERSONAL),
        day("start_date", PERSONAL),
        day("expires_on", PERSONAL),
        ref("position_id", "position"),
        ref("org_unit_id", "org_unit"),
        text("grade", OPEN),
        text("location", OPEN),
        text("contract_type", PERSONAL),
        decimal("pay_amount", SENSITIVE),
        text("pay_currency", SENSITIVE, doc="ISO 4217"),
        code("pay_period", SENSITIVE, PAY_PERIODS),
        data("pay_components", SENSITIVE, doc="list of code and amount"),
        text("decline_reason", PERSONAL),
    ),
    subject="subject_id",
    via="application_id",
    doc="What the company offered, and the answer.",
)

ALL = (requisition, candidate, application, application_event, offer)
