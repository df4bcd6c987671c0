"""Weaver e-cology: directory and requests of workflows; people and plans written back."""

from __future__ import annotations

from connectors.weaver.directory import UNITS, Directory, Rows, changed, hrm_service
from connectors.weaver.requests import Requests
from connectors.weaver.settings import WeaverConfig
from connectors.weaver.tokens import Weaver
from connectors.weaver.words import ERRORS, WORDS, code_of
from connectors.weaver.writing import People, Plans
from hrhub.connector import (
    Checked,
    Connector,
    ConnectorConfig,
    Deletes,
    Delivery,
    Mode,
    Session,
)
from hrhub.http.auth import Auth
from hrhub.http.budget import Rate
from hrhub.http.paging import PageRequest

_UNITS = {
    "_code": "departmentcode",
    "_departmentid": "id",
    "_fullname": "departmentname",
    "_shortname": "departmentmark",
    "_subcompanyid": "subcompanyid1",
    "_supdepartmentid": "supdepid",
    "_canceled": "canceled",
}
_DIVISIONS = {
    "_code": "subcompanycode",
    "_subcompanyid": "id",
    "_shortname": "subcompanyname",
    "_fullname": "subcompanydesc",
    "_supsubcompanyid": "supsubcomid",
    "_canceled": "canceled",
}
_TITLES = {"_jobtitleid": "id", "_shortname": "jobtitlemark", "_fullname": "jobtitlename"}
_PEOPLE = {"userid": "id", "startdate": "companystartdate"}


def _base_url(config: ConnectorConfig) -> str:
    assert isinstance(config, WeaverConfig)
    return config.url.rstrip("/")


def _auth(config: ConnectorConfig) -> Auth:
    assert isinstance(config, WeaverConfig)
    return Weaver(
        config.hrm_secret,
        config.hrm_digest,
        config.app_id,
        config.app_secret,
        config.public_key,
        config.user_id,
    )


def _check(session: Session) -> Checked:
    """Ask for one division, or whether HrmService knows us."""
    config = session.config
    assert isinstance(config, WeaverConfig)
    if config.directory == "soap":
        hrm_service(session, config)
        return Checked("Weaver e-cology", {"directory": "HrmService knows the hub's address"})
    request = PageRequest(divisions.path, json={"curpage": 1, "pagesize": 1})
    rows = divisions.records.split(divisions.ask(session, request).body)
    name = divisions.records.decode(rows[0], {}).get("subcompanyname") if rows else "none"
    return Checked("Weaver e-cology", {"division": str(name)})


divisions = Directory(
    name="divisions",
    title="Divisions",
    feed="org_unit",
    key=("unit",),
    path="/api/hrm/resful/getHrmsubcompanyWithPage",
    records=Rows("SubCompanyBean", _DIVISIONS),
    operation="getHrmSubcompanyInfo",
    arguments=1,
    pages=UNITS,
    mode=Mode.FULL,
)
departments = Directory(
    name="departments",
    title="Departments",
    feed="org_unit",
    key=("unit",),
    path="/api/hrm/resful/getHrmdepartmentWithPage",
    records=Rows("DepartmentBean", _UNITS),
    operation="getHrmDepartmentInfo",
    arguments=2,
    pages=UNITS,
    mode=Mode.FULL,
    after=("divisions",),
)
jobtitles = Directory(
    name="jobtitles",
    title="Job titles",
    feed="position",
    key=("id",),
    path="/api/hrm/resful/getJobtitleInfoWithPage",
    records=Rows("JobTitleBean", _TITLES),
    operation="getHrmJobTitleInfo",
    arguments=3,
    mode=Mode.FULL,
    after=("departments",),
)
people = Directory(
    name="people",
    title="People",
    feed="employee",
    key=("id",),
    path="/api/hrm/resful/getHrmUserInfoWithPage",
    records=Rows("UserBean", _PEOPLE, people=True),
    operation="getHrmUserInfo",
    arguments=6,
    since=True,
    cursor=changed(),
    volatile=("password", "dsporder", "lastlogindate"),
    after=("jobtitles",),
    deletes=Deletes.VISIBLE,
)
requests = Requests(
    name="requests",
    title="Requests of workflows",
    feed="approval_step",
    key=("requestId", "seq"),
    mode=Mode.INCREMENTAL,
    after=("people",),
    deletes=Deletes.INVISIBLE,
)

connector = Connector(
    name="weaver",
    title="Weaver e-cology",
    version="1.0.0",
    config=WeaverConfig,
    base_url=_base_url,
    auth=_auth,
    check=_check,
    streams=(divisions, departments, jobtitles, people, requests),
    sinks=(
        People(
            name="people",
            title="People",
            fields=(
                *("work_no", "display_name", "gender", "birth_date", "national_id", "mobile"),
                *("work_email", "hire_date", "status", "manager", "org_unit"),
            ),
            required=("work_no", "display_name"),
            delivery=Delivery.IDEMPOTENT,
            batch=50,
        ),
        Plans(
            name="plans",
            title="Attendance plans",
            fields=("work_no", "hire_date", "shift_code", "location"),
            required=("work_no", "hire_date"),
            delivery=Delivery.NONE,
        ),
    ),
    errors=ERRORS,
    code_of=code_of,
    words=WORDS,
    # On the customer's own machine, beside people who work with it.
    rate=Rate(per_s=5, burst=10),
    evidence="client-proven",
)
