"""A simulated platform on loopback, a hub that knows one person, and sessions with both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.ai_interview import connector
from connectors.ai_interview.sandbox import RunningPlatform, sandbox
from hrhub.ambient import FakeClock
from hrhub.connector import OrderRequest, OrderService
from hrhub.pipeline import Hub, open_hub
from hrhub.pipeline.orders import Order, give
from hrhub.sandbox.world import World, build_world
from hrhub.settings import Settings
from tests.support.shelf import SHELF, ShelfConfig, put_mappings, put_page
from tests.support.vendor import MAPPINGS, Vendor, serving

CONNECTION = "ai_interview_default"


class Served(Vendor[RunningPlatform]):
    """A platform that runs, and how the hub sees it."""

    connector = connector
    sandbox = sandbox

    @property
    def now(self) -> datetime:
        return self.running.platform.now

    def request(self, key: str = "order-0001", number: int = 0, **subject: Any) -> OrderRequest:
        person = self.world.people[number]
        who = {"display_name": person.display_name, "mobile": f"+86{person.mobile}"}
        return OrderRequest(key=key, package="P5", subject=who | subject, consent="c-1")

    def finish(self) -> None:
        for _ in range(4):
            self.running.advance()


@dataclass
class Office:
    """A hub with one person, and the platform."""

    hub: Hub
    served: Served
    clock: FakeClock
    person: str

    @property
    def config(self) -> Any:
        return connector.config.model_validate(self.served.settings())

    def invite(self, key: str = "invite-0001") -> Order:
        return self.hub.orders.place(
            connector,
            self.config,
            CONNECTION,
            "interviews",
            "P5",
            self.person,
            actor="test",
            key=key,
        )

    def poll(self) -> Any:
        self.clock.sleep(timedelta(days=3).total_seconds())
        (polled,) = self.hub.orders.poll(connector, self.config, CONNECTION, holder="test")
        return polled

    def rows(self, entity: str) -> list[dict[str, Any]]:
        from hrhub.reading.opening import ALL_CLASSES, Opener
        from hrhub.store.schema import ENTITY_TABLES

        with self.hub.store.read() as tx:
            ids = list(tx.execute(sa.select(ENTITY_TABLES[entity].c.id)).scalars())
            opener = Opener(self.hub.keys, self.hub.data_keys)
            opened = opener.rows(tx, entity, "id", ids, ALL_CLASSES)
        return [{**one.columns, **one.values} for one in opened]


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(60, seed=7)


@pytest.fixture
def serve(world: World) -> Iterator[Callable[..., Served]]:
    with serving(Served, world) as start:
        yield start


@pytest.fixture
def service() -> OrderService:
    (only,) = connector.orders
    return only


@pytest.fixture
def office(
    serve: Callable[..., Served], store_url: str, tmp_path: Path
) -> Iterator[Callable[..., Office]]:
    opened: list[Hub] = []

    def start(**options: str) -> Office:
        served = serve(**options)
        mappings = tmp_path / "mappings"
        put_mappings(mappings)
        (mappings / "ai_interview").mkdir()
        text = (MAPPINGS / "ai_interview" / "interviews.yaml").read_text(encoding="utf-8")
        (mappings / "ai_interview" / "interviews.yaml").write_text(text, encoding="utf-8")
        home = tmp_path / "home"
        settings = Settings(home, store_url, home / "keyring.json", home / "landing", mappings)
        clock = FakeClock(served.now)
        hub = open_hub(settings, create=True, clock=clock)
        opened.append(hub)
        human = served.world.people[0]
        row = {"id": "P1", "name": human.display_name, "mobile": human.mobile, "idCard": None}
        put_page(tmp_path / "shelf", "people", 1, [row])
        hub.sync(SHELF, ShelfConfig(folder=str(tmp_path / "shelf")), "ats", "people", holder="t")
        from hrhub.store.schema import ENTITY_TABLES

        with hub.store.read() as tx:
            person = str(tx.execute(sa.select(ENTITY_TABLES["person"].c.id)).scalar_one())
        give(hub, person, "ai_interview", ["ai_interview"], actor="test", evidence="file 1")
        return Office(hub, served, clock, person)

    yield start
    for hub in opened:
        hub.close()
