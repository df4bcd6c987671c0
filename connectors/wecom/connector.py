"""WeCom (企业微信): directory both ways, attendance, approvals, messages, encrypted callbacks."""

from __future__ import annotations

from connectors.wecom.accounts import Accounts
from connectors.wecom.callbacks import Callback
from connectors.wecom.checkins import Checkins
from connectors.wecom.days import DayReports
from connectors.wecom.directory import DepartmentRecords, Members, department_ids
from connectors.wecom.forms import LEAVE, Forms
from connectors.wecom.leave import LeaveRecords, StepRecords
from connectors.wecom.messages import Messages
from connectors.wecom.settings import WecomConfig
from connectors.wecom.words import ERRORS, WORDS
from hrhub.connector import (
    Checked,
    Connector,
    ConnectorConfig,
    Deletes,
    Delivery,
    HttpStream,
    Mode,
    Session,
)
from hrhub.http.auth import Auth, ClientCredentials
from hrhub.http.budget import Rate
from hrhub.http.problems import JsonCode


def _base_url(config: ConnectorConfig) -> str:
    assert isinstance(config, WecomConfig)
    return f"{config.url.rstrip('/')}/cgi-bin"


def _auth(config: ConnectorConfig) -> Auth:
    assert isinstance(config, WecomConfig)
    return ClientCredentials(
        "/gettoken",
        config.corp_id,
        config.secret,
        # One token per application: the AgentId tells two applications of one enterprise apart.
        scope=str(config.agent_id),
        style="query",
        id_name="corpid",
        secret_name="corpsecret",
        life_s=7200,
        place="query",
        name="access_token",
    )


def _check(session: Session) -> Checked:
    """Ask for the departments: proves the secret, the trusted address and the visible range."""
    return Checked("WeCom", {"departments": str(len(department_ids(session)))})


departments = HttpStream(
    name="departments",
    title="Departments",
    feed="org_unit",
    key=("id",),
    path="/department/list",
    records=DepartmentRecords(),
    mode=Mode.FULL,
    # The order of display changes whenever somebody drags a neighbour.
    volatile=("order",),
    deletes=Deletes.ABSENT,
)
employees = Members(
    name="employees",
    title="Members",
    feed="employee",
    key=("userid",),
    mode=Mode.FULL,
    # Places on the net and orders of display say nothing about a person.
    volatile=("avatar", "thumb_avatar", "qr_code", "order"),
    after=("departments",),
    deletes=Deletes.ABSENT,
)
punches = Checkins(
    name="punches",
    title="Check-ins",
    feed="punch",
    key=("userid", "checkin_time", "checkin_type"),
    mode=Mode.INCREMENTAL,
    after=("employees",),
    deletes=Deletes.INVISIBLE,
)
days = DayReports(
    name="days",
    title="Daily reports",
    feed="attendance_day",
    key=("acctid", "date"),
    mode=Mode.INCREMENTAL,
    after=("employees",),
    deletes=Deletes.INVISIBLE,
)
leave_requests = Forms(
    name="leave_requests",
    title="Leave requests",
    feed="leave_request",
    key=("sp_no",),
    record_type=LEAVE,
    records=LeaveRecords(),
    mode=Mode.INCREMENTAL,
    after=("employees",),
)
approvals = Forms(
    name="approvals",
    title="Steps of approvals",
    feed="approval_step",
    key=("sp_no", "seq"),
    records=StepRecords(),
    mode=Mode.INCREMENTAL,
    after=("employees", "leave_requests"),
    deletes=Deletes.INVISIBLE,
)

connector = Connector(
    name="wecom",
    title="WeCom",
    version="1.0.0",
    config=WecomConfig,
    base_url=_base_url,
    auth=_auth,
    check=_check,
    streams=(departments, employees, punches, days, leave_requests, approvals),
    sinks=(
        Messages(
            name="messages",
            title="Messages to employees",
            fields=("work_no",),
            required=("work_no",),
            delivery=Delivery.IDEMPOTENT,
        ),
        Accounts(
            name="members",
            title="Members, by contact sync",
            fields=(
                *("work_no", "display_name", "gender", "mobile", "work_email"),
                *("hire_date", "status", "job_title", "org_unit"),
            ),
            required=("work_no", "display_name"),
            delivery=Delivery.IDEMPOTENT,
        ),
    ),
    events=(Callback(name="callback", title="Callback"),),
    errors=ERRORS,
    code_of=JsonCode("errcode", in_success=True),
    words=WORDS,
    # Check-ins allow 600 calls a minute, less than any other call that is made here.
    rate=Rate(per_s=9, burst=20),
    evidence="documented",
)
