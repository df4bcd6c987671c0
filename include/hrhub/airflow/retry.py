"""The one place that decides on retries: a policy over the error tree."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import RetryDecision, RetryPolicy

from hrhub.errors import HrHubError

if TYPE_CHECKING:
    from airflow.sdk import Context

RETRIES = 3
RETRY_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(minutes=30)
"""A vendor's wish to wait is honoured up to here; a longer one is tried once in between."""


class HubRetryPolicy(RetryPolicy):
    """Fail at once what another try cannot mend; wait as long as a vendor asked.

    Errors that are not the hub's own (a killed worker, a bug) keep Airflow's default. The number
    of tries stays bounded by the task's ``retries``.
    """

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,
        max_tries: int,
        context: Context | None = None,
    ) -> RetryDecision:
        """Decide by the error's class; the reason shown in the UI is its code."""
        if not isinstance(exception, HrHubError):
            return RetryDecision.default()
        if not exception.retryable:
            return RetryDecision.fail(reason=exception.code)
        if exception.retry_after_s is None:
            return RetryDecision.default()
        delay = min(timedelta(seconds=max(exception.retry_after_s, 1.0)), LONGEST_DELAY)
        return RetryDecision.retry(delay=delay, reason=exception.code)

    def serialize(self) -> dict[str, Any]:
        """Return nothing: the policy has no parameters."""
        return {}

    @classmethod
    def deserialize(cls, data: Mapping[str, Any]) -> HubRetryPolicy:
        """Return the policy."""
        return cls()


DEFAULT_ARGS: dict[str, Any] = {
    "retries": RETRIES,
    "retry_delay": RETRY_DELAY,
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": LONGEST_DELAY,
    "retry_policy": HubRetryPolicy(),
    # The line with a returned value is written before the XCom guard sees it.
    "show_return_value_in_logs": False,
}
"""Default arguments of every task of the hub."""
