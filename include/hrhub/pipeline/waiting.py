"""References that waited for their record, filled in when it arrives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from hrhub.pipeline.batch import Batch
from hrhub.pipeline.writes import Writes, shape, stored
from hrhub.store import bulk, schema

_WAITING = schema.hub_waiting_ref


def settle(batch: Batch, arrived: Mapping[str, Mapping[bytes, str]]) -> int:
    """Fill in what waited for the records that this transaction brought.

    Call it after the transaction's own rows were written: one of them may be what waits.

    Args:
        batch: The transaction.
        arrived: Entity -> source key -> row id of the records that are new.

    Returns:
        How many references were filled in.
    """
    filled: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    done: list[str] = []
    for entity, keys in arrived.items():
        waiting = bulk.fetch_by(
            batch.tx,
            _WAITING,
            "ref_key",
            list(keys),
            select=("id", "row_entity", "row_id", "field", "ref_key"),
            where={
                "tenant": batch.sync.tenant,
                "connection_id": batch.sync.connection,
                "ref_entity": entity,
            },
        )
        for waiting_id, row_entity, row_id, field, ref_key in waiting:
            filled[row_entity][row_id][field] = keys[bytes(ref_key)]
            done.append(waiting_id)
    for row_entity, rows in filled.items():
        if shape(row_entity).sealed:
            _fill_sealed(batch, row_entity, rows)
        else:
            _fill_open(batch, row_entity, rows)
    bulk.delete_by(batch.tx, _WAITING, "id", done)
    return len(done)


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
    writes.flush(batch.tx)
