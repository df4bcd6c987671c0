"""Feeds of employees, their spells and assignments, and the organisation."""

from __future__ import annotations

from hrhub.model.entities import jobs as e
from hrhub.model.feeds.parts import MODIFIED, SLICE, ref, steer, take
from hrhub.model.feeds.people import CHILDREN, PERSON, SHORTCUTS
from hrhub.model.types import Feed, Kind

_EMPLOYMENT = (
    *take(e.employee, "work_no", "status"),
    *take(
        e.employment,
        "employer_code",
        "hire_date",
        "original_hire_date",
        "seniority_date",
        "end_date",
        "last_working_date",
        "contract_type",
        "contract_start",
        "contract_end",
        "probation_end",
    ),
)
_ASSIGNMENT = (
    *take(
        e.assignment,
        "kind",
        "job_code",
        "job_title",
        "grade",
        "location",
        "cost_center",
        "fte",
        "employment_type",
        "event",
        "event_reason",
    ),
    ref("org_unit", e.assignment, "org_unit_id", "code of the unit"),
    ref("position", e.assignment, "position_id", "code of the position"),
    ref("manager", e.assignment, "manager_employee_id", "the manager's source id or work number"),
)

employment = Feed(
    "employment",
    "employment",
    (
        ref("person", e.employee, "person_id", "source id of the person's record"),
        *_EMPLOYMENT,
        MODIFIED,
    ),
    doc="One spell of employment of a person known from a person feed.",
)
assignment = Feed(
    "assignment",
    "assignment",
    (
        ref("employment", e.assignment, "employment_id", "source id of the employment's record"),
        *SLICE,
        *take(e.assignment, "status"),
        *_ASSIGNMENT,
        MODIFIED,
    ),
    doc="Slices of an assignment from a source that keeps history; a record is a whole series.",
)
employee = Feed(
    "employee",
    "employee",
    (
        *PERSON,
        *SHORTCUTS,
        *_EMPLOYMENT,
        steer(
            "assigned_from", Kind.DATE, "since when the assignment holds; default: the hire date"
        ),
        *_ASSIGNMENT,
        MODIFIED,
    ),
    CHILDREN,
    "Person, employment and today's assignment in one record, as most vendors send it.",
)
org_unit = Feed(
    "org_unit",
    "org_unit",
    (
        *SLICE,
        *take(e.org_unit, "code", "name", "kind", "cost_center", "status"),
        ref("parent", e.org_unit, "parent_id", "code of the unit above"),
        ref("manager", e.org_unit, "manager_employee_id", "source id or work number of the head"),
        MODIFIED,
    ),
    doc="Slices of an organisational unit; a record is a whole series.",
)
position = Feed(
    "position",
    "position",
    (
        *SLICE,
        *take(e.position, "code", "title", "job_code", "grade", "headcount", "status"),
        ref("org_unit", e.position, "org_unit_id", "code of the unit"),
        ref("parent", e.position, "parent_position_id", "code of the position above"),
        MODIFIED,
    ),
    doc="Slices of a position; a record is a whole series.",
)

ALL = (employment, assignment, employee, org_unit, position)
