"""Both questions to effective-dated rows: what was true on a day, what did we believe at a time.

Slices are superseded, never changed, so a question about an earlier belief has the same answer
for ever. One thing is filled in later: a reference to a record that had not arrived yet. The source
told it from the start; only the row it leads to was not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Subquery,
    Table,
    and_,
    case,
    func,
    or_,
    select,
)

from hrhub.reading.rows import Assignment, OrgUnit, Position
from hrhub.store.schema import ENTITY_TABLES

_ORG_UNIT = ENTITY_TABLES["org_unit"]
_POSITION = ENTITY_TABLES["position"]
_ASSIGNMENT = ENTITY_TABLES["assignment"]
_EMPLOYMENT = ENTITY_TABLES["employment"]
_EMPLOYEE = ENTITY_TABLES["employee"]
_PERSON = ENTITY_TABLES["person"]

_SLICE = (
    "id",
    "series_id",
    "link_id",
    "valid_from",
    "valid_to",
    "seq",
    "recorded_at",
    "superseded_at",
    "dated_by",
    "ext",
)
_ORG_UNIT_FIELDS = ("code", "name", "kind", "parent_id", "manager_employee_id", "cost_center")
_POSITION_FIELDS = ("code", "title", "org_unit_id", "job_code", "grade", "headcount")
_ASSIGNMENT_FIELDS = (
    "employment_id",
    "kind",
    "org_unit_id",
    "position_id",
    "job_code",
    "job_title",
    "grade",
    "manager_employee_id",
    "location",
    "cost_center",
    "fte",
    "employment_type",
    "event",
    "event_reason",
    "status",
)
_GONE = "terminated"


def believed(table: Table, known_at: datetime | None) -> ColumnElement[bool]:
    """Return the condition of slices that are believed now, or were at a moment."""
    c = table.c
    if known_at is None:
        return c.superseded_at.is_(None)
    return and_(
        c.recorded_at <= known_at, or_(c.superseded_at.is_(None), c.superseded_at > known_at)
    )


def valid(table: Table, as_of: date) -> ColumnElement[bool]:
    """Return the condition of slices that hold on a day."""
    return and_(table.c.valid_from <= as_of, table.c.valid_to > as_of)


def _ranked(
    table: Table,
    partition: ColumnElement[Any],
    as_of: date,
    known_at: datetime | None,
    where: Iterable[ColumnElement[bool]],
) -> Subquery:
    """Return the slices of a day with their rank: of several of one series the first one holds.

    What a source dated comes before what the hub observed, then the later begin, then the higher
    number of the same day; the rest only makes the choice the same in every reading.
    """
    c = table.c
    rank = func.row_number().over(
        partition_by=partition,
        order_by=(
            case((c.dated_by == "source", 0), else_=1),
            c.valid_from.desc(),
            c.seq.desc(),
            c.content,
            c.id,
        ),
    )
    return (
        select(table, rank.label("rank"))
        .where(believed(table, known_at), valid(table, as_of), *where)
        .subquery()
    )


def _slices(
    table: Table,
    partition: ColumnElement[Any],
    as_of: date | None,
    known_at: datetime | None,
    where: Sequence[ColumnElement[bool]],
) -> tuple[FromClause, list[ColumnElement[bool]]]:
    """Return where to read slices from, and the conditions that are left."""
    if as_of is None:
        return table, [believed(table, known_at), *where]
    ranked = _ranked(table, partition, as_of, known_at, where)
    return ranked, [ranked.c.rank == 1]


def org_units(
    tx: Connection,
    tenant: str,
    as_of: date | None,
    known_at: datetime | None,
    codes: Sequence[str] | None = None,
) -> list[OrgUnit]:
    """Return units by code and begin."""
    c = _ORG_UNIT.c
    where = [c.tenant == tenant, *((c.code.in_(codes),) if codes is not None else ())]
    source, conditions = _slices(_ORG_UNIT, c.series_id, as_of, known_at, where)
    s = source.c
    query = (
        select(*(s[n] for n in (*_SLICE, *_ORG_UNIT_FIELDS, "status")))
        .where(*conditions)
        .order_by(s.code, s.valid_from, s.seq, s.id)
    )
    return [OrgUnit(**row._mapping) for row in tx.execute(query)]


def positions(
    tx: Connection,
    tenant: str,
    as_of: date | None,
    known_at: datetime | None,
    codes: Sequence[str] | None = None,
) -> list[Position]:
    """Return positions by code and begin."""
    c = _POSITION.c
    where = [c.tenant == tenant, *((c.code.in_(codes),) if codes is not None else ())]
    source, conditions = _slices(_POSITION, c.series_id, as_of, known_at, where)
    s = source.c
    query = (
        select(*(s[n] for n in (*_SLICE, *_POSITION_FIELDS, "parent_position_id", "status")))
        .where(*conditions)
        .order_by(s.code, s.valid_from, s.seq, s.id)
    )
    return [Position(**row._mapping) for row in tx.execute(query)]


def _job(table: FromClause) -> ColumnElement[Any]:
    """Return what has one slice a day: the spell's primary job, each other job by itself."""
    c = table.c
    return case((func.coalesce(c.kind, "primary") == "primary", c.employment_id), else_=c.series_id)


