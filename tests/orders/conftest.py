"""A hub that knows one person, and a vendor on a real socket that checks people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from hrhub.ambient import FakeClock
from hrhub.http.ports import MemoryPorts
from hrhub.pipeline import Hub, open_hub
from hrhub.pipeline.orders import Consent, Order, Polled, give
from hrhub.settings import Settings
from hrhub.store.schema import metadata
from tests.support.bureau import CONNECTION, MAPPING, Bureau, connector
from tests.support.shelf import SHELF, ShelfConfig, put_mappings, put_page

MOBILE = "13900001234"
NUMBER = "11010519491231002X"


@dataclass
class Office:
    """A hub, a vendor, and what people do with them."""

    hub: Hub
    bureau: Bureau
    clock: FakeClock
    person: str = ""
    consent: Consent | None = None
    keys: Iterator[str] = field(default_factory=lambda: (f"key-{n:04d}" for n in range(10_000)))

    def agree(self, **how: Any) -> Consent:
        """Put a consent on record."""
        how = {"recipients": ["bureau"], "evidence": "file 7", "actor": "test"} | how
        self.consent = give(self.hub, self.person, "background_check", **how)
        return self.consent

    def place(self, package: str = "basic", *, hub: Hub | None = None, **how: Any) -> Order:
        """Place an order."""
        how = {"actor": "test", "person": self.person} | how
        return (hub or self.hub).orders.place(
            connector, self.bureau.config, CONNECTION, "checks", package, **how
        )

    def poll(self, *, later: timedelta = timedelta(days=1), holder: str = "test") -> Polled:
        """Look at the due orders, a day later."""
        self.clock.sleep(later.total_seconds())
        (polled,) = self.hub.orders.poll(connector, self.bureau.config, CONNECTION, holder=holder)
        return polled

    def cancel(self, order: Order) -> Order:
        """Cancel an order."""
        return self.hub.orders.cancel(connector, self.bureau.config, order.id, actor="test")

    def again(self, order: Order) -> Order:
        """Return an order as it stands."""
        return self.hub.orders.get(order.id)

    def count(self, table: str) -> int:
        """Count the rows of a table."""
        t = metadata.tables[table]
        with self.hub.store.read() as tx:
            return int(tx.execute(select(func.count()).select_from(t)).scalar_one())

    def acts(self) -> list[str]:
        """Return what the audit chain says was done, oldest first."""
        t = metadata.tables["hub_audit"]
        with self.hub.store.read() as tx:
            return list(tx.execute(select(t.c.action).order_by(t.c.seq)).scalars())


def settings_in(place: Path, store_url: str) -> Settings:
    """Return the settings of a hub whose mappings are those of shelf and bureau."""
    mappings = place / "mappings"
    if not mappings.exists():
        put_mappings(mappings)
        (mappings / "bureau").mkdir()
        (mappings / "bureau" / "checks.yaml").write_text(MAPPING, encoding="utf-8")
    home = place / "home"
    return Settings(home, store_url, home / "keyring.json", home / "landing", mappings)


def add_person(hub: Hub, place: Path, number: int = 1) -> str:
    """Let a person be known, and return the id."""
    row = {"id": f"P{number}", "name": "测试甲", "mobile": MOBILE, "idCard": NUMBER}
    if number > 1:
        row |= {"mobile": f"139000{number:05d}", "idCard": None}
    put_page(place / f"shelf{number}", "people", number, [row])
    config = ShelfConfig(folder=str(place / f"shelf{number}"))
    before = set(people_of(hub))
    hub.sync(SHELF, config, f"shelf_{number}", "people", holder="test")
    (person,) = set(people_of(hub)) - before
    return person


def people_of(hub: Hub) -> list[str]:
    """Return the ids of all people."""
    t = metadata.tables["person"]
    with hub.store.read() as tx:
        return list(tx.execute(select(t.c.id)).scalars())


@pytest.fixture
def bureau() -> Iterator[Bureau]:
    """A vendor that listens."""
    vendor = Bureau()
    yield vendor
    vendor.stop()


@pytest.fixture
def office(store_url: str, tmp_path: Path, bureau: Bureau) -> Iterator[Office]:
    """A hub that knows one person who has not agreed to anything."""
    clock = FakeClock()
    settings = settings_in(tmp_path, store_url)
    with open_hub(settings, create=True, clock=clock, ports=MemoryPorts(clock)) as hub:
        yield Office(hub, bureau, clock, add_person(hub, tmp_path))
