"""The process that is measured: one sync, as ``hrhub sync`` runs it, and nothing else.

Reads a job from its argument and prints what came of it, both JSON.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from pathlib import Path
from typing import Any

from hrhub.pipeline import open_hub
from hrhub.settings import Settings
from tests.bench.connector import BENCH, config


def settings(home: Path, store_url: str) -> Settings:
    """Return where a hub of the benchmark keeps its things."""
    return Settings(
        home=home,
        store_url=store_url,
        keyring=home / "keyring.json",
        landing=home / "landing",
        mappings=home / "mappings",
    )


def sync(job: dict[str, Any]) -> dict[str, int]:
    """Run the sync of a job and return its counts."""
    connection = job.get("connection", "bench")
    with open_hub(settings(Path(job["home"]), job["store"])) as hub:
        counts = hub.sync(
            BENCH, config(job["address"], job["moment"]), connection, job["stream"], holder="bench"
        )
    return counts.numbers()


def main(job: dict[str, Any]) -> None:
    """Run a job, plainly or with a look at its stages."""
    if job.get("stages"):
        from tests.bench.stages import watched

        with watched() as stages:
            counts: dict[str, Any] = sync(job)
        counts["stages"] = stages
    elif job.get("profile"):
        import cProfile

        profile = cProfile.Profile()
        counts = profile.runcall(sync, job)
        profile.dump_stats(job["profile"])
    else:
        counts = sync(job)
    print(json.dumps({**counts, "rss_mb": round(peak_rss_mb(), 1)}))


def peak_rss_mb() -> float:
    """Return the most memory this process ever held.

    Linux' own high-water mark: ``ru_maxrss`` would start from the process that started us.
    """
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        if found:
            return int(found[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