def _with_people(source: FromClause) -> Select[Any]:
    """Join slices with the employee and the person they are about."""
    s = source.c
    person_id = func.coalesce(_PERSON.c.survivor_id, _PERSON.c.id)
    return (
        select(
            *(s[n] for n in (*_SLICE, *_ASSIGNMENT_FIELDS)),
            _EMPLOYMENT.c.employee_id,
            person_id.label("person_id"),
        )
        .select_from(source)
        .join(_EMPLOYMENT, _EMPLOYMENT.c.id == s.employment_id)
        .join(_EMPLOYEE, _EMPLOYEE.c.id == _EMPLOYMENT.c.employee_id)
        .join(_PERSON, _PERSON.c.id == _EMPLOYEE.c.person_id)
        .order_by(_EMPLOYMENT.c.employee_id, s.employment_id, s.valid_from, s.seq, s.id)
    )


def assignments(
    tx: Connection,
    tenant: str,
    employment_ids: Sequence[str] | None,
    as_of: date | None,
    known_at: datetime | None,
) -> list[Assignment]:
    """Return what employments were assigned to; None asks for everybody's."""
    c = _ASSIGNMENT.c
    where: list[ColumnElement[bool]] = [c.tenant == tenant]
    found: list[Assignment] = []
    for some in _chunks(employment_ids):
        chosen = [*where, *((c.employment_id.in_(some),) if some is not None else ())]
        source, conditions = _slices(_ASSIGNMENT, _job(_ASSIGNMENT), as_of, known_at, chosen)
        query = _with_people(source).where(*conditions)
        found += [Assignment(**row._mapping) for row in tx.execute(query)]
    return found


_MOST_IDS = 5_000
"""Ids that one statement takes; both databases allow 32,766 parameters and more."""


def _chunks(ids: Sequence[str] | None) -> Iterable[Sequence[str] | None]:
    if ids is None:
        return [None]
    return [ids[at : at + _MOST_IDS] for at in range(0, len(ids), _MOST_IDS)]


def below(tenant: str, code: str, as_of: date, known_at: datetime | None, *, deep: bool) -> CTE:
    """Return the series of a unit and, with ``deep``, of all units under it.

    The recursion gathers a set: units that lead to each other in a circle end it like any other.
    """
    c = _ORG_UNIT.c
    ranked = _ranked(_ORG_UNIT, c.series_id, as_of, known_at, [c.tenant == tenant])
    units = (
        select(ranked.c.series_id, ranked.c.parent_id, ranked.c.code)
        .where(ranked.c.rank == 1)
        .cte("units")
    )
    found = select(units.c.series_id).where(units.c.code == code).cte("below", recursive=deep)
    if not deep:
        return found
    return found.union(
        select(units.c.series_id).join(found, units.c.parent_id == found.c.series_id)
    )


def department(
    tx: Connection,
    tenant: str,
    code: str,
    as_of: date,
    known_at: datetime | None,
    *,
    deep: bool,
) -> list[Assignment]:
    """Return who works in a unit on a day, one row per job, in one statement.

    Jobs are ranked over all units, so somebody who changed units twice on one day is found only
    where the day ended. Ended spells are left out; what was believed of their ends is not kept, so
    with ``known_at`` the slices alone decide.
    """
    c = _ASSIGNMENT.c
    units = below(tenant, code, as_of, known_at, deep=deep)
    inside = c.org_unit_id.in_(select(units.c.series_id))
    candidates = (
        select(c.employment_id)
        .where(c.tenant == tenant, inside, believed(_ASSIGNMENT, known_at))
        .where(valid(_ASSIGNMENT, as_of))
    )
    chosen = [c.tenant == tenant, c.employment_id.in_(candidates)]
    source, conditions = _slices(_ASSIGNMENT, _job(_ASSIGNMENT), as_of, known_at, chosen)
    s = source.c
    query = _with_people(source).where(
        *conditions,
        s.org_unit_id.in_(select(units.c.series_id)),
        func.coalesce(s.status, "active") != _GONE,
    )
    if known_at is None:
        ends = _EMPLOYMENT.c.end_date
        query = query.where(or_(ends.is_(None), ends >= as_of), _EMPLOYMENT.c.removed_at.is_(None))
    return [Assignment(**row._mapping) for row in tx.execute(query)]
