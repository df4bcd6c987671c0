"""Run a job in a fresh process and take its time, CPU and memory, the database's CPU included."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.bench.stores import Place


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: whole process, from its start to its end, imports and all."""

    records: int
    wall_s: float
    cpu_s: float
    rss_mb: float
    result: Mapping[str, Any]

    @property
    def records_s(self) -> float:
        """Records per second."""
        return self.records / self.wall_s

    @property
    def cpu_us(self) -> float:
        """Microseconds of CPU per record, worker and database together."""
        return self.cpu_s / self.records * 1e6


def run(module: str, job: Mapping[str, Any], where: Place) -> Measured:
    """Run ``tests.bench.<module>`` with a job.

    Raises:
        RuntimeError: It failed; it has said why.
    """
    where.settle()
    before = where.cpu_s()
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", f"tests.bench.{module}", json.dumps(job)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    with process.stdout as out:
        said = out.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{module} ended with {process.returncode}")
    result = json.loads(said)
    cpu = usage.ru_utime + usage.ru_stime + where.cpu_s() - before
    return Measured(result["seen"], wall, cpu, result.get("rss_mb", 0.0), result)


def figures(runs: Sequence[Measured]) -> dict[str, Any]:
    """Return the medians of some runs, as they are written down."""
    return {
        "records_s": round(median(r.records_s for r in runs)),
        "cpu_us": round(median(r.cpu_us for r in runs), 2),
        "rss_mb": round(median(r.rss_mb for r in runs), 1),
        "runs": len(runs),
    }
