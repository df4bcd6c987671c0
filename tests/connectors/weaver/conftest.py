"""A simulated OA on loopback, and sessions with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from connectors.weaver import connector
from connectors.weaver.sandbox import RunningWeaver, sandbox
from hrhub.sandbox.world import World, build_world
from tests.support.vendor import Vendor, serving


class Served(Vendor[RunningWeaver]):
    """An OA that runs, and how the hub sees it."""

    connector = connector
    sandbox = sandbox


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(130, seed=7)


@pytest.fixture
def serve(world: World) -> Iterator[Callable[..., Served]]:
    with serving(Served, world) as start:
        yield start
