"""Interviews: how they went, scored ability by ability, and why somebody failed."""

from __future__ import annotations

from hrhub.model.declare import (
    OPEN,
    PERSONAL,
    SENSITIVE,
    code,
    data,
    decimal,
    file,
    flag,
    integer,
    moment,
    ref,
    text,
)
from hrhub.model.types import Entity

INTERVIEW_MODES = ("ai", "onsite", "video", "phone", "group")
INTERVIEW_STATUSES = (
    "scheduled",
    "invited",
    "in_progress",
    "completed",
    "no_show",
    "expired",
    "cancelled",
    "failed_technical",
)
VERDICTS = ("strong_yes", "yes", "hold", "no", "strong_no")
FAILURE_REASONS = (
    "below_threshold",
    "missing_must_have",
    "integrity_flag",
    "language",
    "attitude",
    "no_show",
    "technical",
    "inconsistent",
    "other",
)
SEVERITIES = ("major", "minor", "info")

interview = Entity(
    "interview",
    (
        ref("application_id", "application"),
        ref("order_id", "service_order", doc="the order that brought it, if one did"),
        integer("round", OPEN),
        code("mode", OPEN, INTERVIEW_MODES),
        code(
            "status",
            PERSONAL,
            INTERVIEW_STATUSES,
            doc="failed_technical is not the person's failure",
        ),
        moment("scheduled_start", OPEN),
        moment("scheduled_end", OPEN),
        moment("completed_at", OPEN),
        integer("duration_s", OPEN),
        data("interviewers", PERSONAL, doc="list of the source's user ids; empty for a machine"),
        data("interviewer_person_ids", PERSONAL, doc="list of person ids, filled by the hub"),
        text("engine", OPEN, doc="needed to explain a score later"),
        text("engine_version", OPEN),
        text("question_set", OPEN),
        decimal("overall_score", SENSITIVE, doc="as scored; never rescaled"),
        decimal("score_max", SENSITIVE),
        code("verdict", SENSITIVE, VERDICTS),
        text("summary", SENSITIVE),
        *file("report", SENSITIVE),
        text("recording_ref", SENSITIVE, doc="link; the recording stays with the vendor"),
        flag(
            "automated_decision",
            PERSONAL,
            doc="decided by a machine alone (PIPL Art. 24)",
        ),
        ref("human_reviewed_by", "person"),
        moment("human_reviewed_at", OPEN),
    ),
    subject="subject_id",
    via="application_id",
    or_via="order_id",
    doc="One round of interviewing, by people or by a machine.",
)

interview_ability_score = Entity(
    "interview_ability_score",
    (
        ref("interview_id", "interview", required=True),
        text("ability", OPEN, required=True, doc="code of the tenant's ability library"),
        text("ability_raw", OPEN, doc="the source's own word"),
        decimal("score", SENSITIVE, doc="empty: not assessed, which is not 0"),
        decimal("score_max", SENSITIVE),
        decimal("pass_line", SENSITIVE, doc="what the job asks for, on the scale of the score"),
        text("level", SENSITIVE),
        decimal("weight", SENSITIVE),
        text("evidence", SENSITIVE, doc="quoted answer or id of the question"),
    ),
    subject="subject_id",
    via="interview_id",
    doc="What an interview says about one ability.",
)

interview_failure_reason = Entity(
    "interview_failure_reason",
    (
        ref("interview_id", "interview", required=True),
        code("reason", SENSITIVE, FAILURE_REASONS, required=True),
        text("reason_raw", SENSITIVE, doc="the source's own word"),
        text("ability", SENSITIVE, doc="code of the tenant's ability library"),
        flag("is_decisive", SENSITIVE),
        code("severity", SENSITIVE, SEVERITIES),
        decimal("confidence", SENSITIVE, doc="how sure the source is, from 0 to 1"),
        text("summary", SENSITIVE, doc="for people to read, never to decide by"),
        data(
            "detail",
            SENSITIVE,
            doc="what the source says of it: criterion, expected and actual, claims, evidence",
        ),
    ),
    subject="subject_id",
    via="interview_id",
    doc="Why an interview was not passed.",
)

ALL = (interview, interview_ability_score, interview_failure_reason)
