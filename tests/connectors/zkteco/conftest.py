"""A simulated terminal on loopback, and sessions with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from connectors.zkteco import connector
from connectors.zkteco.connector import ZktecoConfig
from connectors.zkteco.sandbox import sandbox
from connectors.zkteco.sandbox.simulator import SimulatedTerminal
from hrhub.ambient import SystemClock
from hrhub.connector import Page, Session
from hrhub.errors import RowRejected
from hrhub.http.addresses import AddressPolicy
from hrhub.http.tcp import Dialer
from hrhub.sandbox.world import World, build_world


@dataclass
class Served:
    """A terminal that runs, and how the hub sees it."""

    world: World
    running: Any

    @property
    def terminal(self) -> SimulatedTerminal:
        return self.running.terminal

    def session(self, **settings: Any) -> Session:
        values = sandbox.connection(self.world, self.running) | {"timeout_s": 5} | settings
        config = ZktecoConfig(**values)
        clock = SystemClock()
        dialer = Dialer(AddressPolicy.of(config.allow_networks), clock)
        return Session(config=config, http=None, tcp=dialer, clock=clock)  # type: ignore[arg-type]

    def pages(self, stream: str, cursor: Any = None, **settings: Any) -> list[Page]:
        return list(connector.stream(stream).read(self.session(**settings), cursor))

    def read(
        self, stream: str, cursor: Any = None, **settings: Any
    ) -> tuple[list[dict[str, Any]], list[RowRejected]]:
        """Return what a stream's records decode to, and the rejects."""
        records = connector.stream(stream).records
        docs, rejects = [], []
        for page in self.pages(stream, cursor, **settings):
            for raw in records.split(page.body):
                try:
                    docs.append(records.decode(raw, page.meta))
                except RowRejected as reject:
                    rejects.append(reject)
        return docs, rejects


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(60, seed=7)


@pytest.fixture
def serve(world: World) -> Iterator[Callable[..., Served]]:
    started: list[Any] = []

    def start(of: World = world, **options: str) -> Served:
        running = sandbox.start(of, "127.0.0.1", 0, options)
        started.append(running)
        return Served(of, running)

    yield start
    for running in started:
        running.stop()
