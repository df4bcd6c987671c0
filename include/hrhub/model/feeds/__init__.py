"""The feeds: flat records of the kind vendors send, and where each field lands.

A vendor mapping targets one feed. The knowledge of how a flat record becomes entities is here and
in ``hrhub.pipeline``, so no mapping repeats it.
"""

from __future__ import annotations

from collections.abc import Mapping

from hrhub.model.feeds import (
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
)
from hrhub.model.types import Feed

GROUPS: Mapping[str, tuple[Feed, ...]] = {
    "People": people.ALL,
    "Employment and organisation": jobs.ALL,
    "Attendance": attendance.ALL,
    "Leave and approvals": daily.ALL,
    "Recruiting": recruiting.ALL,
    "Resumes": resumes.ALL,
    "Interviews": interviews.ALL,
    "Vendor orders": orders.ALL,
    "Performance, training, exit": outcome.ALL,
    "Consent": consents.ALL,
    "Optional modules": optional.ALL,
}
"""Title of a group -> its feeds; titles are those of the entities' groups."""

FEEDS: Mapping[str, Feed] = {f.name: f for group in GROUPS.values() for f in group}
"""Every feed by name."""
