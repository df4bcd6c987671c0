"""A simulated tenant on loopback, and sessions with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.beisen import connector
from connectors.beisen.sandbox import RunningBeisen, sandbox
from hrhub.sandbox.world import World, build_world
from tests.support.vendor import Vendor, serving


class Served(Vendor[RunningBeisen]):
    """A tenant that runs, and how the hub sees it."""

    connector = connector
    sandbox = sandbox

    def asked(self, part: str) -> list[dict[str, Any]]:
        """Return the bodies of the calls whose path holds a word."""
        return [r.json() for r in self.running.requests if part in r.path]


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(60, seed=7)


@pytest.fixture
def serve(world: World) -> Iterator[Callable[..., Served]]:
    with serving(Served, world) as start:
        yield start
