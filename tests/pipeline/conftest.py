"""A hub on either database, fed from a folder of pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from hrhub.pipeline import Counts, Hub, open_hub
from hrhub.settings import Settings
from hrhub.store.schema import metadata
from tests.support.shelf import SHELF, ShelfConfig, put_mappings, put_page


@dataclass
class Bench:
    """A hub and the shelf it reads."""

    hub: Hub
    shelf: Path
    pages: int = 0

    def put(self, stream: str, *rows: Mapping[str, Any]) -> None:
        """Add a page to a stream."""
        self.pages += 1
        put_page(self.shelf, stream, self.pages, rows)

    @property
    def config(self) -> ShelfConfig:
        """The connection's configuration."""
        return ShelfConfig(folder=str(self.shelf))

    def sync(self, stream: str, holder: str = "test") -> Counts:
        """Run one sync."""
        return self.hub.sync(SHELF, self.config, "shelf_default", stream, holder=holder)

    def count(self, table: str, **where: object) -> int:
        """Count rows of a table."""
        t = metadata.tables[table]
        query = select(func.count()).select_from(t)
        for name, value in where.items():
            query = query.where(t.c[name].is_(None) if value is None else t.c[name] == value)
        with self.hub.store.read() as tx:
            return int(tx.execute(query).scalar_one())

    def rows(self, table: str) -> Sequence[Any]:
        """Return all rows of a table."""
        with self.hub.store.read() as tx:
            return tx.execute(select(metadata.tables[table])).all()


@pytest.fixture
def damage(bench: Bench) -> Callable[..., None]:
    """Change stored rows behind the hub's back."""

    def change(table: str, where: Mapping[str, object], **values: object) -> None:
        t = metadata.tables[table]
        query = update(t).values(values)
        for name, value in where.items():
            query = query.where(t.c[name] == value)
        with bench.hub.store.write() as tx:
            assert tx.execute(query).rowcount

    return change


@pytest.fixture
def bench(store_url: str, tmp_path: Path) -> Iterator[Bench]:
    """A fresh hub."""
    settings = Settings(
        home=tmp_path / "home",
        store_url=store_url,
        keyring=tmp_path / "home" / "keyring.json",
        landing=tmp_path / "home" / "landing",
        mappings=put_mappings(tmp_path / "mappings"),
    )
    with open_hub(settings, create=True) as hub:
        yield Bench(hub, tmp_path / "shelf")
