"""The interview feed with its scores and reasons."""

from __future__ import annotations

from hrhub.model.entities import interviews as e
from hrhub.model.feeds.parts import MODIFIED, ref, take
from hrhub.model.types import Feed

interview = Feed(
    "interview",
    "interview",
    (
        ref("application", e.interview, "application_id", "the application's source id"),
        ref("order", e.interview, "order_id", "the vendor's number of the order"),
        *take(
            e.interview,
            "round",
            "mode",
            "status",
            "scheduled_start",
            "scheduled_end",
            "completed_at",
            "duration_s",
            "interviewers",
            "engine",
            "engine_version",
            "question_set",
            "overall_score",
            "score_max",
            "verdict",
            "summary",
            "recording_ref",
            "automated_decision",
            "human_reviewed_at",
        ),
        ref("reviewer", e.interview, "human_reviewed_by", "source id of who looked at it again"),
        MODIFIED,
    ),
    {
        "ability": Feed(
            "ability",
            "interview_ability_score",
            take(
                e.interview_ability_score,
                "ability",
                "ability_raw",
                "score",
                "score_max",
                "pass_line",
                "level",
                "weight",
                "evidence",
            ),
            doc="Its scores, ability by ability.",
        ),
        "failure": Feed(
            "failure",
            "interview_failure_reason",
            take(
                e.interview_failure_reason,
                "reason",
                "reason_raw",
                "ability",
                "is_decisive",
                "severity",
                "confidence",
                "summary",
                "detail",
            ),
            doc="Why it was not passed.",
        ),
    },
    "One round of interviewing.",
    ("application", "order"),
)

ALL = (interview,)
