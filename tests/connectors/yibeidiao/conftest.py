"""A simulated Yibeidiao on loopback, and sessions with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from connectors.yibeidiao import connector
from connectors.yibeidiao.sandbox import RunningPlatform, sandbox
from hrhub.connector import OrderRequest, OrderService
from hrhub.sandbox.world import World, build_world
from tests.support.vendor import Vendor, serving, subject_of


class Served(Vendor[RunningPlatform]):
    """A platform that runs, and how the hub sees it."""

    connector = connector
    sandbox = sandbox

    @property
    def now(self) -> datetime:
        return self.running.platform.now

    def request(self, key: str = "order-1", package: str = "12", **subject: Any) -> OrderRequest:
        person = next(p for p in self.world.people if not p.faulty)
        return OrderRequest(
            key=key, package=package, subject=subject_of(person) | subject, consent="c-1"
        )

    def advance(self, days: int = 1) -> None:
        for _ in range(days):
            self.running.advance()

    def asked(self) -> list[str]:
        """Return the calls that came, in order."""
        return [r.path.removeprefix("/open/company/") for r in self.running.requests]


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
