"""The canonical entities.

Classes follow the Personal Information Protection Law of China: contact and identity data are
personal; identifiers of documents are sensitive because the hub always holds them next to a name.
Employment status, dates and codes of organisation, job and place are open: they are needed to
answer "who is missing" without opening an envelope. Biometric templates and punch photos have no
field here on purpose: they are never stored.
"""

from __future__ import annotations

from hrhub.model.types import Entity, Field, Kind, Privacy

_OPEN, _PERSONAL, _SENSITIVE = Privacy.OPEN, Privacy.PERSONAL, Privacy.SENSITIVE

GENDERS = ("female", "male", "other", "undisclosed")
IDENTIFIER_KINDS = (
    "cn_resident_id",
    "passport",
    "hk_mo_permit",
    "tw_permit",
    "foreign_permanent",
    "other",
)
CONTACT_KINDS = ("mobile", "phone", "email", "wechat", "address")
CONTACT_USES = ("work", "personal", "emergency")
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
VERIFY_METHODS = ("card", "pin", "face", "finger", "palm", "gps", "wifi", "qr", "manual", "mixed")
DIRECTIONS = ("in", "out", "break_out", "break_in", "overtime_in", "overtime_out", "unknown")

person = Entity(
    "person",
    (
        Field(name="display_name", privacy=_PERSONAL, required=True, index="name", check="name"),
        Field(name="family_name", privacy=_PERSONAL),
        Field(name="given_name", privacy=_PERSONAL),
        Field(name="latin_name", privacy=_PERSONAL),
        Field(name="gender", kind=Kind.CODE, privacy=_PERSONAL, codes=GENDERS),
        Field(name="birth_date", kind=Kind.DATE, privacy=_PERSONAL, check="birth_date"),
        Field(name="nationality", privacy=_PERSONAL, doc="ISO 3166-1 alpha-3"),
        Field(name="marital_status", privacy=_SENSITIVE),
        Field(name="survivor_id", kind=Kind.REF, ref="person", privacy=_OPEN),
        Field(
            name="merge_state",
            kind=Kind.CODE,
            privacy=_OPEN,
            codes=("single", "survivor", "merged"),
        ),
    ),
    subject="id",
    doc="A human being. Candidate and employee are roles of a person.",
)

person_identifier = Entity(
    "person_identifier",
    (
        Field(name="person_id", kind=Kind.REF, ref="person", privacy=_OPEN, required=True),
        Field(name="kind", kind=Kind.CODE, privacy=_OPEN, required=True, codes=IDENTIFIER_KINDS),
        Field(name="number", privacy=_SENSITIVE, required=True, index="cn_id"),
        Field(name="issuer", privacy=_PERSONAL),
        Field(name="valid_from", kind=Kind.DATE, privacy=_PERSONAL),
        Field(name="valid_to", kind=Kind.DATE, privacy=_PERSONAL),
    ),
    subject="person_id",
    doc="One identity document of a person.",
)

person_contact = Entity(
    "person_contact",
    (
        Field(name="person_id", kind=Kind.REF, ref="person", privacy=_OPEN, required=True),
        Field(name="kind", kind=Kind.CODE, privacy=_OPEN, required=True, codes=CONTACT_KINDS),
        Field(name="use", kind=Kind.CODE, privacy=_OPEN, required=True, codes=CONTACT_USES),
        Field(name="is_primary", kind=Kind.BOOLEAN, privacy=_OPEN),
        Field(name="value", privacy=_PERSONAL, required=True, index="contact"),
    ),
    subject="person_id",
    doc="A way to reach a person. Numbers are shared and re-used: the index is not unique.",
)

employee = Entity(
    "employee",
    (
        Field(name="person_id", kind=Kind.REF, ref="person", privacy=_OPEN, required=True),
        Field(name="work_no", privacy=_PERSONAL, required=True, index="code"),
        Field(name="status", kind=Kind.CODE, privacy=_OPEN, codes=EMPLOYEE_STATUSES),
    ),
    subject="person_id",
    doc="The standing role of a person in the company; spells of it are employments.",
)

