"""Time and randomness: the only module that asks the machine for either.

Everything else takes a :class:`Clock` or calls the functions here, so that a test can hold time
still and a simulation can replay a run.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tell the time and wait."""

    def now(self) -> datetime:
        """Return the current time in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class FakeClock:
    """A clock for tests: sleeping moves it on at once."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._start = start
        self._elapsed = 0.0

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back."""
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        """Move the clock on without waiting."""
        self._elapsed += seconds


def random_bytes(count: int) -> bytes:
    """Return ``count`` bytes from the operating system's generator."""
    return os.urandom(count)


def new_ids(count: int) -> list[str]:
    """Return ``count`` UUIDv7 texts (RFC 9562), increasing in the order given.

    One call to the generator serves the whole list; ids of one call share their millisecond and
    are ordered by a counter in the twelve bits after the version.
    """
    out: list[str] = []
    ms = time.time_ns() // 1_000_000
    noise = os.urandom(8 * count).hex()
    for i in range(count):
        stamp = f"{ms + (i >> 12):012x}"
        r = noise[16 * i : 16 * i + 16]
        variant = "89ab"[int(r[0], 16) & 3]
        out.append(f"{stamp[:8]}-{stamp[8:]}-7{i & 0xFFF:03x}-{variant}{r[1:4]}-{r[4:16]}")
    return out


def new_id() -> str:
    """Return one UUIDv7 text."""
    return new_ids(1)[0]
