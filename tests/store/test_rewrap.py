"""A new key-encryption key: the tenant's keys move to it, everything sealed stays readable."""

from __future__ import annotations

from pathlib import Path

import pytest

from hrhub.crypto import FileKeyring, WrappedKey, open_tenant, rewrap
from hrhub.errors import KeysUnavailable, StorageError
from hrhub.store import Store
from hrhub.store.keys import StoredKeys


@pytest.fixture
def ring(tmp_path: Path) -> FileKeyring:
    return FileKeyring.create(tmp_path / "ring" / "keyring.json")


def test_the_old_key_is_still_needed_before_rewrapping(store: Store, ring: FileKeyring) -> None:
    table = StoredKeys(store)
    open_tenant(ring, table, "default")
    old = ring.current()
    ring.rotate()

    ring.disable(old)

    with pytest.raises(KeysUnavailable) as caught:
        open_tenant(ring, table, "default")
    assert caught.value.code == "keys.disabled"


def test_after_rewrapping_the_old_key_is_not_needed_any_more(
    store: Store, ring: FileKeyring
) -> None:
    table = StoredKeys(store)
    before = open_tenant(ring, table, "default")
    [(record, _)] = before.create_deks("subject", ["somebody"])
    old = ring.current()
    new = ring.rotate()

    moved = table.rewrap("default", lambda row: rewrap(ring, row))
    ring.destroy(old)

    rows = table.load_tenant_keys("default")
    assert moved == len(rows) == 4
    assert {row.kek_ref for row in rows} == {new}
    open_tenant(ring, table, "default").load_dek(record)


def test_a_key_changed_meanwhile_stops_the_whole_rewrapping(
    store: Store, ring: FileKeyring
) -> None:
    table = StoredKeys(store)
    open_tenant(ring, table, "default")
    ring.rotate()
    seen = 0

    def wrap(row: WrappedKey) -> WrappedKey:
        nonlocal seen
        seen += 1
        if seen == 4:
            table.rewrap("default", lambda other: rewrap(ring, other))
        return rewrap(ring, row)

    with pytest.raises(StorageError) as caught:
        table.rewrap("default", wrap)

    assert caught.value.code == "store.conflict"
    open_tenant(ring, table, "default")
