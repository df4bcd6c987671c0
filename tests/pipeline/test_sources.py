"""Several vendors tell of one person: one row, worked out the same in every order."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hrhub.connector import Connector
from hrhub.pipeline import Hub, open_hub
from hrhub.sandbox.world import build_world
from hrhub.settings import Settings
from hrhub.store.schema import metadata
from tests.support.reading import rows
from tests.support.shelf import EMPLOYEES, MAPPINGS, ShelfConfig, put_page, shelf

PERSON = build_world(40, faulty=0).people[0]
POLICY = """
default: [hr, oa, im]
fields:
  person.gender: [im]
"""


def vendor(name: str) -> Connector:
    return replace(shelf(EMPLOYEES), name=name, title=name)


VENDORS = {name: vendor(name) for name in ("hr", "oa", "im")}
TOLD: dict[str, dict[str, Any]] = {
    "hr": {
        "name": PERSON.display_name,
        "sex": PERSON.gender,
        "born": None,
        "state": 1,
        "changed": "2026-01-01T00:00:00Z",
    },
    "oa": {
        "name": "Other Name",
        "sex": "undisclosed",
        "born": PERSON.birth_date.isoformat(),
        "state": 9,
        "changed": "2026-05-01T00:00:00Z",
    },
    "im": {"name": "Third Name", "sex": "other", "state": 9, "changed": "2026-06-01T00:00:00Z"},
}


@dataclass
class Sources:
    """A hub fed by three vendors."""

    hub: Hub
    folder: Path

    def tell(self, name: str, page: int = 1, **changes: Any) -> None:
        record = {
            "empId": "0042",
            "idCard": PERSON.national_id,
            "hired": "2020-03-01",
            "dept": "D1",
            **TOLD[name],
            **changes,
        }
        put_page(self.folder / name, "employees", page, [record])
        config = ShelfConfig(folder=str(self.folder / name))
        self.hub.sync(VENDORS[name], config, f"{name}_default", "employees", holder="test")

    def believed(self) -> tuple[dict[str, Any], dict[str, Any], int]:
        [person] = rows(self.hub, "person", "id")
        [employee] = rows(self.hub, "employee", "person_id")
        employments = list(rows(self.hub, "employment"))
        names = ("display_name", "gender", "birth_date")
        return (
            {n: person.get(n) for n in names},
            {n: employee.get(n) for n in ("work_no", "status")},
            len(employments),
        )


@pytest.fixture
def sources(store_url: str, tmp_path: Path) -> Iterator[Sources]:
    mappings = tmp_path / "mappings"
    for name in VENDORS:
        (mappings / name).mkdir(parents=True)
        text = MAPPINGS["employees"].replace("stream: shelf.", f"stream: {name}.")
        (mappings / name / "employees.yaml").write_text(text, encoding="utf-8")
    (mappings / "survivorship.yaml").write_text(POLICY, encoding="utf-8")
    home = tmp_path / "home"
    settings = Settings(home, store_url, home / "keyring.json", home / "landing", mappings)
    with open_hub(settings, create=True) as hub:
        yield Sources(hub, tmp_path / "shelves")


EXPECTED = (
    {
        "display_name": PERSON.display_name,
        "gender": "other",
        "birth_date": PERSON.birth_date.isoformat(),
    },
    {"work_no": "0042", "status": "active"},
    1,
)


@pytest.mark.parametrize("order", list(itertools.permutations(VENDORS)))
def test_the_policy_decides_in_every_order_of_arrival(
    sources: Sources, order: tuple[str, ...]
) -> None:
    for name in order:
        sources.tell(name)

    assert sources.believed() == EXPECTED


def test_telling_it_again_changes_nothing(sources: Sources) -> None:
    for name in ("oa", "hr", "im", "hr", "oa"):
        sources.tell(name, page=sum(1 for _ in (sources.folder / name).rglob("*.json")) + 1)

    assert sources.believed() == EXPECTED


def test_a_value_the_best_source_withdraws_comes_from_the_next_one(sources: Sources) -> None:
    sources.tell("hr")
    sources.tell("im")
    sources.tell("im", page=2, sex=None, changed="2026-07-01T00:00:00Z")

    assert sources.believed()[0]["gender"] == PERSON.gender


def test_every_value_says_which_source_told_it(sources: Sources) -> None:
    sources.tell("hr")
    sources.tell("im")
    person, link = metadata.tables["person"], metadata.tables["hub_source_link"]

    with sources.hub.store.read() as tx:
        row = tx.execute(select(person)).one()
        origin = dict(iter(tx.execute(select(link.c.id, link.c.connection_id))))
        runs = set(tx.execute(select(link.c.run_id)).scalars())

    assert origin[row.link_id] == "hr_default"
    assert origin[row.provenance["gender"]] == "im_default"
    assert "display_name" not in row.provenance
    assert None not in runs


def test_what_sources_told_is_sealed(sources: Sources) -> None:
    for name in VENDORS:
        sources.tell(name)
    table = metadata.tables["hub_contribution"]

    with sources.hub.store.read() as tx:
        told = tx.execute(select(table).where(table.c.entity == "person")).all()

    assert len(told) == 3
    for row in told:
        assert b"Name" not in row.sealed_told
        assert json.dumps(PERSON.display_name)[1:-1].encode() not in row.sealed_told
