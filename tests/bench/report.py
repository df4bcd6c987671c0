"""What the benchmark found, as a table and as ``build/bench.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Found = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Workload -> store -> figures."""

OUT = Path("build/bench.json")


def write(found: Found, out: Path) -> None:
    """Write the figures down."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def table(found: Found) -> str:
    """Return the figures as a table; CPU is worker and database, the ratio is to the yardstick."""
    lines = [
        f"{'workload':<18}{'store':<12}{'records':>10}{'records/s':>11}{'CPU µs/rec':>12}"
        f"{'RSS MB':>8}{'yardstick':>11}{'ratio':>7}{'runs':>6}"
    ]
    for workload, stores in found.items():
        for store, f in stores.items():
            lines.append(
                f"{workload:<18}{store:<12}{f['size']:>10,}{f['records_s']:>11,}{f['cpu_us']:>12}"
                f"{f['rss_mb']:>8}{f['yardstick']['cpu_us']:>11}{f['cpu_ratio']:>7}{f['runs']:>6}"
            )
    return "\n".join(lines)


def stages(found: Found) -> str:
    """Return where the time went, µs per record."""
    lines = []
    for workload, stores in found.items():
        for store, figures in stores.items():
            lines.append(f"{workload} on {store}, µs per record: CPU (time)")
            spent = sorted(figures["stages"].items(), key=lambda s: -s[1]["cpu_us"])
            lines += [
                f"  {stage:<20}{s['cpu_us']:>9.2f}   ({s['wall_us']:.2f})" for stage, s in spent
            ]
    return "\n".join(lines)


def recognition(found: Found) -> str:
    """Return how well people were recognised."""
    lines = []
    for stores in found.values():
        for store, f in stores.items():
            lines.append(
                f"identity on {store}: {f['records']:,} records of {f['people']:,} people; "
                f"precision {f['precision']:.4%}, recall {f['recall']:.2%} "
                f"of all pairs, {f['reviews']:,} questions, "
                f"{f['needless_reviews']} needless; {'passed' if f['passed'] else 'FAILED'}"
            )
    return "\n".join(lines)
