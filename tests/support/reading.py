"""Read a whole store in clear, in memory, to compare it with what it must hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import select

from hrhub.crypto import open_group
from hrhub.pipeline import Hub
from hrhub.pipeline.writes import shape
from hrhub.store import keys as key_store
from hrhub.store.schema import metadata


def rows(hub: Hub, entity: str, subject: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield the living rows of an entity with their groups opened."""
    table = metadata.tables[entity]
    query = select(table).where(table.c.removed_at.is_(None))
    if "superseded_at" in table.c:
        query = query.where(table.c.superseded_at.is_(None))
    with hub.store.read() as tx:
        found = [dict(row._mapping) for row in tx.execute(query)]
        owners = {row[subject] for row in found} if subject else set()
        deks = key_store.load_deks(tx, hub.settings.tenant, owners)
    opened = {dek.owner: hub.keys.load_dek(dek) for dek in deks}
    for row in found:
        for group in shape(entity).sealed[:-1]:
            if row[group] is not None:
                key = opened[row[subject or ""]]
                row |= open_group(key, hub.settings.tenant, entity, group, row["id"], row[group])
        yield row


def people(hub: Hub) -> Iterator[dict[str, Any]]:
    """Yield every person in the form of ``hrhub.sandbox.truth.expected_people``."""
    contacts: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows(hub, "person_contact", "person_id"):
        kind = row["kind"] if row["kind"] != "email" else f"{row['use']}_email"
        contacts[row["person_id"]][kind] = row["value"]
    numbers = {r["person_id"]: r["number"] for r in rows(hub, "person_identifier", "person_id")}
    units = {r["series_id"]: r["code"] for r in rows(hub, "org_unit")}
    positions = {r["series_id"]: r["code"] for r in rows(hub, "position")}
    employees = {r["id"]: r for r in rows(hub, "employee", "person_id")}
    slices: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows(hub, "assignment"):
        manager = employees.get(row["manager_employee_id"])
        slices[row["employment_id"]].append(
            {
                **{name: row[name] for name in _SLICE},
                "org_unit": units.get(row["org_unit_id"]),
                "position": positions.get(row["position_id"]),
                "manager": manager["work_no"] if manager else None,
            }
        )
    spells: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows(hub, "employment"):
        employee = employees[row["employee_id"]]
        spells[employee["person_id"]].append(
            {
                "work_no": employee["work_no"],
                "status": employee["status"],
                **{name: row[name] for name in _SPELL},
                "jobs": sorted(slices[row["id"]], key=lambda s: (s["valid_from"], s["seq"])),
            }
        )
    for row in rows(hub, "person", "id"):
        if row["survivor_id"]:  # told of again by somebody else, and read as the survivor
            continue
        yield {
            **{name: row.get(name) for name in _PERSON},
            "birth_date": date.fromisoformat(row["birth_date"]) if row.get("birth_date") else None,
            "national_id": numbers.get(row["id"]),
            "mobile": contacts[row["id"]].get("mobile"),
            "work_email": contacts[row["id"]].get("work_email"),
            "personal_email": contacts[row["id"]].get("personal_email"),
            "spells": sorted(spells[row["id"]], key=lambda s: s["hire_date"]),
        }


_PERSON = ("display_name", "family_name", "given_name", "latin_name", "gender", "nationality")
_SPELL = (
    "employer_code",
    "hire_date",
    "original_hire_date",
    "seniority_date",
    "probation_end",
    "end_date",
    "last_working_date",
    "contract_type",
    "contract_end",
)
_SLICE = (
    "valid_from",
    "valid_to",
    "seq",
    "event",
    "event_reason",
    "job_code",
    "job_title",
    "grade",
    "location",
    "cost_center",
    "fte",
    "employment_type",
    "status",
)
