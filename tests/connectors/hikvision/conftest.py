"""A simulated terminal on loopback, and sessions with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from connectors.hikvision import connector
from connectors.hikvision.sandbox import RunningHikvision, sandbox
from hrhub.ambient import SystemClock
from hrhub.sandbox.world import World, build_world
from tests.support.vendor import Vendor, serving


class Served(Vendor[RunningHikvision]):
    """A terminal that runs, and how the hub sees it."""

    connector = connector
    sandbox = sandbox

    @property
    def now(self) -> datetime:
        return SystemClock().now()


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(130, seed=7)


@pytest.fixture
def serve(world: World) -> Iterator[Callable[..., Served]]:
    with serving(Served, world) as start:
        yield start
