"""The retry policy over the whole error tree."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hrhub import errors
from hrhub.airflow.retry import LONGEST_DELAY, HubRetryPolicy
from hrhub.errors import HrHubError

pytestmark = pytest.mark.xdist_group("airflow")

AGAIN = {"Throttled", "Transient", "Busy", "KeysUnavailable", "StorageError"}
TREE = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, HrHubError)
]


def decide(error: BaseException):
    return HubRetryPolicy().evaluate(error, 1, 4)


def build(kind: type[HrHubError]) -> HrHubError:
    return kind("date", "hireDate", "calendar") if kind is errors.RowRejected else kind()


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_each_error_class_is_retried_or_fails_at_once(kind: type[HrHubError]) -> None:
    error = build(kind)

    decision = decide(error)

    if kind.__name__ in AGAIN:
        assert decision.action.value == "default"
    else:
        assert (decision.action.value, decision.reason) == ("fail", error.code)


def test_a_vendor_that_asks_to_wait_is_given_that_time() -> None:
    decision = decide(errors.Throttled(retry_after_s=90))

    assert decision.action.value == "retry"
    assert decision.retry_delay == timedelta(seconds=90)


def test_a_vendor_cannot_put_a_sync_to_sleep_for_a_day() -> None:
    assert decide(errors.Throttled(retry_after_s=86_400)).retry_delay == LONGEST_DELAY


def test_an_error_of_ours_that_nobody_foresaw_keeps_the_default() -> None:
    assert decide(ZeroDivisionError()).action.value == "default"
