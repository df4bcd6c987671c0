"""The connector that is measured: declarations and mapping files, as an integration has them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hrhub.connector import Checked, Connector, ConnectorConfig, JsonRecords, Session, setting
from hrhub.connector.rest import HttpStream
from hrhub.http.paging import CursorParam


class BenchConfig(ConnectorConfig):
    """Where the source is."""

    address: str = setting(title="Address", help="Address of the source.", slot="host")


def _check(session: Session) -> Checked:
    return Checked("bench")


def _stream(name: str, feed: str, key: str, *, grouped: bool = False) -> HttpStream:
    return HttpStream(
        name=name,
        title=name,
        feed=feed,
        key=(key,),
        path=name,
        records=JsonRecords("data.list", group_by=(key,) if grouped else ()),
        grouped=grouped,
        pages=CursorParam("next", "cursor"),
    )


def config(address: str, moment: str) -> BenchConfig:
    """Return the configuration for the first (``before``) or second (``after``) reading."""
    return BenchConfig(address=f"{address}/{moment}", allow_networks=("127.0.0.0/8",))


BENCH = Connector(
    name="bench",
    title="Benchmark",
    version="1",
    config=BenchConfig,
    check=_check,
    base_url=lambda c: c.address if isinstance(c, BenchConfig) else "",
    streams=(
        _stream("units", "org_unit", "code", grouped=True),
        _stream("positions", "position", "code", grouped=True),
        _stream("employees", "employee", "userId"),
        _stream("punches", "punch", "recordId"),
    ),
)

MAPPINGS: Mapping[str, str] = {
    "units": """
stream: bench.units
to: org_unit
key: code
fields:
  code: code
  name: name
  kind: {const: department}
  parent: parent
  valid_from: {from: begin, formats: [iso]}
""",
    "positions": """
stream: bench.positions
to: position
key: code
fields:
  code: code
  title: title
  org_unit: unit
  valid_from: {from: begin, formats: [iso]}
""",
    "employees": """
stream: bench.employees
to: employee
key: userId
version: {from: modifiedTime, formats: [iso]}
fields:
  work_no: jobNumber
  display_name: {from: basic.name, clean: cn_name}
  family_name: basic.familyName
  given_name: basic.givenName
  latin_name: basic.englishName
  gender: {from: basic.gender, codes: {1: male, 2: female}, else: undisclosed}
  birth_date: {from: basic.birthday, formats: [iso]}
  nationality: basic.nationality
  marital_status: basic.maritalStatus
  status: {from: employment.status, codes: {2: probation, 3: active, 8: terminated}, else: reject}
  employer_code: employment.companyCode
  hire_date: {from: employment.entryDate, formats: [iso]}
  original_hire_date: {from: employment.firstEntryDate, formats: [iso]}
  seniority_date: {from: employment.workStartDate, formats: [iso]}
  end_date: {from: employment.leaveDate, formats: [iso]}
  last_working_date: {from: employment.lastWorkDate, formats: [iso]}
  contract_type:
    from: employment.contract.type
    codes: {fixed: fixed_term, open: open_ended}
    else: reject
  contract_start: {from: employment.contract.begin, formats: [iso]}
  contract_end: {from: employment.contract.end, formats: [iso]}
  probation_end: {from: employment.probationEndDate, formats: [iso]}
  assigned_from: {from: post.effectiveDate, formats: [iso]}
  kind: post.kind
  job_code: post.jobCode
  job_title: post.jobTitle
  grade: post.grade
  location: post.workPlace
  cost_center: post.costCenter
  fte: {from: post.fte, as: decimal}
  employment_type:
    from: post.employType
    codes: {FT: full_time, PT: part_time, IN: intern}
    else: reject
  event: post.event
  event_reason: post.eventReason
  org_unit: post.deptCode
  position: post.positionCode
  manager: post.leader.userId
each:
  contact:
    from: contacts
    fields: {kind: type, use: scope, is_primary: primary, value: value}
  identifier:
    from: identifiers
    fields:
      kind: {from: type, codes: {ID: cn_resident_id, PP: passport}, else: other}
      number: {from: "no", clean: cn_resident_id}
      issuer: issuer
      valid_from: {from: from, formats: [iso]}
      valid_to: {from: to, formats: [iso]}
""",
    "punches": """
stream: bench.punches
to: punch
key: recordId
fields:
  employee: userId
  punched_at: {from: checkTime, formats: ["%Y-%m-%d %H:%M:%S"], zone: Asia/Shanghai}
  device_id: deviceSn
  verify_method: {from: verifyType, codes: {1: finger, 4: card, 15: face}, else: reject}
  direction: {from: checkType, codes: {I: in, O: out, BI: break_in, BO: break_out}, else: reject}
""",
}


def put_mappings(folder: Path) -> None:
    """Write the mapping files."""
    (folder / "bench").mkdir(parents=True)
    for stream, text in MAPPINGS.items():
        (folder / "bench" / f"{stream}.yaml").write_text(text, encoding="utf-8")
