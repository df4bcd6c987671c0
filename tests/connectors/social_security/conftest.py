"""A simulated gateway on loopback, and sessions with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from connectors.social_security import connector
from connectors.social_security.sandbox import RunningGateway, sandbox
from connectors.social_security.sandbox.history import history
from hrhub.connector import OrderRequest, OrderService
from hrhub.sandbox.world import World, WorldPerson, build_world
from tests.support.vendor import Vendor, serving, subject_of


class Served(Vendor[RunningGateway]):
    """A gateway that runs, and how the hub sees it."""

    connector = connector
    sandbox = sandbox

    @property
    def now(self) -> datetime:
        return self.running.desk.now

    def settings(self, **changes: Any) -> dict[str, Any]:
        return {**super().settings(), "months": 240, **changes}

    def request(self, person: WorldPerson, key: str = "order-1", **subject: Any) -> OrderRequest:
        return OrderRequest(
            key=key,
            package="CONTRIBUTION_DETAIL",
            subject=subject_of(person) | subject,
            consent="consent-1",
        )


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(130, seed=7)


@pytest.fixture
def serve(world: World) -> Iterator[Callable[..., Served]]:
    with serving(Served, world) as start:
        yield partial(start, clock="world")


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
