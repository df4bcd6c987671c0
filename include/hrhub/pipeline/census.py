"""How many rows the store holds, by entity: what was removed or is no longer believed left out."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from hrhub.store.schema import ENTITY_TABLES


def census(tx: Any, tenant: str) -> dict[str, int]:
    """Count a tenant's living rows of every entity."""
    found: dict[str, int] = {}
    for entity, table in ENTITY_TABLES.items():
        c = table.c
        query = select(func.count()).where(c.tenant == tenant, c.removed_at.is_(None))
        if "superseded_at" in c:
            query = query.where(c.superseded_at.is_(None))
        if entity == "person":  # who was merged is read as the survivor
            query = query.where(c.survivor_id.is_(None))
        found[entity] = int(tx.execute(query).scalar_one())
    return found
