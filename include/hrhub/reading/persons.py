"""People by id: who is read as whom, their roles, and whether anything of them can be opened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, String, cast, func, literal, select, union

from hrhub.reading.rows import Person
from hrhub.store.schema import ENTITY_TABLES, hub_dek, hub_merge

MOST_AT_ONCE = 1_000
"""Ids per statement."""


def fetch(tx: Connection, tenant: str, ids: Sequence[str]) -> dict[str, Person]:
    """Return the person behind each id that is somebody's; one statement.

    Args:
        tx: The transaction.
        tenant: Whose people.
        ids: At most :data:`MOST_AT_ONCE`; of merged people any of theirs.
    """
    rows = defaultdict[str, list[Any]](list)
    for row in tx.execute(_query(tenant, ids)):
        rows[row.read_as].append(row)
    found: dict[str, Person] = {}
    for survivor, some in rows.items():
        if all(row.id != survivor for row in some):
            continue
        person = Person(
            id=survivor,
            members=tuple(sorted({row.id for row in some})),
            employee_ids=tuple(sorted({row.role_id for row in some if row.role_id})),
            erased=not any(row.alive for row in some),
            first_seen=min(row.created_at for row in some),
        )
        found |= dict.fromkeys(person.members, person)
    return found


def _query(tenant: str, ids: Sequence[str]) -> Any:
    """Select every member of the people behind ids, once per role they have."""
    person, asked = ENTITY_TABLES["person"], ENTITY_TABLES["person"].alias("asked")
    role, merge, dek = ENTITY_TABLES["employee"], hub_merge.c, hub_dek.c
    survivors = (
        select(func.coalesce(asked.c.survivor_id, asked.c.id).label("id"))
        .where(asked.c.id.in_(ids))
        .cte("survivors")
    )
    absorbed = (
        select(merge.absorbed_id, merge.survivor_id)
        .join(survivors, survivors.c.id == merge.survivor_id)
        .where(merge.undone_at.is_(None))
    )
    member = union(
        select(survivors.c.id, survivors.c.id.label("read_as")),
        absorbed,
    ).cte("member")
    alive = (
        select(literal(1))
        .where(
            dek.owner == cast(person.c.id, String),
            dek.purpose == "subject",
            dek.tenant == tenant,
            dek.state == literal("active", literal_execute=True),
        )
        .exists()
    )
    return (
        select(
            person.c.id,
            member.c.read_as,
            person.c.created_at,
            role.c.id.label("role_id"),
            alive.label("alive"),
        )
        .select_from(member)
        .join(person, person.c.id == member.c.id)
        .outerjoin(
            role,
            (role.c.person_id == person.c.id)
            & (role.c.tenant == tenant)
            & role.c.removed_at.is_(None),
        )
        .where(person.c.tenant == tenant)
    )
