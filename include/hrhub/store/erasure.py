"""What erasing people leaves of them in the store: destroyed keys, and nothing to find them by.

Rows stay as ids and dates; their sealed values are bytes that nobody can open.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, and_, or_, select

from hrhub.model import ENTITIES
from hrhub.store import bulk, outbox
from hrhub.store.schema import (
    ENTITY_TABLES,
    INDEX_IDS,
    hub_blind_index,
    hub_contribution,
    hub_dek,
    hub_match_review,
)

_PURPOSE = "subject"
_INDEXED = sorted({entity for entity, _ in INDEX_IDS})
_WRAPPED_BYTES, _COMMIT_BYTES = 60, 32


def forget(tx: Connection, tenant: str, person_ids: Collection[str], at: datetime) -> int:
    """Destroy the keys of people and what leads to them; return how many keys were destroyed.

    Whoever is not in the store, or is erased already, is passed over.
    """
    people = sorted(set(person_ids))
    where = {"tenant": tenant, "purpose": _PURPOSE}
    found = bulk.fetch_by(tx, hub_dek, "owner", people, ("dek_id", "state"), where)
    living = [bytes(dek_id) for dek_id, state in found if state != "destroyed"]
    bulk.update(
        tx,
        hub_dek,
        "dek_id",
        ("wrapped", "commit", "state", "destroyed_at"),
        [(i, bytes(_WRAPPED_BYTES), bytes(_COMMIT_BYTES), "destroyed", at) for i in living],
    )
    for entity in _INDEXED:
        subject = ENTITIES[entity].subject
        assert subject is not None, f"{entity} is indexed and about nobody"
        table = ENTITY_TABLES[entity]
        rows = bulk.fetch_by(tx, table, subject, people, ("id",), {"tenant": tenant})
        bulk.delete_by(tx, hub_blind_index, "row_uid", [row_id for (row_id,) in rows])
    bulk.delete_by(tx, hub_contribution, "subject_id", people)
    outbox.drop_for(tx, people, at, by="hub", decision="erased")
    for side in ("left_id", "right_id"):
        bulk.delete_by(tx, hub_match_review, side, people)
    return len(living)


def lost(tx: Connection, tenant: str) -> list[str]:
    """Return the people of a tenant who have no key left but destroyed ones."""
    c, other = hub_dek.c, hub_dek.alias()
    living = (
        select(other.c.dek_id)
        .where(
            other.c.owner == c.owner,
            other.c.tenant == c.tenant,
            other.c.purpose == c.purpose,
            or_(other.c.state == "active", other.c.state == "decrypt_only"),
        )
        .exists()
    )
    query = select(c.owner).where(
        and_(c.tenant == tenant, c.purpose == _PURPOSE, c.state == "destroyed", ~living)
    )
    return list(tx.execute(query.distinct()).scalars())
