"""A hub whose inbox is served, beside a simulated terminal that is read, posts and streams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from connectors.hikvision import connector
from connectors.hikvision.sandbox import RunningHikvision, sandbox
from connectors.hikvision.sandbox.pushing import PostingTerminal
from connectors.successfactors import connector as successfactors
from connectors.successfactors.sandbox import sandbox as tenant
from hrhub.ambient import FakeClock, SystemClock
from hrhub.pipeline import Hub, open_hub
from hrhub.pipeline.inbox import Inbox
from hrhub.sandbox.world import build_world
from hrhub.settings import Settings
from hrhub.store import inbox as inbox_table
from hrhub.store.schema import metadata
from tests.support.reporter import Served, served
from tests.support.vendor import MAPPINGS

CONNECTION = "shelf_default"
WORLD = build_world(40, seed=7, punch_days=1, faulty=0)


@dataclass
class Site:
    """A hub whose inbox is served, and the terminal that is read and posts."""

    hub: Hub
    box: Served
    config: Any
    running: RunningHikvision

    @property
    def log(self) -> list[dict[str, Any]]:
        return self.running.terminal.events

    @property
    def punches(self) -> list[dict[str, Any]]:
        return [row for row in self.log if row.get("employeeNoString")]

    def terminal(self, **more: Any) -> PostingTerminal:
        return PostingTerminal("127.0.0.1", self.box.port, **more)

    def hire(self) -> None:
        """Let the people come from the HR system, so that punches have somebody to belong to."""
        people = tenant.start(WORLD, "127.0.0.1", 0, {})
        try:
            config = successfactors.config.model_validate(tenant.connection(WORLD, people))
            for stream in ("people", "employments"):
                self.hub.sync(successfactors, config, "sf_default", stream, holder="test")
        finally:
            people.stop()

    def read(self) -> None:
        for stream in ("users", "punches"):
            self.hub.sync(connector, self.config, CONNECTION, stream, holder="test")

    def drain(self) -> Any:
        return self.hub.drain(connector, self.config, CONNECTION, holder="test")

    def count(self, table: str) -> int:
        with self.hub.store.read() as tx:
            query = select(func.count()).select_from(metadata.tables[table])
            return int(tx.execute(query).scalar_one())

    def kept(self) -> list[bytes]:
        """Return the bodies that the inbox holds, opened."""
        bodies = []
        with self.hub.store.read() as tx:
            for row in tx.execute(select(metadata.tables["hub_inbox"])).all():
                kept = inbox_table.get(tx, "default", row.id)
                assert kept is not None
                received = Inbox(self.hub).open(tx, kept)
                assert received is not None
                bodies.append(received.body)
        return bodies


@contextmanager
def opened(
    store_url: str, tmp_path: Path, options: Mapping[str, str] | None = None, **settings: Any
) -> Iterator[Site]:
    """Serve the inbox of a fresh hub, beside a simulated terminal with options."""
    home = tmp_path / "home"
    place = Settings(home, store_url, home / "keyring.json", home / "landing", MAPPINGS)
    running = sandbox.start(WORLD, "127.0.0.1", 0, options or {})
    # The terminal's clock is never before the company's last day, and neither is ours.
    clock = FakeClock(max(SystemClock().now(), WORLD.now))
    try:
        values = sandbox.connection(WORLD, running) | {"event_networks": ["127.0.0.0/8"]} | settings
        config = connector.config(**values)
        with (
            open_hub(place, create=True, clock=clock) as hub,
            served(hub, config, mounts=[f"{CONNECTION}/push"], connector=connector) as box,
        ):
            yield Site(hub, box, config, running)
    finally:
        running.stop()
