"""Short-lived memory of unwrapped keys.

A key that was disabled or destroyed is gone from every process within one time to live.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from hrhub.ambient import Clock, SystemClock
from hrhub.crypto.envelope import DataKey
from hrhub.crypto.keys import TenantKeys, open_tenant
from hrhub.crypto.providers import KeyProvider
from hrhub.crypto.records import DekRecord, KeyTable

TTL_S = 300.0
MAX_DATA_KEYS = 10_000


class DataKeyCache:
    """Unwrapped data keys by id: least recently used go first, none outlives its time."""

    def __init__(
        self, max: int = MAX_DATA_KEYS, ttl_s: float = TTL_S, clock: Clock | None = None
    ) -> None:
        self._max = max
        self._ttl_s = ttl_s
        self._clock = clock or SystemClock()
        self._entries: OrderedDict[bytes, tuple[float, DataKey]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, dek_id: bytes) -> DataKey | None:
        """Return a key that is still fresh, or None."""
        with self._lock:
            entry = self._entries.get(dek_id)
            if entry is None:
                return None
            if self._clock.monotonic() - entry[0] >= self._ttl_s:
                del self._entries[dek_id]
                return None
            self._entries.move_to_end(dek_id)
            return entry[1]

    def put(self, key: DataKey) -> None:
        """Remember a key from now on."""
        with self._lock:
            self._entries[key.dek_id] = (self._clock.monotonic(), key)
            self._entries.move_to_end(key.dek_id)
            while len(self._entries) > self._max:
                self._entries.popitem(last=False)

    def drop(self, dek_id: bytes) -> None:
        """Forget a key, for instance one that was just destroyed."""
        with self._lock:
            self._entries.pop(dek_id, None)

    def clear(self) -> None:
        """Forget every key."""
        with self._lock:
            self._entries.clear()

    def load(self, record: DekRecord, tenant_keys: TenantKeys) -> DataKey:
        """Return the key of a record, unwrapping it only if it is not remembered.

        Raises:
            KeyCommitmentError: As :meth:`TenantKeys.load_dek`.
            KeysUnavailable: As :meth:`TenantKeys.load_dek`.
        """
        if record.state == "active":
            key = self.get(record.dek_id)
            if key is not None and key.tenant == record.tenant:
                return key
        key = tenant_keys.load_dek(record)
        if record.state == "active":
            self.put(key)
        return key


class OpenTenants:
    """Unwrapped tenant keys for long-lived processes; each tenant is opened again after its time.

    While the provider is down, keys serve until their time is over, then work stops.
    """

    def __init__(
        self,
        provider: KeyProvider,
        table: KeyTable,
        *,
        ttl_s: float = TTL_S,
        clock: Clock | None = None,
    ) -> None:
        self._provider = provider
        self._table = table
        self._ttl_s = ttl_s
        self._clock = clock or SystemClock()
        self._opened: dict[str, tuple[float, TenantKeys]] = {}

    def get(self, tenant: str) -> TenantKeys:
        """Return a tenant's keys.

        Raises:
            KeysUnavailable: They are not remembered and cannot be had.
        """
        now = self._clock.monotonic()
        found = self._opened.get(tenant)
        if found is not None and now - found[0] < self._ttl_s:
            return found[1]
        self._opened.pop(tenant, None)
        keys = open_tenant(self._provider, self._table, tenant, clock=self._clock)
        self._opened[tenant] = (now, keys)
        return keys
