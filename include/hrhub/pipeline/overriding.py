"""Corrections by hand: a person sets a field, and it holds against every source until released.

What the person says is kept like what any source tells (:mod:`hrhub.pipeline.merging`), sealed,
under a link of its own for each field; the policy ranks it before all sources. So it survives syncs
in any order, and a release brings back what the sources tell by then. Who did it, when and why is
in the audit chain, under the link's run id.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Connection

from hrhub.ambient import new_id
from hrhub.crypto import audit_linker
from hrhub.crypto.framing import plain_json
from hrhub.errors import ConfigError, RowRejected
from hrhub.identity import Act, People, load_identity_policy, resolve_ids, settle, take_turn
from hrhub.mapping.by_hand import KINDS, read_by_hand
from hrhub.mapping.shapes import hint
from hrhub.model import ENTITIES, CustomFields, Field
from hrhub.model.custom import PREFIX
from hrhub.pipeline.batch import Batch
from hrhub.pipeline.desk import desk
from hrhub.pipeline.links import Link, Links
from hrhub.pipeline.matching import Rows
from hrhub.pipeline.merging import Manner, Told, withdraw, write_told
from hrhub.pipeline.records import Record, Unit
from hrhub.pipeline.survivorship import load_policy
from hrhub.pipeline.writes import StoredRow, stored
from hrhub.store import audit, bulk, syncs
from hrhub.store.schema import ENTITY_TABLES, hub_source_link
from hrhub.store.syncs import MANUAL

if TYPE_CHECKING:
    from hrhub.pipeline.hub import Hub

REASONS = ("subject_request", "hr_case", "legal_duty", "data_quality")
"""Why somebody may correct a value (closed list)."""

_RECOGNISED_BY = frozenset({"employee.work_no", "employment.hire_date"})
"""Fields by which records find their row: corrected by hand, the next record would make another."""

RELEASED = "removed"
_OWNERS = {"employee": "person_id", "employment": "employee_id"}


@dataclass(frozen=True, slots=True)
class Corrected:
    """What was set or released: the row and its field, and the id under which it is audited."""

    entity: str
    row_id: str
    field: str
    act_id: str


def field_of(path: str, custom: CustomFields) -> tuple[str, Field]:
    """Return entity and field of ``field`` (of a person) or ``entity.field``.

    The tenant's custom fields are named ``ext.name`` and ``entity.ext.name``.

    Raises:
        ConfigError: There is no such field (``override.field``), or it is not for people to set
            (``override.fixed``).
    """
    owner, _, name = path.partition(".")
    entity = owner if name and owner in ("person", *_OWNERS) else "person"
    full = f"{entity}.{path.removeprefix(f'{entity}.')}"
    known = {
        f"{e}.{f.name}": f
        for e in ("person", *_OWNERS)
        for f in (*ENTITIES[e].fields, *custom.of(e).values())
    }
    field = known.get(full)
    if field is None:
        names = sorted(known)
        raise ConfigError("override.field", field=full[:80], hint=hint(full, names).strip() or "-")
    if (
        full in _RECOGNISED_BY
        or field.ref is not None
        or field.name == "merge_state"
        or field.kind not in KINDS
    ):
        raise ConfigError("override.fixed", field=full)
    return entity, field


def set_by_hand(
    hub: Hub, ref: str, path: str, written: str, *, reason: str, actor: str
) -> Corrected:
    """Set a field of a person, or of their employee or employment.

    Args:
        hub: The hub.
        ref: Id of the person, or of the row itself.
        path: ``field`` of a person, or ``entity.field``.
        written: The value, as people write it.
        reason: One of :data:`REASONS`.
        actor: Who corrects it.

    Raises:
        ConfigError: The value is not one of this field (``override.value``); there is no such row
            or field, or the reason is not of the list (``override.…``).
        KeysUnavailable: The person was erased.
    """
    entity, field = field_of(path, hub.custom_fields())
    try:
        value = read_by_hand(field, written, hub.clock.now().date())
    except RowRejected as error:
        path = f"{entity}.{field.name}"
        raise ConfigError(
            "override.value", field=path, reason=error.reason, rule=error.rule
        ) from None
    if field.name.startswith(PREFIX):
        value = plain_json(value)  # so that it is what sealed groups give back
    with _correcting(hub, ref, entity, field, "person.set", reason, actor) as work:
        batch, row, link = work.batch, work.row, work.link
        version = batch.now.isoformat(timespec="microseconds")
        link_id = link.id if link else new_id()
        key = work.source_key
        unit = Unit(Record([], {}, "", 0, 0), (), key, key, version, [])
        if link is None:
            batch.writes.link_unit(link_id, entity, row.id, unit)
        else:
            batch.writes.relink(link_id, unit, version)
        told = Told(row.id, unit, link_id, {field.name: value})
        write_told(
            batch,
            Manner(entity, (field.name,)),
            [told],
            {row.id: row},
            fixed={},
            subjects={row.id: row.subject},
        )
    return Corrected(entity, row.id, field.name, work.batch.sync.run_id)


def release(hub: Hub, ref: str, path: str, *, reason: str, actor: str) -> Corrected:
    """Take a correction back: the field is again what its sources tell.

    Raises:
        ConfigError: As of :func:`set_by_hand`; or nobody set the field (``override.none``).
    """
    entity, field = field_of(path, hub.custom_fields())
    with _correcting(hub, ref, entity, field, "person.release", reason, actor) as work:
        link, row = work.link, work.row
        if link is None or not withdraw(work.batch, entity, row, link.id):
            raise ConfigError("override.none", field=f"{entity}.{field.name}", row=row.id)
        gone = [(link.id, RELEASED, work.batch.sync.run_id)]
        bulk.update(work.batch.tx, hub_source_link, "id", ("state", "run_id"), gone)
    return Corrected(entity, row.id, field.name, work.batch.sync.run_id)


@dataclass(frozen=True, slots=True)
class _Work:
    batch: Batch
    row: StoredRow
    link: Link | None
    source_key: bytes


@contextmanager
def _correcting(
    hub: Hub, ref: str, entity: str, field: Field, action: str, reason: str, actor: str
) -> Iterator[_Work]:
    """Open the row of a correction in a transaction; write, settle and audit on leaving."""
    if reason not in REASONS:
        raise ConfigError("override.reason", known=", ".join(REASONS))
    tenant = hub.settings.tenant
    policy = load_identity_policy(hub.settings.mappings)
    with hub.store.write() as tx:
        take_turn(tx, tenant)
        row_id = _row(tx, tenant, entity, ref)
        with desk(hub, tx, policy) as batch:
            sync = batch.sync
            sync.sync_id = syncs.sync_id(tx, tenant, MANUAL, entity, MANUAL)
            sync.connection = sync.connector = MANUAL
            sync.stream = entity
            sync.run_id = new_id()
            sync.policy = load_policy(hub.settings.mappings, sync.custom)
            batch.links = Links(sync)
            [row] = stored(batch, entity, [row_id]).values()
            key = sync.key_of(row_id, field.name)
            yield _Work(batch, row, batch.links.fetch(tx, entity, [key]).get(key), key)
            batch.writes.flush(tx)
            if entity == "person":
                rows = Rows(batch)
                act = Act(tenant, actor, batch.now, policy.version)
                people = People(tx, tenant, hub.index, rows)
                settle(tx, people, rows, policy, act, {row_id})
            audit.append(
                tx,
                audit_linker(hub.keys),
                tenant,
                at=batch.now,
                actor=actor,
                action=action,
                object_=entity,
                run_id=sync.run_id,
                rows=[row_id],
                fields=[f"{entity}.{field.name}"],
                reason=reason,
            )


def _row(tx: Connection, tenant: str, entity: str, ref: str) -> str:
    """Return the row that is meant: named itself, or the only one of the person named.

    Raises:
        ConfigError: There is none (``override.unknown``), or several (``override.several``).
    """
    where = {"tenant": tenant, "removed_at": None}
    unknown = ConfigError("override.unknown", entity=entity, row=ref[:36])
    try:
        wanted = str(UUID(ref))
    except ValueError:
        raise unknown from None
    if entity == "person":
        wanted = resolve_ids(tx, [wanted])[wanted]
    if bulk.fetch_by(tx, ENTITY_TABLES[entity], "id", [wanted], ("id",), where):
        return wanted
    if entity == "person":
        raise unknown
    found = [wanted]
    for step in ("employee", "employment"):
        rows = bulk.fetch_by(tx, ENTITY_TABLES[step], _OWNERS[step], found, ("id",), where)
        found = [row_id for (row_id,) in rows]
        if step == entity:
            break
    if not found:
        raise unknown
    if len(found) > 1:
        raise ConfigError("override.several", entity=entity, rows=", ".join(sorted(found)[:20]))
    return found[0]
