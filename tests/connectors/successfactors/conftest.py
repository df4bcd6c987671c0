"""A simulated tenant on loopback, and sessions with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.successfactors import connector
from connectors.successfactors.sandbox import RunningTenant, sandbox
from hrhub.ambient import Clock, FakeClock
from hrhub.connector import Page, Session, Stream, open_session
from hrhub.sandbox.world import World, build_world

SIZE = 120


class Tenant:
    """A tenant that runs, and how the hub sees it."""

    def __init__(self, world: World, running: RunningTenant) -> None:
        self.world = world
        self.running = running

    def settings(self, **changes: Any) -> dict[str, Any]:
        return sandbox.connection(self.world, self.running) | changes

    def session(self, *, clock: Clock | None = None, **changes: Any) -> Session:
        """Open a session whose waits cost no time."""
        config = connector.config(**self.settings(**changes))
        return open_session(
            connector, config, clock=clock or FakeClock(datetime.now(UTC)), connection="sf"
        )

    def pages(self, stream: str | Stream, cursor: Any = None, **changes: Any) -> list[Page]:
        found = connector.stream(stream) if isinstance(stream, str) else stream
        return list(found.read(self.session(**changes), cursor))

    def rows(
        self, stream: str | Stream, cursor: Any = None, **changes: Any
    ) -> list[dict[str, Any]]:
        found = connector.stream(stream) if isinstance(stream, str) else stream
        return [
            found.records.decode(raw, page.meta)
            for page in self.pages(found, cursor, **changes)
            for raw in found.records.split(page.body)
        ]

    def asked(self, part: str) -> list[str]:
        """Return the requests so far that contain a text."""
        return [r for r in self.running.requests if part in r]


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(SIZE)


@pytest.fixture(scope="session")
def private_key() -> str:
    """One key for all tenants of the session: making one is slow."""
    from connectors.successfactors.sandbox.tokens import new_identity

    return new_identity("hrhub", datetime.now(UTC))[0]


@pytest.fixture
def start(world: World, private_key: str) -> Iterator[Callable[..., Tenant]]:
    """Start tenants that stop with the test."""
    started: list[RunningTenant] = []

    def begin(of: World = world, **options: str) -> Tenant:
        running = sandbox.start(of, "127.0.0.1", 0, {"private_key": private_key} | options)
        started.append(running)
        return Tenant(of, running)

    yield begin
    for running in started:
        running.stop()


@pytest.fixture
def tenant(start: Callable[..., Tenant]) -> Tenant:
    return start()
