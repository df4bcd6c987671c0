"""Feeds of performance, training and exit."""

from __future__ import annotations

from hrhub.model.entities import outcome as e
from hrhub.model.feeds.daily import APPROVALS
from hrhub.model.feeds.parts import MODIFIED, ref, take
from hrhub.model.types import Feed

performance_review = Feed(
    "performance_review",
    "performance_review",
    (
        ref("employee", e.performance_review, "employee_id", "the employee's source id"),
        *take(
            e.performance_review,
            "cycle",
            "period_start",
            "period_end",
            "kind",
            "rating_raw",
            "rating",
            "score",
            "rank_pct",
            "status",
            "comments",
        ),
        ref("reviewer", e.performance_review, "reviewer_person_id", "source id of the reviewer"),
        MODIFIED,
    ),
    doc="What a review cycle says about an employee.",
)
exit_record = Feed(
    "exit_record",
    "exit_record",
    (
        ref("employee", e.exit_record, "employee_id", "the employee's source id"),
        ref("employment", e.exit_record, "employment_id", "source id of the spell that ends"),
        *take(
            e.exit_record,
            "kind",
            "reason",
            "reason_raw",
            "notice_date",
            "last_day",
            "settlement_done",
            "rehire_eligible",
            "interview_note",
        ),
        MODIFIED,
    ),
    APPROVALS,
    "How and why an employee leaves.",
)
training_record = Feed(
    "training_record",
    "training_record",
    (
        ref("employee", e.training_record, "employee_id", "the employee's source id"),
        *take(
            e.training_record,
            "course_code",
            "course_name",
            "kind",
            "mode",
            "status",
            "enrolled_at",
            "completed_at",
            "score",
            "passed",
            "hours",
            "certificate_no",
            "certified_until",
        ),
        MODIFIED,
    ),
    doc="A course that an employee takes.",
)

ALL = (performance_review, exit_record, training_record)
