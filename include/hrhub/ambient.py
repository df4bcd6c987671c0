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


_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def new_ids(count: int) -> list[str]:
    """Return ``count`` UUIDv7 texts (RFC 9562), increasing in the order given.

    One call to the generator serves the whole list; ids of one call share their millisecond and
    are ordered by a counter in the twelve bits after the version.
    """
    out: list[str] = []
    ms = time.time_ns() // 1_000_000
    for start in range(0, count, 4096):
        stamp = f"{ms + (start >> 12):012x}"
        head = f"{stamp[:8]}-{stamp[8:]}-7"
        size = min(4096, count - start)
        noise = os.urandom(8 * size).hex()
        out += [
            f"{head}{i:03x}-{_VARIANT[noise[16 * i]]}{noise[16 * i + 1 : 16 * i + 4]}"
            f"-{noise[16 * i + 4 : 16 * i + 16]}"
            for i in range(size)
        ]
    return out


def new_id() -> str:
    """Return one UUIDv7 text."""
    return new_ids(1)[0]
