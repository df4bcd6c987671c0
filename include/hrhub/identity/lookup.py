"""Look-ups by blind index: one round trip per batch and key, whatever the number of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hrhub.store import bulk, schema

_INDEX = schema.hub_blind_index


def _rows(tx: Any, tenant: str, index_id: int, hashes: Sequence[bytes]) -> dict[bytes, list[str]]:
    found: dict[bytes, list[str]] = {}
    for bi, row_id in bulk.fetch_by(
        tx,
        _INDEX,
        "bi",
        hashes,
        select=("bi", "row_uid"),
        where={"tenant": tenant, "index_id": index_id},
    ):
        found.setdefault(bytes(bi), []).append(row_id)
    return found


def by_identifier(tx: Any, tenant: str, index_id: int, hashes: Sequence[bytes]) -> dict[bytes, str]:
    """Return the person behind each identity-document hash.

    A hash that leads to two people leads to none: such a case is for a human to decide.
    """
    rows = _rows(tx, tenant, index_id, hashes)
    owners: dict[str, str] = dict(
        bulk.fetch_by(
            tx,
            schema.ENTITY_TABLES["person_identifier"],
            "id",
            [row_id for ids in rows.values() for row_id in ids],
            select=("id", "person_id"),
            where={},
        )
    )
    people = {bi: {owners[i] for i in ids if i in owners} for bi, ids in rows.items()}
    return {bi: owner.pop() for bi, owner in people.items() if len(owner) == 1}


@dataclass(frozen=True, slots=True)
class EmployeeMatch:
    """An employee found by work number."""

    employee_id: str
    person_id: str


def by_work_no(
    tx: Any, tenant: str, index_id: int, hashes: Sequence[bytes]
) -> dict[bytes, list[EmployeeMatch]]:
    """Return the employees behind each work-number hash; several where numbers were re-used."""
    rows = _rows(tx, tenant, index_id, hashes)
    people: dict[str, str] = dict(
        bulk.fetch_by(
            tx,
            schema.ENTITY_TABLES["employee"],
            "id",
            [row_id for ids in rows.values() for row_id in ids],
            select=("id", "person_id"),
            where={},
        )
    )
    return {
        bi: [EmployeeMatch(i, people[i]) for i in ids if i in people] for bi, ids in rows.items()
    }
