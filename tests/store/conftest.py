"""A store with one sync in it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hrhub.store import Store, syncs


@pytest.fixture
def sync_id(store: Store) -> int:
    """Number of the sync of stream ``employees`` of connection ``beisen_default``."""
    with store.write() as tx:
        return syncs.sync_id(tx, "default", "beisen_default", "employees", "beisen")


@pytest.fixture
def at() -> datetime:
    """A moment."""
    return datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
