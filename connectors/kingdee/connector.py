"""Kingdee Cloud Galaxy: organisations, departments, posts, employees, and employees written."""

from __future__ import annotations

from connectors.kingdee.bills import QUERY, Bill, Rows, changed, code_of
from connectors.kingdee.employees import Employees
from connectors.kingdee.settings import KingdeeConfig
from connectors.kingdee.signing import Login, SignedRequests
from connectors.kingdee.words import ERRORS, WORDS
from hrhub.connector import (
    Checked,
    Connector,
    ConnectorConfig,
    Deletes,
    Delivery,
    Mode,
    Session,
)
from hrhub.errors import ConfigError
from hrhub.http.auth import Auth
from hrhub.http.budget import Rate

_MAIN_POST = "FDocumentStatus in ('B','C','D') and (FIsFirstPost='1' or FStaffId is null)"
"""No drafts; and one row per employee, although every post of theirs would repeat them."""


def _base_url(config: ConnectorConfig) -> str:
    assert isinstance(config, KingdeeConfig)
    return config.url.rstrip("/")


def _auth(config: ConnectorConfig) -> Auth:
    assert isinstance(config, KingdeeConfig)
    by_password = config.sign_in == "password"
    for name, given in (
        ("password", config.password.get_secret_value() or not by_password),
        ("app_id", config.app_id or by_password),
        ("app_secret", config.app_secret.get_secret_value() or by_password),
    ):
        if not given:
            raise ConfigError("kingdee.setting_missing", vendor="Kingdee", setting=name)
    account: tuple[tuple[str, str | int], ...] = (
        ("acctID", config.data_center),
        ("username", config.user),
        ("lcid", config.language),
    )
    if by_password:
        return Login("ValidateUser", account, (("password", config.password),))
    if config.sign_in == "signature":
        data = f"{config.data_center},{config.user},{config.language},0"
        return SignedRequests(config.app_id, config.app_secret, data)
    call = "LoginByAppSecret" if config.sign_in == "app_secret" else "LoginBySign"
    return Login(call, (*account, ("appId", config.app_id)), (("appSecret", config.app_secret),))


def _check(session: Session) -> Checked:
    """Ask for one organisation: proves the credentials and the right to query."""
    data = {"FormId": "ORG_Organizations", "FieldKeys": "FOrgID,FName", "Limit": 1}
    rows = session.http.post(QUERY, json={"data": data}, idempotent=True).json()
    return Checked("Kingdee Cloud Galaxy", {"organisation": str(rows[0][1]) if rows else "none"})


organisations = Bill(
    name="organisations",
    title="Organisations",
    feed="org_unit",
    key=("FNumber",),
    form="ORG_Organizations",
    records=Rows(("FOrgID", "FNumber", "FName", "FForbidStatus")),
    order="FOrgID",
    mode=Mode.FULL,
)
departments = Bill(
    name="departments",
    title="Departments",
    feed="org_unit",
    key=("FNumber",),
    form="BD_Department",
    records=Rows(
        (
            *("FDEPTID", "FNumber", "FName", "FParentID.FNumber", "FUseOrgId.FNumber"),
            *("FEffectDate", "FLapseDate", "FForbidStatus", "FModifyDate"),
        )
    ),
    order="FDEPTID",
    cursor=changed(),
    after=("organisations",),
)
posts = Bill(
    name="posts",
    title="Posts",
    feed="position",
    key=("FNumber",),
    form="HR_ORG_HRPOST",
    records=Rows(("FPostId", "FNumber", "FName", "FDept.FNumber", "FForbidStatus")),
    order="FPostId",
    mode=Mode.FULL,
    after=("departments",),
)
employees = Bill(
    name="employees",
    title="Employees",
    feed="employee",
    key=("FID",),
    form="BD_Empinfo",
    records=Rows(
        (
            *("FID", "FNumber", "FStaffNumber", "FName", "FMobile", "FEmail", "FJoinDate"),
            *("FPostDept.FNumber", "FPost.FNumber", "FPost.FName", "FUseOrgId.FNumber"),
            *("FDocumentStatus", "FForbidStatus", "FModifyDate"),
        )
    ),
    order="FID",
    where=_MAIN_POST,
    cursor=changed(_MAIN_POST),
    after=("posts",),
    deletes=Deletes.VISIBLE,
)

connector = Connector(
    name="kingdee",
    title="Kingdee Cloud Galaxy",
    version="1.0.0",
    config=KingdeeConfig,
    base_url=_base_url,
    auth=_auth,
    check=_check,
    streams=(organisations, departments, posts, employees),
    sinks=(
        Employees(
            name="employees",
            title="Employees",
            fields=("work_no", "display_name", "mobile", "work_email", "hire_date", "status"),
            required=("work_no", "display_name"),
            delivery=Delivery.LOOKUP,
        ),
    ),
    errors=ERRORS,
    code_of=code_of,
    words=WORDS,
    # Nothing is published; licences limit how many work at once, so the hub asks in one line.
    rate=Rate(per_s=5, burst=10),
    evidence="client-proven",
)
