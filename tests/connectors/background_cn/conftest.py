"""A simulated platform on loopback, and sessions with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from connectors.background_cn import connector
from connectors.background_cn.sandbox import RunningPlatform, sandbox
from hrhub.ambient import FakeClock
from hrhub.connector import OrderRequest, OrderService, Session, open_session
from hrhub.sandbox.world import World, build_world


@dataclass
class Served:
    """A platform that runs, and how the hub sees it."""

    world: World
    running: RunningPlatform

    def session(self, **settings: Any) -> Session:
        given = sandbox.connection(self.world, self.running) | settings
        clock = FakeClock(self.running.platform.now)
        return open_session(connector, connector.config(**given), clock=clock)

    def request(self, key: str = "order-1", **subject: Any) -> OrderRequest:
        person = next(p for p in self.world.people if not p.faulty)
        who = {
            "display_name": person.display_name,
            "national_id": person.national_id,
            "mobile": f"+86{person.mobile}",
        }
        return OrderRequest(key=key, package="STD-MGR-03", subject=who | subject, consent="c-1")

    def advance(self, days: int = 1) -> None:
        for _ in range(days):
            self.running.platform.advance()


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(60, seed=7)


@pytest.fixture
def serve(world: World) -> Iterator[Callable[..., Served]]:
    started: list[RunningPlatform] = []

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
