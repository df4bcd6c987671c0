"""The tables of the store: the hub's own, and one per canonical entity, generated from the model.

An entity table has the entity's open fields as columns, the personal and the sensitive fields of
rows about a person sealed in one column each, and the columns every row carries. What others refer
to is ``id``, or ``series_id`` where the entity has history.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

from hrhub.model import ENTITIES, Entity, Kind, Privacy, custom
from hrhub.store.base import metadata
from hrhub.store.custom_tables import hub_custom_field
from hrhub.store.exchange_tables import hub_inbox, hub_inbox_event, hub_outbox
from hrhub.store.hub_tables import (
    COUNTS,
    hub_audit,
    hub_audit_head,
    hub_blind_index,
    hub_contribution,
    hub_cursor,
    hub_dek,
    hub_fence,
    hub_index_name,
    hub_key,
    hub_landing_batch,
    hub_lease,
    hub_meta,
    hub_quarantine,
    hub_run,
    hub_source_link,
    hub_sync,
    hub_waiting_ref,
)
from hrhub.store.match_tables import hub_match_review, hub_merge, hub_run_match
from hrhub.store.order_tables import hub_order
from hrhub.store.outbound_tables import hub_breaker, hub_budget, hub_oauth_token
from hrhub.store.process_tables import hub_process_cause
from hrhub.store.types import Exact, JsonText, Key, RowId, UtcTs

__all__ = [
    "COUNTS",
    "ENTITY_TABLES",
    "INDEX_IDS",
    "SEALED_PERSONAL",
    "SEALED_SENSITIVE",
    "hub_audit",
    "hub_audit_head",
    "hub_blind_index",
    "hub_breaker",
    "hub_budget",
    "hub_contribution",
    "hub_cursor",
    "hub_custom_field",
    "hub_dek",
    "hub_fence",
    "hub_inbox",
    "hub_inbox_event",
    "hub_index_name",
    "hub_key",
    "hub_landing_batch",
    "hub_lease",
    "hub_match_review",
    "hub_merge",
    "hub_meta",
    "hub_oauth_token",
    "hub_order",
    "hub_outbox",
    "hub_process_cause",
    "hub_quarantine",
    "hub_run",
    "hub_run_match",
    "hub_source_link",
    "hub_sync",
    "hub_waiting_ref",
    "index_id",
    "metadata",
]

SEALED_PERSONAL = "sealed_personal"
SEALED_SENSITIVE = "sealed_sensitive"

_TYPES: Mapping[Kind, type[TypeEngine[Any]]] = {
    Kind.TEXT: Text,
    Kind.CODE: Text,
    Kind.DATE: Date,
    Kind.TIMESTAMP: UtcTs,
    Kind.DECIMAL: Exact,
    Kind.INTEGER: Integer,
    Kind.BOOLEAN: Boolean,
    Kind.JSON: JsonText,
    Kind.REF: RowId,
}
_READ_BY = frozenset(
    {
        "person_id",
        "employee_id",
        "employment_id",
        "org_unit_id",
        "candidate_id",
        "application_id",
        "resume_id",
        "interview_id",
        "order_id",
        "result_id",
        "check_id",
        "verification_id",
        "leave_request_id",
    }
)
"""References that people look rows up by; other references are only followed."""


def _columns(entity: Entity) -> Iterator[Column[Any]]:
    yield Column("id", RowId, primary_key=True)
    yield Column("tenant", Text, nullable=False)
    yield Column("link_id", RowId, comment="hub_source_link.id of the record behind the row")
    for field in entity.of(Privacy.OPEN):
        required = field.required and not entity.fact
        yield Column(
            field.name, _TYPES[field.kind], nullable=not required, comment=field.doc or None
        )
    yield Column(custom.COLUMN, JsonText, comment="open custom fields by name")
    if entity.subject == "subject_id":
        yield Column("subject_id", RowId, nullable=False, comment="person whose key seals the row")
    if entity.subject:
        yield Column(SEALED_PERSONAL, Key)
        yield Column(SEALED_SENSITIVE, Key)
        yield Column("row_seal", Key, comment="MAC over open columns and envelopes, 16 bytes")
    if not entity.history and not entity.fact:
        yield Column(
            "provenance", JsonText, comment="links behind values that link_id does not tell"
        )
    yield Column("content", Key, nullable=False, comment="keyed hash of the values, 16 bytes")
    yield Column("row_version", Integer, nullable=False, server_default="1")
    yield Column("created_at", UtcTs, nullable=False)
    yield Column("updated_at", UtcTs, nullable=False)
    yield Column("removed_at", UtcTs)
    yield Column("removal_reason", Text)
    if entity.history:
        yield Column("series_id", RowId, nullable=False, comment="what other rows refer to")
        yield Column("valid_from", Date, nullable=False)
        yield Column("valid_to", Date, nullable=False, comment="first day after; 9999-12-31: open")
        yield Column("seq", Integer, nullable=False, comment="order inside one day")
        yield Column("recorded_at", UtcTs, nullable=False)
        yield Column("superseded_at", UtcTs)
        yield Column("dated_by", Text, nullable=False, comment="source or observed")
    if entity.fact:
        yield Column("source_key", Key, nullable=False, comment="keyed hash of the stamp, 16 bytes")
        yield Column("fingerprint", Key, nullable=False, comment="what the change gate compares")
        yield Column("sync_id", Integer, nullable=False)


def _rules(entity: Entity) -> Iterator[Index | UniqueConstraint]:
    open_names = {f.name for f in entity.of(Privacy.OPEN)}
    if entity.fact:
        yield UniqueConstraint("sync_id", "source_key")
        yield Index(None, "employee_id", "punched_at")
        return
    for name in sorted(open_names & _READ_BY):
        yield Index(None, name)
    if entity.subject == "subject_id":
        yield Index(None, "subject_id")
    if entity.unique:
        yield UniqueConstraint("tenant", *entity.unique)
    if entity.history:
        yield Index(None, "series_id")
        if "code" in open_names:
            yield Index(None, "tenant", "code")


def _entity_table(entity: Entity) -> Table:
    return Table(entity.name, metadata, *_columns(entity), *_rules(entity), comment=entity.doc)


ENTITY_TABLES: Mapping[str, Table] = MappingProxyType(
    {name: _entity_table(entity) for name, entity in ENTITIES.items()}
)
"""Tables of the canonical entities by entity name."""


def index_id(entity: str, index_name: str) -> int:
    """Return the number of a blind index: 15 bits of its name's CRC-32.

    It follows from the name alone, so adding a field never renumbers another. Names that meet are
    refused at import (:data:`INDEX_IDS`).
    """
    return zlib.crc32(f"{entity}.{index_name}".encode()) & 0x7FFF


def _index_ids() -> Mapping[tuple[str, str], int]:
    ids = {
        (entity.name, field.name): index_id(entity.name, field.name)
        for entity in ENTITIES.values()
        for field in entity.fields
        if field.index
    }
    if len(set(ids.values())) != len(ids):
        raise ValueError("two blind indexes of the model have one number; rename one")
    return MappingProxyType(ids)


INDEX_IDS: Mapping[tuple[str, str], int] = _index_ids()
"""(entity, field) -> number in ``hub_blind_index``, for every indexed field of the model."""
