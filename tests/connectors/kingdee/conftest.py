"""A simulated data centre on loopback, and sessions with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from connectors.kingdee import connector
from connectors.kingdee.sandbox import RunningKingdee, sandbox
from hrhub.sandbox.world import World, build_world
from tests.support.vendor import Vendor, serving


class Served(Vendor[RunningKingdee]):
    """A data centre that runs, and how the hub sees it."""

    connector = connector
    sandbox = sandbox

    def operations(self) -> list[str]:
        """Return what was asked for, by the last word of the service."""
        return [r.path.removesuffix(".common.kdsvc").rsplit(".")[-1] for r in self.running.requests]


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(130, seed=7)


@pytest.fixture
def serve(world: World) -> Iterator[Callable[..., Served]]:
    with serving(Served, world) as start:
        yield start
