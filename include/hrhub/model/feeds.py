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


def _ref(name: str, entity: str, doc: str, *, required: bool = False) -> FeedField:
    """Offer a reference to another record by the id that the vendor uses for it."""
    return FeedField(
        name,
        Field(name=name, privacy=Privacy.PERSONAL, required=required, doc=doc),
        reference=entity,
    )


def _steer(name: str, kind: Kind, doc: str, *, required: bool = False) -> FeedField:
    """Offer a field that steers apply and is not stored under its own name."""
    return FeedField(name, Field(name=name, kind=kind, privacy=Privacy.OPEN, required=required,
                                 doc=doc))


_PERSON = _take(e.person, "display_name", "family_name", "given_name", "latin_name", "gender",
                "birth_date", "nationality", "marital_status")
_SHORTCUTS = (
    FeedField("national_id", Field(name="national_id", check="cn_resident_id",
                                   doc="resident id of 18 (or 15) digits"),
              target="person_identifier.number"),
    FeedField("mobile", Field(name="mobile", privacy=Privacy.PERSONAL, check="mobile"),
              target="person_contact.value"),
    FeedField("work_email", Field(name="work_email", privacy=Privacy.PERSONAL, check="email"),
              target="person_contact.value"),
    FeedField("personal_email", Field(name="personal_email", privacy=Privacy.PERSONAL,
                                      check="email"), target="person_contact.value"),
)
_PERSON_CHILDREN = {
    "contact": Feed("contact", "person_contact",
                    _take(e.person_contact, "kind", "use", "is_primary", "value")),
    "identifier": Feed("identifier", "person_identifier",
                       _take(e.person_identifier, "kind", "number", "issuer", "valid_from",
                             "valid_to")),
}
_EMPLOYMENT = (
    *_take(e.employee, "work_no", "status"),
    *_take(e.employment, "employer_code", "hire_date", "original_hire_date", "seniority_date",
           "end_date", "last_working_date", "contract_type", "contract_start", "contract_end",
           "probation_end"),
)
_SLICE = (
    _steer("valid_from", Kind.DATE, "first day on which the slice holds", required=True),
    _steer("valid_to", Kind.DATE, "last day on which the slice holds; empty or 9999-12-31: open"),
    _steer("seq", Kind.INTEGER, "order of several changes on one day"),
)
_MODIFIED = _steer("modified_at", Kind.TIMESTAMP,
                   "when the vendor last changed the record; orders versions of it")
_ASSIGNMENT = (
    *_take(e.assignment, "kind", "job_code", "job_title", "grade", "location", "cost_center",
           "fte", "employment_type", "event", "event_reason"),
    _ref("org_unit", "org_unit", "code of the unit"),
    _ref("position", "position", "code of the position"),
    _ref("manager", "employee", "the manager's source id or work number"),
)

person = Feed("person", "person", (*_PERSON, *_SHORTCUTS, _MODIFIED), _PERSON_CHILDREN,
              "A person with contacts and identity documents.")
employment = Feed(
    "employment", "employment",
    (_ref("person", "person", "source id of the person's record", required=True),
     *_EMPLOYMENT, _MODIFIED),
    doc="One spell of employment of a person known from a person feed.")
assignment = Feed(
    "assignment", "assignment",
    (_ref("employment", "employment", "source id of the employment's record", required=True),
     *_SLICE, *_take(e.assignment, "status"), *_ASSIGNMENT, _MODIFIED),
    doc="Slices of an assignment from a source that keeps history; a record is a whole series.")
employee = Feed(
    "employee", "employee",
    (*_PERSON, *_SHORTCUTS, *_EMPLOYMENT,
     _steer("assigned_from", Kind.DATE, "since when the assignment holds; default: the hire date"),
     *_ASSIGNMENT, _MODIFIED),
    _PERSON_CHILDREN,
    "Person, employment and today's assignment in one record, as most vendors send it.")
org_unit = Feed(
    "org_unit", "org_unit",
    (*_SLICE, *_take(e.org_unit, "code", "name", "kind", "cost_center", "status"),
     _ref("parent", "org_unit", "code of the unit above"),
     _ref("manager", "employee", "source id or work number of the head"), _MODIFIED),
    doc="Slices of an organisational unit; a record is a whole series.")
position = Feed(
    "position", "position",
    (*_SLICE, *_take(e.position, "code", "title", "job_code", "grade", "headcount", "status"),
     _ref("org_unit", "org_unit", "code of the unit"),
     _ref("parent", "position", "code of the position above"), _MODIFIED),
    doc="Slices of a position; a record is a whole series.")
device_user = Feed(
    "device_user", "employee",
    (FeedField("work_no", Field(name="work_no", privacy=Privacy.PERSONAL, required=True,
                                doc="work number as entered on the device")),
     FeedField("display_name", Field(name="display_name", privacy=Privacy.PERSONAL))),
    doc="A user of a terminal; links the device's user id to an employee, creates nobody.")
punch = Feed(
    "punch", "attendance_punch",
    (_ref("employee", "employee", "the device's user id or the work number", required=True),
     *_take(e.attendance_punch, "punched_at", "local_offset_min", "device_id", "verify_method",
            "direction", "work_code")),
    doc="A stamp at a terminal.")

FEEDS: dict[str, Feed] = {
    f.name: f
    for f in (person, employment, assignment, employee, org_unit, position, device_user, punch)
}
