"""A simulated gateway on loopback, and sessions with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from connectors.social_security import connector
from connectors.social_security.sandbox import RunningGateway, sandbox
from connectors.social_security.sandbox.history import history
from hrhub.ambient import FakeClock
from hrhub.connector import OrderRequest, OrderService, Session, open_session
from hrhub.sandbox.world import World, WorldPerson, build_world


@dataclass
class Served:
    """A gateway that runs, and how the hub sees it."""

    world: World
    running: RunningGateway

    def settings(self, **changes: Any) -> dict[str, Any]:
        return {**sandbox.connection(self.world, self.running), "months": 240, **changes}

    def session(self, **changes: Any) -> Session:
        clock = FakeClock(self.running.desk.now)
        config = connector.config(**self.settings(**changes))
        return open_session(connector, config, clock=clock)

    def request(self, person: WorldPerson, key: str = "order-1", **subject: Any) -> OrderRequest:
        who = {
            "display_name": person.display_name,
            "national_id": person.national_id,
            "mobile": f"+86{person.mobile}",
        }
        return OrderRequest(
            key=key, package="CONTRIBUTION_DETAIL", subject=who | subject, consent="consent-1"
        )


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(130, seed=7)


@pytest.fixture
def serve(world: World) -> Iterator[Callable[..., Served]]:
    started: list[RunningGateway] = []

    def start(**options: str) -> Served:
        running = sandbox.start(world, "127.0.0.1", 0, {"clock": "world", **options})
        started.append(running)
        return Served(world, running)

    yield start
    for running in started:
        running.stop()


@pytest.fixture
def service() -> OrderService:
    (only,) = connector.orders
    return only


@pytest.fixture(scope="session")
def moved(world: World) -> WorldPerson:
    """Somebody who was insured in more than one place."""
    good = (p for p in world.people[:28] if not p.faulty)
    return next(p for p in good if len({m.region for m in history(world, p)}) > 1)


@pytest.fixture(scope="session")
def stranger(world: World) -> WorldPerson:
    """Somebody whom the gateway has never heard of."""
    return replace(world.people[0], national_id="11010519491231002X", display_name="测试")
