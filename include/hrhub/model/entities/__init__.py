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

MODULES: Mapping[str, tuple[str, ...]] = {
    "pay": (optional.compensation.name, optional.pay_item.name),
    "bank": (optional.person_bank.name,),
}
"""Module that is off by default -> its entities; ``HRHUB_MODULES`` lists those that are on."""


def module_of(entity: str) -> str | None:
    """Return the optional module that an entity belongs to; None: it is always on."""
    return next((name for name, entities in MODULES.items() if entity in entities), None)
