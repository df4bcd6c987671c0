"""Checkr end to end: consent, order, signed webhooks through the inbox, report in the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from connectors.checkr import connector
from connectors.checkr.sandbox import RunningAgency, sandbox
from hrhub.ambient import FakeClock
from hrhub.http.ports import MemoryPorts
from hrhub.pipeline import Hub, open_hub
from hrhub.pipeline.orders import give
from hrhub.sandbox.world import World, build_world
from hrhub.settings import Settings
from hrhub.store.schema import metadata
from tests.support.reporter import served

CONNECTION = "shelf_default"  # the one that the served inbox knows
MAPPINGS = Path(__file__).parents[2] / "mappings"


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(40, seed=7)


@pytest.fixture
def hub(store_url: str, tmp_path: Path, world: World) -> Iterator[Hub]:
    home = tmp_path / "home"
    settings = Settings(home, store_url, home / "keyring.json", home / "landing", MAPPINGS)
    clock = FakeClock(world.now)
    with open_hub(settings, create=True, clock=clock, ports=MemoryPorts(clock)) as opened:
        yield opened


@contextmanager
def stopping(agency: RunningAgency) -> Iterator[None]:
    """Stop an agency at the end."""
    try:
        yield
    finally:
        agency.stop()


@pytest.mark.parametrize("manner", ["in_order", "shuffled", "repeated"])
def test_a_screening_runs_from_consent_to_report_by_webhooks_alone(
    hub: Hub, world: World, manner: str
) -> None:
    agency = sandbox.start(world, "127.0.0.1", 0, {"reports": manner})
    config = connector.config(**sandbox.connection(world, agency))
    with stopping(agency), served(hub, config, connector=connector) as box:
        agency.hooks.report_to(f"http://127.0.0.1:{box.port}/{CONNECTION}/webhook")
        hub.sync(connector, config, CONNECTION, "candidates", holder="test")
        person = somebody(hub)
        give(hub, person, "background_check", ["checkr"], actor="test", evidence="form 7")
        order = hub.orders.place(
            connector, config, CONNECTION, "screenings", "basic_criminal", person, actor="test"
        )
        assert order.status == "awaiting_subject"

        for _ in range(2):
            hub.clock.sleep(86_400)
            agency.agency.advance()
            agency.hooks.wait()
            assert hub.drain(connector, config, CONNECTION, holder="test").orders
            hub.orders.poll(connector, config, CONNECTION, holder="test")

        done = hub.orders.get(order.id)
        assert (done.status, done.result, done.refused) == ("completed", "full", 0)
        assert set(box.fates()) <= {"kept", "repeated"}
        drained = hub.drain(connector, config, CONNECTION, holder="test")
        assert (drained.requests, drained.unreadable) == (0, 0)
    check = metadata.tables["background_check"]
    with hub.store.read() as tx:
        (row,) = tx.execute(select(check.c.order_id, check.c.subject_id)).all()
    assert tuple(row) == (order.id, person)
    assert hub.verify().ok


def somebody(hub: Hub) -> str:
    """Return a person with a Latin name and a mail address of their own."""
    person = metadata.tables["person"]
    with hub.store.read() as tx:
        return str(tx.execute(select(person.c.id).order_by(person.c.id)).scalars().first())
