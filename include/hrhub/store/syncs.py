"""Syncs: small numbers for (tenant, connection, stream)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Row, select

from hrhub.store.bulk import insert_ignore
from hrhub.store.schema import hub_sync

MANUAL = "manual"
"""Connection and connector of what people correct by hand; it never runs."""


@dataclass(frozen=True, slots=True)
class SyncRow:
    """One sync as the store knows it."""

    id: int
    tenant: str
    connection: str
    stream: str
    connector: str


def sync_id(tx: Connection, tenant: str, connection: str, stream: str, connector: str) -> int:
    """Return the number of a sync, giving it one if it is new."""
    found = find(tx, tenant, connection, stream)
    if found is None:
        insert_ignore(
            tx,
            hub_sync,
            ("tenant", "connection", "stream", "connector"),
            [(tenant, connection, stream, connector)],
            ("tenant", "connection", "stream"),
        )
        found = find(tx, tenant, connection, stream)
    assert found is not None
    return found.id


def find(tx: Connection, tenant: str, connection: str, stream: str) -> SyncRow | None:
    """Return a sync, None when it never ran."""
    c = hub_sync.c
    row = tx.execute(
        select(hub_sync).where(c.tenant == tenant, c.connection == connection, c.stream == stream)
    ).one_or_none()
    return None if row is None else _read(row)


def get(tx: Connection, number: int) -> SyncRow | None:
    """Return the sync with a number."""
    row = tx.execute(select(hub_sync).where(hub_sync.c.id == number)).one_or_none()
    return None if row is None else _read(row)


def list_syncs(tx: Connection, tenant: str, connection: str | None = None) -> list[SyncRow]:
    """Return a tenant's syncs, by connection and stream."""
    c = hub_sync.c
    query = select(hub_sync).where(c.tenant == tenant).order_by(c.connection, c.stream)
    if connection is not None:
        query = query.where(c.connection == connection)
    return [_read(row) for row in tx.execute(query)]


def _read(row: Row[tuple[object, ...]]) -> SyncRow:
    return SyncRow(**row._mapping)
