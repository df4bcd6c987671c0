"""Quarantine: records that were not taken in, with the reason, ready for replay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select, update

from hrhub.store.bulk import insert_ignore
from hrhub.store.schema import hub_quarantine as _quarantine
from hrhub.store.schema import hub_sync

OPEN, REPLAYED, DISCARDED = "open", "replayed", "discarded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """One record set aside.

    Attributes:
        index: Place in its batch, from 0; (batch_uid, index) is unique.
        reason: One of ``hrhub.errors.REJECT_REASONS``.
        rule: What the value broke.
        field_path: The vendor's field; never a value.
        field: The canonical field.
        source_key: Keyed hash of the vendor's id, None when it could not be read.
        fingerprint: Keyed hash of the raw record.
        sealed_raw: The raw record in an envelope.
        state: ``open``, ``replayed`` or ``discarded``.
    """

    uid: str
    tenant: str
    sync_id: int
    run_id: str
    batch_uid: str
    index: int
    landed_seq: int
    reason: str
    rule: str
    field_path: str
    sealed_raw: bytes
    created_at: datetime
    field: str | None = None
    source_key: bytes | None = None
    fingerprint: bytes | None = None
    mapping_version: str | None = None
    attempts: int = 1
    state: str = OPEN
    actor: str | None = None
    note: str | None = None
    resolved_at: datetime | None = None


_NAMES = tuple(f.name for f in fields(Quarantined))


def add(tx: Connection, records: Iterable[Quarantined]) -> int:
    """Set records aside; return how many were not there yet.

    A record of a batch that is applied a second time is the same record: it stays as it was.
    """
    rows = [astuple(record) for record in records]
    return insert_ignore(tx, _quarantine, _NAMES, rows, ("batch_uid", "index"))


def get(tx: Connection, uid: str) -> Quarantined | None:
    """Return one record."""
    row = tx.execute(select(_quarantine).where(_quarantine.c.uid == uid)).one_or_none()
    return None if row is None else _read(row)


def lock_open(tx: Connection, uids: Sequence[str]) -> list[Quarantined]:
    """Return those of the records that are open, in landing order; nobody else closes them now."""
    c = _quarantine.c
    query = (
        select(_quarantine)
        .where(c.uid.in_(uids), c.state == OPEN)
        .order_by(c.landed_seq, c.source_key, c.batch_uid, c.index)
        .with_for_update()
    )
    return [_read(row) for row in tx.execute(query)]


def of_pages(tx: Connection, batch_uids: Sequence[str]) -> list[Quarantined]:
    """Return the records of landed batches that were set aside, in whatever state."""
    query = select(_quarantine).where(_quarantine.c.batch_uid.in_(batch_uids))
    return [_read(row) for row in tx.execute(query)]


def reopen(tx: Connection, uids: Sequence[str]) -> None:
    """Open closed records again: they are refused once more."""
    tx.execute(
        update(_quarantine)
        .where(_quarantine.c.uid.in_(uids))
        .values(state=OPEN, actor=None, note=None, resolved_at=None)
    )


def list_records(
    tx: Connection,
    tenant: str,
    *,
    sync_id: int | None = None,
    connection: str | None = None,
    stream: str | None = None,
    run_id: str | None = None,
    reason: str | None = None,
    state: str | None = OPEN,
    limit: int = 100,
    offset: int = 0,
) -> list[Quarantined]:
    """Return records of a tenant, newest first; ``state=None`` means any."""
    query = _filtered(
        select(_quarantine), tenant, sync_id, connection, stream, run_id, reason, state
    )
    query = query.order_by(_quarantine.c.created_at.desc(), _quarantine.c.uid.desc())
    return [_read(row) for row in tx.execute(query.limit(limit).offset(offset))]


def count(
    tx: Connection,
    tenant: str,
    *,
    sync_id: int | None = None,
    connection: str | None = None,
    stream: str | None = None,
    run_id: str | None = None,
    reason: str | None = None,
    state: str | None = OPEN,
) -> int:
    """Return how many records there are; ``state=None`` means in any state."""
    query = select(func.count()).select_from(_quarantine)
    query = _filtered(query, tenant, sync_id, connection, stream, run_id, reason, state)
    return int(tx.execute(query).scalar_one())


def reasons(tx: Connection, tenant: str) -> list[tuple[int, str, str, int]]:
    """Return what is open as (sync, reason, vendor field, count), most frequent first."""
    c = _quarantine.c
    many = func.count().label("many")
    query = (
        select(c.sync_id, c.reason, c.field_path, many)
        .where(c.tenant == tenant, c.state == OPEN)
        .group_by(c.sync_id, c.reason, c.field_path)
        .order_by(many.desc(), c.sync_id, c.reason, c.field_path)
    )
    return [tuple(row) for row in tx.execute(query)]


def mark_replayed(tx: Connection, uids: Sequence[str], *, actor: str, at: datetime) -> int:
    """Close open records that were taken in at last; return how many were open."""
    return _close(tx, uids, REPLAYED, actor, None, at)


def mark_discarded(
    tx: Connection, uids: Sequence[str], *, actor: str, note: str, at: datetime
) -> int:
    """Close open records that nobody wants; return how many were open.

    Args:
        tx: The transaction.
        uids: The records.
        actor: Who decided.
        note: Why; a code chosen from a list, because free text may hold personal values.
        at: When.
    """
    return _close(tx, uids, DISCARDED, actor, note, at)


def count_attempt(tx: Connection, uids: Sequence[str]) -> int:
    """Note that replaying failed again."""
    c = _quarantine.c
    again = update(_quarantine).where(c.uid.in_(uids), c.state == OPEN)
    return tx.execute(again.values(attempts=c.attempts + 1)).rowcount


def _close(
    tx: Connection, uids: Sequence[str], state: str, actor: str, note: str | None, at: datetime
) -> int:
    c = _quarantine.c
    closed = update(_quarantine).where(c.uid.in_(uids), c.state == OPEN)
    return tx.execute(closed.values(state=state, actor=actor, note=note, resolved_at=at)).rowcount


def _filtered(
    query: Select[Any],
    tenant: str,
    sync_id: int | None,
    connection: str | None,
    stream: str | None,
    run_id: str | None,
    reason: str | None,
    state: str | None,
) -> Select[Any]:
    c = _quarantine.c
    query = query.where(c.tenant == tenant)
    for column, value in (
        (c.sync_id, sync_id),
        (c.run_id, run_id),
        (c.reason, reason),
        (c.state, state),
    ):
        if value is not None:
            query = query.where(column == value)
    if connection is not None or stream is not None:
        syncs = select(hub_sync.c.id).where(hub_sync.c.tenant == tenant)
        if connection is not None:
            syncs = syncs.where(hub_sync.c.connection == connection)
        if stream is not None:
            syncs = syncs.where(hub_sync.c.stream == stream)
        query = query.where(c.sync_id.in_(syncs))
    return query


def _read(row: Row[Any]) -> Quarantined:
    return Quarantined(**{name: row._mapping[name] for name in _NAMES})
