"""SAP SuccessFactors over OData v2: organisation, people, employments, jobs, and recruiting."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr

from connectors.successfactors.answers import ERRORS, code_of
from connectors.successfactors.hiring import Employees
from connectors.successfactors.odata import MODIFIED, ROOT, ODataStream, headers, under
from connectors.successfactors.recruiting import STREAMS as RECRUITING
from connectors.successfactors.words import WORDS
from hrhub.connector import (
    Checked,
    Connector,
    ConnectorConfig,
    Delivery,
    JsonRecords,
    Mode,
    Session,
    setting,
)
from hrhub.http.auth import Auth, SamlBearer


class SuccessFactorsConfig(ConnectorConfig):
    """One tenant and the technical user that reads it."""

    api_host: str = setting(
        title="API host",
        help="The tenant's API host as your administrator names it. It is never the address where "
        "people log in. https is used unless http is written for a test system.",
        slot="host",
        example="api15.sapsf.cn",
        min_length=3,
    )
    company_id: str = setting(
        title="Company id",
        help="Company id of the tenant; upper and lower case count.",
        example="acmeCN",
        min_length=1,
    )
    client_id: str = setting(
        title="API key",
        help="API key of the OAuth client registered under Manage OAuth2 Client Applications.",
        min_length=1,
    )
    user_id: str = setting(
        title="Technical user",
        help="The user that the hub reads as; it needs the OData API export permission.",
        slot="login",
        example="sfapi_hrhub",
        min_length=1,
    )
    user_kind: Literal["user_id", "username", "email"] = setting(
        "user_id",
        title="Kind of user",
        help="What the technical user is named by; SuccessFactors takes a user id unless told "
        "otherwise.",
    )
    private_key: SecretStr = setting(
        title="Private key",
        help="RSA private key in PEM, without passphrase. Its certificate is uploaded to the OAuth "
        "client; the key itself never leaves the hub.",
        slot="password",
    )
    page_size: int = setting(
        200,
        title="Rows per page",
        help="Rows per page where details are read along. Lower it when SuccessFactors answers "
        "that a query is too heavy.",
        ge=1,
        le=1000,
    )
    overlap_min: int = setting(
        10,
        title="Overlap in minutes",
        help="How far each reading goes back behind the end of the one before.",
        ge=5,
        le=1440,
    )
    snapshot: bool = setting(
        True,
        title="Snapshot paging",
        help="Let SuccessFactors freeze the list of keys while pages are read. Turn it off only "
        "if the tenant refuses it.",
    )
    hire_event_reason: str = setting(
        "HIRNEW",
        title="Event reason of hires",
        help="External code of the event reason that jobs of new employees are written with.",
    )
    mobile_type: str = setting(
        "",
        title="Type of mobile numbers",
        help="Option id of the picklist ecPhoneType under which mobile numbers are written. Empty: "
        "none are written.",
    )
    work_email_type: str = setting(
        "",
        title="Type of work mail addresses",
        help="Option id of the picklist ecEmailType under which work addresses are written. Empty: "
        "none are written.",
    )
    extra_fields: tuple[str, ...] = setting(
        (),
        title="Further fields",
        help="Fields of your tenant to read along, as stream:path. They do nothing until a mapping "
        "uses them.",
        example="jobs:customString4",
    )


def _base_url(config: ConnectorConfig) -> str:
    assert isinstance(config, SuccessFactorsConfig)
    host = config.api_host
    return host if host.startswith(("http://", "https://")) else f"https://{host}"


def _auth(config: ConnectorConfig) -> Auth:
    assert isinstance(config, SuccessFactorsConfig)
    # Keys pasted into one-line forms arrive with their line ends written out.
    pem = config.private_key.get_secret_value().replace("\\n", "\n").strip() + "\n"
    return SamlBearer(
        token_url=f"{_base_url(config).rstrip('/')}/oauth/token",
        client_id=config.client_id,
        company_id=config.company_id,
        user_id=config.user_id,
        private_key=SecretStr(pem),
        user_kind=config.user_kind,
    )


def _check(session: Session) -> Checked:
    """Read one legal entity: proves address, key, company, user and the right to read."""
    config = session.config
    assert isinstance(config, SuccessFactorsConfig)
    params = {"$format": "json", "$select": "externalCode", "$top": "1"}
    answer = session.http.get(f"{ROOT}/FOCompany", params=params, headers=headers(config))
    facts = {
        "company": answer.headers.get("company-id", config.company_id),
        "server_zone": answer.headers.get("sfodataservertimezone", "unknown"),
        "companies_visible": "yes" if answer.headers.get("record-count", "0") != "0" else "no",
    }
    return Checked("SAP SuccessFactors", facts)


_FOUNDATION_KEYS = frozenset({"externalCode", "startDate"})
_FOUNDATION_ORDER = ("externalCode", "startDate")
_FOUNDATION_FIELDS = ("externalCode", "startDate", "endDate", "name", "status", MODIFIED)
_BY_CODE = JsonRecords("d.results", group_by=("externalCode",))
_ROWS = JsonRecords("d.results")

companies = ODataStream(
    name="companies",
    title="Legal entities",
    feed="org_unit",
    key=("externalCode",),
    records=_BY_CODE,
    mode=Mode.FULL,
    grouped=True,
    entity="FOCompany",
    keys=_FOUNDATION_KEYS,
    fields=_FOUNDATION_FIELDS,
    optional=("country",),
    order=_FOUNDATION_ORDER,
    slices=True,
    page_rows=1000,
)
departments = ODataStream(
    name="departments",
    title="Departments",
    feed="org_unit",
    key=("externalCode",),
    records=_BY_CODE,
    mode=Mode.FULL,
    grouped=True,
    after=("companies",),
    entity="FODepartment",
    keys=_FOUNDATION_KEYS,
    fields=(*_FOUNDATION_FIELDS, "parent"),
    optional=("headOfUnit", "costCenter"),
    order=_FOUNDATION_ORDER,
    slices=True,
    page_rows=1000,
)
positions = ODataStream(
    name="positions",
    title="Positions",
    feed="position",
    key=("code",),
    records=JsonRecords("d.results", group_by=("code",)),
    grouped=True,
    after=("departments",),
    entity="Position",
    keys=frozenset({"code", "effectiveStartDate"}),
    fields=("code", "effectiveStartDate", "effectiveEndDate", "effectiveStatus", MODIFIED),
    optional=(
        "externalName_defaultValue",
        "externalName_localized",
        "positionTitle",
        "jobTitle",
        "department",
        "jobCode",
        "payGrade",
        "targetFTE",
        "parentPosition/code",
    ),
    order=("code", "effectiveStartDate"),
    slices=True,
)
people = ODataStream(
    name="people",
    title="People",
    feed="person",
    key=("personIdExternal",),
    records=_ROWS,
    entity="PerPerson",
    keys=frozenset({"personIdExternal"}),
    fields=(
        "personIdExternal",
        "dateOfBirth",
        MODIFIED,
        *under("personalInfoNav", "startDate", "endDate", "firstName", "lastName"),
        *under("emailNav", "emailAddress", "isPrimary", "emailTypeNav/externalCode"),
        *under("phoneNav", "phoneNumber", "isPrimary", "phoneTypeNav/externalCode"),
        *under("nationalIdNav", "country", "cardType", "nationalId", "isPrimary"),
    ),
    optional=(
        *under("personalInfoNav", "displayName", "gender", "nationality"),
        *under("phoneNav", "countryCode", "areaCode", "extension"),
    ),
    # A changed mail address or telephone number does not touch the person itself.
    watched=tuple(
        f"{nav}/{MODIFIED}" for nav in ("personalInfoNav", "emailNav", "phoneNav", "nationalIdNav")
    ),
    turning=("personalInfoNav/startDate",),
    frozen=True,
)
employments = ODataStream(
    name="employments",
    title="Employments",
    feed="employment",
    key=("userId",),
    records=_ROWS,
    after=("people",),
    entity="EmpEmployment",
    keys=frozenset({"personIdExternal", "userId"}),
    fields=(
        "personIdExternal",
        "userId",
        "startDate",
        "endDate",
        MODIFIED,
        *under("jobInfoNav", "startDate", "company", "emplStatusNav/externalCode"),
    ),
    optional=(
        "originalStartDate",
        "seniorityDate",
        "lastDateWorked",
        *under(
            "jobInfoNav",
            "contractTypeNav/externalCode",
            "contractEndDate",
            "probationPeriodEndDate",
        ),
    ),
    watched=(f"jobInfoNav/{MODIFIED}",),
    turning=("jobInfoNav/startDate", "startDate", "endDate"),
    frozen=True,
)
jobs = ODataStream(
    name="jobs",
    title="Job history",
    feed="assignment",
    key=("userId",),
    records=JsonRecords("d.results", group_by=("userId",)),
    grouped=True,
    after=("employments", "departments", "positions"),
    entity="EmpJob",
    keys=frozenset({"userId", "startDate", "seqNumber"}),
    fields=(
        "userId",
        "startDate",
        "seqNumber",
        "endDate",
        "eventReason",
        "department",
        "managerId",
        MODIFIED,
        "emplStatusNav/externalCode",
    ),
    optional=(
        "eventNav/externalCode",
        "employmentTypeNav/externalCode",
        "company",
        "position",
        "jobCode",
        "jobTitle",
        "payGrade",
        "location",
        "costCenter",
        "fte",
    ),
    order=("userId", "startDate", "seqNumber"),
    slices=True,
    frozen=True,
)

connector = Connector(
    name="successfactors",
    title="SAP SuccessFactors",
    version="1.0.0",
    config=SuccessFactorsConfig,
    base_url=_base_url,
    auth=_auth,
    check=_check,
    streams=(companies, departments, positions, people, employments, jobs, *RECRUITING),
    sinks=(
        Employees(
            name="employees",
            title="Employees",
            fields=(
                *("work_no", "display_name", "family_name", "given_name", "gender", "birth_date"),
                *("mobile", "work_email", "hire_date", "employer_code", "org_unit", "position"),
                *("job_code", "job_title"),
            ),
            required=("work_no", "display_name", "hire_date", "employer_code"),
            delivery=Delivery.LOOKUP,
        ),
    ),
    errors=ERRORS,
    code_of=code_of,
    words=WORDS,
    evidence="client-proven",
)
