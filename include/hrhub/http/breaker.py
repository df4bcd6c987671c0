"""Leave a vendor alone that keeps failing, and find out cheaply when it is back.

Opens after five failures in a row or half of the last twenty; then one probe every half minute;
closes after three successes.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class _Circuit:
    recent: deque[bool] = field(default_factory=lambda: deque(maxlen=WINDOW))
    in_a_row: int = 0
    next_probe: float | None = None
    good_probes: int = 0


class MemoryBreaker:
    """Circuits of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._circuits: dict[str, _Circuit] = {}

    def admit(self, origin: str) -> float:
        """Return 0 to go on, or the seconds until the next probe is due."""
        with self._lock:
            circuit = self._circuits.get(origin)
            if circuit is None or circuit.next_probe is None:
                return 0.0
            now = self._clock.monotonic()
            if now < circuit.next_probe:
                return circuit.next_probe - now
            circuit.next_probe = now + PROBE_EVERY_S
            return 0.0

    def record(self, origin: str, *, good: bool) -> None:
        """Note how a request went; open or close the circuit."""
        with self._lock:
            circuit = self._circuits.setdefault(origin, _Circuit())
            if circuit.next_probe is not None:
                circuit.good_probes = circuit.good_probes + 1 if good else 0
                if circuit.good_probes >= CLOSE_AFTER:
                    self._circuits[origin] = _Circuit()
                elif good:
                    # A probe that went well may be followed at once by the next.
                    circuit.next_probe = self._clock.monotonic()
                return
            circuit.recent.append(good)
            circuit.in_a_row = 0 if good else circuit.in_a_row + 1
            failed = circuit.recent.count(False)
            if circuit.in_a_row >= CONSECUTIVE or (
                len(circuit.recent) == WINDOW and failed >= WINDOW * FAILED_SHARE
            ):
                circuit.next_probe = self._clock.monotonic() + PROBE_EVERY_S
                circuit.good_probes = 0
