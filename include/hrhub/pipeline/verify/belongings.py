"""What belongs to something else: index entries, data keys, links, references that wait."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from re import compile as pattern
from typing import Any

from sqlalchemy import Connection

from hrhub.model import ENTITIES
from hrhub.pipeline.verify.work import Work
from hrhub.store import bulk, schema

_ENTITY_OF_INDEX = {number: entity for (entity, _), number in schema.INDEX_IDS.items()}
_ID = pattern(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def check_belongings(work: Work) -> None:
    """Check that nothing points to what is not there, and nothing waits for what is."""
    checks = _Belongings(work)
    work.pages(
        schema.hub_blind_index,
        ("index_id", "version", "bi", "row_uid"),
        ("index_id", "version", "bi", "row_uid"),
        checks.indexes,
    )
    live = schema.hub_dek.c.state != "destroyed"
    work.pages(schema.hub_dek, ("dek_id", "owner", "purpose"), ("dek_id",), checks.data_keys, live)
    work.pages(
        schema.hub_source_link, ("id", "entity", "entity_id", "state"), ("id",), checks.links
    )
    work.pages(
        schema.hub_contribution,
        ("link_id", "row_id", "entity"),
        ("link_id", "row_id"),
        checks.contributions,
    )
    work.pages(
        schema.hub_waiting_ref,
        ("id", "connection_id", "row_entity", "row_id", "ref_entity", "ref_key"),
        ("id",),
        checks.waiting,
    )


class _Belongings:
    """The checks, one per table."""

    def __init__(self, work: Work) -> None:
        self._tenant = work.tenant
        self._add = work.report.add

    def indexes(self, tx: Connection, rows: Sequence[Any]) -> None:
        """Find index entries without a row."""
        by_entity: dict[str, set[str]] = {}
        for row in rows:
            by_entity.setdefault(_ENTITY_OF_INDEX.get(row.index_id, ""), set()).add(row.row_uid)
        for entity, ids in by_entity.items():
            for row_id in ids - _rows(tx, entity, ids):
                self._add("verify.index_orphan", "hub_blind_index", row_id)

    def data_keys(self, tx: Connection, rows: Sequence[Any]) -> None:
        """Find data keys whose owner is not there."""
        owners: dict[str, dict[str, list[bytes]]] = {}
        for row in rows:
            of_kind = owners.setdefault(row.purpose, {})
            of_kind.setdefault(_owner(row.purpose, row.owner), []).append(bytes(row.dek_id))
        for purpose, listed in owners.items():
            known = _known_owners(tx, purpose, listed.keys())
            for owner in listed.keys() - known:
                for dek_id in listed[owner]:
                    self._add("verify.key_orphan", "hub_dek", dek_id.hex())

    def links(self, tx: Connection, rows: Sequence[Any]) -> None:
        """Find links to rows that are not there."""
        by_entity: dict[str, dict[str, list[str]]] = {}
        for row in rows:
            by_entity.setdefault(row.entity, {}).setdefault(row.entity_id, []).append(row.id)
        for entity, listed in by_entity.items():
            for gone in listed.keys() - _rows(tx, entity, listed.keys()):
                for link_id in listed[gone]:
                    self._add("verify.link_orphan", "hub_source_link", link_id)

    def contributions(self, tx: Connection, rows: Sequence[Any]) -> None:
        """Find what is told of rows, or by records, that are not there."""
        ids = {row.link_id for row in rows}
        links = {r[0] for r in bulk.fetch_by(tx, schema.hub_source_link, "id", ids, ("id",))}
        by_entity: dict[str, set[str]] = {}
        for row in rows:
            by_entity.setdefault(row.entity, set()).add(row.row_id)
        known = {entity: _rows(tx, entity, them, by="id") for entity, them in by_entity.items()}
        for row in rows:
            if row.link_id not in links or row.row_id not in known[row.entity]:
                self._add("verify.link_orphan", "hub_contribution", f"{row.row_id}/{row.link_id}")

    def waiting(self, tx: Connection, rows: Sequence[Any]) -> None:
        """Find references that wait for a record that is there, or belong to no row."""
        link = schema.hub_source_link
        key = ("connection_id", "entity", "source_key")
        wanted = {(r.connection_id, r.ref_entity, bytes(r.ref_key)) for r in rows}
        there = {
            (connection, entity, bytes(source_key))
            for connection, entity, source_key in bulk.fetch_by(
                tx, link, key, wanted, key, {"tenant": self._tenant}
            )
        }
        by_entity: dict[str, set[str]] = {}
        for row in rows:
            by_entity.setdefault(row.row_entity, set()).add(row.row_id)
        known = {entity: _rows(tx, entity, ids, by="id") for entity, ids in by_entity.items()}
        for row in rows:
            if (row.connection_id, row.ref_entity, bytes(row.ref_key)) in there:
                self._add("verify.reference_waiting", "hub_waiting_ref", row.id)
            if row.row_id not in known[row.row_entity]:
                self._add("verify.reference_orphan", "hub_waiting_ref", row.id)


def _owner(purpose: str, owner: str) -> str:
    """Return what a key's owner is called in the table it is in."""
    if purpose == "landing":
        return owner.removeprefix("batch:")
    if purpose == "quarantine":
        return owner.rpartition(":")[2]
    return owner


def _known_owners(tx: Connection, purpose: str, owners: Collection[str]) -> set[str]:
    """Return which owners are there; keys of purposes that others look after all are."""
    if purpose == "subject":
        return _rows(tx, "person", owners)
    if purpose == "landing":
        batches = [owner for owner in owners if _ID.fullmatch(owner)]
        table = schema.hub_landing_batch
        return {r[0] for r in bulk.fetch_by(tx, table, "batch_uid", batches, ("batch_uid",))}
    if purpose == "quarantine":
        numbers = [int(owner) for owner in owners if owner.isdigit()]
        return {str(r[0]) for r in bulk.fetch_by(tx, schema.hub_sync, "id", numbers, ("id",))}
    return set(owners)


def _rows(tx: Connection, entity: str, ids: Collection[str], *, by: str | None = None) -> set[str]:
    """Return which ids an entity has: of rows, or of series where it has history."""
    if entity not in ENTITIES:
        return set()
    column = by or ("series_id" if ENTITIES[entity].history else "id")
    wanted = [row_id for row_id in ids if _ID.fullmatch(row_id)]
    found = bulk.fetch_by(tx, schema.ENTITY_TABLES[entity], column, wanted, (column,))
    return {row[0] for row in found}
