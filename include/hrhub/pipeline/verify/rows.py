"""Sealed rows: every seal recomputed, every envelope opened, every index entry compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from hrhub.crypto import (
    BlindIndexer,
    DataKey,
    DataKeyCache,
    DekRecord,
    EnvelopeError,
    KeyCommitmentError,
    dek_id_of,
    normaliser_for,
    open_group,
    row_seal_holds,
)
from hrhub.errors import KeysUnavailable
from hrhub.model import ENTITIES
from hrhub.pipeline.verify.work import Work
from hrhub.pipeline.writes import Shape, shape
from hrhub.store import bulk, schema
from hrhub.store import keys as key_store

_SUITES = {1: "AES-256-GCM", 2: "SM4-GCM"}
_SUITE_AT = 2
"""Where an envelope names its cipher suite."""


def check_rows(work: Work) -> None:
    """Check the rows of all entities that hold sealed values."""
    keyring = _Keys(work)
    for entity in ENTITIES.values():
        if shape(entity.name).sealed:
            _Rows(work, keyring, entity.name).check()
    _contributions(work, keyring)
    _requests(work, keyring)


def _requests(work: Work, keyring: _Keys) -> None:
    """Open what vendors are still to be told with orders."""
    table, order = schema.hub_order, schema.ENTITY_TABLES["service_order"]

    def visit(tx: Connection, rows: Sequence[Any]) -> None:
        ids = [row.order_id for row in rows]
        people: dict[str, str] = dict(bulk.fetch_by(tx, order, "id", ids, ("id", "person_id")))
        active, _ = keyring.load(tx, set(people.values()), set())
        for row in rows:
            record = active.get(people.get(row.order_id, ""))
            key = keyring.open(record) if record else None
            if record is None:
                work.report.add("verify.key_missing", table.name, row.order_id)
            if key is None:
                continue
            try:
                key.open(
                    bytes(row.sealed_request),
                    entity=table.name,
                    field_path="sealed_request",
                    row_uid=row.order_id,
                )
            except EnvelopeError:
                work.report.add("verify.envelope_unreadable", table.name, row.order_id)

    untold = table.c.sealed_request.is_not(None)
    work.pages(table, ("order_id", "sealed_request"), ("order_id",), visit, untold)


def _contributions(work: Work, keyring: _Keys) -> None:
    """Open what each of several sources tells of one row."""
    table = schema.hub_contribution
    columns = ("link_id", "row_id", "subject_id", "sealed_told")

    def visit(tx: Connection, rows: Sequence[Any]) -> None:
        sealed = [row for row in rows if row.subject_id is not None]
        active, _ = keyring.load(tx, {row.subject_id for row in sealed}, set())
        for row in sealed:
            place = f"{row.row_id}/{row.link_id}"
            record = active.get(row.subject_id)
            key = keyring.open(record) if record else None
            if record is None:
                work.report.add("verify.key_missing", table.name, place)
            if key is None:
                continue
            try:
                key.open(
                    bytes(row.sealed_told),
                    entity=table.name,
                    field_path="sealed_told",
                    row_uid=place,
                )
            except EnvelopeError:
                work.report.add("verify.envelope_unreadable", table.name, place)

    work.pages(table, columns, ("link_id", "row_id"), visit)


class _Keys:
    """Data keys, unwrapped once in a verification.

    The memory is its own: keys that the hub remembers would hide a record that was damaged since.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._known = DataKeyCache(clock=work.hub.clock)
        self._damaged: set[bytes] = set()

    def load(
        self, tx: Connection, owners: set[str], named: set[bytes]
    ) -> tuple[dict[str, DekRecord], dict[bytes, DekRecord]]:
        """Return the records of keys: the active ones by owner, and all by id."""
        active = key_store.load_deks(tx, self._work.tenant, owners)
        by_id = {bytes(record.dek_id): record for record in active}
        for record in key_store.load_deks_by_id(tx, named - by_id.keys()):
            by_id[bytes(record.dek_id)] = record
        return {record.owner: record for record in active}, by_id

    def open(self, record: DekRecord) -> DataKey | None:
        """Return the key of a record; None, and a finding once, when it is not whole."""
        try:
            return self._known.load(record, self._work.keys)
        except (KeyCommitmentError, KeysUnavailable):
            if record.dek_id not in self._damaged:
                self._damaged.add(record.dek_id)
                self._work.report.add("verify.key_damaged", "hub_dek", record.dek_id.hex())
            return None


