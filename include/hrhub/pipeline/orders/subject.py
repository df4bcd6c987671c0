"""What a vendor must know about a person for a package: those values, and no others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from hrhub.errors import Refused
from hrhub.model import ENTITIES
from hrhub.model.masking import mask
from hrhub.model.values import typed
from hrhub.pipeline.feeds.person import SHORTCUTS
from hrhub.pipeline.orders.ledger import Ledger
from hrhub.pipeline.writes import StoredRow

_PERSON = frozenset(f.name for f in ENTITIES["person"].fields)
_EMPLOYEE = frozenset({"work_no"})
_LISTS = ("person_identifier", "person_contact")


@dataclass(frozen=True, slots=True)
class Subject:
    """Values of one person by feed name; they hide in ``repr``.

    ``places`` tells where each comes from, as (entity, field).
    """

    person_id: str
    values: Mapping[str, Any] = field(repr=False)
    places: Mapping[str, tuple[str, str]]

    def masked(self) -> dict[str, str]:
        """Return what may be shown of the values."""
        return {name: mask(*self.places[name], value) for name, value in self.values.items()}

    def fields(self) -> list[str]:
        """Return the fields that were opened."""
        return sorted(".".join(place) for place in self.places.values())


def subject_of(
    open_: Ledger, person_id: str, members: Sequence[str], needs: Sequence[str]
) -> Subject:
    """Open what is needed of a person; of merged people the survivor's own value comes first.

    Args:
        open_: The transaction.
        person_id: Under which id the person is read.
        members: All ids of the person, that one first.
        needs: Feed names, as packages tell them.

    Raises:
        Refused: A value is not known, or is none that the hub keeps (``order.subject_lacks``).
        KeysUnavailable: The person was erased.
    """
    places = {name: place for name in needs if (place := _place(name))}
    entities = {entity for entity, _ in places.values()}
    by = {entity: "id" if entity == "person" else "person_id" for entity in entities}
    rows = {entity: _first(open_.rows(entity, by[entity], members), members) for entity in entities}
    today = open_.now.date()
    values: dict[str, Any] = {}
    for name, (entity, column) in places.items():
        fixed = SHORTCUTS[name][1] if name in SHORTCUTS else {}
        fit = [row for row in rows[entity] if fixed.items() <= row.values.items()]
        if entity in _LISTS:
            fit = [row for row in fit if _holds(row.values, today)]
            fit.sort(key=lambda row: not row.values.get("is_primary"))
        told = (row.values.get(column) for row in fit)
        values[name] = next((value for value in told if value not in (None, "")), None)
    lacking = sorted(name for name in needs if values.get(name) is None)
    if lacking:
        raise Refused("order.subject_lacks", person=person_id, fields=", ".join(lacking))
    return Subject(person_id, values, places)


def retyped(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values that were sealed as JSON as the model's types."""
    found = dict(values)
    for name, value in values.items():
        if place := _place(name):
            found[name] = typed(place[0], {place[1]: value})[place[1]]
    return found


def _place(name: str) -> tuple[str, str] | None:
    if name in SHORTCUTS:
        entity, _, column = SHORTCUTS[name]
        return entity, column
    if name in _PERSON:
        return "person", name
    return ("employee", name) if name in _EMPLOYEE else None


def _first(rows: Sequence[StoredRow], members: Sequence[str]) -> list[StoredRow]:
    """Return rows with those of the survivor first, newest first."""
    place = {member: n for n, member in enumerate(members)}
    newest = sorted(rows, key=lambda row: row.id, reverse=True)
    return sorted(newest, key=lambda row: place[row.subject or row.id])


def _holds(values: Mapping[str, Any], today: date) -> bool:
    until = values.get("valid_to")
    return until is None or until >= today
