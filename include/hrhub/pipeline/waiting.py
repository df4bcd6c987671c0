"""References that waited for their record, filled in when it arrives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from hrhub.pipeline.batch import Batch
from hrhub.pipeline.writes import Writes, shape, stored
from hrhub.store import bulk, schema

_WAITING = schema.hub_waiting_ref
_COLUMNS = ("id", "row_entity", "row_id", "field", "ref_key")

Due = tuple[Any, ...]
"""(waiting id, entity, row id, field, row id of the target)."""


def settle(batch: Batch, arrived: Mapping[str, Mapping[bytes, str]]) -> int:
    """Fill in what waited for the records that this transaction brought.

    Call it after the transaction's own rows were written: one of them may be what waits.

    Args:
        batch: The transaction.
        arrived: Entity -> source key -> row id of the records that are new.

    Returns:
        How many references were filled in.
    """
    due: list[Due] = []
    for entity, keys in arrived.items():
        waiting = bulk.fetch_by(
            batch.tx,
            _WAITING,
            "ref_key",
            list(keys),
            select=_COLUMNS,
            where=_here(batch) | {"ref_entity": entity},
        )
        due += [(*row[:4], keys[bytes(row[4])]) for row in waiting]
    return _fill(batch, due)


def settle_overdue(batch: Batch) -> int:
    """Fill in what waits although its record is there; return how many.

    It happens when two syncs run at once: neither transaction sees what the other one brings.
    Called at the end of a run, by whichever ends last.
    """
    rows = bulk.fetch_by(
        batch.tx,
        _WAITING,
        "connection_id",
        [batch.sync.connection],
        select=(*_COLUMNS, "ref_entity"),
        where={"tenant": batch.sync.tenant},
    )
    by_entity: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        by_entity[row[5]].append(row)
    due: list[Due] = []
    for entity, waiting in by_entity.items():
        found = batch.links.targets(batch.tx, entity, [bytes(row[4]) for row in waiting])
        due += [(*row[:4], found[bytes(row[4])]) for row in waiting if bytes(row[4]) in found]
    return _fill(batch, due)


def _here(batch: Batch) -> dict[str, object]:
    return {"tenant": batch.sync.tenant, "connection_id": batch.sync.connection}


def _fill(batch: Batch, due: Sequence[Due]) -> int:
    filled: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for _, row_entity, row_id, field, target in due:
        filled[row_entity][row_id][field] = target
    for row_entity, rows in filled.items():
        if shape(row_entity).sealed:
            _fill_sealed(batch, row_entity, rows)
        else:
            _fill_open(batch, row_entity, rows)
    bulk.delete_by(batch.tx, _WAITING, "id", [waiting_id for waiting_id, *_ in due])
    return len(due)


def _fill_open(batch: Batch, entity: str, rows: Mapping[str, Mapping[str, str]]) -> None:
    by_field: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row_id, fields in rows.items():
        for field, value in fields.items():
            by_field[field].append((row_id, value))
    for field, values in by_field.items():
        bulk.update(batch.tx, shape(entity).table, "id", (field,), values)


def _fill_sealed(batch: Batch, entity: str, rows: Mapping[str, Mapping[str, str]]) -> None:
    """Write the rows anew: their seal covers the references."""
    writes = Writes(batch.sync, batch.now, batch.subjects)
    for row in stored(batch, entity, list(rows)).values():
        writes.update(
            entity,
            row.id,
            {**row.values, **rows[row.id]},
            row.content,
            row.row_version + 1,
            subject=row.subject,
        )
    writes.flush(batch.tx, new_keys=False)
