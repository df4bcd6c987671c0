"""What sources tell that cannot all be true: units in a circle, spells and slices that overlap.

It is kept as it was told, because which part of it is wrong only its source can know, and refusing
the part that came last would make the store depend on the order of input. So it is no damage: it
is looked for in what the store holds, whatever came first, until the source corrects it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, case, func, literal, select

from hrhub.pipeline.verify.work import PAGE_ROWS, Work
from hrhub.store.schema import ENTITY_TABLES, hub_source_link
from hrhub.store.types import FOREVER

_DAY = timedelta(days=1)


def check_contradictions(work: Work) -> None:
    """Look for what sources tell that cannot all be true."""
    with work.snapshot() as tx:
        for unit in sorted(circles(Led(*row) for row in tx.execute(_parents(work.tenant)))):
            work.report.add("verify.unit_circle", "org_unit", unit)
        for person_spells in _groups(tx, _spells(work.tenant)):
            spans = [s._replace(until=_day_after(s.until)) for s in person_spells]
            for row_id in overlapping(spans):
                work.report.add("verify.spells_overlap", "employment", row_id)
        for entity, query in (
            ("assignment", _jobs(work.tenant)),
            ("org_unit", _series("org_unit", work.tenant)),
            ("position", _series("position", work.tenant)),
        ):
            for slices in _groups(tx, query):
                for row_id in overlapping(slices):
                    work.report.add("verify.slices_overlap", entity, row_id)


class Led(NamedTuple):
    """A unit and the one above it, from a day until the day before another."""

    unit: str
    parent: str | None
    valid_from: date
    valid_to: date
    seq: int
    dated_by: str
    id: str

    def rank(self) -> tuple[bool, date, int, str]:
        """Return what decides which of several slices holds; the highest does, as in readings."""
        return self.dated_by == "source", self.valid_from, self.seq, self.id


class Span(NamedTuple):
    """Days that a row covers; ``seq`` orders rows that begin on one day.

    ``until`` is the first day after.
    """

    begin: date
    until: date
    seq: int
    id: str


def circles(slices: Iterable[Led]) -> set[str]:
    """Return the units that, on some day, lead back to themselves.

    A circle begins on the first day of one of its slices. Units that no circle can go through, be
    it of slices of different days, are not looked at; most often that leaves none.
    """
    units: dict[str, list[Led]] = {}
    for one in slices:
        units.setdefault(one.unit, []).append(one)
    while tops := {u for u in units if not any(s.parent in units for s in units[u])}:
        for unit in tops:
            del units[unit]
    found: set[str] = set()
    for day in {one.valid_from for listed in units.values() for one in listed}:
        above: dict[str, str | None] = {}
        for unit, listed in units.items():
            holding = [one for one in listed if one.valid_from <= day < one.valid_to]
            if holding:
                above[unit] = max(holding, key=Led.rank).parent
        found |= _looping(above)
    return found


def _looping(above: Mapping[str, str | None]) -> set[str]:
    """Return the units of circles in a map from units to the ones above them."""
    found: set[str] = set()
    done: set[str] = set()
    for start in above:
        way: list[str] = []
        unit: str | None = start
        while unit is not None and unit in above and unit not in done:
            done.add(unit)
            way.append(unit)
            unit = above[unit]
        if unit in way:
            found.update(way[way.index(unit) :])
    return found


def overlapping(spans: Sequence[Span]) -> list[str]:
    """Return the ids of spans that share a day with another one of the same group.

    Several changes of one day begin together and are told apart by their number; they do not
    overlap.
    """
    ordered = sorted(spans)
    found: set[str] = set()
    for at, one in enumerate(ordered):
        for other in ordered[at + 1 :]:
            if other.begin >= one.until:
                break
            if other.begin != one.begin or other.seq == one.seq:
                found |= {one.id, other.id}
    return sorted(found)


def _groups(tx: Connection, query: Select[Any]) -> Iterator[list[Span]]:
    """Yield what has the same first two columns; the others are those of a span."""
    rows = tx.execute(query.execution_options(yield_per=PAGE_ROWS))
    for _, group in groupby(rows, key=lambda row: row[:2]):
        yield [Span(*row[2:]) for row in group]


def _day_after(last: date | None) -> date:
    return FOREVER if last is None or last >= FOREVER else last + _DAY


def _believed(entity: str, tenant: str, *columns: Any) -> Select[Any]:
    """Select the slices of sources that are believed now; the hub's own follow each other."""
    c = ENTITY_TABLES[entity].c
    return select(*columns).where(
        c.tenant == tenant, c.superseded_at.is_(None), c.dated_by == "source"
    )


def _parents(tenant: str) -> Select[Any]:
    c = ENTITY_TABLES["org_unit"].c
    chosen = (c.series_id, c.parent_id, c.valid_from, c.valid_to, c.seq, c.dated_by, c.id)
    return select(*chosen).where(c.tenant == tenant, c.superseded_at.is_(None))


def _series(entity: str, tenant: str) -> Select[Any]:
    c = ENTITY_TABLES[entity].c
    return _believed(
        entity, tenant, c.series_id, c.tenant, c.valid_from, c.valid_to, c.seq, c.id
    ).order_by(c.series_id, c.valid_from)


def _jobs(tenant: str) -> Select[Any]:
    """Select jobs: a spell has one primary job per source, each other job is by itself."""
    c, link = ENTITY_TABLES["assignment"].c, hub_source_link.c
    primary = func.coalesce(c.kind, "primary") == "primary"
    job = case((primary, c.employment_id), else_=c.series_id)
    return (
        _believed(
            "assignment", tenant, job, link.connection_id, c.valid_from, c.valid_to, c.seq, c.id
        )
        .join(hub_source_link, link.id == c.link_id)
        .order_by(job, link.connection_id, c.valid_from)
    )


def _spells(tenant: str) -> Select[Any]:
    """Select spells by person and employer."""
    spell, employee = ENTITY_TABLES["employment"], ENTITY_TABLES["employee"]
    person = ENTITY_TABLES["person"]
    who = func.coalesce(person.c.survivor_id, person.c.id)
    employer = func.coalesce(spell.c.employer_code, "")
    return (
        select(who, employer, spell.c.hire_date, spell.c.end_date, literal(1), spell.c.id)
        .join(employee, employee.c.id == spell.c.employee_id)
        .join(person, person.c.id == employee.c.person_id)
        .where(spell.c.tenant == tenant)
        .where(spell.c.removed_at.is_(None), employee.c.removed_at.is_(None))
        .order_by(who, employer, spell.c.hire_date)
    )
