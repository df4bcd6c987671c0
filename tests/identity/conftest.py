"""A town of people in one transaction that is never committed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hrhub.crypto import FileKeyring, TenantKeys, default_provider, open_tenant
from hrhub.store import Store
from hrhub.store.keys import StoredKeys
from tests.support.crowd import Town


class _RolledBack(Exception):
    pass


class Towns:
    """Makes towns in one store; nothing of them is kept."""

    def __init__(self, store: Store, keys: TenantKeys) -> None:
        self._store = store
        self._keys = keys

    @contextmanager
    def fresh(self) -> Iterator[Town]:
        """Open a town for the time of the block."""
        try:
            with self._store.write() as tx:
                yield Town(tx, self._keys)
                raise _RolledBack
        except _RolledBack:
            pass


@pytest.fixture
def towns(store: Store, tmp_path: Path) -> Towns:
    """Towns of a fresh store."""
    keyring = tmp_path / "keys" / "keyring.json"
    keyring.parent.mkdir(mode=0o700)
    FileKeyring.create(keyring)
    return Towns(store, open_tenant(default_provider(keyring), StoredKeys(store), "default"))


@pytest.fixture
def town(towns: Towns) -> Iterator[Town]:
    """A fresh town."""
    with towns.fresh() as made:
        yield made
