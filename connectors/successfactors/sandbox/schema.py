"""The entity types that the simulated tenant offers.

Names, keys and types are those of published metadata files. A real tenant has hundreds of further
fields; nothing here is tenant specific but the ids of picklist options.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

STRING, DATE, STAMP = "Edm.String", "Edm.DateTime", "Edm.DateTimeOffset"
INT64, INT32, DECIMAL, DOUBLE = "Edm.Int64", "Edm.Int32", "Edm.Decimal", "Edm.Double"
BOOLEAN = "Edm.Boolean"


@dataclass(frozen=True, slots=True)
class Prop:
    """One property of an entity type; ``picklist`` names its list of codes."""

    name: str
    type: str = STRING
    max_length: int | None = None
    picklist: str | None = None


@dataclass(frozen=True, slots=True)
class Nav:
    """One navigation: rows of ``target`` whose fields equal ours, pairwise as in ``on``."""

    name: str
    target: str
    on: tuple[tuple[str, str], ...]
    many: bool = False


@dataclass(frozen=True)
class EntityType:
    """One entity type and its set, which carry the same name.

    ``dates`` names the first and last day of a slice, for effective-dated types.
    """

    name: str
    label: str
    key: tuple[str, ...]
    props: tuple[Prop, ...]
    navs: tuple[Nav, ...] = ()
    dates: tuple[str, str] | None = None

    @cached_property
    def prop(self) -> dict[str, Prop]:
        """Properties by name."""
        return {p.name: p for p in self.props}

    @cached_property
    def nav(self) -> dict[str, Nav]:
        """Navigations by name."""
        return {n.name: n for n in self.navs}

    @cached_property
    def series(self) -> tuple[str, ...]:
        """Key fields without the date and the order inside a day: what slices have in common."""
        apart = {*(self.dates or ()), "seqNumber"}
        return tuple(k for k in self.key if k not in apart)


def _s(*names: str, size: int = 32) -> tuple[Prop, ...]:
    return tuple(Prop(n, STRING, size) for n in names)


def _d(*names: str) -> tuple[Prop, ...]:
    return tuple(Prop(n, DATE) for n in names)


def _pick(name: str, picklist: str) -> Prop:
    return Prop(name, STRING, 32, picklist)


def _option(name: str, field: str) -> Nav:
    return Nav(name, "PicklistOption", ((field, "id"),))


def _same(*names: str) -> tuple[tuple[str, str], ...]:
    return tuple((n, n) for n in names)


_STAMPS = (Prop("createdDateTime", STAMP), Prop("lastModifiedDateTime", STAMP))
_PERSON = _same("personIdExternal")

PER_PERSON = EntityType(
    "PerPerson",
    "Biographical Information",
    ("personIdExternal",),
    (
        *_s("personIdExternal"),
        Prop("personId", INT64),
        *_s("perPersonUuid", size=32),
        *_d("dateOfBirth"),
        *_s("countryOfBirth", "regionOfBirth", "birthName", "userId", size=100),
        *_STAMPS,
    ),
    (
        Nav("personalInfoNav", "PerPersonal", _PERSON, many=True),
        Nav("emailNav", "PerEmail", _PERSON, many=True),
        Nav("phoneNav", "PerPhone", _PERSON, many=True),
        Nav("nationalIdNav", "PerNationalId", _PERSON, many=True),
        Nav("employmentNav", "EmpEmployment", _PERSON, many=True),
    ),
)
PER_PERSONAL = EntityType(
    "PerPersonal",
    "Personal Information",
    ("personIdExternal", "startDate"),
    (
        *_s("personIdExternal"),
        *_d("startDate", "endDate"),
        *_s("firstName", "lastName", "middleName", "preferredName", "displayName", size=128),
        *_s("gender", size=2),
        _pick("maritalStatus", "ecMaritalStatus"),
        *_s("nationality", size=128),
        *_STAMPS,
    ),
    (_option("maritalStatusNav", "maritalStatus"),),
    ("startDate", "endDate"),
)
PER_EMAIL = EntityType(
    "PerEmail",
    "Email Information",
    ("emailType", "personIdExternal"),
    (
        *_s("personIdExternal"),
        _pick("emailType", "ecEmailType"),
        *_s("emailAddress", size=100),
        Prop("isPrimary", BOOLEAN),
        *_STAMPS,
    ),
    (_option("emailTypeNav", "emailType"),),
)
PER_PHONE = EntityType(
    "PerPhone",
    "Phone Information",
    ("personIdExternal", "phoneType"),
    (
        *_s("personIdExternal"),
        _pick("phoneType", "ecPhoneType"),
        *_s("phoneNumber", size=100),
        *_s("countryCode", "areaCode", "extension"),
        Prop("isPrimary", BOOLEAN),
        *_STAMPS,
    ),
    (_option("phoneTypeNav", "phoneType"),),
)
PER_NATIONAL_ID = EntityType(
    "PerNationalId",
    "National ID Information",
    ("cardType", "country", "personIdExternal"),
    (
        *_s("personIdExternal", "country", "cardType"),
        *_s("nationalId", size=256),
        Prop("isPrimary", BOOLEAN),
        *_s("notes", size=4000),
        *_STAMPS,
    ),
)
USER = EntityType(
    "User",
    "User",
    ("userId",),
    (
        *_s("userId", "username", size=100),
        *_s("status", size=17),
        *_s("firstName", "lastName", "defaultFullName", "email", size=128),
        *_STAMPS,
    ),
)
EMP_EMPLOYMENT = EntityType(
    "EmpEmployment",
    "Employment Information",
    ("personIdExternal", "userId"),
    (
        *_s("personIdExternal"),
        *_s("userId", size=100),
        *_d("startDate", "endDate", "originalStartDate", "seniorityDate", "lastDateWorked"),
        *_s("assignmentClass", size=128),
        Prop("isContingentWorker", BOOLEAN),
        Prop("jobNumber", INT64),
        *_STAMPS,
    ),
    (
        Nav("jobInfoNav", "EmpJob", _same("userId"), many=True),
        Nav("personNav", "PerPerson", _PERSON),
        Nav("userNav", "User", _same("userId")),
    ),
)
EMP_JOB = EntityType(
    "EmpJob",
    "Job Information",
    ("seqNumber", "startDate", "userId"),
    (
        *_s("userId", size=100),
        *_d("startDate"),
        Prop("seqNumber", INT64),
        *_d("endDate"),
        _pick("event", "event"),
        *_s("eventReason", size=256),
        _pick("emplStatus", "employee-status"),
        *_s("company", "department", "costCenter"),
        *_s("location", "position", size=128),
        *_s("jobCode"),
        *_s("jobTitle", "managerId", size=256),
        *_s("payGrade"),
        _pick("employmentType", "employmentType"),
        _pick("contractType", "contractType"),
        *_d("contractEndDate", "probationPeriodEndDate"),
        Prop("fte", DOUBLE),
        Prop("standardHours", DOUBLE),
        *_s("countryOfCompany"),
        *_STAMPS,
    ),
    (
        _option("eventNav", "event"),
        _option("emplStatusNav", "emplStatus"),
        _option("employmentTypeNav", "employmentType"),
        _option("contractTypeNav", "contractType"),
        Nav("eventReasonNav", "FOEventReason", (("eventReason", "externalCode"),)),
        Nav("companyNav", "FOCompany", (("company", "externalCode"),)),
        Nav("departmentNav", "FODepartment", (("department", "externalCode"),)),
        Nav("positionNav", "Position", (("position", "code"),)),
        Nav("employmentNav", "EmpEmployment", _same("userId")),
        Nav("userNav", "User", _same("userId")),
        Nav("managerUserNav", "User", (("managerId", "userId"),)),
    ),
    ("startDate", "endDate"),
)


def _foundation(name: str, label: str, *more: Prop, navs: tuple[Nav, ...] = ()) -> EntityType:
    return EntityType(
        name,
        label,
        ("externalCode", "startDate"),
        (
            *_s("externalCode"),
            *_d("startDate", "endDate"),
            *_s("name", size=90),
            *_s("description", size=128),
            *_s("status", size=1),
            *more,
            *_STAMPS,
        ),
        navs,
        ("startDate", "endDate"),
    )


FO_COMPANY = _foundation("FOCompany", "Legal Entity", *_s("country", "currency"))
FO_DEPARTMENT = _foundation(
    "FODepartment",
    "Department",
    *_s("parent", "headOfUnit", "costCenter", size=100),
    navs=(Nav("parentNav", "FODepartment", (("parent", "externalCode"),)),),
)
FO_EVENT_REASON = _foundation(
    "FOEventReason",
    "Event Reason",
    _pick("event", "event"),
    _pick("emplStatus", "employee-status"),
)
POSITION = EntityType(
    "Position",
    "Position",
    ("code", "effectiveStartDate"),
    (
        *_s("code", size=128),
        *_d("effectiveStartDate", "effectiveEndDate"),
        *_s("effectiveStatus", size=1),
        *_s("externalName_defaultValue", "positionTitle", "jobTitle", size=255),
        *_s("jobCode", "company", "department", "costCenter", "payGrade", size=128),
        Prop("targetFTE", DECIMAL),
        Prop("vacant", BOOLEAN),
        Prop("criticality", INT64),
        *_s("parentPositionCode", size=128),
        Prop("createdDateTime", STAMP),
        Prop("lastModifiedDateTime", STAMP),
    ),
    (Nav("parentPosition", "Position", (("parentPositionCode", "code"),)),),
    ("effectiveStartDate", "effectiveEndDate"),
)
PICKLIST_OPTION = EntityType(
    "PicklistOption",
    "Picklist Option",
    ("id",),
    (
        Prop("id", INT64),
        *_s("externalCode", "status", "localeLabel", size=100),
        Prop("minValue", DOUBLE),
        Prop("maxValue", DOUBLE),
        Prop("sortOrder", INT32),
    ),
)

TYPES: dict[str, EntityType] = {
    t.name: t
    for t in (
        PER_PERSON,
        PER_PERSONAL,
        PER_EMAIL,
        PER_PHONE,
        PER_NATIONAL_ID,
        USER,
        EMP_EMPLOYMENT,
        EMP_JOB,
        FO_COMPANY,
        FO_DEPARTMENT,
        FO_EVENT_REASON,
        POSITION,
        PICKLIST_OPTION,
    )
}

HIDDEN = {("Position", "parentPositionCode")}
"""Our own book-keeping for navigations that the vendor shows as links only."""


def visible(kind: EntityType) -> tuple[Prop, ...]:
    """Return the properties that the vendor shows."""
    return tuple(p for p in kind.props if (kind.name, p.name) not in HIDDEN)
