"""Which source told a value: connection, stream, record, run, mapping, time and rule.

A row names the record behind it, and per field the record behind a value that another source won.
Slices of history are dated by themselves: the run is the one in which they were recorded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from hrhub.model import ENTITIES, NO_CUSTOM_FIELDS, CustomFields
from hrhub.reading.rows import Origin
from hrhub.store import bulk, custom_fields
from hrhub.store.schema import ENTITY_TABLES, hub_audit, hub_run, hub_source_link, hub_sync
from hrhub.store.syncs import MANUAL

ONLY, POLICY, DERIVED = "only", "policy", "derived"
_LINK = ("id", "sync_id", "connection_id", "run_id", "first_seen")
_SYNC = ("id", "tenant", "connection", "stream", "connector")
_RUN = ("id", "started_at", "mapping_version")


@dataclass(frozen=True, slots=True)
class Told:
    """What a row says about where it comes from.

    Attributes:
        entity: Its entity.
        row_id: Its id.
        link_id: The record behind it.
        provenance: Field -> record, where another one won; None: one source only.
        at: When the row was written, or recorded.
        dated: Whether ``at`` decides the run: slices and stamps are written once.
        sync_id: The sync of a stamp, which has no record behind it.
    """

    entity: str
    row_id: str
    link_id: str | None
    provenance: Mapping[str, str] | None
    at: datetime
    dated: bool = False
    sync_id: int | None = None


def told_of(entity: str, columns: Mapping[str, Any]) -> Told:
    """Return what a row's columns say about where it comes from."""
    declared = ENTITIES[entity]
    at = columns.get("recorded_at") or columns["updated_at"]
    dated = declared.history or declared.fact
    return Told(
        entity,
        columns["id"],
        columns["link_id"],
        columns.get("provenance"),
        at,
        dated,
        columns.get("sync_id") if declared.fact else None,
    )


def fetch(tx: Connection, tenant: str, entity: str, row_id: str) -> Told | None:
    """Return what one row says about where it comes from, None if there is no such row."""
    declared, table = ENTITIES[entity], ENTITY_TABLES[entity]
    names = ["id", "link_id", "updated_at"]
    names += [n for n in ("provenance", "recorded_at", "sync_id") if n in table.c]
    rows = bulk.fetch_by(tx, table, "id", [row_id], names, {"tenant": tenant})
    if not rows:
        return None
    return told_of(declared.name, dict(zip(names, rows[0], strict=True)))


def origins(tx: Connection, told: Sequence[Told]) -> list[dict[str, Origin]]:
    """Return the origin of every field of rows; a constant number of round trips for all.

    A field that the row has no value for has an origin too: the record that did not tell it.
    """
    links = _links(tx, told)
    syncs = _syncs(tx, [link["sync_id"] for link in links.values()], told)
    runs = _runs(tx, [link["run_id"] for link in links.values() if link["run_id"]])
    by_hand = [link for link in links.values() if syncs[link["sync_id"]]["connector"] == MANUAL]
    acts = _acts(tx, {link["run_id"] for link in by_hand})
    for link in by_hand:
        link["act"] = acts.get(link["run_id"])
    tenants = {sync["tenant"] for sync in syncs.values()}
    custom = custom_fields.known(tx, tenants.pop()) if tenants else NO_CUSTOM_FIELDS
    return [_of(tx, one, links, syncs, runs, custom) for one in told]


def _of(
    tx: Connection,
    one: Told,
    links: Mapping[str, Mapping[str, Any]],
    syncs: Mapping[int, Mapping[str, Any]],
    runs: Mapping[str, Mapping[str, Any]],
    custom: CustomFields,
) -> dict[str, Origin]:
    declared = ENTITIES[one.entity]
    fields = (*declared.fields, *custom.of(one.entity).values())
    if one.sync_id is not None:
        base = _dated(tx, syncs[one.sync_id], None, one.at)
        return {f.name: base for f in fields}
    if one.link_id is None or one.link_id not in links:
        return {}
    own = _linked(tx, one, links[one.link_id], syncs, runs)
    found: dict[str, Origin] = {}
    for field in fields:
        other = (one.provenance or {}).get(field.name)
        origin = own
        if other is not None and other in links:
            origin = _linked(tx, one, links[other], syncs, runs)
        if (field.ref is not None and not declared.history) or field.name == "merge_state":
            origin = replace(origin, rule=DERIVED)
        elif one.provenance is not None:
            origin = replace(origin, rule=MANUAL if origin.connector == MANUAL else POLICY)
        found[field.name] = origin
    return found


def _linked(
    tx: Connection,
    one: Told,
    link: Mapping[str, Any],
    syncs: Mapping[int, Mapping[str, Any]],
    runs: Mapping[str, Mapping[str, Any]],
) -> Origin:
    sync = syncs[link["sync_id"]]
    if one.dated:
        return _dated(tx, sync, link["id"], one.at)
    if act := link.get("act"):
        return Origin(
            connection=link["connection_id"],
            connector=sync["connector"],
            stream=sync["stream"],
            link_id=link["id"],
            run_id=None,
            mapping_version=None,
            rule=MANUAL,
            **act,
        )
    run = runs.get(link["run_id"] or "")
    return Origin(
        connection=link["connection_id"],
        connector=sync["connector"],
        stream=sync["stream"],
        link_id=link["id"],
        run_id=run["id"] if run else None,
        mapping_version=run["mapping_version"] if run else None,
        at=run["started_at"] if run else link["first_seen"],
        rule=ONLY,
    )


def _dated(tx: Connection, sync: Mapping[str, Any], link_id: str | None, at: datetime) -> Origin:
    """Return the origin of a row that was written once: by the run that was under way then."""
    c = hub_run.c
    run = tx.execute(
        select(c.id, c.mapping_version)
        .where(c.sync_id == sync["id"], c.started_at <= at)
        .order_by(c.started_at.desc(), c.id.desc())
        .limit(1)
    ).first()
    return Origin(
        connection=sync["connection"],
        connector=sync["connector"],
        stream=sync["stream"],
        link_id=link_id,
        run_id=run.id if run else None,
        mapping_version=run.mapping_version if run else None,
        at=at,
        rule=ONLY,
    )


def _links(tx: Connection, told: Iterable[Told]) -> dict[str, dict[str, Any]]:
    ids = {i for t in told for i in (t.link_id, *(t.provenance or {}).values()) if i}
    rows = bulk.fetch_by(tx, hub_source_link, "id", ids, _LINK)
    return {row[0]: dict(zip(_LINK, row, strict=True)) for row in rows}


def _syncs(tx: Connection, ids: Iterable[int], told: Iterable[Told]) -> dict[int, dict[str, Any]]:
    wanted = {*ids, *(t.sync_id for t in told if t.sync_id is not None)}
    rows = bulk.fetch_by(tx, hub_sync, "id", wanted, _SYNC)
    return {row[0]: dict(zip(_SYNC, row, strict=True)) for row in rows}


def _acts(tx: Connection, act_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return when, by whom and why values were set by hand, as the audit chain tells."""
    c = hub_audit.c
    rows = tx.execute(select(c.run_id, c.ts, c.actor, c.event).where(c.run_id.in_(act_ids)))
    return {
        act_id: {"at": at, "actor": actor, "reason": msgspec.json.decode(event).get("reason")}
        for act_id, at, actor, event in (rows if act_ids else ())
    }


def _runs(tx: Connection, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    rows = bulk.fetch_by(tx, hub_run, "id", set(ids), _RUN)
    return {row[0]: dict(zip(_RUN, row, strict=True)) for row in rows}
