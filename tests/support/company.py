"""A small company whose whole history comes from one vendor, in versions, on a clock of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hrhub.ambient import FakeClock
from hrhub.connector import JsonRecords
from hrhub.pipeline import Counts, Hub, open_hub
from hrhub.reading import Reader
from hrhub.settings import Settings
from tests.support.shelf import JOBS, PEOPLE, PUNCHES, SPELLS, UNITS, ShelfConfig, put_page, shelf

_SPELLS = replace(SPELLS, key=("spell",))
_JOBS = replace(JOBS, key=("spell",), records=JsonRecords("rows", group_by=("spell",)))
VENDOR = shelf(UNITS, PEOPLE, _SPELLS, _JOBS, PUNCHES)

_VERSION = "version: {from: changed, formats: [iso]}"
MAPPINGS = {
    "people": f"""
stream: shelf.people
to: person
key: id
{_VERSION}
fields:
  display_name: name
  birth_date: {{from: born, formats: [iso]}}
  national_id: idCard
  mobile: mobile
  work_email: mail
""",
    "spells": f"""
stream: shelf.spells
to: employment
key: spell
{_VERSION}
fields:
  person: person
  work_no: no
  hire_date: {{from: hired, formats: [iso]}}
  end_date: {{from: left, formats: [iso]}}
""",
    "jobs": f"""
stream: shelf.jobs
to: assignment
key: spell
{_VERSION}
fields:
  employment: spell
  valid_from: {{from: start, formats: [iso]}}
  valid_to: {{from: end, formats: [iso]}}
  seq: {{from: seq, as: integer}}
  org_unit: dept
  manager: boss
  job_title: title
  grade: grade
  status: {{from: state, codes: {{1: active, 9: terminated}}}}
""",
    "units": f"""
stream: shelf.units
to: org_unit
key: code
{_VERSION}
fields:
  code: code
  name: name
  kind: {{const: department}}
  parent: parent
  valid_from: {{from: start, formats: [iso]}}
  valid_to: {{from: end, formats: [iso]}}
""",
    "punches": """
stream: shelf.punches
to: punch
key: [no, at]
fields:
  employee: no
  punched_at: {from: at, formats: [iso], zone: Asia/Shanghai}
  local_offset_min: {const: 480}
  device_id: device
  direction: way
""",
}


def stamp(version: int) -> str:
    """Return the vendor's change time of a version."""
    return f"2026-01-{version // 24 + 1:02d}T{version % 24:02d}:00:00Z"


@dataclass
class Company:
    """A hub, the shelf it reads, and who reads the hub."""

    hub: Hub
    shelf: Path
    clock: FakeClock
    pages: int = 0
    reader: Reader = field(init=False)

    def __post_init__(self) -> None:
        self.reader = Reader.of(self.hub)

    def tell(self, stream: str, *rows: Mapping[str, Any], version: int = 1) -> Counts:
        """Let the vendor tell rows in a version, an hour after what it told before.

        A row that names its own ``changed`` keeps it.
        """
        self.clock.sleep(3_600)
        self.pages += 1
        folder = self.shelf / f"{self.pages:05d}"
        put_page(folder, stream, self.pages, [{"changed": stamp(version), **row} for row in rows])
        config = ShelfConfig(folder=str(folder))
        return self.hub.sync(VENDOR, config, "shelf_default", stream, holder="test")


@contextmanager
def company(store_url: str, place: Path) -> Iterator[Company]:
    """Open a company of nobody."""
    mappings = place / "mappings" / "shelf"
    mappings.mkdir(parents=True)
    for stream, text in MAPPINGS.items():
        (mappings / f"{stream}.yaml").write_text(text, encoding="utf-8")
    home = place / "home"
    settings = Settings(
        home, store_url, home / "keyring.json", home / "landing", place / "mappings"
    )
    clock = FakeClock()
    with open_hub(settings, create=True, clock=clock) as hub:
        yield Company(hub, place / "shelf", clock)