class _Rows:
    """The rows of one entity."""

    def __init__(self, work: Work, keys: _Keys, entity: str) -> None:
        self._work = work
        self._report = work.report
        self._keys = keys
        self._entity = entity
        self._subject = ENTITIES[entity].subject or "id"
        self._form: Shape = shape(entity)
        self._groups = [name for name in self._form.sealed if name != "row_seal"]
        self._index = BlindIndexer(work.keys)

    def check(self) -> None:
        """Check all of them."""
        named = ("id", "row_version", "removed_at", self._subject)
        columns = dict.fromkeys((*named, *self._form.open, *self._form.sealed))
        self._work.pages(self._form.table, tuple(columns), ("id",), self._page)

    def _page(self, tx: Connection, rows: Sequence[Any]) -> None:
        page = [dict(row._mapping) for row in rows]
        subjects = {row["id"]: row[self._subject] for row in page}
        named = {n for row in page for n in map(_named, self._envelopes(row).values()) if n}
        active, by_id = self._keys.load(tx, set(subjects.values()), named)
        opened: list[tuple[str, dict[str, Any]]] = []
        for row in page:
            values = self._row(row, active.get(subjects[row["id"]]), by_id)
            if values is not None and row["removed_at"] is None:
                opened.append((row["id"], values))
        if self._form.indexed:
            self._indexes(tx, opened)

    def _envelopes(self, row: Mapping[str, Any]) -> dict[str, bytes]:
        return {g: bytes(row[g]) for g in self._groups if row[g] is not None}

    def _row(
        self, row: Mapping[str, Any], active: DekRecord | None, by_id: Mapping[bytes, DekRecord]
    ) -> dict[str, Any] | None:
        """Check one row and return its values, None when it cannot be opened whole."""
        report, entity, row_id = self._report, self._entity, row["id"]
        envelopes = self._envelopes(row)
        for envelope in envelopes.values():
            suite = envelope[_SUITE_AT] if len(envelope) > _SUITE_AT else 0
            report.suites[_SUITES.get(suite, f"unknown ({suite})")] += 1
        names = {_named(envelope) for envelope in envelopes.values()}
        if None in names or len(names) > 1:
            report.add("verify.envelope_unreadable", entity, row_id)
            return None
        record = by_id.get(names.pop() or b"") if names else active
        if record is None:
            report.add("verify.key_missing", entity, row_id)
            return None
        if record.state == "destroyed":
            report.erased += 1
            return None
        key = self._keys.open(record)
        if key is None:
            return None
        plain = {n: row[n] for n in self._form.open if row[n] is not None}
        values: dict[str, Any] = dict(plain)
        try:
            for group, envelope in envelopes.items():
                tenant = self._work.tenant
                values |= open_group(key, tenant, entity, group, row_id, envelope)
        except EnvelopeError:
            report.add("verify.envelope_unreadable", entity, row_id)
            return None
        seal, version = bytes(row["row_seal"] or b""), row["row_version"]
        mine = record.owner == row[self._subject]  # the seal does not cover ``subject_id``
        if not (mine and row_seal_holds(seal, key, entity, row_id, version, plain, envelopes)):
            report.add("verify.row_changed", entity, row_id)
        return values

    def _indexes(self, tx: Connection, opened: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Compare index entries with what the values demand.

        Entries of another version belong to a rotation that is under way.
        """
        stored: dict[str, set[tuple[int, int, bytes]]] = {}
        columns = ("row_uid", "index_id", "version", "bi")
        ids = [row_id for row_id, _ in opened]
        where = {"tenant": self._work.tenant}
        for row_id, number, version, bi in bulk.fetch_by(
            tx, schema.hub_blind_index, "row_uid", ids, columns, where
        ):
            stored.setdefault(row_id, set()).add((number, version, bytes(bi)))
        for row_id, values in opened:
            expected = self._entries(values)
            found = stored.get(row_id, set())
            if expected - found:
                self._report.add("verify.index_missing", self._entity, row_id)
            versions = {(number, version) for number, version, _ in expected}
            if any(entry[:2] in versions for entry in found - expected):
                self._report.add("verify.index_orphan", self._entity, row_id)

    def _entries(self, values: Mapping[str, Any]) -> set[tuple[int, int, bytes]]:
        entries = set()
        for name, declared in self._form.indexed:
            value, normaliser = values.get(name), normaliser_for(declared, values.get("kind"))
            if value is None or normaliser is None:
                continue
            index = self._index.eq(self._entity, name, normaliser)
            entry = index(value)
            if entry is not None:
                entries.add((schema.INDEX_IDS[self._entity, name], index.version, entry))
        return entries


def _named(envelope: bytes) -> bytes | None:
    try:
        return dek_id_of(envelope)
    except EnvelopeError:
        return None
