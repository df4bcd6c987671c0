"""Consent and other legal grounds, one row per person and purpose."""

from __future__ import annotations

from hrhub.model.declare import OPEN, PERSONAL, code, data, file, moment, ref, text
from hrhub.model.types import Entity

PURPOSES = (
    "recruiting",
    "assessment",
    "ai_interview",
    "background_check",
    "social_security_query",
    "attendance_location",
    "cross_border",
    "talent_pool",
    "other",
)
LEGAL_BASES = ("consent", "contract_hr", "statutory", "emergency", "public")

consent = Entity(
    "consent",
    (
        ref("person_id", "person", required=True),
        code("purpose", PERSONAL, PURPOSES, required=True),
        code("legal_basis", PERSONAL, LEGAL_BASES, doc="PIPL Art. 13"),
        data("scope", PERSONAL, doc="what was agreed to, as the notice lists it"),
        moment("granted_at", OPEN),
        moment("expires_at", OPEN, doc="open: retention must find it without opening an envelope"),
        moment("withdrawn_at", OPEN, doc="stops new orders and starts the retention clock"),
        *file("evidence", PERSONAL),
        text("notice_version", PERSONAL),
    ),
    subject="person_id",
    doc="Why a person's data may be used for a purpose; each sensitive purpose has its own.",
)

ALL = (consent,)
