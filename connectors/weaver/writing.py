"""What is written to Weaver: people by work number, and attendance plans as workflows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from connectors.weaver.settings import WeaverConfig
from hrhub.connector import Planned, Session, Sink, Write, WriteStatus, Written
from hrhub.errors import ConfigError, ContractChanged

_SYNC = "/api/hrm/resful/synHrmresource"
_CREATE = "/api/workflow/paService/doCreateRequest"
_NAMES = {
    "work_no": "workcode",
    "display_name": "lastname",
    "gender": "sex",
    "mobile": "mobile",
    "work_email": "email",
    "national_id": "certificatenum",
    "birth_date": "birthday",
    "hire_date": "companystartdate",
    "manager": "managerid",
}
_STATES = {"probation": "试用", "active": "正式", "terminated": "离职"}
_SEXES = {"male": "男", "female": "女"}
_TEXTS: Mapping[str, Mapping[str, str]] = {"gender": _SEXES, "status": _STATES}


@dataclass(frozen=True, kw_only=True)
class People(Sink):
    """People by work number: who is there is changed, who is not is added."""

    def plan(self, session: Session, writes: Sequence[Write]) -> list[Planned]:
        """Say what would be sent; nothing is asked."""
        return [
            Planned(key=write.key, target=f"POST {_SYNC}", fields=tuple(_row(write.values)))
            for write in writes
        ]

    def write(self, session: Session, writes: Sequence[Write]) -> list[Written]:
        """Send the rows in one call; each has an answer of its own."""
        lacking = [w for w in writes if not all(w.values.get(n) for n in self.required)]
        sent = [w for w in writes if w not in lacking]
        said = _sync(session, [_row(write.values) for write in sent]) if sent else {}
        return [
            _refused(write, "weaver.person_incomplete")
            if write in lacking
            else _outcome(write, said.get(str(write.values["work_no"])))
            for write in writes
        ]


@dataclass(frozen=True, kw_only=True)
class Plans(Sink):
    """Attendance plans: each starts the workflow that puts it into force.

    There is no way to look up a request by anything of ours, so a lost answer is for a person.
    """

    def plan(self, session: Session, writes: Sequence[Write]) -> list[Planned]:
        """Say what would be sent; nothing is asked."""
        config = session.config
        assert isinstance(config, WeaverConfig)
        names = ("workflowId", "requestName", *(f"mainData.{n}" for n in _plan_fields(config)))
        return [Planned(key=w.key, target=f"POST {_CREATE}", fields=names) for w in writes]

    def write(self, session: Session, writes: Sequence[Write]) -> list[Written]:
        """Start one request per write.

        Raises:
            ConfigError: ``weaver.workflow_missing``: the connection names no workflow.
        """
        return [self._write(session, write) for write in writes]

    def _write(self, session: Session, write: Write) -> Written:
        if not all(write.values.get(name) for name in self.required):
            return _refused(write, "weaver.plan_incomplete")
        config = session.config
        assert isinstance(config, WeaverConfig)
        if not config.plan_workflow:
            raise ConfigError("weaver.workflow_missing", vendor="Weaver")
        values = {"shift_code": config.default_shift, **write.values}
        main = [
            {"fieldName": theirs, "fieldValue": str(values[ours])}
            for ours, theirs in config.plan_fields.items()
            if ours in self.fields and values.get(ours)
        ]
        form = {
            "workflowId": config.plan_workflow,
            # Lists of the OA show the name to many: nobody is named in it.
            "requestName": f"考勤计划 {write.key[:8]}",
            "mainData": _json(main),
            "otherParams": _json({"isnextflow": "1", "delReqFlowFaild": "1"}),
        }
        try:
            said = session.http.post(_CREATE, data=form).json()
        except ContractChanged as error:
            if error.context.get("vendor_code") == "PARAM_ERROR":
                return _refused(write, "weaver.form_refused", "PARAM_ERROR")
            raise
        request_id = (said.get("data") or {}).get("requestid")
        # Numbers below zero are failures that are told as a success of the call.
        if not isinstance(request_id, int | str) or int(request_id) <= 0:
            return _refused(write, "weaver.form_refused", str(request_id or "none"))
        return Written(key=write.key, status=WriteStatus.WRITTEN, vendor_id=str(request_id))


def _plan_fields(config: WeaverConfig) -> list[str]:
    return list(config.plan_fields.values())


def _row(values: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {
        theirs: _TEXTS.get(ours, {}).get(str(value), str(value))
        for ours, theirs in _NAMES.items()
        if (value := values.get(ours)) is not None
    }
    if mobile := row.get("mobile"):
        row["mobile"] = mobile.removeprefix("+86")
    if status := _STATES.get(str(values.get("status"))):
        row["status"] = status
    if unit := values.get("org_unit"):
        # As a path, the OA would create units that it does not find.
        row["department"] = "{JSON}" + _json({"departmentcode": str(unit)})
    return row


def _sync(session: Session, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    said = session.http.post(_SYNC, data={"data": _json(rows)}, idempotent=True).json()
    result = said.get("result")
    return result if isinstance(result, dict) else {}


def _outcome(write: Write, said: Any) -> Written:
    code = str(said.get("code")) if isinstance(said, dict) else None
    if code == "1":
        number = str(write.values["work_no"])
        return Written(key=write.key, status=WriteStatus.WRITTEN, vendor_id=number)
    if code is None:
        return Written(key=write.key, status=WriteStatus.UNKNOWN, code="weaver.person_unanswered")
    return _refused(write, "weaver.person_refused", code)


def _refused(write: Write, code: str, vendor_code: str | None = None) -> Written:
    return Written(key=write.key, status=WriteStatus.REFUSED, code=code, vendor_code=vendor_code)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
