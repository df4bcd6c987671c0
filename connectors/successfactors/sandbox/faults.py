"""Faults that a test can arm in a running simulator."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "throttled",
    "token_rejected",
    "html_502",
    "html_200",
    "metadata_busy",
    "maintenance",
    "half_body",
    "delay",
    "foreign_next",
    "loop",
]


@dataclass(slots=True)
class Fault:
    """One armed fault.

    Attributes:
        path: Only requests whose path contains this text.
        after: Requests that pass unharmed first.
        times: Requests that are hit.
        value: Seconds: of ``Retry-After`` for ``throttled``, of waiting for ``delay``.
    """

    kind: Kind
    path: str
    after: int
    times: int
    value: float


class Faults:
    """The faults of one simulator; each request takes at most one."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []
        self._lock = threading.Lock()

    def arm(
        self,
        kind: Kind,
        *,
        path: str = "/odata/v2/",
        after: int = 0,
        times: int = 1,
        value: float = 0,
    ) -> None:
        """Arm a fault."""
        with self._lock:
            self._armed.append(Fault(kind, path, after, times, value))

    def clear(self) -> None:
        """Disarm everything."""
        with self._lock:
            self._armed.clear()

    def take(self, path: str) -> Fault | None:
        """Return the fault that hits a request, if any."""
        with self._lock:
            for fault in self._armed:
                if fault.path not in path or fault.times == 0:
                    continue
                if fault.after:
                    fault.after -= 1
                    continue
                fault.times -= 1
                return fault
        return None
