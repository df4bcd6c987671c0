"""Resumes: every received file is a version; what it claims about work and education."""

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
    flag,
    integer,
    moment,
    ref,
    text,
)
from hrhub.model.entities.recruiting import DEGREES
from hrhub.model.types import Entity

PRECISIONS = ("day", "month", "year")
STUDY_MODES = ("full_time", "part_time")

resume = Entity(
    "resume",
    (
        ref("candidate_id", "candidate", required=True),
        integer("version", OPEN),
        *file("document", PERSONAL),
        text("mime", PERSONAL, doc="media type of the file"),
        text("language", PERSONAL, doc="BCP 47"),
        moment("parsed_at", OPEN),
        text("parser", OPEN),
        text("parser_version", OPEN),
        text("summary", PERSONAL),
        data("skills", PERSONAL, doc="list of texts"),
    ),
    subject="subject_id",
    via="candidate_id",
    doc="One version of a candidate's resume.",
)

resume_job = Entity(
    "resume_job",
    (
        ref("resume_id", "resume", required=True),
        integer("seq", OPEN, doc="place in the resume"),
        text("employer_name", PERSONAL),
        text("employer_uscc", PERSONAL, doc="unified social credit code, when matched"),
        text("employer_norm", PERSONAL, doc="the name made comparable"),
        text("title", PERSONAL),
        text("department", PERSONAL),
        text("city", PERSONAL),
        text("duties", PERSONAL),
        day("start_date", PERSONAL),
        code("start_precision", PERSONAL, PRECISIONS, doc="a day is never invented"),
        day("end_date", PERSONAL),
        code("end_precision", PERSONAL, PRECISIONS),
        flag("is_current", PERSONAL),
        decimal("claimed_pay", SENSITIVE),
        text("leave_reason", SENSITIVE),
    ),
    subject="subject_id",
    via="resume_id",
    doc="Work as claimed in a resume.",
)

resume_education = Entity(
    "resume_education",
    (
        ref("resume_id", "resume", required=True),
        integer("seq", OPEN, doc="place in the resume"),
        text("school", PERSONAL),
        code("degree", PERSONAL, DEGREES),
        text("major", PERSONAL),
        day("start_date", PERSONAL),
        day("end_date", PERSONAL),
        code("mode", PERSONAL, STUDY_MODES),
    ),
    subject="subject_id",
    via="resume_id",
    doc="Education as claimed in a resume.",
)

ALL = (resume, resume_job, resume_education)
