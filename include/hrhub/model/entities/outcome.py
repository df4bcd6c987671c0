"""How work goes: performance, training, and the way out."""

from __future__ import annotations

from hrhub.model.declare import (
    PERSONAL,
    SENSITIVE,
    code,
    day,
    decimal,
    flag,
    moment,
    ref,
    text,
)
from hrhub.model.types import Entity

REVIEW_KINDS = ("annual", "half_year", "quarter", "probation", "360", "project")
EXIT_KINDS = (
    "resign",
    "dismissal",
    "expiry",
    "retirement",
    "redundancy",
    "death",
    "transfer_out",
)
COURSE_KINDS = ("mandatory", "skill", "onboarding", "safety", "certificate")
COURSE_MODES = ("online", "classroom", "blended", "on_the_job")
TRAINING_STATUSES = ("enrolled", "in_progress", "completed", "failed", "expired", "cancelled")

performance_review = Entity(
    "performance_review",
    (
        ref("employee_id", "employee", required=True),
        text("cycle", PERSONAL),
        day("period_start", PERSONAL),
        day("period_end", PERSONAL),
        code("kind", PERSONAL, REVIEW_KINDS),
        text("rating_raw", SENSITIVE, doc="the source's own word"),
        text("rating", SENSITIVE, doc="place on the tenant's ordered scale"),
        decimal("score", SENSITIVE),
        decimal("rank_pct", SENSITIVE, doc="0 to 100"),
        ref("reviewer_person_id", "person"),
        text("status", SENSITIVE),
        text("comments", SENSITIVE),
    ),
    subject="subject_id",
    via="employee_id",
    doc="What a review cycle says about somebody's work.",
)

exit_record = Entity(
    "exit_record",
    (
        ref("employee_id", "employee", required=True),
        ref("employment_id", "employment", doc="the spell that ends"),
        code("kind", SENSITIVE, EXIT_KINDS),
        text("reason", SENSITIVE, doc="code of the tenant's list"),
        text("reason_raw", SENSITIVE, doc="the source's own word"),
        day("notice_date", SENSITIVE),
        day("last_day", SENSITIVE),
        flag("settlement_done", SENSITIVE),
        text("rehire_eligible", SENSITIVE),
        text("interview_note", SENSITIVE),
    ),
    subject="subject_id",
    via="employee_id",
    doc="How and why a spell of employment ends.",
)

training_record = Entity(
    "training_record",
    (
        ref("employee_id", "employee", required=True),
        text("course_code", PERSONAL),
        text("course_name", PERSONAL),
        code("kind", PERSONAL, COURSE_KINDS),
        code("mode", PERSONAL, COURSE_MODES),
        code("status", PERSONAL, TRAINING_STATUSES),
        moment("enrolled_at", PERSONAL),
        moment("completed_at", PERSONAL),
        decimal("score", PERSONAL),
        flag("passed", PERSONAL),
        decimal("hours", PERSONAL),
        text("certificate_no", PERSONAL),
        day("certified_until", PERSONAL),
    ),
    subject="subject_id",
    via="employee_id",
    doc="A course that somebody takes, with its certificate.",
)

ALL = (performance_review, exit_record, training_record)
