"""The consent feed."""

from __future__ import annotations

from hrhub.model.entities import consents as e
from hrhub.model.feeds.parts import MODIFIED, ref, take
from hrhub.model.types import Feed

consent = Feed(
    "consent",
    "consent",
    (
        ref("person", e.consent, "person_id", "source id of the person's record"),
        *take(
            e.consent,
            "purpose",
            "legal_basis",
            "scope",
            "granted_at",
            "expires_at",
            "withdrawn_at",
            "notice_version",
        ),
        MODIFIED,
    ),
    doc="A person's consent to one purpose, or another legal ground for it.",
)

ALL = (consent,)
