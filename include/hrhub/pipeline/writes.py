"""What a transaction will write, gathered per table and flushed in bulk.

Handlers say what a row holds in canonical terms; here it is sealed by class, indexed blindly and
turned into columns. One instance serves one transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple

from hrhub.ambient import new_ids
from hrhub.crypto import open_group
from hrhub.model import ENTITIES, Entity, Privacy, custom
from hrhub.model.values import typed
from hrhub.pipeline.batch import Batch, Sync
from hrhub.pipeline.packing import ChangedRow, NewRow, Packer, Provenance, Values
from hrhub.pipeline.records import Unit
from hrhub.pipeline.subjects import Subjects
from hrhub.store import bulk, schema
from hrhub.store.types import FOREVER

_LINK_COLUMNS = (
    "id",
    "tenant",
    "sync_id",
    "connection_id",
    "entity",
    "source_key",
    "entity_id",
    "fingerprint",
    "content",
    "version",
    "landed_seq",
    "state",
    "first_seen",
    "run_id",
)
_LINK_CHANGES = ("fingerprint", "content", "version", "landed_seq", "state", "sync_id", "run_id")
_WAITING_COLUMNS = (
    "id",
    "tenant",
    "connection_id",
    "row_entity",
    "row_id",
    "field",
    "ref_entity",
    "ref_key",
)
CONTRIBUTION_COLUMNS = (
    "link_id",
    "tenant",
    "entity",
    "row_id",
    "source",
    "version",
    "subject_id",
    "sealed_told",
)
_IDS_AT_ONCE = 1_000
_NOTHING: Values = {}
_INDEX_COLUMNS = ("tenant", "index_id", "version", "bi", "row_uid")
_BY_ENTRY = itemgetter(1, 2, 3)
"""In the order of the table's key, neighbours are written together."""


class Shape:
    """The columns of one entity, worked out once from the model."""

    def __init__(self, entity: Entity) -> None:
        self.name = entity.name
        self.table = schema.ENTITY_TABLES[entity.name]
        self.open = tuple(sorted((*(f.name for f in entity.of(Privacy.OPEN)), custom.COLUMN)))
        self.personal = tuple(sorted(f.name for f in entity.of(Privacy.PERSONAL)))
        self.sensitive = tuple(sorted(f.name for f in entity.of(Privacy.SENSITIVE)))
        self.indexed = tuple((f.name, f.index) for f in entity.fields if f.index is not None)
        self.index_ids = tuple((n, schema.INDEX_IDS[entity.name, n]) for n, _ in self.indexed)
        groups = (schema.SEALED_PERSONAL, schema.SEALED_SENSITIVE, "row_seal")
        self.sealed = groups if entity.subject else ()
        self.subject = entity.subject
        own = ("subject_id",) if entity.subject == "subject_id" else ()
        self.values = (*self.open, *own, *self.sealed)
        self.extra: tuple[str, ...] = ()
        if entity.history:
            self.extra = ("series_id", "valid_from", "valid_to", "seq", "recorded_at", "dated_by")
        if entity.fact:
            self.extra = ("source_key", "sync_id", "fingerprint")
        self.told = ("provenance",) if not entity.history and not entity.fact else ()
        self.insert = (
            "id",
            "tenant",
            "link_id",
            *self.values,
            *self.told,
            "content",
            "row_version",
            "created_at",
            "updated_at",
            *self.extra,
        )
        self.update = (*self.values, *self.told, "content", "row_version", "updated_at")


@cache
def shape(entity: str) -> Shape:
    """Return the columns of an entity."""
    return Shape(ENTITIES[entity])


