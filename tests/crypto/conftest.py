"""Keys and key tables for the tests of sealing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from hrhub.ambient import random_bytes
from hrhub.crypto import DataKey, FileKeyring, TenantKeys, WrappedKey, open_tenant
from hrhub.crypto.nonces import nonces
from hrhub.crypto.suites import suite_of


class MemoryKeyTable:
    """The key table of a store that lives in memory."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, int], WrappedKey] = {}
        self._lock = threading.Lock()

    def load_tenant_keys(self, tenant: str) -> Sequence[WrappedKey]:
        with self._lock:
            return [row for row in self.rows.values() if row.tenant == tenant]

    def add_tenant_keys(self, rows: Sequence[WrappedKey]) -> None:
        with self._lock:
            for row in rows:
                self.rows.setdefault((row.tenant, row.purpose, row.version), row)

    def replace(self, row: WrappedKey) -> None:
        self.rows[row.tenant, row.purpose, row.version] = row


@pytest.fixture
def table() -> MemoryKeyTable:
    return MemoryKeyTable()


@pytest.fixture
def keyring(tmp_path: Path) -> FileKeyring:
    return FileKeyring.create(tmp_path / "keyring.json")


@pytest.fixture(params=[1, 2], ids=["aes", "sm4"])
def profile(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def tenant_keys(keyring: FileKeyring, table: MemoryKeyTable, profile: int) -> TenantKeys:
    return open_tenant(keyring, table, "acme", profile=profile)


@pytest.fixture
def data_key(profile: int) -> DataKey:
    return DataKey(random_bytes(32), random_bytes(16), "acme", suite_of(profile))


@pytest.fixture
def fixed_nonce(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Make the process's source give out one nonce: for known answers only."""

    def fix(nonce_hex: str) -> None:
        nonce = bytes.fromhex(nonce_hex)
        monkeypatch.setattr("hrhub.crypto.nonces.random_bytes", lambda n: nonce * (n // 12))
        nonces.forget()

    yield fix
    nonces.forget()
