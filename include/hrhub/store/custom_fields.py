"""The custom fields that a tenant has registered."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from hrhub.model import CustomField, CustomFields, Kind, Privacy
from hrhub.store.schema import hub_custom_field as _table
from hrhub.store.types import json_text

_C = _table.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A registered custom field.

    Attributes:
        field: What it is.
        since: When it was registered.
        changed_at: When it was last changed.
        actor: Who did that.
        moving_from: The class of before, until every stored value has moved to the new one.
    """

    field: CustomField
    since: datetime
    changed_at: datetime
    actor: str
    moving_from: Privacy | None = None


def load(tx: Connection, tenant: str) -> list[Registered]:
    """Return the registered fields of a tenant, by entity and name."""
    query = select(_table).where(_C.tenant == tenant).order_by(_C.entity, _C.name)
    return [
        Registered(
            field=CustomField(
                entity=row.entity,
                name=row.name,
                kind=Kind(row.kind),
                privacy=Privacy(row.privacy),
                codes=tuple(row.codes),
                title=row.title,
            ),
            since=row.since,
            changed_at=row.changed_at,
            actor=row.actor,
            moving_from=Privacy(row.moving_from) if row.moving_from else None,
        )
        for row in tx.execute(query)
    ]


def known(tx: Connection, tenant: str) -> CustomFields:
    """Return a tenant's custom fields."""
    return CustomFields(row.field for row in load(tx, tenant))


def add(tx: Connection, tenant: str, field: CustomField, *, actor: str, at: datetime) -> None:
    """Register a field."""
    key = {"tenant": tenant, "entity": field.entity, "name": field.name}
    tx.execute(
        insert(_table).values(**key, **_columns(field), since=at, changed_at=at, actor=actor)
    )


def change(
    tx: Connection,
    tenant: str,
    field: CustomField,
    *,
    moving_from: Privacy | None,
    actor: str,
    at: datetime,
) -> None:
    """Write a registered field anew; ``moving_from`` names the class whose values still move."""
    tx.execute(
        update(_table)
        .where(_C.tenant == tenant, _C.entity == field.entity, _C.name == field.name)
        .values(**_columns(field), moving_from=moving_from, changed_at=at, actor=actor)
    )


def moved(tx: Connection, tenant: str, field: CustomField) -> None:
    """Note that every stored value of a field is where its class belongs."""
    tx.execute(
        update(_table)
        .where(_C.tenant == tenant, _C.entity == field.entity, _C.name == field.name)
        .values(moving_from=None)
    )


def _columns(field: CustomField) -> dict[str, object]:
    told = {
        "kind": field.kind.value,
        "privacy": field.privacy.value,
        "codes": list(field.codes),
        "title": dict(field.title or {}),
    }
    return {**told, "content": hashlib.sha256(json_text(told).encode()).hexdigest()[:12]}
