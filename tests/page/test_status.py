"""Which status word fits how a sync stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hrhub.errors import AuthError, ExitStatus, HrHubError, StorageError, Throttled, Transient
from hrhub.store.hub_tables import COUNTS
from hrhub.store.overview import Standing
from hrhub.store.runs import DONE, FAILED, RUNNING, Run
from hrhub.store.syncs import SyncRow
from hrhub_page import status
from hrhub_page.status import Status, judge

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def run(
    ago: timedelta, error: HrHubError | None = None, *, running: bool = False, rejected: int = 0
) -> Run:
    started = NOW - ago
    return Run(
        id="r1",
        sync_id=1,
        tenant="default",
        connection="c",
        stream="s",
        connector="v",
        holder="h",
        kind="sync",
        status=RUNNING if running else FAILED if error else DONE,
        exit_status=None if running else int(error.status if error else ExitStatus.DONE),
        started_at=started,
        finished_at=None if running else started,
        mapping_version=None,
        counts={name: rejected if name == "quarantined" else 0 for name in COUNTS},
        error_code=error.code if error else None,
        error_context=error.context if error else None,
        next_seq=1,
    )


def standing(last: Run | None, **changes: Any) -> Standing:
    values: dict[str, Any] = {
        "sync": SyncRow(1, "default", "c", "s", "v"),
        "last": last,
        "good": last if last and last.status == DONE else None,
        "usual": None,
        "rejects": 0,
        "held": False,
        **changes,
    }
    return Standing(**values)


def word(last: Run | None, **changes: Any) -> Status:
    return judge(standing(last, **changes), NOW).status


def test_without_a_run_it_never_ran() -> None:
    assert word(None) is Status.NEVER


@pytest.mark.parametrize(
    "error", [AuthError(), StorageError(), HrHubError("internal.unexpected")], ids=lambda e: e.code
)
def test_what_waiting_does_not_mend_has_failed(error: HrHubError) -> None:
    verdict = judge(standing(run(QUARTER, error), good=run(2 * QUARTER)), NOW)

    assert (verdict.status, verdict.code) == (Status.FAILED, error.code)


@pytest.mark.parametrize("error", [Transient(), Throttled()], ids=lambda e: e.code)
def test_a_vendor_out_of_reach_is_waited_for_until_data_is_late(error: HrHubError) -> None:
    last = run(QUARTER, error)

    assert word(last, good=run(2 * QUARTER), usual=QUARTER) is Status.WAITING
    late = judge(standing(last, good=run(timedelta(hours=2)), usual=QUARTER), NOW)
    assert (late.status, late.code) == (Status.LATE, error.code)
    assert word(last) is Status.WAITING
    assert word(run(timedelta(hours=27), error)) is Status.LATE


@pytest.mark.parametrize(
    ("usual", "in_time", "late"),
    [
        (QUARTER, timedelta(minutes=74), timedelta(minutes=76)),
        (timedelta(hours=1), timedelta(minutes=119), timedelta(minutes=121)),
        (timedelta(days=1), timedelta(hours=35), timedelta(hours=37)),
        (timedelta(days=30), timedelta(days=44), timedelta(days=46)),
        (None, timedelta(hours=25), timedelta(hours=27)),
    ],
    ids=["quarter", "hour", "day", "month", "unknown"],
)
def test_late_depends_on_how_often_data_comes(
    usual: timedelta | None, in_time: timedelta, late: timedelta
) -> None:
    assert word(run(in_time), usual=usual) is Status.FRESH
    verdict = judge(standing(run(late), usual=usual), NOW)
    assert (verdict.status, verdict.code) == (Status.LATE, "sync.late")
    assert verdict.context == {"since": late, "usual": usual}


def test_rejects_show_until_they_are_taken_in() -> None:
    assert word(run(QUARTER, rejected=0), rejects=3) is Status.PARTLY
    assert word(run(QUARTER, rejected=3), rejects=0) is Status.FRESH


def test_late_data_matter_more_than_rejects() -> None:
    assert word(run(timedelta(days=2)), usual=QUARTER, rejects=3) is Status.LATE


def test_a_run_that_holds_no_lease_for_hours_has_died() -> None:
    old = timedelta(hours=5)

    assert word(run(QUARTER, running=True)) is Status.SYNCING
    assert word(run(old, running=True), held=True) is Status.SYNCING
    verdict = judge(standing(run(old, running=True)), NOW)
    assert (verdict.status, verdict.code) == (Status.FAILED, "run.abandoned")


def test_a_run_is_judged_by_its_own_rejects() -> None:
    assert status.of_run(run(QUARTER, rejected=1)) is Status.PARTLY
    assert status.of_run(run(QUARTER)) is Status.FRESH
    assert status.of_run(run(QUARTER, running=True)) is Status.SYNCING
    assert status.of_run(run(QUARTER, AuthError())) is Status.FAILED
    assert status.of_run(run(QUARTER, Transient())) is Status.WAITING


def test_a_source_stands_as_its_worst_stream() -> None:
    assert status.worst([Status.FRESH, Status.PARTLY, Status.NEVER]) is Status.PARTLY
    assert status.worst([Status.FRESH, Status.NEVER]) is Status.FRESH
    assert status.worst([]) is Status.NEVER