class Writes:
    """Rows to insert, update and retire in one transaction."""

    def __init__(self, sync: Sync, now: datetime, subjects: Subjects) -> None:
        self._sync = sync
        self._now = now
        self._subjects = subjects
        self._inserts: dict[str, list[NewRow]] = defaultdict(list)
        self._updates: dict[str, list[ChangedRow]] = defaultdict(list)
        self._evident: dict[str, list[str]] = defaultdict(list)
        self._refingered: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self._retired: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self._superseded: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self._new_links: list[tuple[Any, ...]] = []
        self._changed_links: list[tuple[Any, ...]] = []
        self._unindex: list[str] = []
        self._waiting: list[tuple[Any, ...]] = []
        self._unwait: set[tuple[str, str]] = set()
        self._contributions: dict[tuple[str, str], tuple[Any, ...]] = {}
        self._owned: set[str] = set()
        self._packers: dict[str, Packer] = {}
        self._ids: list[str] = []
        self.arrived: dict[str, dict[bytes, str]] = defaultdict(dict)

    def new_id(self) -> str:
        """Return an id for a new row, from a stock: one call for each would cost ten times more."""
        if not self._ids:
            self._ids = new_ids(_IDS_AT_ONCE)[::-1]
        return self._ids.pop()

    def packer(self, entity: str) -> Packer:
        """Return what packs the rows of an entity."""
        found = self._packers.get(entity)
        if found is None:
            found = self._packers[entity] = Packer(
                shape(entity), self._sync, self._subjects.key, self._now
            )
        return found

    def entry(self, entity: str, field: str, values: Values) -> tuple[int, bytes] | None:
        """Return version and entry of a blind index, as :meth:`Packer.entry`."""
        return self.packer(entity).entry(field, values)

    def link(
        self,
        link_id: str,
        entity: str,
        entity_id: str,
        source_key: bytes,
        *,
        fingerprint: bytes = b"",
        content: bytes = b"",
        version: str = "",
        landed_seq: int = 0,
    ) -> None:
        """Remember which source record stands for a row."""
        sync = self._sync
        self._new_links.append(
            (
                link_id,
                sync.tenant,
                sync.sync_id,
                sync.connection,
                entity,
                source_key,
                entity_id,
                fingerprint,
                content,
                version,
                landed_seq,
                "live",
                self._now,
                sync.run_id or None,  # what no run brought has none
            )
        )
        self.arrived[entity][source_key] = entity_id

    def link_unit(self, link_id: str, entity: str, entity_id: str, unit: Unit) -> None:
        """Remember that a record stands for a row, with what the change gate compares."""
        self.link(
            link_id,
            entity,
            entity_id,
            unit.source_key,
            fingerprint=unit.record.fingerprint,
            content=unit.content,
            version=unit.version,
            landed_seq=unit.record.landed_seq,
        )

    def relink(self, link_id: str, unit: Unit, version: str, landed_seq: int | None = None) -> None:
        """Note that a known source record came again in another form.

        Version and order of landing are those of the newest form that says this; the record's own
        order unless another is given.
        """
        record = unit.record
        self._changed_links.append(
            (
                link_id,
                record.fingerprint,
                unit.content,
                version,
                record.landed_seq if landed_seq is None else landed_seq,
                "live",
                self._sync.sync_id,
                self._sync.run_id,
            )
        )

    def wait(self, row_entity: str, row_id: str, field: str, ref_entity: str, key: bytes) -> None:
        """Let a reference wait for its record."""
        sync = self._sync
        self._waiting.append(
            (
                new_ids(1)[0],
                sync.tenant,
                sync.connection,
                row_entity,
                row_id,
                field,
                ref_entity,
                key,
            )
        )

    def unwait(self, row_id: str, field: str) -> None:
        """Let a reference of a known row no longer wait for what it named before."""
        self._unwait.add((row_id, field))

    def insert(
        self,
        entity: str,
        row_id: str,
        values: Values,
        content: bytes,
        *,
        own: Values = _NOTHING,
        subject: str | None = None,
        link_id: str | None = None,
        provenance: Provenance = None,
        extra: tuple[Any, ...] = (),
    ) -> None:
        """Add a new row; see :class:`NewRow`."""
        self._inserts[entity].append(
            NewRow(row_id, values, own, content, subject, link_id, provenance, extra)
        )

    def update(
        self,
        entity: str,
        row_id: str,
        values: Values,
        content: bytes,
        row_version: int,
        *,
        subject: str | None = None,
        provenance: Provenance = None,
        evident: bool = True,
    ) -> None:
        """Replace a row's values; see :class:`ChangedRow`.

        ``evident`` says that what changes may tell who somebody is.
        """
        self._updates[entity].append(
            ChangedRow(row_id, values, content, row_version, subject, provenance)
        )
        if evident:
            self._evident[entity].append(row_id)
        if shape(entity).indexed:
            self._unindex.append(row_id)

    def contribute(self, row: tuple[Any, ...]) -> None:
        """Keep what a source tells of a row beside the row; columns of ``hub_contribution``."""
        link_id, _, _, row_id, *_ = row
        self._contributions[row_id, link_id] = row

    def own(self, row_id: str) -> None:
        """Drop what sources told of a row: its one source is what it says itself."""
        self._owned.add(row_id)

    def refinger(self, entity: str, row_id: str, fingerprint: bytes) -> None:
        """Note the raw form in which a fact came last, so that the gate stops it next time."""
        self._refingered[entity].append((row_id, fingerprint))

    def retire(self, entity: str, row_id: str, reason: str) -> None:
        """Mark a row as removed at its source."""
        self._retired[entity].append((row_id, self._now, reason))
        if shape(entity).indexed:
            self._unindex.append(row_id)

    def supersede(self, entity: str, row_id: str) -> None:
        """Close a slice that is no longer believed; it stays readable as of before."""
        self._superseded[entity].append((row_id, self._now))

    def slice_of(
        self, series_id: str, valid_from: date, valid_to: date | None, seq: int, dated_by: str
    ) -> tuple[Any, ...]:
        """Return the extra columns of a slice."""
        return (series_id, valid_from, valid_to or FOREVER, seq, self._now, dated_by)

    def new_entries(self) -> list[tuple[Any, ...]]:
        """Return the blind-index rows written: tenant, index, version, entry, row id."""
        return [row for packer in self._packers.values() for row in packer.index_rows]

    def inserted_ids(self, entity: str) -> list[str]:
        """Return the ids of an entity's new rows."""
        return [row.id for row in self._inserts.get(entity, ())]

    def evident_ids(self, entity: str) -> list[str]:
        """Return the ids of an entity's rows of which what may tell who somebody is has changed."""
        return self._evident.get(entity, [])

    def contributed_ids(self, entity: str) -> list[str]:
        """Return the ids of an entity's rows of which what a source tells was kept anew."""
        return [row_id for (row_id, _), row in self._contributions.items() if row[2] == entity]

    def retired_ids(self, entity: str) -> list[str]:
        """Return the ids of an entity's rows that their source no longer has."""
        return [row[0] for row in self._retired.get(entity, ())]

    def owners_of(self, entity: str, reference: str) -> list[Any]:
        """Return what an entity's new rows refer to, and those whose evidence has changed."""
        new = [r.own.get(reference) or r.values[reference] for r in self._inserts.get(entity, ())]
        evident = set(self.evident_ids(entity))
        changed = (row for row in self._updates.get(entity, ()) if row.id in evident)
        return new + [row.values[reference] for row in changed]

    def touches(self, *entities: str) -> bool:
        """Tell whether rows of an entity are new or changed."""
        return any(self._inserts.get(e) or self._updates.get(e) for e in entities)

    def flush(self, tx: Any, *, new_keys: bool = True) -> None:
        """Write everything; ``new_keys`` only once in a transaction."""
        for entity, rows in self._inserts.items():
            packed = self.packer(entity).inserts(rows)
            bulk.insert(tx, shape(entity).table, shape(entity).insert, packed)
        for entity, changed in self._updates.items():
            packed = self.packer(entity).updates(changed)
            bulk.update(tx, shape(entity).table, "id", shape(entity).update, packed)
        self._subjects.write(tx, new_keys=new_keys)
        for entity, marks in self._retired.items():
            bulk.update(tx, shape(entity).table, "id", ("removed_at", "removal_reason"), marks)
        for entity, marks in self._superseded.items():
            bulk.update(tx, shape(entity).table, "id", ("superseded_at",), marks)
        for entity, marks in self._refingered.items():
            bulk.update(tx, shape(entity).table, "id", ("fingerprint",), marks)
        if self._unindex:
            bulk.delete_by(tx, schema.hub_blind_index, "row_uid", self._unindex)
        entries = sorted(self.new_entries(), key=_BY_ENTRY)
        bulk.insert(tx, schema.hub_blind_index, _INDEX_COLUMNS, entries)
        bulk.insert(tx, schema.hub_source_link, _LINK_COLUMNS, self._new_links)
        bulk.update(tx, schema.hub_source_link, "id", _LINK_CHANGES, self._changed_links)
        self._stop_waiting(tx)
        bulk.insert(tx, schema.hub_waiting_ref, _WAITING_COLUMNS, self._waiting)
        if self._contributions or self._owned:
            told = self._contributions
            rows_told = {row_id for row_id, _ in told} | self._owned
            bulk.delete_by(tx, schema.hub_contribution, "row_id", rows_told)
            bulk.insert(tx, schema.hub_contribution, CONTRIBUTION_COLUMNS, told.values())

    def _stop_waiting(self, tx: Any) -> None:
        rows = {row_id for row_id, _ in self._unwait}
        found = bulk.fetch_by(
            tx, schema.hub_waiting_ref, "row_id", rows, select=("id", "row_id", "field")
        )
        over = [i for i, row_id, name in found if (row_id, name) in self._unwait]
        bulk.delete_by(tx, schema.hub_waiting_ref, "id", over)


