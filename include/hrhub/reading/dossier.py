"""Everything held about one person, with its sources: what a request for access is answered with.

The way from a row to its person follows from the model alone (``person_id``, ``subject_id``, or a
reference that leads there), so an entity that is added is in the export from its first day.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import Connection, or_, select

from hrhub.model import ENTITIES
from hrhub.reading import provenance
from hrhub.reading.opening import Opened, Opener
from hrhub.store import bulk
from hrhub.store.schema import (
    ENTITY_TABLES,
    hub_audit,
    hub_contribution,
    hub_match_review,
    hub_merge,
    hub_quarantine,
    hub_source_link,
)

FORMAT = 1
"""Version of the document."""
_PLACING = ("valid_from", "valid_to", "seq", "recorded_at", "superseded_at", "removed_at")
_LINK = (
    "id",
    "sync_id",
    "connection_id",
    "entity",
    "entity_id",
    "state",
    "version",
    "first_seen",
    "source_key",
)
_MOST_AUDIT = 10_000


def collect(
    tx: Connection, opener: Opener, tenant: str, members: Sequence[str], at: datetime
) -> dict[str, Any]:
    """Return the document about a person; every value in it is JSON.

    Args:
        tx: The transaction.
        opener: Opens rows.
        tenant: Whose store.
        members: All ids that are the person, the one it is read under first.
        at: When the document is made.
    """
    rows = _rows(tx, opener, members)
    told = [
        provenance.told_of(entity, row.columns) for entity, some in rows.items() for row in some
    ]
    origins = iter(provenance.origins(tx, told))
    records = {
        entity: [_record(row, next(origins)) for row in some] for entity, some in rows.items()
    }
    ids = {row.columns["id"] for some in rows.values() for row in some}
    ids |= {row.columns["series_id"] for some in rows.values() for row in some if _series(row)}
    links = _links(tx, tenant, ids)
    document: dict[str, Any] = {
        "format": FORMAT,
        "made_at": at,
        "person_id": members[0],
        "merged_ids": list(members[1:]),
        "erased": any(row.erased for row in rows["person"]),
        "records": {entity: some for entity, some in records.items() if some},
        "sources": [{n: v for n, v in link.items() if n != "source_key"} for link in links],
        "told": _told(tx, opener, tenant, ids),
        "quarantine": _quarantine(tx, tenant, links),
        "merges": _merges(tx, tenant, members),
        "reviews": _reviews(tx, tenant, members),
        "audit": _audit(tx, tenant, members),
    }
    return {name: plain(value) for name, value in document.items()}


def _rows(tx: Connection, opener: Opener, members: Sequence[str]) -> dict[str, list[Opened]]:
    """Return all rows about a person by entity, superseded and removed ones too."""
    found: dict[str, list[Opened]] = {}

    def rows_of(name: str) -> list[Opened]:
        if name in found:
            return found[name]
        found[name] = []  # whoever refers to itself starts from nothing
        entity, table = ENTITIES[name], ENTITY_TABLES[name]
        by, values = "", set[str](members)
        if entity.subject in ("id", "person_id"):
            by = entity.subject
        elif "subject_id" in table.c:
            by = "subject_id"
        elif entity.via is not None:
            by, owner = entity.via, entity.by_name[entity.via].ref or ""
            values = {_referred(row) for row in rows_of(owner)}
        if by:
            found[name] = opener.rows(tx, name, by, values, removed=True)
        return found[name]

    for name in ENTITIES:
        rows_of(name)
    return found


def _series(row: Opened) -> bool:
    return "series_id" in row.columns


def _referred(row: Opened) -> str:
    """Return what other rows refer to a row by."""
    found: str = row.columns["series_id"] if _series(row) else row.columns["id"]
    return found


def _record(row: Opened, origins: Mapping[str, Any]) -> dict[str, Any]:
    sources: dict[str, Any] = {}
    for name in row.values:
        if name in origins:
            sources[name] = asdict(origins[name])
    placing = {n: row.columns[n] for n in _PLACING if row.columns.get(n) is not None}
    return {
        "id": row.columns["id"],
        "values": dict(row.values),
        **placing,
        **({"erased": True} if row.erased else {}),
        "sources": sources,
    }


def _links(tx: Connection, tenant: str, ids: Collection[str]) -> list[dict[str, Any]]:
    """Return the source records behind rows."""
    rows = bulk.fetch_by(tx, hub_source_link, "entity_id", ids, _LINK, {"tenant": tenant})
    return [dict(zip(_LINK, row, strict=True)) for row in sorted(rows)]


def _told(
    tx: Connection, opener: Opener, tenant: str, ids: Collection[str]
) -> list[dict[str, Any]]:
    """Return what each of several sources tells of a row."""
    names = ("entity", "row_id", "link_id", "sealed_told", "source", "version", "subject_id")
    rows = bulk.fetch_by(tx, hub_contribution, "row_id", ids, names, {"tenant": tenant})
    sealed = [r for r in rows if r[6] is not None]
    values = iter(opener.told(tx, [(r[0], r[1], r[2], bytes(r[3])) for r in sealed]))
    told = []
    for row in rows:
        body = next(values) if row[6] is not None else msgspec.json.decode(bytes(row[3]))
        told.append(
            {
                "entity": row[0],
                "row_id": row[1],
                "link_id": row[2],
                "source": row[4],
                "version": row[5],
                "values": body,
            }
        )
    return sorted(told, key=lambda t: (t["entity"], t["row_id"], t["link_id"]))


def _quarantine(
    tx: Connection, tenant: str, links: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return what is said of records in quarantine that come from the person's source records."""
    names = ("uid", "run_id", "reason", "rule", "field_path", "state", "created_at", "resolved_at")
    rows = bulk.fetch_by(
        tx,
        hub_quarantine,
        ("sync_id", "source_key"),
        {(link["sync_id"], bytes(link["source_key"])) for link in links},
        names,
        {"tenant": tenant},
    )
    return [dict(zip(names, row, strict=True)) for row in sorted(rows)]


