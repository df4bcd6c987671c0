"""A simulated account on loopback, and sessions with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from connectors.checkr import connector
from connectors.checkr.sandbox import RunningAgency, sandbox
from hrhub.ambient import FakeClock
from hrhub.connector import OrderRequest, OrderService, Session, open_session
from hrhub.sandbox.world import World, build_world


@dataclass
class Served:
    """An account that runs, and how the hub sees it."""

    world: World
    running: RunningAgency

    def session(self, **settings: Any) -> Session:
        given = sandbox.connection(self.world, self.running) | settings
        clock = FakeClock(self.world.now)
        return open_session(connector, connector.config(**given), clock=clock)

    def request(self, key: str = "order-1", **subject: Any) -> OrderRequest:
        person = self.world.people[1]
        who = {"latin_name": person.latin_name, "personal_email": person.personal_email}
        return OrderRequest(
            key=key, package="basic_criminal", subject=who | subject, consent="consent-1"
        )


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(130, seed=7)


@pytest.fixture
def serve(world: World) -> Iterator[Callable[..., Served]]:
    started: list[RunningAgency] = []

    def start(**options: str) -> Served:
        running = sandbox.start(world, "127.0.0.1", 0, options)
        started.append(running)
        return Served(world, running)

    yield start
    for running in started:
        running.stop()


@pytest.fixture
def service() -> OrderService:
    (only,) = connector.orders
    return only
