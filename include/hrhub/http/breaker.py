"""Leave a vendor alone that keeps failing, and find out cheaply when it is back.

Opens after five failures in a row or half of the last twenty; then one probe every half minute;
closes after three successes.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from hrhub.ambient import Clock

CONSECUTIVE = 5
WINDOW = 20
FAILED_SHARE = 0.5
PROBE_EVERY_S = 30.0
CLOSE_AFTER = 3


class Breaker(Protocol):
    """Decide whether an origin is asked at all."""

    def admit(self, origin: str) -> float:
        """Return 0 to go on, or the seconds until the next probe is due."""
        ...

    def record(self, origin: str, *, good: bool) -> None:
        """Note how a request that was admitted went."""
        ...


class Change(Enum):
    """What an outcome did to a circuit."""

    NONE = "none"
    OPENED = "opened"
    PROBED = "probed"
    CLOSED = "closed"


@dataclass(slots=True)
class Circuit:
    """The rules, without time and without a place.

    Attributes:
        recent: The latest outcomes while closed, newest last.
        is_open: Whether the origin is left alone but for probes.
        good_probes: Probes in a row that went well.
    """

    recent: deque[bool] = field(default_factory=lambda: deque(maxlen=WINDOW))
    is_open: bool = False
    good_probes: int = 0

    def note(self, *, good: bool) -> Change:
        """Note how a request went.

        Returns:
            ``OPENED``: the next probe is due after :data:`PROBE_EVERY_S`. ``PROBED``: a probe went
            well and may be followed at once by the next. ``CLOSED``: the vendor is back.
        """
        if self.is_open:
            self.good_probes = self.good_probes + 1 if good else 0
            if self.good_probes >= CLOSE_AFTER:
                self.is_open, self.good_probes = False, 0
                self.recent.clear()
                return Change.CLOSED
            return Change.PROBED if good else Change.NONE
        self.recent.append(good)
        if self._fails():
            self.is_open, self.good_probes = True, 0
            self.recent.clear()
            return Change.OPENED
        return Change.NONE

    def _fails(self) -> bool:
        outcomes = list(self.recent)
        if len(outcomes) >= CONSECUTIVE and not any(outcomes[-CONSECUTIVE:]):
            return True
        return len(outcomes) == WINDOW and outcomes.count(False) >= WINDOW * FAILED_SHARE


class MemoryBreaker:
    """Circuits of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._circuits: dict[str, Circuit] = {}
        self._next_probe: dict[str, float] = {}

    def admit(self, origin: str) -> float:
        """Return 0 to go on, or the seconds until the next probe is due."""
        with self._lock:
            due = self._next_probe.get(origin)
            if due is None:
                return 0.0
            now = self._clock.monotonic()
            if now < due:
                return due - now
            self._next_probe[origin] = now + PROBE_EVERY_S
            return 0.0

    def record(self, origin: str, *, good: bool) -> None:
        """Note how a request went; open or close the circuit."""
        with self._lock:
            change = self._circuits.setdefault(origin, Circuit()).note(good=good)
            now = self._clock.monotonic()
            if change is Change.OPENED:
                self._next_probe[origin] = now + PROBE_EVERY_S
            elif change is Change.PROBED:
                self._next_probe[origin] = now
            elif change is Change.CLOSED:
                del self._next_probe[origin]
