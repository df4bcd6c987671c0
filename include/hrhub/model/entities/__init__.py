"""The canonical entities, group by group.

Classes follow the Personal Information Protection Law of China: contact and identity data are
personal; identifiers of documents are sensitive because the hub always holds them next to a name.
Pay, scores, ratings, verdicts and reasons are sensitive by house policy: the law does not list
them, but the harm of a leak is plain. Employment status, dates and codes of organisation, job and
place are open: they are needed to answer "who is missing" without opening an envelope.
"""

from __future__ import annotations

from collections.abc import Mapping

from hrhub.model.entities import (
    attendance,
    consents,
    daily,
    interviews,
    jobs,
    optional,
    orders,
    outcome,
    people,
    recruiting,
    resumes,
    verification,
)
from hrhub.model.types import Entity

GROUPS: Mapping[str, tuple[Entity, ...]] = {
    "People": people.ALL,
    "Employment and organisation": jobs.ALL,
    "Attendance": attendance.ALL,
    "Leave and approvals": daily.ALL,
    "Recruiting": recruiting.ALL,
    "Resumes": resumes.ALL,
    "Interviews": interviews.ALL,
    "Vendor orders": orders.ALL,
    "Verification of employment": verification.ALL,
    "Performance, training, exit": outcome.ALL,
    "Consent": consents.ALL,
    "Optional modules": optional.ALL,
}
"""Title of a group -> its entities."""

ENTITIES: Mapping[str, Entity] = {e.name: e for group in GROUPS.values() for e in group}
"""Every entity by name."""
