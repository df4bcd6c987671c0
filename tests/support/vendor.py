"""A simulated vendor on loopback as the tests of its connector see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from hrhub.ambient import FakeClock
from hrhub.connector import Connector, Cursor, OrderService, Page, Session, open_session
from hrhub.mapping import compile_mapping, find_mapping
from hrhub.sandbox.world import World, WorldPerson

MAPPINGS = Path(__file__).parents[2] / "mappings"

Running = TypeVar("Running")
V = TypeVar("V", bound="Vendor[Any]")


@dataclass
class Vendor(Generic[Running]):
    """A simulator that runs, and how the hub sees it; a connector's tests name the two.

    Attributes:
        world: The company it serves.
        running: What the sandbox started.
    """

    connector: ClassVar[Connector]
    sandbox: ClassVar[Any]
    world: World
    running: Running

    @property
    def now(self) -> datetime:
        """The time at which sessions start; their waits cost no time."""
        return self.world.now

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Return the values of a connection."""
        return {**self.sandbox.connection(self.world, self.running), **changes}

    def session(self, **changes: Any) -> Session:
        """Open a session."""
        config = self.connector.config(**self.settings(**changes))
        return open_session(self.connector, config, clock=FakeClock(self.now))

    def pages(self, stream: str, cursor: Cursor = None, **changes: Any) -> list[Page]:
        """Read a stream to its end."""
        return list(self.connector.stream(stream).read(self.session(**changes), cursor))

    def docs(self, stream: str, cursor: Cursor = None, **changes: Any) -> list[dict[str, Any]]:
        """Read a stream and decode its records."""
        records = self.connector.stream(stream).records
        return [
            records.decode(raw, page.meta)
            for page in self.pages(stream, cursor, **changes)
            for raw in records.split(page.body)
        ]

    def mapped(self, stream: str, cursor: Cursor = None, **changes: Any) -> list[Any]:
        """Read a stream and map its records with the mapping that ships."""
        return self._map(stream, self.docs(stream, cursor, **changes))

    def result_docs(self, service: OrderService, vendor_id: str) -> list[dict[str, Any]]:
        """Ask for the result of an order and decode its records."""
        page = service.result(self.session(), vendor_id)
        return [service.records.decode(raw, page.meta) for raw in service.records.split(page.body)]

    def result(self, service: OrderService, vendor_id: str) -> list[Any]:
        """Ask for the result of an order and map its records with the mapping that ships."""
        return self._map(service.name, self.result_docs(service, vendor_id))

    def _map(self, name: str, docs: list[dict[str, Any]]) -> list[Any]:
        mapping = find_mapping(MAPPINGS, self.connector.name, name)
        return compile_mapping(mapping, today=self.world.as_of).map(docs)


def subject_of(person: WorldPerson) -> dict[str, Any]:
    """Return what those who check people are told of somebody: name, number and mobile."""
    return {
        "display_name": person.display_name,
        "national_id": person.national_id,
        "mobile": f"+86{person.mobile}",
    }


@contextmanager
def serving(kind: type[V], world: World) -> Iterator[Callable[..., V]]:
    """Yield a function that starts simulators with options; all stop at the end."""
    with ExitStack() as stack:

        def start(**options: str) -> V:
            running = kind.sandbox.start(world, "127.0.0.1", 0, options)
            stack.callback(running.stop)
            return kind(world, running)

        yield start


def introduced(hub: Any, world: World, national_id: str) -> str:
    """Let a hub know the company's people; return the id of the one with a number."""
    from connectors.successfactors import connector
    from connectors.successfactors.sandbox import sandbox
    from hrhub.reading import By, Reader

    running = sandbox.start(world, "127.0.0.1", 0, {})
    try:
        config = connector.config.model_validate(sandbox.connection(world, running))
        hub.sync(connector, config, "sf", "people", holder="test")
    finally:
        running.stop()
    (found,) = Reader(hub.store, hub.keys).find(By.NATIONAL_ID, national_id, actor="test")
    return found.id
