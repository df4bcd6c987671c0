"""DAGs are built from declarations alone: right structure, and nothing touched while parsing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hrhub.connector import registry
from hrhub.errors import ConfigError
from tests.support.demo_connector import demo

pytestmark = pytest.mark.xdist_group("airflow")

ROOT = Path(__file__).parents[2]
ENGINES = (
    "hrhub.crypto",
    "hrhub.store",
    "hrhub.pipeline",
    "hrhub.identity",
    "hrhub.http.client",
    "hrhub.http.dial",
    "hrhub.http.tcp",
    "hrhub.mapping",
    "hrhub.sandbox",
)
HEAVY = (
    "requests",
    "urllib3",
    "lxml",
    "zeep",
    "authlib",
    "signxml",
    "sqlalchemy",
    "airflow",
    "cryptography",
    "numpy",
)

DECLARATION = """
import sys
from hrhub.connector import registry
registry.get(sys.argv[1])
print(" ".join(sys.modules))
"""

PROBE = """
import sys
import airflow.sdk
from airflow.sdk import BaseOperator, CronTriggerTimetable, TaskGroup
import airflow.sdk.bases.xcom, airflow.sdk.log

events = []
def watch(event, args):
    if event == "open":
        path = str(args[0])
        if not path.endswith((".py", ".pyc", ".so", "METADATA", "entry_points.txt", ".pth")):
            events.append(("open", path))
    elif event.startswith(("socket.", "sqlite3.", "subprocess.")):
        events.append((event, str(args[0]) if args else ""))
sys.addaudithook(watch)
import json, runpy, time
start = time.process_time()
dag = runpy.run_path(sys.argv[1])["dag"]
spent = time.process_time() - start
seen = list(events)
print(json.dumps({
    "dag": dag.dag_id, "seconds": spent, "modules": sorted(sys.modules),
    "events": [e for e in seen if "__pycache__" not in e[1] and ".dist-info" not in e[1]],
}))
"""


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch):
    from hrhub.airflow.dags import sync_dag

    monkeypatch.setattr(registry, "get", lambda name: demo)
    return sync_dag


def test_a_stream_that_does_not_exist_is_refused_with_those_that_do(build) -> None:
    with pytest.raises(ConfigError) as caught:
        build("demo", streams=["people", "peopel"])

    assert caught.value.code == "stream.unknown"
    assert "people" in str(caught.value.context["known"])


def test_each_stream_is_pulled_then_loaded_and_publishing_comes_last(build) -> None:
    dag = build("demo")

    for stream in ("people", "jobs"):
        assert f"{stream}.load" in dag.get_task(f"{stream}.pull").downstream_task_ids
        assert "publish" in dag.get_task(f"{stream}.load").downstream_task_ids
    assert dag.get_task("publish").downstream_task_ids == set()


def test_a_stream_follows_those_it_refers_to(build) -> None:
    dag = build("demo")

    assert "people.pull" in dag.get_task("jobs.pull").upstream_task_ids
    assert "people.load" in dag.get_task("jobs.load").upstream_task_ids


def test_only_the_chosen_streams_are_built(build) -> None:
    dag = build("demo", streams=["jobs"])

    assert sorted(dag.task_ids) == ["jobs.load", "jobs.pull", "publish"]


def test_publish_moves_one_asset_per_stream_and_per_entity(build) -> None:
    publish = build("demo", conn_id="c1").get_task("publish")

    assert {asset.name for asset in publish.outlets} == {
        "c1.people",
        "c1.jobs",
        "hub.person",
        "hub.assignment",
    }


def test_every_task_has_the_retry_policy_and_one_run_at_a_time(build) -> None:
    dag = build("demo", schedule="*/15 * * * *")

    assert dag.max_active_runs == 1
    assert dag.catchup is False
    for task in dag.tasks:
        assert type(task.retry_policy).__name__ == "HubRetryPolicy"
        assert task.retries >= 1


def test_switching_a_dag_on_waits_for_its_next_time(build) -> None:
    from datetime import timedelta

    timetable = build("demo", schedule="*/15 * * * *").timetable

    assert timetable.run_immediately == timedelta(0)
    assert timetable.run_immediately is not False


def test_the_shipped_dags_import_and_serialize() -> None:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.serialization.serialized_objects import DagSerialization

    bag = DagBag(str(ROOT / "dags"))

    assert bag.import_errors == {}
    assert {"hub_successfactors", "hub_zkteco"} <= set(bag.dags)
    for dag in bag.dags.values():
        assert DagSerialization.to_dict(dag) == DagSerialization.to_dict(dag)


@pytest.mark.parametrize("source", ["checkr", "successfactors", "zkteco"])
def test_parsing_touches_no_file_socket_or_database_and_loads_no_engine(source: str) -> None:
    result = json.loads(run(PROBE, str(ROOT / "dags" / f"{source}.py")).splitlines()[-1])

    assert [m for m in result["modules"] if m.startswith(ENGINES)] == []
    assert result["events"] == []
    assert result["seconds"] < 2.0


@pytest.mark.parametrize("name", ["successfactors", "zkteco"])
def test_a_connectors_declaration_loads_neither_client_nor_engine(name: str) -> None:
    modules = run(DECLARATION, name).split()

    assert [m for m in modules if m.startswith(ENGINES)] == []
    assert sorted({m.partition(".")[0] for m in modules} & set(HEAVY)) == []


def run(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize(
    ("process", "component", "loads"),
    [("scheduler", "Job", True), ("dag-processor", "Job", False), ("scheduler", "Marker", False)],
)
def test_only_a_scheduler_loads_the_engine_for_the_tasks_it_forks(
    process: str, component: str, *, loads: bool
) -> None:
    probe = f"""
import sys
from hrhub.airflow import preload
sys.argv = ["airflow", {process!r}]
preload.on_starting(component=type({component!r}, (), {{}})())
print(*(name for name in preload.ENGINE if name in sys.modules))
"""

    done = subprocess.run(
        [sys.executable, "-c", probe], stdout=subprocess.PIPE, text=True, check=True
    )

    from hrhub.airflow.preload import ENGINE

    wanted = set(ENGINE) if loads else set()
    assert set(done.stdout.split()) == wanted
