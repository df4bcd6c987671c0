"""Rows that several sources tell of: written from all that is told, whatever came first.

A row with one source is its own record of what that source told. From the second source on, what
each of them tells is kept beside the row (``hub_contribution``), and the row is worked out anew by
the policy of :mod:`hrhub.pipeline.survivorship` whenever one of them speaks again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec

from hrhub.model import ENTITIES, custom
from hrhub.model.values import typed
from hrhub.pipeline.batch import Batch
from hrhub.pipeline.records import Unit
from hrhub.pipeline.survivorship import Contribution, Survivor
from hrhub.pipeline.writes import CONTRIBUTION_COLUMNS, StoredRow
from hrhub.store import bulk, schema

_TABLE = schema.hub_contribution
_JSON_TYPE = 7
_encode = msgspec.json.Encoder(decimal_format="string", order="sorted").encode


@dataclass(frozen=True, slots=True)
class Told:
    """What one record tells of one row.

    ``version`` orders records of equal sources; it is the record's own unless the row needs
    another order (the newest spell tells an employee's status).
    """

    row_id: str
    unit: Unit
    link_id: str
    version: str
    values: dict[str, Any] = field(repr=False)


def write_told(
    batch: Batch,
    entity: str,
    told: Sequence[Told],
    known: Mapping[str, StoredRow],
    *,
    fixed: Mapping[str, Mapping[str, Any]],
    subjects: Mapping[str, str | None],
) -> None:
    """Write rows from what records tell of them.

    Args:
        batch: The transaction.
        entity: Their entity.
        told: What this transaction's records tell; several may tell of one row.
        known: The rows as they stand; rows not in it are new.
        fixed: Values of new rows that no source tells (references to their owner), by row id.
        subjects: The person whose key seals a row, by row id.
    """
    by_row: dict[str, list[Told]] = defaultdict(list)
    for one in told:
        by_row[one.row_id].append(one)
    shared = [row_id for row_id, tellers in by_row.items() if _is_shared(known, row_id, tellers)]
    before = _contributions(batch, entity, shared, known, subjects) if shared else {}
    for row_id, tellers in by_row.items():
        row, subject = known.get(row_id), subjects[row_id]
        unit = tellers[-1].unit
        provenance: dict[str, str] | None = None
        if row_id in before or len(tellers) > 1:
            survivor = _survive(batch, entity, before.get(row_id, {}), tellers, subject)
            link_id = row.link_id if row else tellers[0].link_id
            provenance = {n: i for n, i in sorted(survivor.origins.items()) if i != link_id}
            values = survivor.values
        else:
            values = tellers[0].values
        if row is None:
            batch.writes.insert(
                entity,
                row_id,
                {**fixed[row_id], **values},
                unit.content,
                subject=subject,
                link_id=tellers[0].link_id,
                provenance=provenance,
            )
            continue
        merged = {**row.values, **values}
        if merged != row.values or provenance != row.provenance:
            batch.writes.update(
                entity,
                row_id,
                merged,
                unit.content,
                row.row_version + 1,
                subject=subject,
                provenance=provenance,
            )


def _is_shared(known: Mapping[str, StoredRow], row_id: str, tellers: Sequence[Told]) -> bool:
    """Tell whether more sources than the row's own tell of it."""
    row = known.get(row_id)
    if row is None:
        return len({t.link_id for t in tellers}) > 1
    return row.provenance is not None or any(t.link_id != row.link_id for t in tellers)


def _survive(
    batch: Batch,
    entity: str,
    before: Mapping[str, Contribution],
    tellers: Sequence[Told],
    subject: str | None,
) -> Survivor:
    """Bring the contributions of a row in step with what is told now, and work the row out."""
    now = dict(before)
    for one in tellers:
        old = now.get(one.link_id)
        now[one.link_id] = Contribution(
            one.link_id,
            batch.sync.connector,
            one.version,
            one.unit.source_key,
            {**(old.values if old else {}), **one.values},
        )
    row_id = tellers[0].row_id
    for link_id, contribution in now.items():
        batch.writes.contribute(
            (
                link_id,
                batch.sync.tenant,
                entity,
                row_id,
                contribution.source,
                contribution.version,
                subject,
                _seal(batch, f"{row_id}/{link_id}", contribution.values, subject),
            )
        )
    return batch.sync.policy.survive(entity, list(now.values()))


def _contributions(
    batch: Batch,
    entity: str,
    row_ids: Sequence[str],
    known: Mapping[str, StoredRow],
    subjects: Mapping[str, str | None],
) -> dict[str, dict[str, Contribution]]:
    """Return what sources told of rows before: row id -> link id -> contribution.

    A row that had one source so far tells by itself what that source told.
    """
    rows = bulk.fetch_by(
        batch.tx, _TABLE, "row_id", row_ids, select=CONTRIBUTION_COLUMNS, where={"entity": entity}
    )
    alone = [known[i].link_id for i in row_ids if i in known and known[i].provenance is None]
    links = _links(batch, [*(row[0] for row in rows), *(i for i in alone if i)])
    found: dict[str, dict[str, Contribution]] = {row_id: {} for row_id in row_ids}
    for link_id, _, _, row_id, source, version, subject, sealed in rows:
        values = _open(batch, entity, f"{row_id}/{link_id}", bytes(sealed), subject)
        tie = links[link_id][1] if link_id in links else b""
        found[row_id][link_id] = Contribution(link_id, source, version, tie, values)
    names = _told_fields(entity)
    for row_id in row_ids:
        row = known.get(row_id)
        if row and row.link_id and not found[row_id] and row.link_id in links:
            source, tie, version = links[row.link_id]
            values = {
                n: v for n, v in row.values.items() if n in names or n.startswith(custom.PREFIX)
            }
            found[row_id][row.link_id] = Contribution(row.link_id, source, version, tie, values)
    return found


def _links(batch: Batch, link_ids: Iterable[str]) -> dict[str, tuple[str, bytes, str]]:
    """Return connector, source key and version of links."""
    rows = bulk.fetch_by(
        batch.tx,
        schema.hub_source_link,
        "id",
        link_ids,
        select=("id", "sync_id", "source_key", "version"),
    )
    connectors: dict[int, str] = dict(
        bulk.fetch_by(
            batch.tx, schema.hub_sync, "id", [r[1] for r in rows], select=("id", "connector")
        )
    )
    return {i: (connectors[sync], bytes(key), version or "") for i, sync, key, version in rows}


@cache
def _told_fields(entity: str) -> frozenset[str]:
    """Return the fields that sources tell: all but references and the state of merging."""
    return frozenset(
        f.name for f in ENTITIES[entity].fields if f.ref is None and f.name != "merge_state"
    )


def _seal(batch: Batch, place: str, values: Mapping[str, Any], subject: str | None) -> bytes:
    body = _encode(values)
    if subject is None:
        return body  # an entity without subject has open values only
    return batch.subjects.key(subject).seal(
        body,
        entity=_TABLE.name,
        field_path="sealed_told",
        row_uid=place,
        type_byte=_JSON_TYPE,
        padded=True,
    )


def _open(
    batch: Batch, entity: str, place: str, sealed: bytes, subject: str | None
) -> dict[str, Any]:
    body = sealed
    if subject is not None:
        _, body = batch.subjects.key(subject).open(
            sealed, entity=_TABLE.name, field_path="sealed_told", row_uid=place
        )
    return typed(entity, msgspec.json.decode(body))
