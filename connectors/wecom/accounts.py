"""Members written to WeCom: who is hired gets one, who has left is disabled.

Only the contact-sync helper (通讯录同步) may write the directory, and it may read next to nothing:
no member can be looked at before. So a member is created, and changed if its user id is taken; the
user id is the work number, and sending a write again sets the same state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.wecom.settings import WecomConfig
from hrhub.connector import Planned, Session, Sink, Write, WriteStatus, Written
from hrhub.errors import ConfigError, ContractChanged, ScopeError

_CREATE = "/user/create"
_UPDATE = "/user/update"
_TAKEN = "60102"
_NOT_CALLABLE = "48002"
_GONE = "60111"
_GENDERS = {"male": "1", "female": "2"}
_ENABLED = {"probation": 1, "active": 1}
_REFUSED = {
    "40003": "wecom.user_id_unfit",
    "60003": "wecom.unit_unknown",
    "60123": "wecom.unit_unknown",
    "60104": "wecom.mobile_taken",
    "60106": "wecom.email_taken",
    "60129": "wecom.member_unreachable",
}
"""Codes that say of one member what is wrong (全局错误码)."""
_UNFIT = {"60103", "60105", "60110", "60112", "60114", "60127", "60128"}
"""Codes of single values that WeCom does not take."""


@dataclass(frozen=True, kw_only=True)
class Accounts(Sink):
    """One member per work number."""

    def plan(self, session: Session, writes: Sequence[Write]) -> list[Planned]:
        """Say what would be sent; nothing is asked, so a member counts as new."""
        return [self._plan(_settings(session), write) for write in writes]

    def write(self, session: Session, writes: Sequence[Write]) -> list[Written]:
        """Create, change or disable one member per write.

        Raises:
            ConfigError: ``wecom.contacts_secret_needed``: the connection holds the secret of an
                application, which may not write the directory.
        """
        return [self._write(session, write) for write in writes]

    def _plan(self, config: WecomConfig, write: Write) -> Planned:
        leaver = _is_leaver(write.values)
        body = _disabled(write.values) if leaver else _created(config, write.values)
        target = f"POST {_UPDATE if leaver else _CREATE}"
        return Planned(key=write.key, target=target, fields=tuple(body))

    def _write(self, session: Session, write: Write) -> Written:
        config, values = _settings(session), write.values
        if not all(values.get(name) for name in self.required):
            return _refused(write, "wecom.member_incomplete")
        if _is_leaver(values):
            code = _send(session, _UPDATE, _disabled(values))
            # Who never was a member need not be disabled.
            unchanged = code == _GONE
            return _outcome(write, None if unchanged else code, unchanged=unchanged)
        if values.get("org_unit") and _department(config, values) is None:
            return _refused(write, "wecom.unit_unknown")
        code = _send(session, _CREATE, _created(config, values))
        if code == _TAKEN:
            code = _send(session, _UPDATE, _changed(config, values))
        return _outcome(write, code)


def _settings(session: Session) -> WecomConfig:
    assert isinstance(session.config, WecomConfig)
    return session.config


def _is_leaver(values: Mapping[str, Any]) -> bool:
    return values.get("status") == "terminated"


def _disabled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {"userid": values.get("work_no"), "enable": 0}


def _changed(config: WecomConfig, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a member as it is to be; what is left out stays as it is at WeCom."""
    mobile = values.get("mobile")
    body = {
        "userid": values.get("work_no"),
        "name": values.get("display_name"),
        "mobile": mobile.removeprefix("+86") if mobile else None,
        "email": values.get("work_email"),
        "gender": _GENDERS.get(str(values.get("gender"))),
        "position": values.get("job_title"),
        "enable": _ENABLED.get(str(values.get("status"))),
    }
    if department := _department(config, values):
        body |= {"department": [department], "main_department": department}
    return {name: value for name, value in body.items() if value is not None}


def _created(config: WecomConfig, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a new member, with the fields of the tenant's own by which it is read back."""
    own = {
        config.work_no_field: values.get("work_no"),
        config.hire_date_field: values.get("hire_date"),
    }
    attributes = [
        {"type": 0, "name": name, "text": {"value": str(value)}}
        for name, value in own.items()
        if name and value
    ]
    home = {"department": [config.home_department], "main_department": config.home_department}
    return {**home, **_changed(config, values), "extattr": {"attrs": attributes}}


def _department(config: WecomConfig, values: Mapping[str, Any]) -> int | None:
    """Return the id of a unit's department, None if there is no unit or no such department."""
    code = str(values.get("org_unit") or "")
    if config.departments:
        return config.departments.get(code)
    return int(code) if code.isascii() and code.isdigit() and int(code) else None


def _send(session: Session, path: str, body: Mapping[str, Any]) -> str | None:
    """Send a member; return None if WeCom took it, else the code that tells what is wrong with it.

    Raises:
        ConfigError: ``wecom.contacts_secret_needed``.
        VendorError: Something else than the member is wrong.
    """
    try:
        session.http.post(path, json=body, idempotent=True)
    except ContractChanged as error:
        code = str(error.context.get("vendor_code"))
        if code in (_TAKEN, _GONE) or code in _REFUSED or code in _UNFIT:
            return code
        raise
    except ScopeError as error:
        if error.context.get("vendor_code") == _NOT_CALLABLE:
            raise ConfigError("wecom.contacts_secret_needed", vendor="WeCom") from None
        raise
    return None


def _outcome(write: Write, code: str | None, *, unchanged: bool = False) -> Written:
    if code is not None:
        return _refused(write, _REFUSED.get(code, "wecom.member_refused"), code)
    status = WriteStatus.UNCHANGED if unchanged else WriteStatus.WRITTEN
    return Written(key=write.key, status=status, vendor_id=str(write.values["work_no"]))


def _refused(write: Write, code: str, vendor_code: str | None = None) -> Written:
    return Written(key=write.key, status=WriteStatus.REFUSED, code=code, vendor_code=vendor_code)
