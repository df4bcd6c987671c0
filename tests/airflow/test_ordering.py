"""Tasks about orders: red in words, once whatever is retried, waiting without blocking."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import TaskDeferred
from sqlalchemy import select

from connectors.checkr import connector
from connectors.checkr.sandbox import RunningAgency, sandbox
from hrhub.airflow import ordering
from hrhub.airflow.connections import connection_json
from hrhub.airflow.ordering import (
    HrAwaitOrderOperator,
    HrPlaceOrderOperator,
    HrPollOrdersOperator,
)
from hrhub.airflow.triggers import HrOrderTrigger
from hrhub.airflow.xcom import refuse_data
from hrhub.connector import registry
from hrhub.errors import ConfigError, ConsentError, Refused
from hrhub.pipeline import open_hub
from hrhub.pipeline.orders import give
from hrhub.sandbox.world import build_world
from hrhub.store.schema import metadata

pytestmark = pytest.mark.xdist_group("airflow")
CONNECTION = "checkr_default"
MAPPINGS = Path(__file__).parents[2] / "mappings"


@dataclass
class Desk:
    """A hub in the environment, and an agency that it is connected to."""

    agency: RunningAgency
    person: str

    def agree(self) -> None:
        """Put a consent on record."""
        with open_hub() as hub:
            give(hub, self.person, "background_check", ["checkr"], actor="test", evidence="7")

    def place(self, run_id: str = "r1", **how: Any) -> HrPlaceOrderOperator:
        """Return a task that places an order."""
        how = {"package": "basic_criminal", "person": self.person} | how
        return HrPlaceOrderOperator(
            task_id="place", conn_id=CONNECTION, service="screenings", **how
        )

    def finish(self) -> None:
        """Let the agency finish everything, and tell the hub of it."""
        self.agency.agency.advance()
        self.agency.agency.advance()
        with open_hub() as hub:
            for received in self.agency.hooks.arriving():
                for event in connector.events[0].parse(connector.config(api_key="k"), received):
                    if event.order:
                        hub.orders.event(CONNECTION, None, event.order)


def context(run_id: str = "r1", try_number: int = 1) -> dict[str, Any]:
    """Return what Airflow hands to a task."""
    ti = SimpleNamespace(
        dag_id="d", run_id=run_id, task_id="place", map_index=-1, try_number=try_number
    )
    return {"ti": ti}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    world = build_world(40, seed=7)
    agency = sandbox.start(world, "127.0.0.1", 0, {})
    config = connector.config(**sandbox.connection(world, agency))
    monkeypatch.setattr(registry, "get", lambda name: connector)
    monkeypatch.setenv("HRHUB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HRHUB_MAPPINGS", str(MAPPINGS))
    monkeypatch.delenv("HRHUB_STORE_URL", raising=False)
    monkeypatch.setenv(
        "AIRFLOW_CONN_CHECKR_DEFAULT", json.dumps(connection_json(connector, config))
    )
    with open_hub(create=True) as hub:
        hub.sync(connector, config, CONNECTION, "candidates", holder="test")
        person = metadata.tables["person"]
        with hub.store.read() as tx:
            first = str(tx.execute(select(person.c.id).order_by(person.c.id)).scalars().first())
    yield Desk(agency, first)
    agency.stop()


def test_a_place_without_consent_is_red_and_not_retried(desk: Desk) -> None:
    with pytest.raises(ConsentError) as refused:
        desk.place().execute(context())

    assert not refused.value.retryable
    assert refused.value.context["vendor"] == "Checkr"


def test_a_task_that_is_retried_or_cleared_places_one_order(desk: Desk) -> None:
    desk.agree()

    first = desk.place().execute(context())
    again = desk.place().execute(context(try_number=2))
    other = desk.place().execute(context(run_id="r2"))

    assert first == again
    assert other["order_id"] != first["order_id"]
    assert len(desk.agency.agency._invitations) == 2
    refuse_data(first, key="return_value")


def test_waiting_defers_and_the_trigger_tells_how_the_order_ended(desk: Desk) -> None:
    desk.agree()
    placed = desk.place().execute(context())
    wait = HrAwaitOrderOperator(task_id="wait", conn_id=CONNECTION, order=placed, check_s=0.01)

    with pytest.raises(TaskDeferred) as deferred:
        wait.execute(context())
    trigger = deferred.value.trigger
    kept = json.dumps(trigger.serialize())
    assert "sandbox-secret" not in kept
    desk.finish()
    event = asyncio.run(anext(trigger.run()))
    ended = wait.execute_complete(context(), event.payload)

    assert ended == {
        "order_id": placed["order_id"],
        "status": "completed",
        "result": "full",
        "refused": 0,
    }
    assert wait.execute(context()) == ended
    refuse_data(ended, key="return_value")


def test_waiting_does_not_block_the_triggerers_loop(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    trigger = HrOrderTrigger(CONNECTION, "x", 0.01)
    release: list[bool] = []

    def slow(*_: Any) -> Any:
        while not release:
            time.sleep(0.005)
        return {"status": "completed"}

    monkeypatch.setattr("hrhub.airflow.triggers.look", slow)

    async def beats() -> tuple[int, Any]:
        waiting = asyncio.ensure_future(anext(trigger.run()))
        count = 0
        while count < 20:
            await asyncio.sleep(0.001)
            count += 1
        assert not waiting.done()
        release.append(True)
        return count, await waiting

    count, event = asyncio.run(beats())

    assert count == 20
    assert event.payload["ended"] == {"status": "completed"}


def test_what_a_trigger_cannot_mend_turns_the_task_red_in_words(desk: Desk) -> None:
    trigger = HrOrderTrigger(CONNECTION, "01933c5a-7d2e-7000-8000-0123456789ab", 0.01)

    event = asyncio.run(anext(trigger.run()))

    wait = HrAwaitOrderOperator(task_id="wait", conn_id=CONNECTION, order="-", check_s=0.01)
    with pytest.raises(ConfigError) as refused:
        wait.execute_complete(context(), event.payload)
    assert refused.value.code == "order.unknown"


def test_an_order_that_ends_otherwise_fails_the_task_at_once(desk: Desk) -> None:
    desk.agree()
    placed = desk.place().execute(context())
    with open_hub() as hub:
        found = ordering.VendorHook(CONNECTION).resolved()
        hub.orders.cancel(found.connector, found.config, placed["order_id"], actor="test")
    wait = HrAwaitOrderOperator(task_id="wait", conn_id=CONNECTION, order=placed)

    with pytest.raises(Refused) as refused:
        wait.execute(context())

    assert refused.value.code == "order.ended"
    assert wait.accept == ("completed",)


def test_polling_takes_results_in_and_puts_counts_on_assets(desk: Desk) -> None:
    from hrhub.airflow.dags import orders_dag

    desk.agree()
    desk.place().execute(context())
    desk.finish()
    poll = orders_dag("checkr").get_task("poll")
    assert isinstance(poll, HrPollOrdersOperator)
    events = {asset: SimpleNamespace(extra=None) for asset in poll.outlets}

    told = poll.execute({**context(), "outlet_events": events})

    assert told["screenings"]["results"] == 1
    assert told["screenings"]["changed"] == 1
    assert [event.extra for event in events.values()] == [{"changed": 1, "rejected": 0}]
    refuse_data(told, key="return_value")


def test_a_connector_without_orders_has_no_such_dag(monkeypatch: pytest.MonkeyPatch) -> None:
    from hrhub.airflow.dags import orders_dag
    from tests.support.demo_connector import demo

    monkeypatch.setattr(registry, "get", lambda name: demo)

    with pytest.raises(ConfigError) as refused:
        orders_dag("demo")

    assert refused.value.code == "order.service_unknown"
