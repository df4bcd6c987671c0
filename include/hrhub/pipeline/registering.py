"""Custom fields: from the file that declares them to the set that a tenant has registered.

What is registered stays: a type never changes, a code is never taken away, and a class is raised by
the file but lowered only by a decision that is written down. When a class changes, the values that
are stored already move to where it belongs, row by row, while no sync runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from hrhub.crypto import audit_linker
from hrhub.errors import ConfigError
from hrhub.mapping import Mapping
from hrhub.mapping.custom_file import CUSTOM_FILE, Declared, invalid, read_custom_fields
from hrhub.mapping.shapes import Problem
from hrhub.model import ENTITIES, CustomField, CustomFields, Privacy, custom
from hrhub.pipeline.desk import desk
from hrhub.pipeline.subjects import PURPOSE
from hrhub.pipeline.writes import stored
from hrhub.store import audit, custom_fields, schema, syncs
from hrhub.store import keys as key_store
from hrhub.store.custom_fields import Registered
from hrhub.store.lease import acquire

if TYPE_CHECKING:
    from hrhub.pipeline.hub import Hub

LOWER_REASONS = ("misclassified", "policy_decision", "law_changed")
"""Why a class may be lowered (closed list)."""

_STRICTNESS = (Privacy.OPEN, Privacy.PERSONAL, Privacy.SENSITIVE)
_ROWS_AT_ONCE = 500


class Change(StrEnum):
    """What registering does to a field.

    ``moving``: an earlier registration was interrupted while values moved; they move on.
    ``undeclared``: it is registered, but the file no longer names it; it stays.
    """

    NEW = "new"
    CHANGED = "changed"
    RAISED = "raised"
    LOWERED = "lowered"
    MOVING = "moving"
    SAME = "same"
    UNDECLARED = "undeclared"


@dataclass(frozen=True, slots=True)
class Planned:
    """What is to become of one field; ``before`` is its registered form."""

    change: Change
    field: CustomField
    before: Registered | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What registering did; ``moved`` counts the rows whose values moved."""

    fields: Sequence[Planned]
    moved: int = 0


def compare(hub: Hub) -> list[Planned]:
    """Return what is registered beside what the file declares, refused changes among them.

    Raises:
        MappingError: ``fields.invalid``: the file cannot be read.
    """
    return _compared(*_both(hub))


def plan(hub: Hub, lower: Collection[str] = ()) -> list[Planned]:
    """Compare what the file declares with what is registered.

    Args:
        hub: The hub.
        lower: ``entity.name`` of fields whose class may become weaker.

    Raises:
        MappingError: ``fields.invalid``: the file is wrong, or asks for what may not be; the
            problems name line and column.
        ConfigError: ``fields.not_lowered``: the file does not lower a field of ``lower``.
    """
    declared, registered = _both(hub)
    problems = [p for d in declared for p in _problems(d, registered, lower)]
    if problems:
        raise invalid(hub.settings.mappings / CUSTOM_FILE, problems)
    planned = _compared(declared, registered)
    lowered = {p.field.path for p in planned if p.change is Change.LOWERED}
    if idle := set(lower) - lowered:
        raise ConfigError("fields.not_lowered", field=min(idle), file=CUSTOM_FILE)
    return planned


def register(
    hub: Hub,
    *,
    actor: str,
    holder: str,
    lower: Collection[str] = (),
    reason: str | None = None,
) -> Done:
    """Register what the file declares, and move values whose class has changed.

    It can be killed and started again: values that have moved are left where they are.

    Raises:
        MappingError: As :func:`plan`; nothing was registered.
        ConfigError: As :func:`plan`; or ``fields.reason``: a class is lowered without a reason of
            the list.
        Busy: A class changes, and a sync is running; nothing was registered.
    """
    if lower and reason not in LOWER_REASONS:
        raise ConfigError("fields.reason", known=", ".join(LOWER_REASONS))
    planned = plan(hub, lower)
    moves = (Change.RAISED, Change.LOWERED, Change.MOVING)
    with ExitStack() as held:
        if any(p.change in moves for p in planned):
            # A sync knows the classes of when it began and would go on writing by them.
            with hub.store.read() as tx:
                numbers = [s.id for s in syncs.list_syncs(tx, hub.settings.tenant)]
            for number in sorted(numbers):
                held.enter_context(acquire(hub.store, number, holder))
        _write(hub, planned, actor, reason)
        moved = sum(_move(hub, p.field, actor) for p in planned if p.change in moves)
    return Done(planned, moved)


