"""Employees written to SuccessFactors by upsert: user, person, employment, job, contacts, in order.

The vendor answers 200 even where rows fail, and says row by row what became of each. A lost answer
is never followed by a blind second try: the employment is read back first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from connectors.successfactors.odata import ROOT, SINCE_EVER, headers
from hrhub.connector import Planned, Session, Sink, Write, WriteStatus, Written
from hrhub.errors import ContractChanged

if TYPE_CHECKING:
    from connectors.successfactors.connector import SuccessFactorsConfig

_UPSERT = f"{ROOT}/upsert"
_GENDERS = {"female": "F", "male": "M"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Row(msgspec.Struct):
    """What the vendor says of one row."""

    status: str
    index: int
    key: str | None = None
    httpCode: int | None = None


class _Told(msgspec.Struct):
    d: list[_Row]


@dataclass(frozen=True, slots=True)
class _Standing:
    """What SuccessFactors has of an employee.

    Attributes:
        person: Id of the person that the employment belongs to.
        phones: Telephone numbers by type.
        emails: Mail addresses by type.
    """

    person: str
    phones: Mapping[str, str] = field(repr=False)
    emails: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Employees(Sink):
    """One employment per work number: hired once, contacts kept up to date."""

    def plan(self, session: Session, writes: Sequence[Write]) -> list[Planned]:
        """Say what would be sent; nothing is asked."""
        return [
            Planned(
                key=write.key,
                target="POST /odata/v2/upsert",
                fields=tuple(
                    f"{_entity(row)}.{name}"
                    for row in _new(_settings(session), write.values)
                    for name in row
                    if name != "__metadata"
                ),
            )
            for write in writes
        ]

    def write(self, session: Session, writes: Sequence[Write]) -> list[Written]:
        """Hire those who are not there, and bring the contacts of the others up to date."""
        return [self._write(session, write) for write in writes]

    def find(self, session: Session, write: Write) -> Written | None:
        """Tell whether the employment is there with what the write tells."""
        standing = _standing(session, _number(write))
        if standing is None or _differing(_settings(session), write.values, standing):
            return None
        number = _number(write)
        return Written(key=write.key, status=WriteStatus.WRITTEN, vendor_id=number)

    def _write(self, session: Session, write: Write) -> Written:
        if not all(write.values.get(name) for name in self.required):
            return _refused(write, "successfactors.hire_incomplete", None)
        number = _number(write)
        config = _settings(session)
        standing = _standing(session, number)
        rows = (
            _new(config, write.values)
            if standing is None
            else _differing(config, write.values, standing)
        )
        if not rows:
            return Written(key=write.key, status=WriteStatus.UNCHANGED, vendor_id=number)
        # A hire that broke off is there up to the row that failed: upserts set a state, so all
        # rows are sent again and those that are there stay as they are.
        failed = _upsert(session, rows)
        if failed is not None:
            return _refused(write, "successfactors.row_refused", failed)
        return Written(key=write.key, status=WriteStatus.WRITTEN, vendor_id=number)


def _upsert(session: Session, rows: Sequence[Mapping[str, Any]]) -> str | None:
    """Send rows; return the entity of the first one that failed, None if none did.

    Raises:
        ContractChanged: The answer does not speak of every row.
    """
    answer = session.http.post(
        _UPSERT, params={"$format": "json"}, json=list(rows), headers=headers(_settings(session))
    )
    try:
        told = msgspec.json.decode(answer.body, type=_Told).d
    except msgspec.ValidationError:
        raise ContractChanged("vendor.records_missing", path="d") from None
    # By index, not by key: the vendor's message may quote values, so only the entity is kept.
    if sorted(row.index for row in told) != list(range(len(rows))):
        raise ContractChanged("vendor.records_missing", path="d.index")
    failed = [row.index for row in told if row.status != "OK"]
    return _entity(rows[min(failed)]) if failed else None


def _standing(session: Session, number: str) -> _Standing | None:
    """Return what there is of an employee; None before the last step of a hire has been made."""
    job = _rows(session, "EmpJob", f"userId eq {_quoted(number)}", "userId")
    found = _rows(
        session, "EmpEmployment", f"userId eq {_quoted(number)}", "personIdExternal,userId"
    )
    if not found or not job:
        return None
    person = str(found[0]["personIdExternal"])
    own = f"personIdExternal eq {_quoted(person)}"
    phones = _rows(session, "PerPhone", own, "phoneType,phoneNumber")
    emails = _rows(session, "PerEmail", own, "emailType,emailAddress")
    return _Standing(
        person,
        {str(row["phoneType"]): str(row["phoneNumber"]) for row in phones},
        {str(row["emailType"]): str(row["emailAddress"]) for row in emails},
    )


def _rows(session: Session, entity: str, where: str, select: str) -> list[dict[str, Any]]:
    params = {"$format": "json", "$filter": where, "$select": select, "$top": "50"}
    # Who starts next month has no job today: without a range of dates it would be hired again.
    params["fromDate"] = SINCE_EVER
    answer = session.http.get(
        f"{ROOT}/{entity}", params=params, headers=headers(_settings(session))
    )
    try:
        found: list[dict[str, Any]] = answer.json()["d"]["results"]
    except (KeyError, TypeError):
        raise ContractChanged("vendor.records_missing", path="d.results") from None
    return found


def _new(config: SuccessFactorsConfig, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a hire, each after those it hangs on."""
    number = str(values.get("work_no") or "")
    start = _date(values.get("hire_date"))
    family = str(values.get("family_name") or values.get("display_name") or "")
    given = values.get("given_name")
    names = {"lastName": family, **({"firstName": str(given)} if given else {})}
    return [
        _row("User", userId=number, username=number, status="active", **names),
        _row("PerPerson", personIdExternal=number, userId=number, **_birth(values)),
        _row("EmpEmployment", personIdExternal=number, userId=number, startDate=start),
        _row(
            "EmpJob",
            userId=number,
            startDate=start,
            eventReason=config.hire_event_reason,
            company=values.get("employer_code"),
            department=values.get("org_unit"),
            position=values.get("position"),
            jobCode=values.get("job_code"),
            jobTitle=values.get("job_title"),
        ),
        _row(
            "PerPersonal",
            personIdExternal=number,
            startDate=start,
            displayName=values.get("display_name"),
            gender=_GENDERS.get(str(values.get("gender"))),
            **names,
        ),
        *_contacts(config, values, number),
    ]


