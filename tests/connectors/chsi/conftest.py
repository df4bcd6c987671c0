"""A simulated education checker on loopback, and sessions with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from connectors.chsi import connector
from connectors.chsi.sandbox import RunningDesk, sandbox
from hrhub.ambient import FakeClock
from hrhub.connector import OrderRequest, OrderService, Session, open_session
from hrhub.sandbox.world import World, WorldPerson, build_world


@dataclass
class Served:
    """A checker that runs, and how the hub sees it."""

    world: World
    running: RunningDesk

    def session(self, **settings: Any) -> Session:
        given = sandbox.connection(self.world, self.running) | settings
        clock = FakeClock(self.running.desk.now)
        return open_session(connector, connector.config(**given), clock=clock)

    def person(self, *, diploma: bool = True) -> WorldPerson:
        """Return somebody who finished studying since 2001, or before."""
        return next(
            p
            for p in self.world.people
            if not p.faulty and (p.birth_date.year + 22 >= 2001) == diploma
        )

    def request(
        self, person: WorldPerson, key: str = "order-1", package: str = "XUELI", **subject: Any
    ) -> OrderRequest:
        who = {
            "display_name": person.display_name,
            "national_id": person.national_id,
            "mobile": f"+86{person.mobile}",
        }
        return OrderRequest(key=key, package=package, subject=who | subject, consent="c-1")

    def advance(self, days: int) -> None:
        for _ in range(days):
            self.running.advance()


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(60, seed=7)


@pytest.fixture
def serve(world: World) -> Iterator[Callable[..., Served]]:
    started: list[RunningDesk] = []

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