employment = Entity(
    "employment",
    (
        Field(name="employee_id", kind=Kind.REF, ref="employee", privacy=_OPEN, required=True),
        Field(name="employer_code", privacy=_OPEN),
        Field(name="hire_date", kind=Kind.DATE, privacy=_OPEN, required=True),
        Field(name="original_hire_date", kind=Kind.DATE, privacy=_OPEN),
        Field(name="seniority_date", kind=Kind.DATE, privacy=_OPEN),
        Field(name="end_date", kind=Kind.DATE, privacy=_OPEN),
        Field(name="last_working_date", kind=Kind.DATE, privacy=_OPEN),
        Field(name="contract_type", privacy=_OPEN),
        Field(name="contract_start", kind=Kind.DATE, privacy=_OPEN),
        Field(name="contract_end", kind=Kind.DATE, privacy=_OPEN),
        Field(name="probation_end", kind=Kind.DATE, privacy=_OPEN),
    ),
    doc="One spell of employment; a rehire is a new one. The end date is the last day covered.",
)

assignment = Entity(
    "assignment",
    (
        Field(name="employment_id", kind=Kind.REF, ref="employment", privacy=_OPEN, required=True),
        Field(name="kind", kind=Kind.CODE, privacy=_OPEN, codes=ASSIGNMENT_KINDS),
        Field(name="org_unit_id", kind=Kind.REF, ref="org_unit", privacy=_OPEN),
        Field(name="position_id", kind=Kind.REF, ref="position", privacy=_OPEN),
        Field(name="job_code", privacy=_OPEN),
        Field(name="job_title", privacy=_OPEN),
        Field(name="grade", privacy=_OPEN),
        Field(name="manager_employee_id", kind=Kind.REF, ref="employee", privacy=_OPEN),
        Field(name="location", privacy=_OPEN),
        Field(name="cost_center", privacy=_OPEN),
        Field(name="fte", kind=Kind.DECIMAL, privacy=_OPEN),
        Field(name="employment_type", kind=Kind.CODE, privacy=_OPEN, codes=EMPLOYMENT_TYPES),
        Field(name="event", kind=Kind.CODE, privacy=_OPEN, codes=ASSIGNMENT_EVENTS),
        Field(name="event_reason", privacy=_OPEN),
        Field(name="status", kind=Kind.CODE, privacy=_OPEN, codes=EMPLOYEE_STATUSES),
    ),
    history=True,
    doc="What somebody does, where and for whom, over time. The series is (employment, kind).",
)

org_unit = Entity(
    "org_unit",
    (
        Field(name="code", privacy=_OPEN, required=True),
        Field(name="name", privacy=_OPEN, required=True),
        Field(name="parent_id", kind=Kind.REF, ref="org_unit", privacy=_OPEN),
        Field(name="kind", kind=Kind.CODE, privacy=_OPEN, required=True, codes=ORG_UNIT_KINDS),
        Field(name="manager_employee_id", kind=Kind.REF, ref="employee", privacy=_OPEN),
        Field(name="cost_center", privacy=_OPEN),
        Field(name="status", kind=Kind.CODE, privacy=_OPEN, codes=ACTIVE),
    ),
    history=True,
    doc="Company, department or team over time.",
)

position = Entity(
    "position",
    (
        Field(name="code", privacy=_OPEN, required=True),
        Field(name="title", privacy=_OPEN, required=True),
        Field(name="org_unit_id", kind=Kind.REF, ref="org_unit", privacy=_OPEN),
        Field(name="job_code", privacy=_OPEN),
        Field(name="grade", privacy=_OPEN),
        Field(name="headcount", kind=Kind.DECIMAL, privacy=_OPEN),
        Field(name="parent_position_id", kind=Kind.REF, ref="position", privacy=_OPEN),
        Field(name="status", kind=Kind.CODE, privacy=_OPEN, codes=ACTIVE),
    ),
    history=True,
    doc="A post that somebody can hold, over time.",
)

attendance_punch = Entity(
    "attendance_punch",
    (
        Field(name="employee_id", kind=Kind.REF, ref="employee", privacy=_OPEN, required=True),
        Field(name="punched_at", kind=Kind.TIMESTAMP, privacy=_OPEN, required=True),
        Field(
            name="local_offset_min",
            kind=Kind.INTEGER,
            privacy=_OPEN,
            doc="minutes east of UTC on the device",
        ),
        Field(name="device_id", privacy=_OPEN),
        Field(name="verify_method", kind=Kind.CODE, privacy=_OPEN, codes=VERIFY_METHODS),
        Field(name="direction", kind=Kind.CODE, privacy=_PERSONAL, codes=DIRECTIONS),
        Field(name="work_code", privacy=_PERSONAL),
    ),
    subject="subject_id",
    fact=True,
    doc="One stamp at a terminal. How it was verified, never the template or the photo.",
)

ENTITIES: dict[str, Entity] = {
    e.name: e
    for e in (
        person,
        person_identifier,
        person_contact,
        employee,
        employment,
        assignment,
        org_unit,
        position,
        attendance_punch,
    )
}
