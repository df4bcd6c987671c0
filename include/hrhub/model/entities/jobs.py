"""Employees, their spells and assignments, and the organisation they work in."""

from __future__ import annotations

from hrhub.model.declare import OPEN, PERSONAL, code, day, decimal, ref, text
from hrhub.model.types import Entity

EMPLOYEE_STATUSES = ("pending", "probation", "active", "on_leave", "suspended", "terminated")
ASSIGNMENT_KINDS = ("primary", "concurrent", "secondment")
EMPLOYMENT_TYPES = ("full_time", "part_time", "intern", "dispatched", "retired_rehire")
ASSIGNMENT_EVENTS = (
    "hire",
    "transfer",
    "promotion",
    "demotion",
    "pay_change",
    "data_change",
    "leave",
    "return",
    "exit",
)
ORG_UNIT_KINDS = ("group", "company", "bu", "department", "team")
ACTIVE = ("active", "inactive")

employee = Entity(
    "employee",
    (
        ref("person_id", "person", required=True),
        text("work_no", PERSONAL, required=True, index="code"),
        code("status", OPEN, EMPLOYEE_STATUSES),
        ref("source_candidate_id", "candidate", doc="the candidate who was hired"),
    ),
    subject="person_id",
    doc="The standing role of a person in the company; spells of it are employments.",
)

employment = Entity(
    "employment",
    (
        ref("employee_id", "employee", required=True),
        text("employer_code", OPEN),
        day("hire_date", OPEN, required=True),
        day("original_hire_date", OPEN),
        day("seniority_date", OPEN),
        day("end_date", OPEN),
        day("last_working_date", OPEN),
        text("contract_type", OPEN),
        day("contract_start", OPEN),
        day("contract_end", OPEN),
        day("probation_end", OPEN),
        ref("exit_id", "exit_record", doc="how the spell ended"),
    ),
    via="employee_id",
    doc="One spell of employment; a rehire is a new one. The end date is the last day covered.",
)

assignment = Entity(
    "assignment",
    (
        ref("employment_id", "employment", required=True),
        code("kind", OPEN, ASSIGNMENT_KINDS),
        ref("org_unit_id", "org_unit"),
        ref("position_id", "position"),
        text("job_code", OPEN),
        text("job_title", OPEN),
        text("grade", OPEN),
        ref("manager_employee_id", "employee"),
        text("location", OPEN),
        text("cost_center", OPEN),
        decimal("fte", OPEN),
        code("employment_type", OPEN, EMPLOYMENT_TYPES),
        code("event", OPEN, ASSIGNMENT_EVENTS),
        text("event_reason", OPEN),
        code("status", OPEN, EMPLOYEE_STATUSES),
    ),
    via="employment_id",
    history=True,
    doc="What somebody does, where and for whom, over time. The series is (employment, kind).",
)

org_unit = Entity(
    "org_unit",
    (
        text("code", OPEN, required=True),
        text("name", OPEN, required=True),
        ref("parent_id", "org_unit"),
        code("kind", OPEN, ORG_UNIT_KINDS, required=True),
        ref("manager_employee_id", "employee"),
        text("cost_center", OPEN),
        code("status", OPEN, ACTIVE),
    ),
    history=True,
    doc="Company, department or team over time.",
)

position = Entity(
    "position",
    (
        text("code", OPEN, required=True),
        text("title", OPEN, required=True),
        ref("org_unit_id", "org_unit"),
        text("job_code", OPEN),
        text("grade", OPEN),
        decimal("headcount", OPEN),
        ref("parent_position_id", "position"),
        code("status", OPEN, ACTIVE),
    ),
    history=True,
    doc="A post that somebody can hold, over time.",
)

ALL = (employee, employment, assignment, org_unit, position)