class StoredRow(NamedTuple):
    """A row as it stands in the store, opened; personal values live in memory only."""

    id: str
    link_id: str | None
    row_version: int
    content: bytes
    subject: str | None
    values: dict[str, Any]
    provenance: dict[str, str] | None = None

    def __repr__(self) -> str:
        return f"StoredRow({self.id})"


def stored(batch: Batch, entity: str, row_ids: Sequence[str]) -> dict[str, StoredRow]:
    """Return rows by id, opened for merging."""
    form = shape(entity)
    groups = [c for c in form.sealed if c != "row_seal"]
    columns = ("id", "link_id", "row_version", "content", *form.values, *form.told)
    rows = [
        dict(zip(columns, row, strict=True))
        for row in bulk.fetch_by(batch.tx, form.table, "id", row_ids, select=columns)
    ]
    if form.subject:
        batch.subjects.load(batch.tx, [row[form.subject] for row in rows])
    found: dict[str, StoredRow] = {}
    for row in rows:
        values = custom.flattened({n: row[n] for n in form.open if row[n] is not None})
        subject = row[form.subject] if form.subject else None
        for group in groups:
            if subject and row[group] is not None:
                key = batch.subjects.key(subject)
                opened = open_group(key, batch.sync.tenant, entity, group, row["id"], row[group])
                values |= typed(entity, opened)
        found[row["id"]] = StoredRow(
            row["id"],
            row["link_id"],
            row["row_version"],
            bytes(row["content"]),
            subject,
            values,
            row.get("provenance"),
        )
    return found
