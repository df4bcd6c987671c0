"""A simulated education checker on loopback, and sessions with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from connectors.chsi import connector
from connectors.chsi.sandbox import RunningDesk, sandbox
from hrhub.connector import OrderRequest, OrderService
from hrhub.sandbox.world import World, WorldPerson, build_world
from tests.support.vendor import Vendor, serving, subject_of


class Served(Vendor[RunningDesk]):
    """A checker that runs, and how the hub sees it."""

    connector = connector
    sandbox = sandbox

    @property
    def now(self) -> datetime:
        return self.running.desk.now

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
        return OrderRequest(
            key=key, package=package, subject=subject_of(person) | subject, consent="c-1"
        )

    def advance(self, days: int) -> None:
        for _ in range(days):
            self.running.advance()


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
