"""The manifest of the landing zone: one row per encrypted segment file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from hrhub.errors import Fenced
from hrhub.store.schema import hub_landing_batch as _batch
from hrhub.store.schema import hub_run

LANDED, APPLIED, SUPERSEDED, DROPPED = "landed", "applied", "superseded", "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class LandedBatch:
    """One landed segment.

    Attributes:
        seq: Place in its run, from 1, without gaps.
        token: Fence token under which it landed.
        file: Name inside the landing directory.
        sha256_ct: Hash of the encrypted file.
        hmac_pt: Keyed hash of the content; equal for repeated pages.
        sealed_cursor: Cursor that holds once this batch is applied; None keeps the stored one.
        meta: What the page carried beside its bytes; no personal value.
        state: ``landed``, ``applied``, ``superseded`` or ``dropped``.
        counts: Outcomes by name once applied.
        mapping_version: The mapping under which it was applied last.
    """

    batch_uid: str
    tenant: str
    sync_id: int
    run_id: str
    stream: str
    seq: int
    file: str
    wire_bytes: int
    decoded_bytes: int
    records: int
    sha256_ct: bytes
    completeness: str
    landed_at: datetime
    slice: str = ""
    token: int | None = None
    page: int | None = None
    meta: Mapping[str, str | int] | None = None
    vendor_total: int | None = None
    http_status: int | None = None
    content_type: str | None = None
    hmac_pt: bytes | None = None
    sealed_cursor: bytes | None = None
    state: str = LANDED
    counts: Mapping[str, int] | None = None
    applied_at: datetime | None = None
    mapping_version: str | None = None


_NAMES = tuple(f.name for f in fields(LandedBatch))


def add(tx: Connection, batches: Sequence[LandedBatch]) -> None:
    """Enter segments that are safely on disk; their file names become known here, not before."""
    tx.execute(insert(_batch), [{name: getattr(b, name) for name in _NAMES} for b in batches])


def get(tx: Connection, batch_uid: str) -> LandedBatch | None:
    """Return one batch."""
    row = tx.execute(select(_batch).where(_batch.c.batch_uid == batch_uid)).one_or_none()
    return None if row is None else _read(row)


def of_run(tx: Connection, run_id: str, *, state: str | None = None) -> list[LandedBatch]:
    """Return a run's batches in landing order, all or those in one state."""
    query = select(_batch).where(_batch.c.run_id == run_id).order_by(_batch.c.seq)
    if state is not None:
        query = query.where(_batch.c.state == state)
    return [_read(row) for row in tx.execute(query)]


def waiting(tx: Connection, sync_id: int) -> list[LandedBatch]:
    """Return the batches of a sync that landed and are not applied, oldest run first."""
    query = (
        select(_batch)
        .where(_batch.c.sync_id == sync_id, _batch.c.state == LANDED)
        .order_by(_batch.c.run_id, _batch.c.seq)  # run ids are UUIDv7: their order is time
    )
    return [_read(row) for row in tx.execute(query)]


def mark_applied(
    tx: Connection,
    batch_uids: Sequence[str],
    counts: Mapping[str, int],
    *,
    at: datetime,
    mapping_version: str | None = None,
) -> None:
    """Move batches from landed to applied, in the transaction of their rows.

    The last one carries the counts of all; ``mapping_version`` is that of the mapping they went
    through.

    Raises:
        Fenced: One is not in state ``landed``: somebody else applied or dropped it.
    """
    if not batch_uids:
        return
    *before, last = batch_uids
    for some, told in ((before, {}), ([last], dict(counts))):
        changed = tx.execute(
            update(_batch)
            .where(_batch.c.batch_uid.in_(some), _batch.c.state == LANDED)
            .values(state=APPLIED, counts=told, applied_at=at, mapping_version=mapping_version)
        )
        if changed.rowcount != len(some):
            raise Fenced(batch=last)


def applied(tx: Connection, sync_id: int) -> list[LandedBatch]:
    """Return the batches of a sync that were applied and are kept, in landing order.

    Those of before ``mapping_version`` was noted have that of their run.
    """
    version = func.coalesce(_batch.c.mapping_version, hub_run.c.mapping_version)
    query = (
        select(*(c for c in _batch.c if c.name != "mapping_version"))
        .add_columns(version.label("mapping_version"))
        .join(hub_run, hub_run.c.id == _batch.c.run_id, isouter=True)
        .where(_batch.c.sync_id == sync_id, _batch.c.state == APPLIED)
        .order_by(_batch.c.run_id, _batch.c.seq)  # run ids are UUIDv7: their order is time
    )
    return [_read(row) for row in tx.execute(query)]


def dropped(tx: Connection, sync_id: int) -> tuple[int, datetime | None]:
    """Return how many applied batches of a sync retention has removed, and when the last landed."""
    query = select(func.count(), func.max(_batch.c.landed_at)).where(
        _batch.c.sync_id == sync_id,
        _batch.c.state == DROPPED,
        _batch.c.applied_at.is_not(None),
    )
    many, newest = tx.execute(query).one()
    return many, newest


def mark_mapped(tx: Connection, batch_uids: Sequence[str], mapping_version: str) -> None:
    """Note under which mapping applied batches went through again."""
    tx.execute(
        update(_batch)
        .where(_batch.c.batch_uid.in_(batch_uids))
        .values(mapping_version=mapping_version)
    )


def supersede(tx: Connection, run_id: str) -> int:
    """Set aside what a run landed and never applied, because a newer run reads it again."""
    changed = tx.execute(
        update(_batch)
        .where(_batch.c.run_id == run_id, _batch.c.state == LANDED)
        .values(state=SUPERSEDED)
    )
    return changed.rowcount


def expired(tx: Connection, before: datetime, *, limit: int = 1000) -> list[LandedBatch]:
    """Return batches landed before a moment whose files are still there, except unapplied ones."""
    query = (
        select(_batch)
        .where(_batch.c.landed_at < before, _batch.c.state.in_((APPLIED, SUPERSEDED)))
        .order_by(_batch.c.landed_at)
        .limit(limit)
    )
    return [_read(row) for row in tx.execute(query)]


def mark_dropped(tx: Connection, batch_uids: list[str]) -> int:
    """Record that files were removed."""
    changed = tx.execute(
        update(_batch).where(_batch.c.batch_uid.in_(batch_uids)).values(state=DROPPED)
    )
    return changed.rowcount


def known_files(tx: Connection, names: list[str]) -> set[str]:
    """Return which of the file names have a manifest row; the others are orphans."""
    return set(tx.execute(select(_batch.c.file).where(_batch.c.file.in_(names))).scalars())


def _read(row: Row[Any]) -> LandedBatch:
    return LandedBatch(**{name: row._mapping[name] for name in _NAMES})
