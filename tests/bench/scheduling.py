"""What Airflow adds: parsing many DAGs, and a small sync from its trigger to its end.

A DAG of three streams runs beside one of the same shape whose tasks do nothing, on a real Airflow
with its own processes. The difference per task is what the hub costs there: its imports, the
store, the keys, the run's records, and the sync of a company of a few people.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

WORKLOAD = "airflow"
DAGS = 100
PEOPLE = 40
RUNS = 3
_TIMEOUT_S = 300.0
_VENDOR = "successfactors"
_STREAMS = ("companies", "departments", "positions")

_SYNC = f"""
from hrhub.airflow.dags import sync_dag

dag = sync_dag("{_VENDOR}", streams={_STREAMS!r}, dag_id="bench_hub")
"""
_BARE = """
from airflow.sdk import DAG, BaseOperator


class Nothing(BaseOperator):
    def execute(self, context):
        return None


with DAG("bench_bare", schedule=None) as dag:
    pulls = [Nothing(task_id=f"pull{n}") for n in range(3)]
    loads = [Nothing(task_id=f"load{n}") for n in range(3)]
    publish = Nothing(task_id="publish")
    for n in range(3):
        pulls[n] >> loads[n] >> publish
        if n:
            pulls[n - 1] >> pulls[n]
            loads[n - 1] >> loads[n]
"""
_PARSE = """
import json, sys, time
import airflow.sdk
from airflow.dag_processing.dagbag import DagBag
started = time.perf_counter()
bag = DagBag(sys.argv[1])
print(json.dumps({"seconds": time.perf_counter() - started, "dags": len(bag.dags)}))
"""


def run(root: Path) -> dict[str, Any]:
    """Measure both; return what to write down."""
    return {"parse": parsing(root), **syncing(root)}


def parsing(root: Path, count: int = DAGS) -> dict[str, Any]:
    """Parse files of one DAG each in one process, Airflow loaded before."""
    folder = root / "many"
    folder.mkdir(parents=True)
    for number in range(count):
        text = _SYNC.replace("bench_hub", f"bench_{number}")
        (folder / f"bench_{number}.py").write_text(text, encoding="utf-8")
    home = root / "parsing"
    done = subprocess.run(
        [sys.executable, "-c", _PARSE, str(folder)],
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("AIRFLOW")},
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
        },
        stdout=subprocess.PIPE,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    if found["dags"] != count:
        raise RuntimeError(f"expected {count} DAGs, found {found['dags']}")
    return {"dags": count, "seconds": round(found["seconds"], 2)}


def syncing(root: Path, runs: int = RUNS) -> dict[str, Any]:
    """Run both DAGs in turn; return medians."""
    folder = root / "dags"
    folder.mkdir(parents=True)
    (folder / "bench_hub.py").write_text(_SYNC, encoding="utf-8")
    (folder / "bench_bare.py").write_text(_BARE, encoding="utf-8")
    seconds: dict[str, list[float]] = {"bench_hub": [], "bench_bare": []}
    tasks: dict[str, list[float]] = {"bench_hub": [], "bench_bare": []}
    with _airflow(root / "home", folder) as finish:
        for _ in range(runs):
            for dag_id in seconds:
                took, each = finish(dag_id)
                seconds[dag_id].append(took)
                tasks[dag_id] += each
    hub, bare = median(tasks["bench_hub"]), median(tasks["bench_bare"])
    return {
        "people": PEOPLE,
        "streams": len(_STREAMS),
        "runs": runs,
        "hub_s": round(median(seconds["bench_hub"]), 2),
        "bare_s": round(median(seconds["bench_bare"]), 2),
        "hub_task_s": round(hub, 3),
        "bare_task_s": round(bare, 3),
        "overhead_s": round(hub - bare, 3),
    }


@contextmanager
def _airflow(home: Path, folder: Path) -> Iterator[Any]:
    """Start vendor, hub and Airflow; yield what runs a DAG to its end."""
    from hrhub.airflow.demo import connections
    from hrhub.airflow.follow import first_run
    from hrhub.airflow.processes import Command
    from hrhub.airflow.runner import Runner
    from hrhub.ambient import SystemClock
    from hrhub.pipeline import open_hub
    from hrhub.sandbox.host import read_state
    from hrhub.settings import Settings

    clock = SystemClock()
    settings = Settings.from_env({**os.environ, "HRHUB_HOME": str(home)})
    with Runner(home, clock=clock, say=lambda _: None) as runner:
        runner.env = {**runner.env, "AIRFLOW__CORE__DAGS_FOLDER": str(folder)}
        state_file = runner.home.run / "sandbox.json"
        argv = [sys.executable, "-m", "hrhub.sandbox", _VENDOR, "--state", str(state_file)]
        argv += ["--size", str(PEOPLE)]
        runner.keeper.start(Command("sandbox", argv, runner.env))
        migration = runner.begin_migration()
        open_hub(settings, create=True).close()
        migration.wait()
        runner.start()
        while not state_file.exists():
            runner.keeper.tend()
            clock.sleep(0.1)
        migration.register(connections(read_state(state_file)))
        runner.wait_until_healthy()
        api = runner.api
        api.log_in("admin", runner.home.password("admin"))

        def finish(dag_id: str) -> tuple[float, Sequence[float]]:
            followed = first_run(
                api,
                dag_id,
                clock=clock,
                timeout_s=_TIMEOUT_S,
                watch=lambda *_: None,
                tend=runner.keeper.tend,
            )
            if followed.state != "success":
                raise RuntimeError(f"{dag_id}: {followed.state}, {followed.failed_tasks}")
            run_ = f"/api/v2/dags/{dag_id}/dagRuns/{quote(followed.run_id, safe='')}"
            told = api.call("GET", run_)
            listed = api.call("GET", f"{run_}/taskInstances?limit=500")["task_instances"]
            took = _moment(told["end_date"]) - _moment(told["queued_at"])
            return took.total_seconds(), [float(t["duration"]) for t in listed]

        yield finish


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def table(found: dict[str, Any]) -> str:
    """Return what was found, in lines."""
    parse = found["parse"]
    return "\n".join(
        (
            f"parsing {parse['dags']} DAG files: {parse['seconds']} s",
            f"a sync of {found['streams']} streams, {found['people']} people, trigger to finished: "
            f"{found['hub_s']} s; the same DAG with empty tasks: {found['bare_s']} s",
            f"a task of the hub: {found['hub_task_s']} s; an empty task: {found['bare_task_s']} s; "
            f"overhead: {found['overhead_s']} s",
        )
    )
