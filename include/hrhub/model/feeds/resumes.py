"""The resume feed with its lists."""

from __future__ import annotations

from hrhub.model.entities import resumes as e
from hrhub.model.feeds.parts import MODIFIED, ref, take
from hrhub.model.types import Feed

resume = Feed(
    "resume",
    "resume",
    (
        ref("candidate", e.resume, "candidate_id", "the candidate's source id"),
        *take(
            e.resume,
            "version",
            "language",
            "parsed_at",
            "parser",
            "parser_version",
            "summary",
            "skills",
        ),
        MODIFIED,
    ),
    {
        "resume_job": Feed(
            "resume_job",
            "resume_job",
            take(
                e.resume_job,
                "seq",
                "employer_name",
                "employer_uscc",
                "title",
                "department",
                "city",
                "duties",
                "start_date",
                "start_precision",
                "end_date",
                "end_precision",
                "is_current",
                "claimed_pay",
                "leave_reason",
            ),
            doc="Work as claimed.",
        ),
        "resume_education": Feed(
            "resume_education",
            "resume_education",
            take(
                e.resume_education,
                "seq",
                "school",
                "degree",
                "major",
                "start_date",
                "end_date",
                "mode",
            ),
            doc="Education as claimed.",
        ),
    },
    "One version of a resume, parsed.",
)

ALL = (resume,)
