"""Beisen iTalent: organisations, positions, employees, recruiting, assessments."""

from __future__ import annotations

from datetime import timedelta

from connectors.beisen.assessments import assessments
from connectors.beisen.hiring import interviews, offers, resumes
from connectors.beisen.recruiting import applicants, applications, jobs
from connectors.beisen.settings import BeisenConfig
from connectors.beisen.windows import CurrentRows, EmployeeRows, TimeWindowStream
from connectors.beisen.words import ERRORS, WORDS, code_of
from hrhub.connector import Checked, Connector, ConnectorConfig, Deletes, Session
from hrhub.errors import ConfigError
from hrhub.http.auth import Auth, ClientCredentials
from hrhub.http.budget import Rate

_OBJECTS = "/TenantBaseExternal/api/v5"
_IN_FORCE = {"approvalStatuses": [4], "isGetLatestRecord": False}
_NEW_ENTRIES = {
    "approvalStatuses": [4],
    "isGetLatestRecord": True,
    "empStatus": [1],
    # New hires only. Who comes back has a record in force, that of having left, until the day.
    "extQueries": [{"fieldName": "ChangeTypeOID", "queryType": 5, "values": ["1"]}],
}


def _base_url(config: ConnectorConfig) -> str:
    assert isinstance(config, BeisenConfig)
    return config.url.rstrip("/")


def _auth(config: ConnectorConfig) -> Auth:
    assert isinstance(config, BeisenConfig)
    grant = {"grant_type": "client_credentials"}
    if config.sign_in == "app_key":
        return ClientCredentials(
            "/token",
            config.app_key,
            config.app_secret,
            style="json",
            id_name="app_key",
            secret_name="app_secret",
            extra=grant,
            life_s=7200,
        )
    if not config.tenant_id:
        raise ConfigError("beisen.tenant_missing", vendor="Beisen")
    return ClientCredentials(
        "/OAuth/Token",
        config.app_key,
        config.app_secret,
        style="form",
        id_name="app_id",
        secret_name="secret",
        extra={"tenant_id": config.tenant_id},
        # What expires_in says here contradicts itself; two hours always hold.
        life_path="never_told",
        life_s=7200,
    )


def _check(session: Session) -> Checked:
    """Ask for what changed in the last day: proves credentials, grant and trusted address."""
    changed = organizations.changed(session, timedelta(days=1))
    return Checked("Beisen iTalent", {"organisations_changed_today": str(changed)})


organizations = TimeWindowStream(
    name="organizations",
    title="Organisations",
    feed="org_unit",
    key=("oId",),
    records=CurrentRows(),
    path=f"{_OBJECTS}/Organization/GetByTimeWindow",
)
positions = TimeWindowStream(
    name="positions",
    title="Positions",
    feed="position",
    key=("oId",),
    records=CurrentRows(),
    path=f"{_OBJECTS}/Position/GetByTimeWindow",
    after=("organizations",),
)
employees = TimeWindowStream(
    name="employees",
    title="Employees",
    feed="employee",
    key=("userID",),
    records=EmployeeRows(),
    path=f"{_OBJECTS}/Employee/GetByTimeWindow",
    walks=(_IN_FORCE, _NEW_ENTRIES),
    people=True,
    after=("positions",),
    deletes=Deletes.VISIBLE,
)

connector = Connector(
    name="beisen",
    title="Beisen iTalent",
    version="1.0.0",
    config=BeisenConfig,
    base_url=_base_url,
    auth=_auth,
    check=_check,
    streams=(
        organizations,
        positions,
        employees,
        jobs,
        applicants,
        resumes,
        applications,
        interviews,
        offers,
    ),
    orders=(assessments,),
    errors=ERRORS,
    code_of=code_of,
    words=WORDS,
    # 50 a second for a tenant and interface, 20 in recruiting; others need some of it.
    rate=Rate(per_s=10, burst=10),
    evidence="documented",
)
