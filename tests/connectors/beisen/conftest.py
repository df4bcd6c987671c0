"""A simulated tenant on loopback, and sessions with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from connectors.beisen import connector
from connectors.beisen.sandbox import RunningBeisen, sandbox
from hrhub.ambient import FakeClock
from hrhub.connector import Cursor, Page, Session, open_session
from hrhub.sandbox.world import World, build_world


@dataclass
class Served:
    """A tenant that runs, and how the hub sees it."""

    world: World
    running: RunningBeisen

    def session(self, **settings: Any) -> Session:
        given = sandbox.connection(self.world, self.running) | settings
        clock = FakeClock(self.world.now)
        return open_session(connector, connector.config(**given), clock=clock)

    def pages(self, stream: str, cursor: Cursor = None, **settings: Any) -> list[Page]:
        return list(connector.stream(stream).read(self.session(**settings), cursor))

    def docs(self, stream: str, cursor: Cursor = None, **settings: Any) -> list[dict[str, Any]]:
        records = connector.stream(stream).records
        return [
            records.decode(raw, page.meta)
            for page in self.pages(stream, cursor, **settings)
            for raw in records.split(page.body)
        ]

    def asked(self, part: str) -> list[dict[str, Any]]:
        """Return the bodies of the calls whose path holds a word."""
        return [r.json() for r in self.running.requests if part in r.path]


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(60, seed=7)


@pytest.fixture
def serve(world: World) -> Iterator[Callable[..., Served]]:
    started: list[RunningBeisen] = []

    def start(**options: str) -> Served:
        running = sandbox.start(world, "127.0.0.1", 0, options)
        started.append(running)
        return Served(world, running)

    yield start
    for running in started:
        running.stop()
