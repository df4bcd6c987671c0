"""Measure the hot path: ``python -m tests.bench [--only a,b] [--size N] [--runs N]``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench import identity, report, scheduling, verification, workers
from tests.bench import store as full_store
from tests.bench.stores import place
from tests.bench.workloads import STORES, WORKLOADS, measured, plans


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark, print what it found, write it down."""
    asked = _asked(arguments)
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    with tempfile.TemporaryDirectory(prefix="hrhub-bench-") as root:
        for store in asked.stores:
            with place(store, Path(root) / store) as where:
                (Path(root) / store).mkdir(mode=0o700)
                for plan in plans(asked.only, asked.size, asked.runs):
                    about = f"{plan.stream} x {plan.size:,} on {store}"
                    for workload, figures in measured(plan, where, _teller(about)).items():
                        found[workload][store] = figures
            if identity.WORKLOAD in asked.only:
                found[identity.WORKLOAD][store] = _recognition(store, Path(root), asked)
            if full_store.WORKLOAD in asked.only:
                found[full_store.WORKLOAD][store] = _full_store(store, Path(root), asked)
            if workers.WORKLOAD in asked.only:
                found[workers.WORKLOAD][store] = _two_workers(store, Path(root), asked)
        if scheduling.WORKLOAD in asked.only:
            _teller(scheduling.WORKLOAD)("parsing, syncing")
            found[scheduling.WORKLOAD] = scheduling.run(Path(root) / "airflow")
    if verification.WORKLOAD in asked.only:
        _teller(verification.WORKLOAD)("labelled cases")
        found[verification.WORKLOAD] = verification.run(asked.size)
    in_order = {w: found[w] for w in WORKLOADS if w in found}
    recognised = {w: found[w] for w in (identity.WORKLOAD,) if w in found}
    asked_of_store = {w: found[w] for w in (full_store.WORKLOAD,) if w in found}
    judged = {w: found[w] for w in (verification.WORKLOAD,) if w in found}
    beside = {w: found[w] for w in (workers.WORKLOAD, scheduling.WORKLOAD) if w in found}
    report.write(in_order | recognised | asked_of_store | judged | beside, asked.out)
    if in_order:
        print(report.stages(in_order))
        print()
        print(report.table(in_order))
    if recognised:
        print(report.recognition(recognised))
    for figures in asked_of_store.values():
        print(full_store.table(figures))
    for figures in judged.values():
        print(verification.table(figures))
    if workers.WORKLOAD in beside:
        print(workers.table(beside[workers.WORKLOAD]))
    if scheduling.WORKLOAD in beside:
        print(scheduling.table(beside[scheduling.WORKLOAD]))
    return 0


def _recognition(store: str, root: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """Measure how well people are recognised, on one database."""
    tell = _teller(f"identity on {store}")
    tell("five systems")
    home = root / f"{store}-identity"
    home.mkdir(mode=0o700)
    with place(store, home) as where:
        where.new(identity.WORKLOAD)
        name = identity.WORKLOAD
        return identity.run(where.home(name), where.url(name), asked.size or identity.SIZE)


def _full_store(store: str, root: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """Measure how fast a full store answers, on one database."""
    _teller(f"store on {store}")("filling")
    home = root / f"{store}-full"
    home.mkdir(mode=0o700)
    with place(store, home) as where:
        name = full_store.WORKLOAD
        where.new(name)
        return full_store.run(where.home(name), where.url(name), asked.size or full_store.SIZE)


def _two_workers(store: str, root: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """Measure what a second worker brings, on one database."""
    _teller(f"two workers on {store}")("one, then two")
    home = root / f"{store}-workers"
    home.mkdir(mode=0o700)
    with place(store, home) as where:
        return workers.run(where, asked.size or workers.SIZE)


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    others = (identity, full_store, verification, workers, scheduling)
    every = (*WORKLOADS, *(module.WORKLOAD for module in others))
    parser.add_argument("--only", default=",".join(every), help="workloads, by comma")
    parser.add_argument("--stores", default=",".join(STORES), help="databases, by comma")
    parser.add_argument("--size", type=int, help="records instead of 100,000 (punches: 1,000,000)")
    parser.add_argument("--runs", type=int, help="default: 5 up to 20,000 records, else 3")
    parser.add_argument("--out", type=Path, default=report.OUT, help="where the figures go")
    asked = parser.parse_args(arguments)
    asked.only, asked.stores = asked.only.split(","), asked.stores.split(",")
    for name, known in (("only", every), ("stores", STORES)):
        for value in set(getattr(asked, name)) - set(known):
            parser.error(f"--{name}: {value} is none of {', '.join(known)}")
    return asked


def _teller(about: str) -> Any:
    return lambda doing: print(f"{about}: {doing}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