def refuse_unregistered(mapping: Mapping, known: CustomFields) -> None:
    """Refuse a mapping that fills a custom field which is not registered as it is declared.

    Raises:
        ConfigError: ``fields.unregistered``.
    """
    rules = (*mapping.rules, *(rule for block in mapping.blocks for rule in block.rules))
    for target in (rule.target for rule in rules):
        if not target.name.startswith(custom.PREFIX) or target.target is None:
            continue
        entity = target.target.partition(".")[0]
        found = known.of(entity).get(target.name)
        if found is None or found.kind is not target.field.kind:
            name = target.name.removeprefix(custom.PREFIX)
            raise ConfigError("fields.unregistered", field=f"{entity}.{name}")


def _both(hub: Hub) -> tuple[list[Declared], dict[str, Registered]]:
    with hub.store.read() as tx:
        registered = {r.field.path: r for r in custom_fields.load(tx, hub.settings.tenant)}
    return read_custom_fields(hub.settings.mappings), registered


def _compared(declared: Sequence[Declared], registered: dict[str, Registered]) -> list[Planned]:
    named = {d.field.path for d in declared}
    rest = [r for path, r in registered.items() if path not in named]
    return [
        *(_planned(d.field, registered.get(d.field.path)) for d in declared),
        *(Planned(Change.MOVING if r.moving_from else Change.UNDECLARED, r.field, r) for r in rest),
    ]


def _planned(field: CustomField, before: Registered | None) -> Planned:
    if before is None:
        return Planned(Change.NEW, field)
    now, then = _STRICTNESS.index(field.privacy), _STRICTNESS.index(before.field.privacy)
    if now != then:
        return Planned(Change.RAISED if now > then else Change.LOWERED, field, before)
    if before.moving_from is not None:
        return Planned(Change.MOVING, field, before)
    same = (field.codes, dict(field.title or {})) == (
        before.field.codes,
        dict(before.field.title or {}),
    )
    return Planned(Change.SAME if same else Change.CHANGED, field, before)


def _problems(
    declared: Declared, registered: dict[str, Registered], lower: Collection[str]
) -> Iterator[Problem]:
    field = declared.field
    known = registered.get(field.path)
    if known is None:
        for other in registered.values():
            if feed := custom.clash(field, other.field):
                yield Problem(
                    declared.mark.line,
                    declared.mark.column,
                    f'"{field.name}" is registered for "{other.field.entity}", and the feed '
                    f'"{feed}" fills both; choose another name',
                )
        return
    before = known.field
    if field.kind is not before.kind:
        yield Problem(
            declared.kind_mark.line,
            declared.kind_mark.column,
            f'"{field.path}" is registered as {before.kind}, and a type never changes: values are '
            f'stored as it says; write "type: {before.kind}", or register another name',
        )
    if gone := [code for code in before.codes if code not in field.codes]:
        yield Problem(
            declared.codes_mark.line,
            declared.codes_mark.column,
            f'"{field.path}" is registered with the code "{gone[0]}", which may be stored; codes '
            "are added, never taken away",
        )
    weaker = _STRICTNESS.index(field.privacy) < _STRICTNESS.index(before.privacy)
    if weaker and field.path not in lower:
        yield Problem(
            declared.class_mark.line,
            declared.class_mark.column,
            f'"{field.path}" is registered as {before.privacy}; to make it {field.privacy} is a '
            f"decision: hrhub fields register --lower {field.path} --reason CODE",
        )


