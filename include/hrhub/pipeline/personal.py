"""What is known of one person by the names that feeds use, opened for one purpose.

Only the fields asked for are opened and returned, in memory. Whoever asks has to have written down
why: this module notes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from hrhub.identity import members_of, resolve_ids
from hrhub.model import FEEDS, Privacy
from hrhub.reading.opening import ALL_CLASSES, Opener
from hrhub.store.types import FOREVER

_CONTACTS: Mapping[str, tuple[str, str | None]] = {
    "mobile": ("mobile", None),
    "work_email": ("email", "work"),
    "personal_email": ("email", "personal"),
}
"""Field -> kind and use of the contact that it stands for."""

_NAMED = {"org_unit": "code", "position": "code"}
_FIELDS = {field.name: field for name in ("person", "employee") for field in FEEDS[name].fields}

Rows = list[Mapping[str, Any]]


def person_fields(
    tx: Connection,
    opener: Opener,
    person_id: str,
    names: Collection[str],
    *,
    employment_id: str | None = None,
) -> dict[str, Any]:
    """Return values of a person by the names of the feeds ``person`` and ``employee``.

    ``person`` and ``person_id`` are the hub's id of the person, ``employee`` is their work number.
    What is not known is left out. Of several spells of employment the latest counts, unless one is
    named; of several contacts the primary one, then the newest.

    Raises:
        KeysUnavailable: A row's key is not in the store.
    """
    survivor = resolve_ids(tx, [person_id])[person_id]
    members = [survivor, *sorted(members_of(tx, [survivor])[survivor] - {survivor})]
    reader = _Known(tx, opener, members, employment_id)
    found: dict[str, Any] = {}
    for name in names:
        value = survivor if name in ("person", "person_id") else reader.value(name)
        if value is not None:
            found[name] = value
    return found


class _Known:
    """Rows of one person, each entity opened when it is first needed and no more of it."""

    def __init__(
        self, tx: Connection, opener: Opener, members: Sequence[str], employment_id: str | None
    ) -> None:
        self._tx = tx
        self._opener = opener
        self._members = members
        self._employment_id = employment_id
        self._kept: dict[str, Rows] = {}

    def value(self, name: str) -> Any:
        """Return what a feed's field of this name would hold."""
        if name in _CONTACTS:
            return self._contact(*_CONTACTS[name])
        if name == "national_id":
            return self._number("cn_resident_id")
        if name == "employee":
            return _first(self._rows("employee"), "work_no")
        if name == "manager":
            return self._manager()
        if name in _NAMED:
            return self._code(name)
        field = _FIELDS.get(name)
        if field is None:
            return None
        entity = field.target.partition(".")[0] if field.target else "person"
        return _first(self._rows(entity), name)

    def _rows(self, entity: str) -> Rows:
        if entity not in self._kept:
            load: Mapping[str, Callable[[], Rows]] = {
                "person": lambda: self._open("person", "id", self._members),
                "employee": self._employees,
                "employment": self._employments,
                "assignment": self._assignments,
            }
            load_one = load.get(entity)
            self._kept[entity] = (
                load_one() if load_one else self._open(entity, "person_id", self._members)
            )
        return self._kept[entity]

    def _employees(self) -> Rows:
        return self._open("employee", "person_id", self._members)

    def _employments(self) -> Rows:
        ids = [row["id"] for row in self._rows("employee")]
        rows = self._open("employment", "employee_id", ids)
        if self._employment_id is not None:
            return [row for row in rows if row["id"] == self._employment_id]
        return sorted(rows, key=lambda row: (row["hire_date"], row["id"]), reverse=True)

    def _assignments(self) -> Rows:
        ids = [row["id"] for row in self._rows("employment")[:1]]
        rows = [
            row
            for row in self._open("assignment", "employment_id", ids)
            if row["superseded_at"] is None
        ]
        return sorted(
            rows,
            key=lambda r: (r.get("kind") in (None, "primary"), r["valid_from"], r["seq"]),
            reverse=True,
        )

    def _code(self, name: str) -> Any:
        """Return the code of the unit or position that the assignment names."""
        series = _first(self._rows("assignment"), f"{name}_id")
        if series is None:
            return None
        slices = [
            row
            for row in self._open(name, "series_id", [series])
            if row["superseded_at"] is None and (row["valid_to"] or FOREVER) >= row["valid_from"]
        ]
        slices.sort(key=lambda row: (row["valid_from"], row["seq"]), reverse=True)
        return _first(slices, _NAMED[name])

    def _manager(self) -> Any:
        manager = _first(self._rows("assignment"), "manager_employee_id")
        return (
            None if manager is None else _first(self._open("employee", "id", [manager]), "work_no")
        )

    def _contact(self, kind: str, use: str | None) -> Any:
        rows = [
            row
            for row in self._rows("person_contact")
            if row.get("kind") == kind and (use is None or row.get("use") == use)
        ]
        rows.sort(key=lambda row: (bool(row.get("is_primary")), row["created_at"]), reverse=True)
        return _first(rows, "value")

    def _number(self, kind: str) -> Any:
        rows = [row for row in self._rows("person_identifier") if row.get("kind") == kind]
        return _first(rows, "number")

    def _open(self, entity: str, by: str, ids: Sequence[str]) -> Rows:
        classes: frozenset[Privacy] = ALL_CLASSES
        opened = self._opener.rows(self._tx, entity, by, list(ids), classes)
        rank = {member: place for place, member in enumerate(self._members)}
        rows: Rows = [{**one.columns, **one.values} for one in opened]
        return sorted(rows, key=lambda row: rank.get(row.get("person_id", row["id"]), len(rank)))


def _first(rows: Rows, name: str) -> Any:
    return next((row[name] for row in rows if row.get(name) is not None), None)
