"""When to try again, and how long to wait before.

Only the hub retries; the HTTP library's own retries are off. A request is repeated when doing it
twice does no harm (GET, HEAD, or declared so) or when it certainly never left.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from hrhub.ambient import random_bytes
from hrhub.errors import HrHubError, Throttled
from hrhub.http.answer import http_date

SAFE_METHODS = frozenset({"GET", "HEAD"})
RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
RETRY_AFTER_MAX_S = 3600.0


def uniform() -> float:
    """Return a random number from 0 to below 1."""
    return int.from_bytes(random_bytes(6), "big") / (1 << 48)


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """How often and how patiently.

    Attributes:
        tries: Tries in all.
        first_s: Shortest wait, and the unit that doubles with every try.
        longest_s: Longest wait that is slept through. A longer one is told to the caller, who
            gives up its place and comes back.
        random: Draws from 0 to below 1.
    """

    tries: int = 6
    first_s: float = 0.5
    longest_s: float = 60.0
    random: Callable[[], float] = uniform

    def wait_s(self, failed: HrHubError, tries_done: int) -> float:
        """Return the wait before the next try: as the vendor says, or full jitter.

        Full jitter draws evenly from the whole span, so that many workers that failed together
        do not come back together.
        """
        if failed.retry_after_s is not None:
            return failed.retry_after_s
        # Beyond some doublings the span is the longest wait anyhow; larger powers overflow.
        span = min(self.longest_s, self.first_s * 2.0 ** min(tries_done, 32))
        return self.first_s + self.random() * max(0.0, span - self.first_s)

    def next_wait_s(
        self, failed: HrHubError, tries_done: int, *, repeatable: bool, left_s: float
    ) -> float:
        """Return the wait before another try, or raise what ends the request.

        Args:
            failed: How the last try went.
            tries_done: Tries so far.
            repeatable: Whether doing it twice does no harm.
            left_s: Seconds left for the whole request.

        Raises:
            HrHubError: ``failed`` itself, when there is no further try here.
            Throttled: The wait is too long to sleep through; it says how long.
        """
        never_left = failed.code == "vendor.unreachable"
        if not failed.retryable or not (repeatable or never_left):
            raise failed
        wait_s = self.wait_s(failed, tries_done)
        if wait_s > self.longest_s:
            raise _patient(failed, wait_s)
        if tries_done >= self.tries or wait_s >= left_s:
            raise failed
        return wait_s


def _patient(failed: HrHubError, wait_s: float) -> HrHubError:
    """Return an error that tells the caller how long to wait."""
    if isinstance(failed, Throttled) and failed.retry_after_s is not None:
        return failed
    return Throttled("vendor.throttled", retry_after_s=wait_s, **failed.context)


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """Read a ``Retry-After`` header: seconds or a date, held to 0..3600.

    None for anything else: negative, fractional or malformed values are ignored, because a
    vendor's slip must not stop a sync.
    """
    text = (header or "").strip()
    # fullmatch with ASCII digits: int() would take "1_000", " 5" and Arabic digits as well.
    if re.fullmatch(r"[0-9]{1,10}", text):
        return min(float(text), RETRY_AFTER_MAX_S)
    at = http_date(text) if text else None
    if at is None:
        return None
    return min(max((at - now).total_seconds(), 0.0), RETRY_AFTER_MAX_S)
