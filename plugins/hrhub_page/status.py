"""The closed set of status words, and which of them fits how a sync stands.

What decides is the last run of the sync, when it last brought data, and what waits in quarantine.
The page does not know schedules: "late" is judged by how often the sync usually succeeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from hrhub.errors import ExitStatus
from hrhub.store.overview import Standing
from hrhub.store.runs import FAILED, RUNNING, Run

UNKNOWN_RHYTHM = timedelta(hours=26)
"""How old data may be while a sync has too few good runs to know its rhythm: a day and a bit."""
_LEAST_SLACK = timedelta(hours=1)
LONGEST_RUN = timedelta(hours=4)
"""Time limit of a sync's DAG run; a run that is older and holds no lease has died."""


class Status(StrEnum):
    """How a sync stands, worst first."""

    FAILED = "failed"
    LATE = "late"
    WAITING = "waiting"
    PARTLY = "partly"
    SYNCING = "syncing"
    FRESH = "fresh"
    NEVER = "never"


URGENT = (Status.FAILED, Status.LATE)
"""Somebody has to act."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A status and, where there is one, the error behind it.

    Attributes:
        code: Entry of the message catalogue.
        context: What its text is filled with; ids, counts, codes and moments.
    """

    status: Status
    code: str | None = None
    context: Mapping[str, Any] = field(default_factory=dict)


def judge(standing: Standing, now: datetime) -> Verdict:
    """Say how a sync stands."""
    last = standing.last
    if last is None:
        return Verdict(Status.NEVER)
    overdue = is_overdue(standing, now)
    if last.status == RUNNING:
        if standing.held or now - last.started_at < LONGEST_RUN:
            return Verdict(Status.SYNCING)
        return Verdict(Status.FAILED, "run.abandoned", {"run": last.id})
    if last.status == FAILED:
        status = Status.FAILED
        if last.exit_status == ExitStatus.RETRYABLE:
            status = Status.LATE if overdue else Status.WAITING
        return Verdict(status, last.error_code, last.error_context or {})
    if overdue and standing.good is not None:
        since = now - standing.good.started_at
        return Verdict(Status.LATE, "sync.late", {"since": since, "usual": standing.usual})
    return Verdict(Status.PARTLY if standing.rejects else Status.FRESH)


def is_overdue(standing: Standing, now: datetime) -> bool:
    """Tell whether the last success is older than the sync's rhythm allows.

    Half a rhythm more, but at least an hour, is still in time: runs wait for each other. Results of
    orders come when they are done.
    """
    if standing.ordered:
        return False
    good = standing.good
    if good is None:
        first = standing.last
        return first is not None and now - first.started_at > UNKNOWN_RHYTHM
    usual = standing.usual
    allowed = UNKNOWN_RHYTHM if usual is None else usual + max(_LEAST_SLACK, usual / 2)
    return now - good.started_at > allowed


def of_run(run: Run) -> Status:
    """Say how one run ended, by itself."""
    if run.status == RUNNING:
        return Status.SYNCING
    if run.status == FAILED:
        return Status.WAITING if run.exit_status == ExitStatus.RETRYABLE else Status.FAILED
    return Status.PARTLY if run.counts["quarantined"] else Status.FRESH


def worst(statuses: Iterable[Status]) -> Status:
    """Return the worst of several, ``never`` for none."""
    order = list(Status)
    return min(statuses, key=order.index, default=Status.NEVER)
