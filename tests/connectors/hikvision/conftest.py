"""A simulated terminal on loopback, and sessions with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connectors.hikvision import connector
from connectors.hikvision.sandbox import RunningHikvision, sandbox
from hrhub.ambient import FakeClock, SystemClock
from hrhub.connector import Cursor, Page, Session, open_session
from hrhub.mapping import compile_mapping, find_mapping
from hrhub.sandbox.world import World, build_world

MAPPINGS = Path(__file__).parents[3] / "mappings"


@dataclass
class Served:
    """A terminal that runs, and how the hub sees it."""

    world: World
    running: RunningHikvision

    def session(self, **settings: Any) -> Session:
        given = sandbox.connection(self.world, self.running) | settings
        clock = FakeClock(SystemClock().now())
        return open_session(connector, connector.config(**given), clock=clock)

    def pages(self, stream: str, cursor: Cursor = None, **settings: Any) -> list[Page]:
        return list(connector.stream(stream).read(self.session(**settings), cursor))

    def docs(self, stream: str, cursor: Cursor = None) -> list[dict[str, Any]]:
        records = connector.stream(stream).records
        return [
            records.decode(raw, page.meta)
            for page in self.pages(stream, cursor)
            for raw in records.split(page.body)
        ]

    def mapped(self, stream: str, cursor: Cursor = None) -> list[Any]:
        mapping = find_mapping(MAPPINGS, "hikvision", stream)
        return compile_mapping(mapping, today=self.world.as_of).map(self.docs(stream, cursor))


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(130, seed=7)


@pytest.fixture
def serve(world: World) -> Iterator[Callable[..., Served]]:
    started: list[RunningHikvision] = []

    def start(**options: str) -> Served:
        running = sandbox.start(world, "127.0.0.1", 0, options)
        started.append(running)
        return Served(world, running)

    yield start
    for running in started:
        running.stop()