def _merges(tx: Connection, tenant: str, members: Sequence[str]) -> list[dict[str, Any]]:
    c = hub_merge.c
    query = select(
        c.absorbed_id, c.survivor_id, c.tier, c.actor, c.merged_at, c.undone_by, c.undone_at
    ).where(c.tenant == tenant, or_(c.absorbed_id.in_(members), c.survivor_id.in_(members)))
    return [dict(row._mapping) for row in tx.execute(query.order_by(c.merged_at, c.id))]


def _reviews(tx: Connection, tenant: str, members: Sequence[str]) -> list[dict[str, Any]]:
    """Return the questions whether the person is somebody else; that one's id is not told."""
    c = hub_match_review.c
    query = select(c.id, c.tier, c.state, c.created_at, c.decided_by, c.decided_at).where(
        c.tenant == tenant, or_(c.left_id.in_(members), c.right_id.in_(members))
    )
    return [dict(row._mapping) for row in tx.execute(query.order_by(c.created_at, c.id))]


def _audit(tx: Connection, tenant: str, members: Sequence[str]) -> list[dict[str, Any]]:
    """Return who searched, saw or exported the person; the newest first."""
    c = hub_audit.c
    query = (
        select(c.ts, c.actor, c.action, c.event)
        .where(c.tenant == tenant, c.object == "person", c.action.like("person.%"))
        .where(or_(*(c.event.contains(i, autoescape=True) for i in members)))
        .order_by(c.seq.desc())
        .limit(_MOST_AUDIT)
    )
    found = []
    for ts, actor, action, event in tx.execute(query):
        fields = msgspec.json.decode(event)
        found.append({"at": ts, "actor": actor, "act": action, "reason": fields.get("reason")})
    return found


def plain(value: Any) -> Any:
    """Return a value as JSON has it: days and moments as ISO 8601, exact numbers as text."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
