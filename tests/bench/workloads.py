"""The workloads: a first load, a reading with one record in a hundred changed, and one with all.

Employees come into a store that holds the organisation, stamps into one that holds the staff, as
in life. Every run works on a copy of that store and is checked: no record may be lost or refused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hrhub.pipeline import open_hub
from tests.bench import measure, punches, source
from tests.bench.connector import put_mappings
from tests.bench.measure import Measured
from tests.bench.people import CHANGED_EVERY
from tests.bench.stores import Place
from tests.bench.worker import settings, sync

WORKLOADS = (
    "employees_first",
    "employees_resync",
    "employees_changed",
    "punches_first",
    "punches_resync",
)
STORES = ("postgresql", "sqlite")
SIZES = {"employees": 100_000, "punches": 1_000_000}
_MOMENTS = {"first": "before", "resync": "after", "changed": "moved"}
_PREPARED = "prepared"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure of one stream.

    Attributes:
        stream: ``employees`` or ``punches``.
        parts: ``first``, ``resync``, ``changed``; the first load comes before each.
        size: Records.
        runs: How often.
    """

    stream: str
    parts: Sequence[str]
    size: int
    runs: int


def plans(only: Sequence[str], size: int | None, runs: int | None) -> Iterator[Plan]:
    """Yield a plan per stream for the workloads named."""
    for stream, usual in SIZES.items():
        parts = [p for p in _MOMENTS if f"{stream}_{p}" in only]
        if parts:
            count = size or usual
            yield Plan(stream, parts, count, runs or (5 if count <= 20_000 else 3))


def measured(plan: Plan, where: Place, tell: Callable[[str], None]) -> dict[str, dict[str, Any]]:
    """Carry a plan out on one database; return what to write down by workload."""
    streams = {"units": 0, "positions": 0, plan.stream: plan.size}
    streams.setdefault("employees", punches.staff(plan.size))
    moments = {_MOMENTS["first"], *(_MOMENTS[part] for part in plan.parts)}
    with source.running(streams, sorted(moments)) as address:
        tell("preparing")
        prepare(where, _PREPARED, address, ("units", "positions", *_needed(plan)))
        runs: dict[str, list[Measured]] = defaultdict(list)
        yardsticks: dict[str, list[Measured]] = defaultdict(list)
        for number in range(1, plan.runs + 1):
            tell(f"run {number} of {plan.runs}")
            for part, job in _jobs(plan, where, address):
                done = measure.run("worker", job, where)
                check(part, done)
                runs[part].append(done)
                if part in plan.parts:
                    yardsticks[part].append(measure.run("yardstick", job, where))
        tell("looking at the stages")
        stages = {
            part: measure.run("worker", {**job, "stages": True}, where).result["stages"]
            for part, job in _jobs(plan, where, address)
        }
        where.drop(_PREPARED)
    return {
        f"{plan.stream}_{part}": _written(plan, runs[part], yardsticks[part], stages[part])
        for part in plan.parts
    }


def _needed(plan: Plan) -> Sequence[str]:
    return ("employees",) if plan.stream == "punches" else ()


def prepare(where: Place, name: str, address: str, streams: Sequence[str]) -> None:
    """Make a hub and sync streams into it."""
    where.new(name)
    home, url = where.home(name), where.url(name)
    put_mappings(home / "mappings")
    open_hub(settings(home, url), create=True).close()
    for stream in streams:
        sync({**job_of(where, name, address, "before"), "stream": stream})


def job_of(where: Place, name: str, address: str, moment: str) -> dict[str, Any]:
    """Return what a worker needs to know of a hub and its source."""
    return {
        "home": str(where.home(name)),
        "store": where.url(name),
        "address": address,
        "moment": moment,
    }


def _jobs(plan: Plan, where: Place, address: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the jobs of one run in order, on a copy of the prepared store."""
    copy = where.copy(_PREPARED)
    for part, moment in _MOMENTS.items():
        if part == "first" or part in plan.parts:
            yield part, {**job_of(where, copy, address, moment), "stream": plan.stream}
    where.drop(copy)


def check(part: str, done: Measured) -> None:
    """Refuse figures of a run that did not do its work.

    Raises:
        RuntimeError: Records were lost, refused or not recognised.
    """
    count = done.records
    changed = len(range(7, count, CHANGED_EVERY))
    wanted = {
        "first": {"inserted": count, "unchanged": 0},
        "resync": {"updated": changed, "unchanged": count - changed},
        "changed": {"updated": count, "unchanged": 0},
    }[part]
    found = {name: done.result[name] for name in wanted}
    if found != wanted:
        raise RuntimeError(f"{part}: expected {wanted}, found {found}")


def _written(
    plan: Plan, runs: Sequence[Measured], yardsticks: Sequence[Measured], stages: dict[str, Any]
) -> dict[str, Any]:
    found = measure.figures(runs)
    yardstick = measure.figures(yardsticks)
    per = plan.size / 1e6
    return {
        **found,
        "size": plan.size,
        "yardstick": {name: yardstick[name] for name in ("records_s", "cpu_us")},
        "cpu_ratio": round(found["cpu_us"] / yardstick["cpu_us"], 2),
        "stages": {
            stage: {"cpu_us": round(cpu / per, 2), "wall_us": round(wall / per, 2)}
            for stage, (cpu, wall) in stages.items()
        },
    }
