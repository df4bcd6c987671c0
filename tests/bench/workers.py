"""Two workers on two processes against one: stamps of two connections into one store.

Each connection is a sync of its own with its own lease, as two slices of a stream are; both find
their employees in the same rows and write to the same tables.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from tests.bench import punches, source
from tests.bench.stores import Place
from tests.bench.workloads import job_of, prepare

WORKLOAD = "two_workers"
SIZE = 200_000
_PREPARED = "shared"


def run(where: Place, size: int) -> dict[str, Any]:
    """Load ``size`` stamps by one worker, then twice as many by two; return what to write down."""
    streams = {"units": 0, "positions": 0, "employees": punches.staff(size), "punches": size}
    with source.running(streams) as address:
        prepare(where, _PREPARED, address, ("units", "positions", "employees"))
        one = _seconds(where, address, ["bench"])
        two = _seconds(where, address, ["bench", "bench_two"])
        where.drop(_PREPARED)
    return {
        "size": size,
        "one_records_s": round(size / one),
        "two_records_s": round(2 * size / two),
        "ratio": round(2 * one / two, 2),
    }


def _seconds(where: Place, address: str, connections: Sequence[str]) -> float:
    """Return how long workers take that start together, each with a connection."""
    copy = where.copy(_PREPARED)
    where.settle()
    started = time.perf_counter()
    workers = []
    for connection in connections:
        job = {**job_of(where, copy, address, "before"), "stream": "punches"}
        text = json.dumps({**job, "connection": connection})
        argv = [sys.executable, "-m", "tests.bench.worker", text]
        workers.append(subprocess.Popen(argv, stdout=subprocess.DEVNULL))
    failed = [w.wait() for w in workers]
    took = time.perf_counter() - started
    where.drop(copy)
    if any(failed):
        raise RuntimeError(f"workers ended with {failed}")
    return took


def table(found: dict[str, Any]) -> str:
    """Return what was found, in a line per database."""
    return "\n".join(
        f"stamps on {store}: one worker {f['one_records_s']:,}/s, two {f['two_records_s']:,}/s, "
        f"{f['ratio']} times"
        for store, f in found.items()
    )