def _differing(
    config: SuccessFactorsConfig, values: Mapping[str, Any], standing: _Standing
) -> list[dict[str, Any]]:
    """Return the contacts that are other than they should be."""
    return [
        row
        for row in _contacts(config, values, standing.person)
        if ("phoneType" in row and standing.phones.get(row["phoneType"]) != row["phoneNumber"])
        or ("emailType" in row and standing.emails.get(row["emailType"]) != row["emailAddress"])
    ]


def _contacts(
    config: SuccessFactorsConfig, values: Mapping[str, Any], person: str
) -> list[dict[str, Any]]:
    rows = []
    if config.mobile_type and (mobile := values.get("mobile")):
        rows.append(
            _row(
                "PerPhone",
                personIdExternal=person,
                phoneType=config.mobile_type,
                countryCode="86" if str(mobile).startswith("+86") else None,
                phoneNumber=str(mobile).removeprefix("+86"),
                isPrimary=True,
            )
        )
    if config.work_email_type and (email := values.get("work_email")):
        rows.append(
            _row(
                "PerEmail",
                personIdExternal=person,
                emailType=config.work_email_type,
                emailAddress=str(email),
                isPrimary=True,
            )
        )
    return rows


def _row(entity: str, **values: Any) -> dict[str, Any]:
    told = {name: value for name, value in values.items() if value is not None}
    return {"__metadata": {"uri": entity, "type": f"SFOData.{entity}"}, **told}


def _entity(row: Mapping[str, Any]) -> str:
    return str(row["__metadata"]["uri"])


def _birth(values: Mapping[str, Any]) -> dict[str, str]:
    born = values.get("birth_date")
    return {"dateOfBirth": _date(born)} if born else {}


def _date(value: Any) -> str:
    """Write a day as OData v2 does: midnight UTC, in milliseconds."""
    if not value:
        return ""
    day = value if isinstance(value, date) else date.fromisoformat(str(value))
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return f"/Date({int((midnight - _EPOCH).total_seconds()) * 1000})/"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _number(write: Write) -> str:
    return str(write.values.get("work_no") or "")


def _settings(session: Session) -> SuccessFactorsConfig:
    config: Any = session.config
    found: SuccessFactorsConfig = config
    return found


def _refused(write: Write, code: str, entity: str | None) -> Written:
    return Written(key=write.key, status=WriteStatus.REFUSED, code=code, vendor_code=entity)
