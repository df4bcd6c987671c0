"""A vendor that is a folder of pages: for tests of the pipeline, no network needed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hrhub.connector import (
    Checked,
    Connector,
    ConnectorConfig,
    Cursor,
    JsonRecords,
    Page,
    Session,
    Stream,
    setting,
)
from hrhub.errors import Transient


class ShelfConfig(ConnectorConfig):
    """Where the pages are."""

    folder: str = setting(title="Folder", help="Directory with one folder per stream.", slot="host")


@dataclass(frozen=True, kw_only=True)
class ShelfStream(Stream):
    """Pages are files in name order; ``*.fail`` is a vendor that stops answering there."""

    def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
        """Yield the pages after the cursor; an empty cursor means all."""
        assert isinstance(session.config, ShelfConfig)
        for path in sorted((Path(session.config.folder) / self.name).iterdir()):
            if path.suffix == ".fail":
                raise Transient("vendor.unreachable")
            if cursor is None or path.name > cursor:
                yield Page(body=path.read_bytes(), cursor=None if self.grouped else path.name)


def _check(session: Session) -> Checked:
    return Checked("Shelf")


def shelf(*streams: Stream) -> Connector:
    """Return a connector with the given streams."""
    return Connector(
        name="shelf", title="Shelf", version="1", config=ShelfConfig, check=_check, streams=streams
    )


EMPLOYEES = ShelfStream(
    name="employees",
    title="Employees",
    feed="employee",
    key=("empId",),
    records=JsonRecords("rows"),
)
PEOPLE = ShelfStream(
    name="people", title="People", feed="person", key=("id",), records=JsonRecords("rows")
)
SPELLS = ShelfStream(
    name="spells",
    title="Spells",
    feed="employment",
    key=("no",),
    records=JsonRecords("rows"),
    after=("people",),
)
JOBS = ShelfStream(
    name="jobs",
    title="Jobs",
    feed="assignment",
    key=("no",),
    records=JsonRecords("rows", group_by=("no",)),
    grouped=True,
    after=("spells",),
)
UNITS = ShelfStream(
    name="units",
    title="Units",
    feed="org_unit",
    key=("code",),
    records=JsonRecords("rows", group_by=("code",)),
    grouped=True,
)
PUNCHES = ShelfStream(
    name="punches", title="Punches", feed="punch", key=("no", "at"), records=JsonRecords("rows")
)
SHELF = shelf(UNITS, EMPLOYEES, PEOPLE, SPELLS, JOBS, PUNCHES)

MAPPINGS: Mapping[str, str] = {
    "employees": """
stream: shelf.employees
to: employee
key: empId
version: {from: changed, formats: [iso]}
fields:
  work_no: empId
  display_name: name
  gender: sex
  birth_date: {from: born, formats: [iso]}
  national_id: idCard
  mobile: {from: mobile, clean: cn_mobile}
  work_email: mail
  hire_date: {from: hired, formats: [iso]}
  end_date: {from: left, formats: [iso]}
  status: {from: state, codes: {1: active, 9: terminated}, else: reject}
  org_unit: dept
  manager: boss
  job_title: title
  assigned_from: {from: since, formats: [iso]}
""",
    "people": """
stream: shelf.people
to: person
key: id
version: {from: changed, formats: [iso]}
fields: {display_name: name, national_id: idCard, mobile: mobile}
""",
    "spells": """
stream: shelf.spells
to: employment
key: no
fields: {person: person, work_no: no, hire_date: {from: hired, formats: [iso]}}
""",
    "jobs": """
stream: shelf.jobs
to: assignment
key: no
fields:
  employment: no
  valid_from: {from: start, formats: [iso]}
  valid_to: {from: end, formats: [iso]}
  seq: {from: seq, as: integer}
  org_unit: dept
  job_title: title
""",
    "units": """
stream: shelf.units
to: org_unit
key: code
fields:
  code: code
  name: name
  kind: {const: department}
  parent: parent
  valid_from: {from: start, formats: [iso]}
  valid_to: {from: end, formats: [iso]}
""",
    "punches": """
stream: shelf.punches
to: punch
key: [no, at]
fields:
  employee: no
  punched_at: {from: at, formats: [iso], zone: Asia/Shanghai}
  direction: way
""",
}


def put_page(folder: Path, stream: str, number: int, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write one page of a stream."""
    path = folder / stream / f"{number:04d}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"rows": list(rows)}, ensure_ascii=False), encoding="utf-8")
    return path


def put_mappings(folder: Path) -> Path:
    """Write the mappings of all streams."""
    (folder / "shelf").mkdir(parents=True)
    for stream, text in MAPPINGS.items():
        (folder / "shelf" / f"{stream}.yaml").write_text(text, encoding="utf-8")
    return folder
