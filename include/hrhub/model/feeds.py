"""The feeds: flat records of the kind vendors send, and where each field lands.

A vendor mapping targets one feed. The knowledge of how a flat record becomes entities is here and
in ``hrhub.pipeline``, so no mapping repeats it.
"""

from __future__ import annotations

from hrhub.model import entities as e
from hrhub.model.types import Entity, Feed, FeedField, Field, Kind, Privacy


def _take(entity: Entity, *names: str) -> tuple[FeedField, ...]:
    """Offer fields of an entity under their own names."""
    return tuple(FeedField(n, entity.by_name[n], target=f"{entity.name}.{n}") for n in names)


def _ref(name: str, entity: Entity, column: str, doc: str) -> FeedField:
    """Offer a reference of an entity, to be given as the id that the vendor uses for its target.

    It is required where the column is: such a record makes no sense without its target.
    """
    ref = entity.by_name[column]
    return FeedField(
        name,
        Field(name=name, privacy=Privacy.PERSONAL, required=ref.required, doc=doc),
        target=f"{entity.name}.{column}",
        reference=ref.ref,
    )


def _steer(name: str, kind: Kind, doc: str, *, required: bool = False) -> FeedField:
    """Offer a field that steers apply and is not stored under its own name."""
    return FeedField(
        name, Field(name=name, kind=kind, privacy=Privacy.OPEN, required=required, doc=doc)
    )


_PERSON = _take(
    e.person,
    "display_name",
    "family_name",
    "given_name",
    "latin_name",
    "gender",
    "birth_date",
    "nationality",
    "marital_status",
)
_SHORTCUTS = (
    FeedField(
        "national_id",
        Field(name="national_id", check="cn_resident_id", doc="resident id of 18 (or 15) digits"),
        target="person_identifier.number",
    ),
    FeedField(
        "mobile",
        Field(name="mobile", privacy=Privacy.PERSONAL, check="mobile"),
        target="person_contact.value",
    ),
    FeedField(
        "work_email",
        Field(name="work_email", privacy=Privacy.PERSONAL, check="email"),
        target="person_contact.value",
    ),
    FeedField(
        "personal_email",
        Field(name="personal_email", privacy=Privacy.PERSONAL, check="email"),
        target="person_contact.value",
    ),
)
_PERSON_CHILDREN = {
    "contact": Feed(
        "contact", "person_contact", _take(e.person_contact, "kind", "use", "is_primary", "value")
    ),
    "identifier": Feed(
        "identifier",
        "person_identifier",
        _take(e.person_identifier, "kind", "number", "issuer", "valid_from", "valid_to"),
    ),
}
_EMPLOYMENT = (
    *_take(e.employee, "work_no", "status"),
    *_take(
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
_SLICE = (
    _steer("valid_from", Kind.DATE, "first day on which the slice holds", required=True),
    _steer("valid_to", Kind.DATE, "last day on which the slice holds; empty or 9999-12-31: open"),
    _steer("seq", Kind.INTEGER, "order of several changes on one day"),
)
_MODIFIED = _steer(
    "modified_at", Kind.TIMESTAMP, "when the vendor last changed the record; orders versions of it"
)
_ASSIGNMENT = (
    *_take(
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
    _ref("org_unit", e.assignment, "org_unit_id", "code of the unit"),
    _ref("position", e.assignment, "position_id", "code of the position"),
    _ref("manager", e.assignment, "manager_employee_id", "the manager's source id or work number"),
)

person = Feed(
    "person",
    "person",
    (*_PERSON, *_SHORTCUTS, _MODIFIED),
    _PERSON_CHILDREN,
    "A person with contacts and identity documents.",
)
employment = Feed(
    "employment",
    "employment",
    (
        _ref("person", e.employee, "person_id", "source id of the person's record"),
        *_EMPLOYMENT,
        _MODIFIED,
    ),
    doc="One spell of employment of a person known from a person feed.",
)
assignment = Feed(
    "assignment",
    "assignment",
    (
        _ref("employment", e.assignment, "employment_id", "source id of the employment's record"),
        *_SLICE,
        *_take(e.assignment, "status"),
        *_ASSIGNMENT,
        _MODIFIED,
    ),
    doc="Slices of an assignment from a source that keeps history; a record is a whole series.",
)
employee = Feed(
    "employee",
    "employee",
    (
        *_PERSON,
        *_SHORTCUTS,
        *_EMPLOYMENT,
        _steer(
            "assigned_from", Kind.DATE, "since when the assignment holds; default: the hire date"
        ),
        *_ASSIGNMENT,
        _MODIFIED,
    ),
    _PERSON_CHILDREN,
    "Person, employment and today's assignment in one record, as most vendors send it.",
)
org_unit = Feed(
    "org_unit",
    "org_unit",
    (
        *_SLICE,
        *_take(e.org_unit, "code", "name", "kind", "cost_center", "status"),
        _ref("parent", e.org_unit, "parent_id", "code of the unit above"),
        _ref("manager", e.org_unit, "manager_employee_id", "source id or work number of the head"),
        _MODIFIED,
    ),
    doc="Slices of an organisational unit; a record is a whole series.",
)
position = Feed(
    "position",
    "position",
    (
        *_SLICE,
        *_take(e.position, "code", "title", "job_code", "grade", "headcount", "status"),
        _ref("org_unit", e.position, "org_unit_id", "code of the unit"),
        _ref("parent", e.position, "parent_position_id", "code of the position above"),
        _MODIFIED,
    ),
    doc="Slices of a position; a record is a whole series.",
)
device_user = Feed(
    "device_user",
    "employee",
    (
        FeedField(
            "work_no",
            Field(
                name="work_no",
                privacy=Privacy.PERSONAL,
                required=True,
                doc="work number as entered on the device",
            ),
        ),
        FeedField("display_name", Field(name="display_name", privacy=Privacy.PERSONAL)),
    ),
    doc="A user of a terminal; links the device's user id to an employee, creates nobody.",
)
punch = Feed(
    "punch",
    "attendance_punch",
    (
        _ref(
            "employee", e.attendance_punch, "employee_id", "the device's user id or the work number"
        ),
        *_take(
            e.attendance_punch,
            "punched_at",
            "local_offset_min",
            "device_id",
            "verify_method",
            "direction",
            "work_code",
        ),
    ),
    doc="A stamp at a terminal.",
)

FEEDS: dict[str, Feed] = {
    f.name: f
    for f in (person, employment, assignment, employee, org_unit, position, device_user, punch)
}
