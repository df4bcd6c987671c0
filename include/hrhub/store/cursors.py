"""Cursors: sealed bytes that move by compare-and-set, in the transaction of the rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from hrhub.errors import Fenced
from hrhub.store.schema import hub_cursor as _cursor


@dataclass(frozen=True, slots=True)
class StoredCursor:
    """Where a slice of a sync stands.

    ``seq`` counts moves and is 0 before the first one; ``sealed_value`` is then None.
    """

    sealed_value: bytes | None
    seq: int
    run_id: str | None = None
    updated_at: datetime | None = None


def load(tx: Connection, sync_id: int, slice_: str = "") -> StoredCursor:
    """Return where a slice stands."""
    c = _cursor.c
    row = tx.execute(
        select(c.sealed_value, c.seq, c.run_id, c.updated_at).where(
            c.sync_id == sync_id, c.slice == slice_
        )
    ).one_or_none()
    return StoredCursor(None, 0) if row is None else StoredCursor(*row)


def move(
    tx: Connection,
    sync_id: int,
    sealed_value: bytes | None,
    *,
    seq: int,
    run_id: str,
    at: datetime,
    slice_: str = "",
) -> None:
    """Move a cursor to ``seq``; it must stand at ``seq - 1``.

    Raises:
        Fenced: Somebody else moved it; the transaction must be rolled back.
    """
    values = {"sealed_value": sealed_value, "seq": seq, "run_id": run_id, "updated_at": at}
    c = _cursor.c
    if seq == 1:
        if load(tx, sync_id, slice_).seq:
            raise Fenced(sync=sync_id)
        tx.execute(insert(_cursor).values(sync_id=sync_id, slice=slice_, **values))
        return
    moved = tx.execute(
        update(_cursor)
        .where(c.sync_id == sync_id, c.slice == slice_, c.seq == seq - 1)
        .values(values)
    )
    if moved.rowcount != 1:
        raise Fenced(sync=sync_id)


def forget(tx: Connection, sync_id: int) -> int:
    """Drop all cursors of a sync, so that the next run reads from the start."""
    return tx.execute(delete(_cursor).where(_cursor.c.sync_id == sync_id)).rowcount
