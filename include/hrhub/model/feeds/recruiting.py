"""Feeds of applicant tracking systems and job boards."""

from __future__ import annotations

from hrhub.model.entities import recruiting as e
from hrhub.model.feeds.daily import APPROVALS
from hrhub.model.feeds.parts import MODIFIED, ref, take
from hrhub.model.feeds.people import CHILDREN, PERSON, SHORTCUTS
from hrhub.model.types import Feed

_MOVE = take(e.application_event, "at", "from_stage", "to_stage", "actor")

requisition = Feed(
    "requisition",
    "requisition",
    (
        *take(
            e.requisition,
            "code",
            "title",
            "status",
            "headcount",
            "opened_on",
            "closed_on",
            "location",
        ),
        ref("org_unit", e.requisition, "org_unit_id", "code of the unit"),
        ref("position", e.requisition, "position_id", "code of the position"),
        ref("hiring_manager", e.requisition, "hiring_manager_person_id", "source id of the person"),
        MODIFIED,
    ),
    doc="An opening.",
)
candidate = Feed(
    "candidate",
    "candidate",
    (
        *PERSON,
        *SHORTCUTS,
        *take(
            e.candidate,
            "source_channel",
            "source_detail",
            "current_employer",
            "current_title",
            "highest_degree",
            "graduation_school",
            "graduation_year",
            "talent_state",
            "blocked_reason",
            "review_on",
            "tags",
        ),
        ref("referrer", e.candidate, "referrer_person_id", "source id of who referred them"),
        MODIFIED,
    ),
    CHILDREN,
    "A candidate with person, contacts and identity documents in one record.",
)
application = Feed(
    "application",
    "application",
    (
        ref("candidate", e.application, "candidate_id", "the candidate's source id"),
        ref("requisition", e.application, "requisition_id", "the opening's source id"),
        *take(
            e.application,
            "stage",
            "stage_raw",
            "stage_entered_at",
            "applied_at",
            "closed_at",
            "outcome",
            "reject_reason",
            "reject_note",
        ),
        ref("owner", e.application, "owner_person_id", "source id of the recruiter's person"),
        MODIFIED,
    ),
    {"event": Feed("event", "application_event", _MOVE, doc="Its moves from stage to stage.")},
    "A candidate's application for an opening.",
)
application_event = Feed(
    "application_event",
    "application_event",
    (
        ref("application", e.application_event, "application_id", "the application's source id"),
        *_MOVE,
        MODIFIED,
    ),
    doc="A move of an application that comes as a record of its own.",
)
offer = Feed(
    "offer",
    "offer",
    (
        ref("application", e.offer, "application_id", "the application's source id"),
        *take(
            e.offer,
            "status",
            "sent_at",
            "responded_at",
            "start_date",
            "expires_on",
            "grade",
            "location",
            "contract_type",
            "pay_amount",
            "pay_currency",
            "pay_period",
            "pay_components",
            "decline_reason",
        ),
        ref("position", e.offer, "position_id", "code of the position"),
        ref("org_unit", e.offer, "org_unit_id", "code of the unit"),
        MODIFIED,
    ),
    APPROVALS,
    "An offer and the answer to it.",
)

ALL = (requisition, candidate, application, application_event, offer)
