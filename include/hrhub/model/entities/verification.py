"""Verification of employment: claims of a resume held against records, by rule and by a person."""

from __future__ import annotations

from hrhub.model.declare import (
    OPEN,
    SENSITIVE,
    code,
    data,
    decimal,
    flag,
    integer,
    moment,
    ref,
    text,
)
from hrhub.model.types import Entity

VERIFICATION_STATUSES = ("running", "done", "needs_input")
VERIFICATION_VERDICTS = ("consistent", "explainable", "inconsistent", "insufficient")
DISCREPANCIES = (
    "EMPLOYER_NOT_FOUND",
    "EMPLOYER_UNDECLARED",
    "START_EARLIER_THAN_RECORD",
    "START_LATER_THAN_RECORD",
    "END_DIFFERS",
    "GAP_HIDDEN",
    "CONCURRENT_PAYERS",
    "PAYER_IS_AGENCY",
    "PAYER_AFFILIATE",
    "FLEXIBLE_PAYER",
    "BASE_FAR_FROM_CLAIMED_PAY",
    "REGION_DIFFERS",
    "BACK_PAID_BLOCK",
    "NO_RECORD_AT_ALL",
)
SEVERITIES = ("info", "low", "medium", "high")
RESOLUTIONS = (
    "document_seen",
    "employer_confirmed",
    "person_explained",
    "record_wrong",
    "resume_wrong",
    "immaterial",
    "not_cleared",
)
DISCREPANCY_STATES = ("open", "asked", "explained", "accepted", "confirmed", "dismissed")

employment_verification = Entity(
    "employment_verification",
    (
        ref("person_id", "person", required=True),
        ref("application_id", "application"),
        ref("resume_id", "resume"),
        data("order_ids", OPEN, doc="list of the orders whose records were used"),
        text("ruleset_version", OPEN, required=True),
        integer("tolerance_months", OPEN),
        code("status", SENSITIVE, VERIFICATION_STATUSES),
        code(
            "verdict",
            SENSITIVE,
            VERIFICATION_VERDICTS,
            doc="insufficient: coverage is thin; never read as bad",
        ),
        decimal("score", SENSITIVE),
        decimal("coverage", OPEN, doc="share of claimed months with any record, 0 to 1"),
    ),
    subject="person_id",
    doc="One run of the comparison of claimed work with records.",
)

employment_discrepancy = Entity(
    "employment_discrepancy",
    (
        ref("verification_id", "employment_verification", required=True),
        code("code", SENSITIVE, DISCREPANCIES, required=True),
        code("severity", SENSITIVE, SEVERITIES),
        ref("resume_job_id", "resume_job", doc="the claim"),
        data("record_refs", SENSITIVE, doc="list of the rows that speak against it"),
        data("claimed", SENSITIVE, doc="what the resume says"),
        data("recorded", SENSITIVE, doc="what the records say"),
        integer("delta_months", SENSITIVE),
        text(
            "about", SENSITIVE, doc="tells differences of one code apart, in every new comparison"
        ),
        code("state", SENSITIVE, DISCREPANCY_STATES, doc="a person decides, never the rule"),
        code("resolution", SENSITIVE, RESOLUTIONS, doc="why it was decided so"),
        text("decided_by", SENSITIVE, doc="who decided, as the audit chain names them"),
        text("decided_on", SENSITIVE, doc="hash of the facts as they were when it was decided"),
        flag("outdated", SENSITIVE, doc="the facts have changed since it was decided"),
        text("candidate_note", SENSITIVE),
        ref("resolved_by", "person"),
        moment("resolved_at", OPEN),
        text("resolution_note", SENSITIVE),
    ),
    subject="subject_id",
    via="verification_id",
    doc="One difference between claim and record; both sides are always kept.",
)

ALL = (employment_verification, employment_discrepancy)
