"""A store with one sync in it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hrhub.store import Store, syncs
from hrhub.store.engine import parse_url, sqlite_path
from hrhub.store.migrations.run import run_migrations


@pytest.fixture
def sync_id(store: Store) -> int:
    """Number of the sync of stream ``employees`` of connection ``beisen_default``."""
    with store.write() as tx:
        return syncs.sync_id(tx, "default", "beisen_default", "employees", "beisen")


@pytest.fixture
def at() -> datetime:
    """A moment."""
    return datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


@pytest.fixture
def old_store_url(empty_store_url: str) -> str:
    """Address of a store that the first version made."""
    url = parse_url(empty_store_url)
    if path := sqlite_path(url):
        Path(path).touch(0o600)
    with Store(url) as store, store.write() as tx:
        run_migrations(tx, "0001")
    return empty_store_url
