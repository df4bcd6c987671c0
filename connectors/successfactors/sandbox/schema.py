"""The entity types that the simulated tenant offers.

Names, keys and types are those of published metadata files. A real tenant has hundreds of further
fields; nothing here is tenant specific but the ids of picklist options.
"""

from __future__ import annotations

from connectors.successfactors.sandbox.edm import (
    BOOLEAN,
    DECIMAL,
    DOUBLE,
    INT32,
    INT64,
    STAMP,
    STAMPS,
    STRING,
    EntityType,
    Nav,
    Prop,
    days,
    option,
    pick,
    same,
    strings,
)
from connectors.successfactors.sandbox.recruiting_types import RECRUITING

_PERSON = same("personIdExternal")

PER_PERSON = EntityType(
    "PerPerson",
    "Biographical Information",
    ("personIdExternal",),
    (
        *strings("personIdExternal"),
        Prop("personId", INT64),
        *strings("perPersonUuid", size=32),
        *days("dateOfBirth"),
        *strings("countryOfBirth", "regionOfBirth", "birthName", "userId", size=100),
        *STAMPS,
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
        *strings("personIdExternal"),
        *days("startDate", "endDate"),
        *strings("firstName", "lastName", "middleName", "preferredName", "displayName", size=128),
        *strings("gender", size=2),
        pick("maritalStatus", "ecMaritalStatus"),
        *strings("nationality", size=128),
        *STAMPS,
    ),
    (option("maritalStatusNav", "maritalStatus"),),
    ("startDate", "endDate"),
)
PER_EMAIL = EntityType(
    "PerEmail",
    "Email Information",
    ("emailType", "personIdExternal"),
    (
        *strings("personIdExternal"),
        pick("emailType", "ecEmailType"),
        *strings("emailAddress", size=100),
        Prop("isPrimary", BOOLEAN),
        *STAMPS,
    ),
    (option("emailTypeNav", "emailType"),),
)
PER_PHONE = EntityType(
    "PerPhone",
    "Phone Information",
    ("personIdExternal", "phoneType"),
    (
        *strings("personIdExternal"),
        pick("phoneType", "ecPhoneType"),
        *strings("phoneNumber", size=100),
        *strings("countryCode", "areaCode", "extension"),
        Prop("isPrimary", BOOLEAN),
        *STAMPS,
    ),
    (option("phoneTypeNav", "phoneType"),),
)
PER_NATIONAL_ID = EntityType(
    "PerNationalId",
    "National ID Information",
    ("cardType", "country", "personIdExternal"),
    (
        *strings("personIdExternal", "country", "cardType"),
        *strings("nationalId", size=256),
        Prop("isPrimary", BOOLEAN),
        *strings("notes", size=4000),
        *STAMPS,
    ),
)
USER = EntityType(
    "User",
    "User",
    ("userId",),
    (
        *strings("userId", "username", size=100),
        *strings("status", size=17),
        *strings("firstName", "lastName", "defaultFullName", "email", size=128),
        *STAMPS,
    ),
)
EMP_EMPLOYMENT = EntityType(
    "EmpEmployment",
    "Employment Information",
    ("personIdExternal", "userId"),
    (
        *strings("personIdExternal"),
        *strings("userId", size=100),
        *days("startDate", "endDate", "originalStartDate", "seniorityDate", "lastDateWorked"),
        *strings("assignmentClass", size=128),
        Prop("isContingentWorker", BOOLEAN),
        Prop("jobNumber", INT64),
        *STAMPS,
    ),
    (
        Nav("jobInfoNav", "EmpJob", same("userId"), many=True),
        Nav("personNav", "PerPerson", _PERSON),
        Nav("userNav", "User", same("userId")),
    ),
)
EMP_JOB = EntityType(
    "EmpJob",
    "Job Information",
    ("seqNumber", "startDate", "userId"),
    (
        *strings("userId", size=100),
        *days("startDate"),
        Prop("seqNumber", INT64),
        *days("endDate"),
        pick("event", "event"),
        *strings("eventReason", size=256),
        pick("emplStatus", "employee-status"),
        *strings("company", "department", "costCenter"),
        *strings("location", "position", size=128),
        *strings("jobCode"),
        *strings("jobTitle", "managerId", size=256),
        *strings("payGrade"),
        pick("employmentType", "employmentType"),
        pick("contractType", "contractType"),
        *days("contractEndDate", "probationPeriodEndDate"),
        Prop("fte", DOUBLE),
        Prop("standardHours", DOUBLE),
        *strings("countryOfCompany"),
        *STAMPS,
    ),
    (
        option("eventNav", "event"),
        option("emplStatusNav", "emplStatus"),
        option("employmentTypeNav", "employmentType"),
        option("contractTypeNav", "contractType"),
        Nav("eventReasonNav", "FOEventReason", (("eventReason", "externalCode"),)),
        Nav("companyNav", "FOCompany", (("company", "externalCode"),)),
        Nav("departmentNav", "FODepartment", (("department", "externalCode"),)),
        Nav("positionNav", "Position", (("position", "code"),)),
        Nav("employmentNav", "EmpEmployment", same("userId")),
        Nav("userNav", "User", same("userId")),
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
            *strings("externalCode"),
            *days("startDate", "endDate"),
            *strings("name", size=90),
            *strings("description", size=128),
            *strings("status", size=1),
            *more,
            *STAMPS,
        ),
        navs,
        ("startDate", "endDate"),
    )


FO_COMPANY = _foundation("FOCompany", "Legal Entity", *strings("country", "currency"))
FO_DEPARTMENT = _foundation(
    "FODepartment",
    "Department",
    *strings("parent", "headOfUnit", "costCenter", size=100),
    navs=(Nav("parentNav", "FODepartment", (("parent", "externalCode"),)),),
)
FO_EVENT_REASON = _foundation(
    "FOEventReason",
    "Event Reason",
    pick("event", "event"),
    pick("emplStatus", "employee-status"),
)
POSITION = EntityType(
    "Position",
    "Position",
    ("code", "effectiveStartDate"),
    (
        *strings("code", size=128),
        *days("effectiveStartDate", "effectiveEndDate"),
        *strings("effectiveStatus", size=1),
        *strings("externalName_defaultValue", "positionTitle", "jobTitle", size=255),
        *strings("jobCode", "company", "department", "costCenter", "payGrade", size=128),
        Prop("targetFTE", DECIMAL),
        Prop("vacant", BOOLEAN),
        Prop("criticality", INT64),
        Prop("parentPositionCode", STRING, 128, hidden=True),
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
        *strings("externalCode", "status", "localeLabel", size=100),
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
        *RECRUITING,
    )
}
