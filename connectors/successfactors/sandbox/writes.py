"""Upserts on the simulated tenant: row by row, in order, with an answer for each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.successfactors.sandbox.edm import DATE, EntityType
from connectors.successfactors.sandbox.filters import BadRequest
from connectors.successfactors.sandbox.schema import TYPES
from connectors.successfactors.sandbox.tables import Row, Tables, day_ms
from hrhub.sandbox.records import OPEN_END

_MOST = 1000
_DAY = re.compile(r"/Date\((-?\d+)\)/")
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "User": ("userId", "username"),
    "PerPerson": ("personIdExternal",),
    "PerPersonal": ("personIdExternal", "startDate", "lastName"),
    "PerEmail": ("personIdExternal", "emailType", "emailAddress"),
    "PerPhone": ("personIdExternal", "phoneType", "phoneNumber"),
    "EmpEmployment": ("personIdExternal", "userId", "startDate"),
    "EmpJob": ("userId", "startDate", "eventReason", "company"),
}
_PARENTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "PerPersonal": (("PerPerson", "personIdExternal"),),
    "PerEmail": (("PerPerson", "personIdExternal"),),
    "PerPhone": (("PerPerson", "personIdExternal"),),
    "EmpEmployment": (("PerPerson", "personIdExternal"), ("User", "userId")),
    "EmpJob": (("EmpEmployment", "userId"),),
}


def upsert(tables: Tables, given: Any) -> tuple[Tables, list[dict[str, Any]]]:
    """Take rows in; return the tables after it and what became of each row.

    Raises:
        BadRequest: There are too many rows, or what came is no row.
    """
    rows: Sequence[Any] = given if isinstance(given, list) else [given]
    if len(rows) > _MOST:
        text = "Upsert content exceeds the limitation, the maximum size is 1000"
        raise BadRequest("BadRequestException", text)
    held = {name: list(of) for name, of in tables.rows.items()}
    told = []
    for index, row in enumerate(rows):
        try:
            entity = str(row["__metadata"]["uri"]).partition("(")[0]
            values = {name: value for name, value in row.items() if name != "__metadata"}
        except (KeyError, TypeError, AttributeError):
            raise BadRequest("COE_GENERAL_BAD_REQUEST", "[COE0018]no __metadata.uri") from None
        problem = _take(held, tables.now_ms, entity, values)
        told.append(
            {
                "key": entity,
                "status": "ERROR" if problem else "OK",
                "editStatus": None if problem else "UPSERTED",
                # The vendor's texts quote values.
                "message": f"{problem} with the index {index}" if problem else None,
                "index": index,
                "httpCode": 500 if problem else 200,
                "inlineResults": None,
            }
        )
    return tables.having(held), told


def _take(
    held: dict[str, list[Row]], now_ms: int, entity: str, values: Mapping[str, Any]
) -> str | None:
    """Insert or change one row; return what is wrong with it."""
    kind = TYPES.get(entity)
    if kind is None or entity not in _REQUIRED:
        return f"{entity} is not upsertable"
    if unknown := values.keys() - kind.prop.keys():
        return f"property {min(unknown)} is invalid"
    if lacking := [n for n in _REQUIRED[entity] if values.get(n) in (None, "")]:
        return f"{lacking[0]} is required"
    told = {name: _value(kind, name, value) for name, value in values.items()}
    for parent, name in _PARENTS.get(entity, ()):
        if not _known(held, parent, name, told[name]):
            return f"{parent} {told[name]} does not exist"
    if entity == "EmpJob" and not _known(held, "FOCompany", "externalCode", told["company"]):
        return f"company {told['company']} is invalid"
    if kind.dates:
        told = {"endDate": day_ms(OPEN_END), **told}
    if "seqNumber" in kind.prop:
        told.setdefault("seqNumber", 1)
    for place, row in enumerate(held[entity]):
        if all(str(row.values[k]) == str(told.get(k)) for k in kind.key):
            held[entity][place] = Row(kind, {**row.values, **told, **_stamp(kind, now_ms)})
            return None
    fresh = dict.fromkeys(kind.prop) | told | _stamp(kind, now_ms, "createdDateTime")
    held[entity].append(Row(kind, fresh))
    return None


def _known(held: Mapping[str, list[Row]], entity: str, name: str, value: Any) -> bool:
    return any(row.values[name] == value for row in held[entity])


def _stamp(kind: EntityType, now_ms: int, *more: str) -> dict[str, int]:
    return {n: now_ms for n in ("lastModifiedDateTime", *more) if n in kind.prop}


def _value(kind: EntityType, name: str, value: Any) -> Any:
    if kind.prop[name].type != DATE:
        return value
    match = _DAY.fullmatch(str(value))
    return int(match.group(1)) if match else value
