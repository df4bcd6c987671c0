"""What reading gives back: frozen rows of open values, and people's values apart from them.

Ids are UUID texts. A person's id is always the one under which merged people are read. Moments are
in UTC; ``valid_to`` is the first day after, ``9999-12-31`` where a slice has no end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """What was believed of one series for some days.

    Attributes:
        id: The slice's own id.
        series_id: What other rows refer to.
        seq: Order of several changes on one day; the highest holds.
        recorded_at: Since when it was believed.
        superseded_at: Until when; None: it still is.
        dated_by: ``source``, or ``observed`` where the hub saw a change without being told its day.
        link_id: The source record behind it.
        ext: Open custom fields by name, as JSON; None where there are none.
    """

    id: str
    series_id: str
    link_id: str | None
    valid_from: date
    valid_to: date
    seq: int
    recorded_at: datetime
    superseded_at: datetime | None
    dated_by: str
    ext: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrgUnit(Slice):
    """A unit of the organisation; ``parent_id`` is the series of the unit above."""

    code: str
    name: str
    kind: str
    parent_id: str | None
    manager_employee_id: str | None
    cost_center: str | None
    status: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position(Slice):
    """A post; ``org_unit_id`` and ``parent_position_id`` are series."""

    code: str
    title: str
    org_unit_id: str | None
    job_code: str | None
    grade: str | None
    headcount: Decimal | None
    parent_position_id: str | None
    status: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment(Slice):
    """What somebody did, where and for whom; ``org_unit_id`` and ``position_id`` are series."""

    person_id: str
    employee_id: str
    employment_id: str
    kind: str | None
    org_unit_id: str | None
    position_id: str | None
    job_code: str | None
    job_title: str | None
    grade: str | None
    manager_employee_id: str | None
    location: str | None
    cost_center: str | None
    fte: Decimal | None
    employment_type: str | None
    event: str | None
    event_reason: str | None
    status: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Employment:
    """One spell of employment; the last day covered is ``end_date``.

    ``ext`` holds open custom fields by name, as JSON.
    """

    id: str
    person_id: str
    employee_id: str
    link_id: str | None
    status: str | None
    employer_code: str | None
    hire_date: date
    original_hire_date: date | None
    seniority_date: date | None
    end_date: date | None
    last_working_date: date | None
    contract_type: str | None
    contract_start: date | None
    contract_end: date | None
    probation_end: date | None
    ext: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A human being, without any value that is personal.

    Attributes:
        id: Under which the person is read.
        members: All ids that are this person, this one included.
        employee_ids: The person's roles as employee.
        erased: The key was destroyed: nothing personal can be opened again.
        first_seen: When the hub first heard of the person.
    """

    id: str
    members: tuple[str, ...]
    employee_ids: tuple[str, ...]
    erased: bool
    first_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Punch:
    """One stamp at a terminal; its direction is personal and stays sealed."""

    id: str
    employee_id: str
    punched_at: datetime
    local_offset_min: int | None
    device_id: str | None
    verify_method: str | None
    received_at: datetime | None
    clock_skew_s: int | None


Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonValues:
    """Values of a person, in clear or masked; they never show in a ``repr``.

    Attributes:
        person_id: Whose.
        erased: The key was destroyed, so there are none.
        fields: Of the person itself, by field of the model; custom ones as ``ext.<name>``.
        identifiers: Identity documents, each with its open fields too.
        contacts: Ways to reach the person, each with its open fields too.
        employees: Work number and status per role.
    """

    person_id: str
    erased: bool
    fields: Values = field(repr=False)
    identifiers: Sequence[Values] = field(repr=False)
    contacts: Sequence[Values] = field(repr=False)
    employees: Sequence[Values] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a value comes from.

    Attributes:
        connection: Airflow connection of the source.
        connector: Its kind of system.
        stream: Its stream.
        link_id: The record behind the value; None for a stamp, which is a record of its own.
        run_id: The run that told it.
        mapping_version: Version of the mapping of that run.
        at: When it was told.
        actor: Who set it by hand, else None.
        reason: Why, by a code.
        rule: ``only``: nobody else tells of the row. ``policy``: the order of sources decided.
            ``manual``: somebody corrected it. ``derived``: the hub worked it out.
    """

    connection: str
    connector: str
    stream: str
    link_id: str | None
    run_id: str | None
    mapping_version: str | None
    at: datetime
    rule: str
    actor: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to an employee.

    Attributes:
        day: When it takes effect.
        kind: ``hire``, ``rehire``, ``exit``, or an event of the model (``transfer``, …).
        entity: Entity of the row that tells it.
        row_id: That row.
        origin: Who told it; None where no source record stands behind the row.
        facts: Open values before and after where something changed: field -> (before, after).
    """

    day: date
    kind: str
    entity: str
    row_id: str
    origin: Origin | None
    facts: Mapping[str, tuple[Any, Any]]
