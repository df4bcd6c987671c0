"""How the records of each feed become rows: one handler per feed, and one for all plain ones.

A handler gets the new and the changed records of one transaction, resolves what they refer to and
fills the transaction's writes. A record it cannot place is rejected, alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hrhub.pipeline.batch import Batch
from hrhub.pipeline.feeds.attendance import apply_device_users, apply_punches
from hrhub.pipeline.feeds.candidate import apply_candidates
from hrhub.pipeline.feeds.employee import apply_employees
from hrhub.pipeline.feeds.employment import apply_employments
from hrhub.pipeline.feeds.person import apply_persons
from hrhub.pipeline.feeds.record import apply_records
from hrhub.pipeline.feeds.series import apply_assignments, apply_org_units, apply_positions

HANDLERS: Mapping[str, Callable[[Batch], None]] = {
    "person": apply_persons,
    "candidate": apply_candidates,
    "employment": apply_employments,
    "assignment": apply_assignments,
    "employee": apply_employees,
    "org_unit": apply_org_units,
    "position": apply_positions,
    "device_user": apply_device_users,
    "punch": apply_punches,
}
"""Handlers of the feeds that are more than one row and its lists; see :func:`apply_records`."""

__all__ = ["HANDLERS", "apply_records"]
