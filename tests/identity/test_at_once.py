"""Two syncs that bring one new person at the same time: one of them waits and sees the other."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from hrhub.crypto import FileKeyring, default_provider, open_tenant
from hrhub.store import Store
from hrhub.store.keys import StoredKeys
from tests.support.crowd import Telling, Town

NUMBER = "11010519491231002X"


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_person_whom_two_syncs_bring_at_once_is_one_person(
    store: Store, tmp_path: Path, dialect: str
) -> None:
    (tmp_path / "keys").mkdir(mode=0o700)
    ring = tmp_path / "keys" / "keyring.json"
    FileKeyring.create(ring)
    keys = open_tenant(default_provider(ring), StoredKeys(store), "default")
    first = Telling("board", "b1", {"display_name": "张伟", "national_id": NUMBER})
    second = Telling("tests", "a1", {"display_name": "张伟", "national_id": NUMBER})

    def other() -> None:
        with store.write() as tx:
            Town(tx, keys).tell(second)

    thread = threading.Thread(target=other)
    with store.write() as tx:
        Town(tx, keys).tell(first)
        thread.start()
        _wait_for_the_turn(store, thread)
    thread.join(timeout=30)

    assert not thread.is_alive()
    with store.read() as tx:
        assert tx.execute(text("SELECT count(*) FROM person")).scalar() == 1
        assert tx.execute(text("SELECT count(*) FROM hub_source_link")).scalar() == 2


def _wait_for_the_turn(store: Store, thread: threading.Thread) -> None:
    """Wait until the other transaction waits for this one, or is through without having waited."""
    query = text(
        "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database "
        "WHERE locktype = 'advisory' AND NOT granted AND d.datname = current_database()"
    )
    while thread.is_alive():
        with store.read() as tx:
            if tx.execute(query).scalar():
                return
