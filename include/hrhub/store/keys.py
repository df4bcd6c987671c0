"""Wrapped keys at rest: tenant keys behind the port of ``hrhub.crypto``, and data keys in bulk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple
from operator import attrgetter

from sqlalchemy import Connection, select, update

from hrhub.ambient import Clock, SystemClock
from hrhub.crypto.records import DekRecord, WrappedKey
from hrhub.errors import StorageError
from hrhub.store.bulk import add, fetch_by, insert, insert_ignore
from hrhub.store.engine import Store
from hrhub.store.schema import hub_dek, hub_key

_KEY = ("tenant", "purpose", "version", "key_id", "kek_ref", "blob", "state")
_DEK = (
    "dek_id",
    "tenant",
    "owner",
    "purpose",
    "profile",
    "twk_id",
    "wrapped",
    "commit",
    "state",
    "uses",
    "created_at",
)
_NEW_DEK = (*(name for name in _DEK if name != "uses"), "uses")
_NO_USES: Mapping[bytes, int] = {}


class StoredKeys:
    """Tenant keys in ``hub_key``; implements ``hrhub.crypto.records.KeyTable``."""

    def __init__(self, store: Store, clock: Clock | None = None) -> None:
        self._store = store
        self._clock = clock or SystemClock()

    def load_tenant_keys(self, tenant: str) -> Sequence[WrappedKey]:
        """Return every version of every key of a tenant."""
        with self._store.read() as tx:
            return tenant_keys(tx, tenant)

    def add_tenant_keys(self, rows: Sequence[WrappedKey]) -> None:
        """Insert rows whose (tenant, purpose, version) is absent, leave the others, and commit."""
        now = self._clock.now()
        values = [(*astuple(row), now) for row in rows]
        with self._store.write() as tx:
            insert_ignore(
                tx, hub_key, (*_KEY, "created_at"), values, ("tenant", "purpose", "version")
            )

    def rewrap(self, tenant: str, wrap: Callable[[WrappedKey], WrappedKey]) -> int:
        """Wrap a tenant's keys anew, all or none; return how many.

        ``wrap`` is ``hrhub.crypto.rewrap`` with a provider: the keys stay, their wrapping moves to
        the provider's current key. Nothing that they sealed is touched.

        Raises:
            StorageError: A key was changed meanwhile (``store.conflict``).
            KeysUnavailable: A key cannot be unwrapped any more.
        """
        moved = [
            (row, wrap(row)) for row in self.load_tenant_keys(tenant) if row.state != "destroyed"
        ]
        c = hub_key.c
        with self._store.write() as tx:
            for before, after in moved:
                changed = tx.execute(
                    update(hub_key)
                    .where(c.key_id == before.key_id, c.kek_ref == before.kek_ref)
                    .where(c.blob == before.blob)
                    .values(kek_ref=after.kek_ref, blob=after.blob)
                )
                if changed.rowcount != 1:
                    raise StorageError("store.conflict", constraint="hub_key", state="rewrap")
        return len(moved)


def tenant_keys(tx: Connection, tenant: str) -> list[WrappedKey]:
    """Return every version of every key of a tenant."""
    query = (
        select(*(hub_key.c[name] for name in _KEY))
        .where(hub_key.c.tenant == tenant)
        .order_by(hub_key.c.purpose, hub_key.c.version)
    )
    return [WrappedKey(*row) for row in tx.execute(query)]


def insert_deks(
    tx: Connection, records: Iterable[DekRecord], uses: Mapping[bytes, int] = _NO_USES
) -> int:
    """Insert new data keys; ``uses`` tells by id how often some have sealed already.

    Raises:
        StorageError: ``store.conflict`` (on leaving the transaction) when an owner has an active
            key for the purpose already.
    """
    # ``astuple`` copies recursively and would cost more than the insert itself.
    values = attrgetter(*_NEW_DEK[:-1])
    rows = ((*values(r), uses.get(r.dek_id, r.uses)) for r in records)
    return insert(tx, hub_dek, _NEW_DEK, rows)


def add_uses(tx: Connection, uses: Mapping[bytes, int]) -> None:
    """Add to how often data keys have sealed, whoever else adds at the same time."""
    add(tx, hub_dek, "dek_id", "uses", uses.items())


def load_deks(
    tx: Connection, tenant: str, owners: Iterable[str], *, purpose: str = "subject"
) -> list[DekRecord]:
    """Return the active data keys of owners; owners without one are left out."""
    where = {"tenant": tenant, "purpose": purpose, "state": "active"}
    return [DekRecord(*row) for row in fetch_by(tx, hub_dek, "owner", owners, _DEK, where)]


def load_deks_by_id(tx: Connection, dek_ids: Iterable[bytes]) -> list[DekRecord]:
    """Return data keys by id, in any state: old envelopes name the key that sealed them."""
    return [DekRecord(*row) for row in fetch_by(tx, hub_dek, "dek_id", dek_ids, _DEK)]
