"""Delivering and draining as Airflow tasks: counts come back, errors follow the retry policy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from connectors.wecom import connector as wecom
from connectors.wecom.sandbox import RunningWecom, sandbox
from hrhub.airflow.connections import connection_json
from hrhub.airflow.dags import deliver_dag, inbox_dag
from hrhub.airflow.operators import HrDeliverOperator, HrDrainOperator
from hrhub.airflow.retry import HubRetryPolicy
from hrhub.ambient import SystemClock
from hrhub.connector import registry
from hrhub.errors import ConfigError, Transient
from hrhub.pipeline import Hub, open_hub
from hrhub.pipeline.inbox import Inbox
from hrhub.sandbox.world import build_world
from hrhub.settings import Settings
from tests.support.demo_connector import demo

pytestmark = pytest.mark.xdist_group("airflow")

MAPPINGS = Path(__file__).parents[2] / "mappings"
CONTEXT: Any = {
    "ti": SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, try_number=1)
}


@pytest.fixture
def vendor() -> Iterator[RunningWecom]:
    """A simulated WeCom."""
    running = sandbox.start(build_world(40, seed=3, punch_days=2), "127.0.0.1", 0, {})
    assert isinstance(running, RunningWecom)
    yield running
    running.stop()


@pytest.fixture
def hub(
    vendor: RunningWecom, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Hub]:
    """The hub that tasks open, and a connection to the vendor."""
    monkeypatch.setenv("HRHUB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HRHUB_STORE_URL", store_url)
    monkeypatch.setenv("HRHUB_MAPPINGS", str(MAPPINGS))
    config = wecom.config.model_validate(sandbox.connection(build_world(40, seed=3), vendor))
    fields = json.dumps(connection_json(wecom, config))
    monkeypatch.setenv("AIRFLOW_CONN_WECOM_DEFAULT", fields)
    with open_hub(Settings.from_env(), create=True) as opened:
        yield opened


def ask(hub: Hub, work_no: str) -> None:
    """Ask for a message."""
    values = {"work_no": work_no}
    hub.enqueue_write(wecom, "wecom_default", "messages", values, actor="test", reason="hired")


def test_a_delivery_returns_counts_and_a_refused_write_does_not_fail_it(hub: Hub) -> None:
    ask(hub, "nobody-of-this-number")

    counts = HrDeliverOperator(task_id="deliver", conn_id="wecom_default").execute(CONTEXT)

    assert {k: n for k, n in counts.items() if n} == {"refused": 1}


def test_a_vendor_out_of_reach_fails_the_delivery_so_that_it_is_tried_again(
    hub: Hub, vendor: RunningWecom, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hrhub.http.retry import RetryPlan

    monkeypatch.setattr(RetryPlan, "next_wait_s", _no_patience)
    ask(hub, "10001")
    vendor.stop()

    with pytest.raises(Transient) as caught:
        HrDeliverOperator(task_id="deliver", conn_id="wecom_default").execute(CONTEXT)

    assert caught.value.context["connection"] == "wecom_default"
    assert HubRetryPolicy().evaluate(caught.value, 1, 3).action.name != "FAIL"


def _no_patience(plan: Any, failed: Exception, *args: Any, **more: Any) -> float:
    raise failed


def test_a_drain_reads_the_streams_that_reports_name(hub: Hub, vendor: RunningWecom) -> None:
    receiver = wecom.receiver("callback")
    config = wecom.config.model_validate(sandbox.connection(build_world(40, seed=3), vendor))
    report = vendor.report("callback", SystemClock().now())
    events = receiver.parse(config, report)
    assert Inbox(hub).keep(wecom, "wecom_default", "callback", report, events)

    done = HrDrainOperator(task_id="drain", conn_id="wecom_default").execute(CONTEXT)

    assert (done["requests"], done["again"]) == (1, 0)
    assert done["streams"]["employees"]["changed"] > 0
    json.dumps(done)


def test_dags_of_the_outbox_and_the_inbox_have_one_task_and_one_run_at_a_time() -> None:
    out, in_ = deliver_dag("wecom"), inbox_dag("wecom", conn_id="wecom_main")

    assert (out.dag_id, in_.dag_id) == ("hub_wecom_outbox", "hub_wecom_inbox")
    assert (list(out.task_ids), list(in_.task_ids)) == (["deliver"], ["drain"])
    assert in_.get_task("drain").conn_id == "wecom_main"  # type: ignore[attr-defined]
    assert out.max_active_runs == in_.max_active_runs == 1


@pytest.mark.parametrize("build", [deliver_dag, inbox_dag])
def test_a_connector_that_has_neither_builds_no_dag(
    build: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "get", lambda name: demo)

    with pytest.raises(ConfigError):
        build("demo")
