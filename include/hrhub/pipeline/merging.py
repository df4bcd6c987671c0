"""Rows that several sources tell of: written from all that is told, whatever came first.

A row with one source is its own record of what that source told. From the second source on, what
each of them tells is kept beside the row (``hub_contribution``), and the row is worked out anew by
the policy of :mod:`hrhub.pipeline.survivorship` whenever one of them speaks again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

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
_EVIDENCE = {
    "person": ("display_name", "birth_date", "gender"),
    "employment": ("employer_code", "hire_date", "end_date"),
}
"""Fields of rows that tell who somebody is; contacts, documents and work numbers are indexed."""
_encode = msgspec.json.Encoder(decimal_format="string", order="sorted").encode


class Told(NamedTuple):
    """What one record tells of one row; ``values`` may hold fields of other entities too."""

    row_id: str
    unit: Unit
    link_id: str
    values: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"Told({self.row_id})"


@dataclass(frozen=True, slots=True)
class Manner:
    """How records tell of an entity.

    Attributes:
        entity: The entity.
        fields: Its fields that the feed tells.
        version_of: Orders records of equal sources; the record's own version unless the row needs
            another order (the newest spell tells an employee's status).
    """

    entity: str
    fields: tuple[str, ...]
    version_of: Callable[[Unit], str] = attrgetter("version")


def _values_of(batch: Batch, manner: Manner, one: Told) -> dict[str, Any]:
    """Return what a record tells of its row, custom fields included."""
    values = one.values
    names = (*manner.fields, *batch.sync.custom.keys(manner.entity))
    return {name: values[name] for name in names if name in values}


def write_told(
    batch: Batch,
    manner: Manner,
    told: Sequence[Told],
    known: Mapping[str, StoredRow],
    *,
    fixed: Mapping[str, Mapping[str, Any]],
    subjects: Mapping[str, str | None],
) -> None:
    """Write rows from what records tell of them.

    Args:
        batch: The transaction.
        manner: Their entity, and what is told of it.
        told: What this transaction's records tell; several may tell of one row.
        known: The rows as they stand; rows not in it are new.
        fixed: Values of new rows that no source tells (references to their owner), by row id.
        subjects: The person whose key seals a row, by row id.
    """
    by_row: dict[str, list[Told]] = defaultdict(list)
    for one in told:
        by_row[one.row_id].append(one)
    entity = manner.entity
    others: list[list[Told]] = []
    for row_id, tellers in by_row.items():
        if len(tellers) > 1 or row_id in known:
            others.append(tellers)
            continue
        [(_, unit, link_id, values)] = tellers
        batch.writes.insert(
            entity,
            row_id,
            values,
            unit.content,
            own=fixed[row_id],
            subject=subjects[row_id],
            link_id=link_id,
        )
    if others:
        _write_others(batch, manner, others, known, fixed, subjects)


def _write_others(
    batch: Batch,
    manner: Manner,
    told: Sequence[list[Told]],
    known: Mapping[str, StoredRow],
    fixed: Mapping[str, Mapping[str, Any]],
    subjects: Mapping[str, str | None],
) -> None:
    """Write the rows that are known, or of which several records tell."""
    entity = manner.entity
    shared = [tellers[0].row_id for tellers in told if _is_shared(known, tellers)]
    before = _contributions(batch, entity, shared, known, subjects) if shared else {}
    for tellers in told:
        row_id, unit, link_id, _ = tellers[-1]
        row, subject = known.get(row_id), subjects[row_id]
        provenance: dict[str, str] | None = None
        if row_id in before or len(tellers) > 1:
            survivor = _survive(batch, manner, before.get(row_id, {}), tellers, subject)
            link_id = (row.link_id if row else None) or tellers[0].link_id
            provenance = {n: i for n, i in sorted(survivor.origins.items()) if i != link_id}
            values = survivor.values
        else:
            values = _values_of(batch, manner, tellers[0])
        if row is None:
            batch.writes.insert(
                entity,
                row_id,
                values,
                unit.content,
                own=fixed[row_id],
                subject=subject,
                link_id=link_id,
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
                evident=any(merged.get(n) != row.values.get(n) for n in _EVIDENCE.get(entity, ())),
            )


def withdraw(batch: Batch, entity: str, row: StoredRow, link_id: str) -> bool:
    """Work a row out anew without what one record told of it; False if it told nothing.

    A row of which one record is left is that record's own again.
    """
    found = _contributions(batch, entity, [row.id], {row.id: row}, {row.id: row.subject})[row.id]
    gone = found.pop(link_id, None)
    if gone is None:
        return False
    left = list(found.values())
    survivor = batch.sync.policy.survive(entity, left)
    alone = [c.link_id for c in left] == [row.link_id]
    provenance = {n: i for n, i in sorted(survivor.origins.items()) if i != row.link_id}
    if alone:
        batch.writes.own(row.id)
    else:
        for contribution in left:
            _keep(batch, entity, row.id, contribution, row.subject)
    others = {n: v for n, v in row.values.items() if n not in gone.values}
    batch.writes.update(
        entity,
        row.id,
        {**others, **survivor.values},
        row.content,
        row.row_version + 1,
        subject=row.subject,
        provenance=None if alone else provenance,
    )
    return True


def _is_shared(known: Mapping[str, StoredRow], tellers: Sequence[Told]) -> bool:
    """Tell whether more sources than the row's own tell of it."""
    row = known.get(tellers[0].row_id)
    if row is None:
        return len({t.link_id for t in tellers}) > 1
    return row.provenance is not None or any(t.link_id != row.link_id for t in tellers)


def _survive(
    batch: Batch,
    manner: Manner,
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
            manner.version_of(one.unit),
            one.unit.source_key,
            {**(old.values if old else {}), **_values_of(batch, manner, one)},
        )
    row_id = tellers[0].row_id
    for contribution in now.values():
        _keep(batch, manner.entity, row_id, contribution, subject)
    return batch.sync.policy.survive(manner.entity, list(now.values()))


def _keep(
    batch: Batch, entity: str, row_id: str, contribution: Contribution, subject: str | None
) -> None:
    """Keep what one record tells of a row."""
    link_id = contribution.link_id
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
