"""The forms of the simulated installation, as tables: its filters are SQL, so SQL answers."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hrhub.sandbox.world import World, WorldPerson

Value = str | int | None
_ZONE = ZoneInfo("Asia/Shanghai")
_FIRST_ID = 100_000

FORMS: Mapping[str, tuple[str, ...]] = {
    "ORG_Organizations": ("FOrgID", "FNumber", "FName", "FForbidStatus"),
    "BD_Department": (
        *("FDEPTID", "FNumber", "FName", "FParentID.FNumber", "FUseOrgId.FNumber"),
        *("FEffectDate", "FLapseDate", "FForbidStatus", "FModifyDate"),
    ),
    "HR_ORG_HRPOST": ("FPostId", "FNumber", "FName", "FDept.FNumber", "FForbidStatus"),
    "BD_Empinfo": (
        *("FID", "FNumber", "FStaffNumber", "FName", "FMobile", "FEmail", "FJoinDate"),
        *("FUseOrgId.FNumber", "FDocumentStatus", "FForbidStatus", "FModifyDate"),
    ),
    "FPostEntity": (
        *("FID", "FStaffId", "FIsFirstPost", "FPostDept.FNumber", "FPost.FNumber", "FPost.FName"),
    ),
}
"""Form or list below it -> its fields; ``FPostEntity`` is the list of posts of an employee."""

EMPLOYEE, POSTS = "BD_Empinfo", "FPostEntity"
_FIELD = re.compile(r"'(?:[^']|'')*'|\bF\w+(?:\.F\w+)?")


class UnknownField(Exception):
    """A field key that the form does not have; upper and lower case count."""


class Forms:
    """The rows of all forms."""

    def __init__(self, world: World) -> None:
        self._now = world.now
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        for form, fields in FORMS.items():
            columns = ", ".join(f'"{name}"' for name in fields)
            self._db.execute(f"create table {form} ({columns})")
        for form, rows in (
            ("ORG_Organizations", _organisations(world)),
            ("BD_Department", _departments(world)),
            ("HR_ORG_HRPOST", _posts(world)),
            (EMPLOYEE, _employees(world)),
            (POSTS, _posts_held(world)),
        ):
            marks = ", ".join("?" * len(FORMS[form]))
            self._db.executemany(f"insert into {form} values ({marks})", rows)

    def query(
        self, form: str, fields: Sequence[str], where: str, order: str, start: int, limit: int
    ) -> list[list[Value]]:
        """Return rows; a field of a list repeats the row for every entry.

        Raises:
            UnknownField: The form has no such field.
            sqlite3.Error: The filter cannot be read.
        """
        known = [*FORMS[form], *(FORMS[POSTS][1:] if form == EMPLOYEE else ())]
        condition, sorting = (_quoted(text, known) for text in (where, order))
        for name in fields:
            if name not in known:
                raise UnknownField(name)
        columns = ", ".join(f'"{name}"' for name in fields)
        joined = form == EMPLOYEE and any(
            f'"{name}"' in columns + condition for name in FORMS[POSTS][1:]
        )
        source = f'{form} left join {POSTS} using ("FID")' if joined else form
        text = f"select {columns} from {source} where {condition or '1=1'}"
        rows = self._db.execute(
            f"{text} order by {sorting or '1'} limit ? offset ?", (limit, start)
        )
        return [list(row) for row in rows]

    def employee(self, card: int) -> dict[str, Value] | None:
        """Return a card by id."""
        names = FORMS[EMPLOYEE]
        row = self._db.execute(f"select * from {EMPLOYEE} where FID = ?", (card,)).fetchone()
        return dict(zip(names, row, strict=True)) if row else None

    def count(self) -> int:
        """Return how many cards there are."""
        return int(self._db.execute(f"select count(*) from {EMPLOYEE}").fetchone()[0])

    def number_taken(self, number: str, card: int) -> bool:
        """Tell whether another card has a work number."""
        text = f"select 1 from {EMPLOYEE} where FStaffNumber = ? and FID <> ?"
        return self._db.execute(text, (number, card)).fetchone() is not None

    def add(self, values: Mapping[str, Value]) -> int:
        """Add a card and return its id."""
        card = int(self._db.execute(f"select max(FID) + 1 from {EMPLOYEE}").fetchone()[0])
        row = {**dict.fromkeys(FORMS[EMPLOYEE]), "FForbidStatus": "A", **values, "FID": card}
        self._db.execute(
            f"insert into {EMPLOYEE} values ({', '.join('?' * len(row))})",
            [row[name] for name in FORMS[EMPLOYEE]],
        )
        return card

    def change(self, card: int, values: Mapping[str, Value]) -> None:
        """Change a card."""
        changed = {**values, "FModifyDate": _local(self._now)}
        names = ", ".join(f'"{name}" = ?' for name in changed)
        self._db.execute(f"update {EMPLOYEE} set {names} where FID = ?", [*changed.values(), card])


def _quoted(text: str, known: Sequence[str]) -> str:
    """Quote the field keys of a filter or an order, leaving its texts alone."""

    def quote(match: re.Match[str]) -> str:
        word = match.group()
        if word.startswith("'"):
            return word
        if word not in known:
            raise UnknownField(word)
        return f'"{word}"'

    return _FIELD.sub(quote, text)


def _organisations(world: World) -> Iterator[tuple[Value, ...]]:
    for number, unit in enumerate(world.companies, start=1):
        now = unit.slices[-1]
        yield number, unit.code, now.name, _forbidden(now.status)


def _departments(world: World) -> Iterator[tuple[Value, ...]]:
    companies = {unit.code for unit in world.companies}
    for number, unit in enumerate(world.departments, start=_FIRST_ID):
        now = unit.slices[-1]
        above = now.parent_code if now.parent_code not in companies else None
        yield (
            *(number, unit.code, now.name, above, _company_of(world, unit.code)),
            *(_day(unit.slices[0].start), _day(now.end), _forbidden(now.status)),
            _local(now.modified_at),
        )


def _posts(world: World) -> Iterator[tuple[Value, ...]]:
    for number, position in enumerate(world.positions, start=_FIRST_ID):
        now = position.slices[-1]
        yield number, position.code, now.title, now.department_code, _forbidden(now.status)


def cards(world: World) -> list[tuple[int, WorldPerson, Any]]:
    """Return every spell with the id of its card: a rehire gets a card of its own."""
    spells = [(person, spell) for person in world.people for spell in person.spells]
    return [(number, *pair) for number, pair in enumerate(spells, start=_FIRST_ID)]


def _employees(world: World) -> Iterator[tuple[Value, ...]]:
    for card, person, spell in cards(world):
        changed = max(person.modified_at, spell.modified_at, spell.jobs[-1].modified_at)
        yield (
            *(card, spell.user_id, spell.user_id, person.display_name, person.mobile),
            *(person.work_email, _day(spell.hire_date), spell.employer_code, "C"),
            *("A" if spell.employed_on(world.as_of) else "B", _local(changed)),
        )


def _posts_held(world: World) -> Iterator[tuple[Value, ...]]:
    titles = {p.code: p.slices[-1].title for p in world.positions}
    for card, _, spell in cards(world):
        # The newest is the main post; those held before stay on the card below it.
        for place, job in enumerate(reversed(spell.jobs)):
            yield (
                *(card, card * 100 + place, "0" if place else "1", job.department_code),
                *(job.position_code, titles.get(job.position_code)),
            )
            if place == 1:
                break


def _company_of(world: World, code: str) -> str:
    companies = {unit.code for unit in world.companies}
    while code not in companies:
        code = world.unit_by_code[code].slices[-1].parent_code or world.companies[0].code
    return code


def _forbidden(status: str) -> str:
    return "A" if status == "A" else "B"


def _day(day: date) -> str:
    return f"{day.isoformat()}T00:00:00"


def _local(moment: datetime) -> str:
    return moment.astimezone(_ZONE).strftime("%Y-%m-%dT%H:%M:%S")
