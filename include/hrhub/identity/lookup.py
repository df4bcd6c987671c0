"""Find employees by work number: a few round trips per batch, whatever the number of people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from hrhub.crypto import BlindIndex
from hrhub.identity.merges import resolve_ids
from hrhub.store import bulk, schema

_INDEX = schema.hub_blind_index


def _rows(
    tx: Any, tenant: str, index: BlindIndex, hashes: Iterable[bytes]
) -> dict[bytes, list[str]]:
    number = schema.INDEX_IDS[index.entity, index.index_name]
    found: dict[bytes, list[str]] = {}
    for bi, row_id in bulk.fetch_by(
        tx,
        _INDEX,
        "bi",
        hashes,
        select=("bi", "row_uid"),
        where={"tenant": tenant, "index_id": number, "version": index.version},
    ):
        found.setdefault(bytes(bi), []).append(row_id)
    return found


@dataclass(frozen=True, slots=True)
class EmployeeMatch:
    """An employee found by work number."""

    employee_id: str
    person_id: str


def by_work_no(
    tx: Any, tenant: str, index: BlindIndex, hashes: Iterable[bytes]
) -> dict[bytes, list[EmployeeMatch]]:
    """Return the employees behind each work-number hash; several where numbers were re-used."""
    rows = _rows(tx, tenant, index, hashes)
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


def one_by_work_no(
    tx: Any,
    tenant: str,
    index: BlindIndex,
    hashes: Iterable[bytes],
    *,
    today: date,
    quiet_days: int,
) -> dict[bytes, EmployeeMatch]:
    """Return the employee behind each work-number hash, where it is one person's.

    Of several people who had a number, it is the one whose spell is open or ended at most
    ``quiet_days`` before ``today``; two such people leave it to a human. Of one person's several
    roles it is the survivor's, else the oldest.
    """
    matches = by_work_no(tx, tenant, index, hashes)
    read_as = resolve_ids(tx, {m.person_id for found in matches.values() for m in found})
    shared = {
        m.employee_id
        for found in matches.values()
        if len({read_as[m.person_id] for m in found}) > 1
        for m in found
    }
    living = _living(tx, shared, today - timedelta(days=quiet_days))
    out: dict[bytes, EmployeeMatch] = {}
    for bi, found in matches.items():
        people: dict[str, list[EmployeeMatch]] = defaultdict(list)
        for match in found:
            if match.employee_id not in shared or match.employee_id in living:
                people[read_as[match.person_id]].append(match)
        if len(people) == 1:
            ((person_id, mine),) = people.items()
            out[bi] = min(mine, key=lambda m: (m.person_id != person_id, m.employee_id))
    return out


def _living(tx: Any, employee_ids: set[str], since: date) -> set[str]:
    """Return the employees with a spell that is open or ended on a day or later."""
    rows = bulk.fetch_by(
        tx,
        schema.ENTITY_TABLES["employment"],
        "employee_id",
        list(employee_ids),
        select=("employee_id", "end_date"),
        where={"removed_at": None},
    )
    return {employee_id for employee_id, ended in rows if ended is None or ended >= since}
