"""Where the time goes: CPU and waiting per stage of one sync, in a run of its own.

The clocks cost a few per cent, so these runs are not those that are counted.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import local
from typing import Any
from unittest.mock import patch

from hrhub.http.client import HttpClient
from hrhub.pipeline import apply as applying
from hrhub.pipeline.feeds import HANDLERS
from hrhub.pipeline.gate import Gate
from hrhub.pipeline.landing import Landing
from hrhub.pipeline.load import Loader
from hrhub.pipeline.records import Sieve, Splitter
from hrhub.pipeline.rejects import Quarantine
from hrhub.pipeline.writes import Writes
from hrhub.store import bulk, fingerprints

STAGES: tuple[tuple[str, Any, str], ...] = (
    ("fetch", HttpClient, "request"),
    ("land", Landing, "land"),
    ("split", Splitter, "split"),
    ("gate", Gate, "fingerprints"),
    ("gate", Gate, "passing"),
    ("gate", fingerprints, "load"),
    ("decode, map, check", Sieve, "map"),
    ("other", Loader, "take"),
    ("compare", Loader, "_commit"),
    ("seal, index", Writes, "insert"),
    ("seal, index", Writes, "update"),
    ("look up", bulk, "fetch_by"),
    ("write", Writes, "flush"),
    ("quarantine", Quarantine, "settle"),
    ("close, audit", Loader, "_close"),
)
"""Stage, where its work is done, and what does it. Nested stages count once, for the inner one."""


class _Meter:
    def __init__(self) -> None:
        self.cpu: dict[str, float] = defaultdict(float)
        self.wall: dict[str, float] = defaultdict(float)
        self._inner = local()

    def wrap(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        inner = self._inner

        def timed(*args: Any, **kwargs: Any) -> Any:
            above = getattr(inner, "spent", (0.0, 0.0))
            inner.spent = (0.0, 0.0)
            cpu, wall = time.thread_time(), time.perf_counter()
            try:
                return work(*args, **kwargs)
            finally:
                cpu, wall = time.thread_time() - cpu, time.perf_counter() - wall
                self.cpu[stage] += cpu - inner.spent[0]
                self.wall[stage] += wall - inner.spent[1]
                inner.spent = (above[0] + cpu, above[1] + wall)

        return timed


@contextmanager
def watched() -> Iterator[dict[str, tuple[float, float]]]:
    """Watch the stages inside the block; leaving it fills in seconds of CPU and of time."""
    meter = _Meter()
    found: dict[str, tuple[float, float]] = {}
    started = time.process_time()
    with ExitStack() as stack:
        for stage, place, name in STAGES:
            wrapped = meter.wrap(stage, getattr(place, name))
            stack.enter_context(patch.object(place, name, wrapped))
        placing = {n: meter.wrap("place", h) for n, h in HANDLERS.items()}
        stack.enter_context(patch.object(applying, "HANDLERS", placing))
        yield found
    total = time.process_time()
    found["start, imports"] = (started, started)
    for stage, cpu in meter.cpu.items():
        found[stage] = (cpu, meter.wall[stage])
    other = total - started - sum(meter.cpu.values())
    found["other"] = (other, other)
