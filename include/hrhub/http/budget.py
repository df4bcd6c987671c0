"""How many requests a vendor account may make: a token bucket shared by all who use the account."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Protocol

from hrhub.ambient import Clock


@dataclass(frozen=True, slots=True)
class Rate:
    """An agreed rate.

    Attributes:
        per_s: Requests per second in the long run.
        burst: Requests that may be made at once after a pause.
    """

    per_s: float
    burst: int = 1


class Budget(Protocol):
    """Give out requests."""

    def take(self, account: str, rate: Rate | None) -> float:
        """Take one request.

        Returns:
            0 if it was taken; otherwise the seconds after which to ask again, nothing being taken.
        """
        ...

    def block(self, account: str, seconds: float) -> None:
        """Give out nothing for some seconds, because the vendor said so."""
        ...


class MemoryBudget:
    """Buckets of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}
        self._blocked: dict[str, float] = {}

    def take(self, account: str, rate: Rate | None) -> float:
        """Take one request, or return the seconds to wait."""
        with self._lock:
            now = self._clock.monotonic()
            blocked = self._blocked.get(account, now) - now
            if blocked > 0:
                return blocked
            if rate is None:
                return 0.0
            level, since = self._buckets.get(account, (float(rate.burst), now))
            level = min(float(rate.burst), level + (now - since) * rate.per_s)
            # A hair below one counts as one: the wait given below is rounded by the clock.
            if level < 1 - 1e-9:
                self._buckets[account] = (level, now)
                return (1 - level) / rate.per_s
            self._buckets[account] = (level - 1, now)
            return 0.0

    def block(self, account: str, seconds: float) -> None:
        """Give out nothing for some seconds; a longer block stays."""
        with self._lock:
            until = self._clock.monotonic() + seconds
            self._blocked[account] = max(self._blocked.get(account, until), until)