def _write(hub: Hub, planned: Sequence[Planned], actor: str, reason: str | None) -> None:
    now, tenant = hub.clock.now(), hub.settings.tenant
    touched = [
        p for p in planned if p.change not in (Change.SAME, Change.MOVING, Change.UNDECLARED)
    ]
    if not touched:
        return
    with hub.store.write() as tx:
        for one in touched:
            if one.before is None:
                custom_fields.add(tx, tenant, one.field, actor=actor, at=now)
                continue
            differs = one.field.privacy is not one.before.field.privacy
            custom_fields.change(
                tx,
                tenant,
                one.field,
                moving_from=one.before.field.privacy if differs else one.before.moving_from,
                actor=actor,
                at=now,
            )
        audit.append(
            tx,
            audit_linker(hub.keys),
            tenant,
            at=now,
            actor=actor,
            action="fields.register",
            object_="hub_custom_field",
            fields=[f"{p.change}:{p.field.path}:{p.field.privacy}" for p in touched],
            reason=reason,
            n=len(touched),
        )


def _move(hub: Hub, field: CustomField, actor: str) -> int:
    """Move the stored values of a field to where its class belongs; return how many rows moved."""
    after, moved = "", 0
    while True:
        with hub.store.write() as tx:
            ids = _page(tx, hub.settings.tenant, field.entity, after)
            if not ids:
                custom_fields.moved(tx, hub.settings.tenant, field)
                audit.append(
                    tx,
                    audit_linker(hub.keys),
                    hub.settings.tenant,
                    at=hub.clock.now(),
                    actor=actor,
                    action="fields.move",
                    object_=field.entity,
                    fields=[f"{field.path}:{field.privacy}"],
                    n=moved,
                )
                return moved
            moved += _move_page(hub, tx, field, ids)
        after = ids[-1]


def _page(tx: Any, tenant: str, entity: str, after: str) -> list[str]:
    c = schema.ENTITY_TABLES[entity].c
    query = select(c.id).where(c.tenant == tenant).order_by(c.id).limit(_ROWS_AT_ONCE)
    return list(tx.execute(query.where(c.id > after) if after else query).scalars())


def _move_page(hub: Hub, tx: Any, field: CustomField, ids: Sequence[str]) -> int:
    table = schema.ENTITY_TABLES[field.entity]
    subject = ENTITIES[field.entity].subject
    assert subject is not None, "only rows about a person hold more than open values"
    found = tx.execute(select(table.c.id, table.c[subject]).where(table.c.id.in_(ids))).all()
    owners = {owner for _, owner in found}
    alive = {key.owner for key in key_store.load_deks(tx, hub.keys.tenant, owners, purpose=PURPOSE)}
    _forget_erased(tx, field, [row_id for row_id, owner in found if owner not in alive])
    with desk(hub, tx) as batch:
        rows = stored(batch, field.entity, [i for i, owner in found if owner in alive])
        held = [row for row in rows.values() if field.key in row.values]
        for row in held:
            batch.writes.update(
                field.entity,
                row.id,
                row.values,
                row.content,
                row.row_version + 1,
                subject=row.subject,
                provenance=row.provenance,
            )
        batch.writes.flush(tx)
    return len(held)


def _forget_erased(tx: Any, field: CustomField, ids: Sequence[str]) -> None:
    """Remove a value that was open from rows that nothing can be sealed in any more."""
    c = schema.ENTITY_TABLES[field.entity].c
    rows = tx.execute(select(c.id, c.ext).where(c.id.in_(ids), c.ext.is_not(None))).all()
    for row_id, ext in rows:
        kept = {name: value for name, value in ext.items() if name != field.name}
        if field.privacy is not Privacy.OPEN and kept != ext:
            tx.execute(update(c.id.table).where(c.id == row_id).values(ext=kept or None))
