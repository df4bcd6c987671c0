"""A simulated account on loopback, and sessions with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.checkr import connector
from connectors.checkr.sandbox import RunningAgency, sandbox
from hrhub.connector import OrderRequest, OrderService
from hrhub.sandbox.world import World, build_world
from tests.support.vendor import Vendor, serving


class Served(Vendor[RunningAgency]):
    """An account that runs, and how the hub sees it."""

    connector = connector
    sandbox = sandbox

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
    with serving(Served, world) as start:
        yield start


@pytest.fixture
def service() -> OrderService:
    (only,) = connector.orders
    return only
