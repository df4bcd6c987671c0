"""Plain records land from the model alone: references, lists, the person they are about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hrhub.connector import JsonRecords
from hrhub.pipeline import Hub, open_hub
from hrhub.sandbox.world import build_world
from hrhub.settings import Settings
from hrhub.store.schema import hub_quarantine
from tests.support.reading import rows
from tests.support.shelf import ShelfConfig, ShelfStream, put_page, shelf

PERSON, OTHER = build_world(40, faulty=0).people[:2]


def stream(name: str, feed: str) -> ShelfStream:
    return ShelfStream(name=name, title=name, feed=feed, key=("id",), records=JsonRecords("rows"))


ATS = shelf(
    stream("candidates", "candidate"),
    stream("openings", "requisition"),
    stream("applications", "application"),
    stream("interviews", "interview"),
)
MAPPINGS = {
    "candidates": """
to: candidate
key: id
fields: {display_name: name, national_id: idCard, mobile: mobile, highest_degree: degree,
         referrer: referrer}
""",
    "openings": """
to: requisition
key: id
fields: {code: id, title: title, status: {const: open}}
""",
    "applications": """
to: application
key: id
fields: {candidate: candidate, requisition: opening, stage: stage}
""",
    "interviews": """
to: interview
key: id
fields: {application: application, round: {from: round, as: integer}, mode: {const: ai},
         status: {const: completed}, overall_score: {from: score, as: decimal}}
each:
  ability:
    from: abilities
    fields: {ability: name, ability_raw: name, score: {from: score, as: decimal}}
""",
}


@pytest.fixture
def hub(store_url: str, tmp_path: Path) -> Iterator[Hub]:
    folder = tmp_path / "mappings" / "shelf"
    folder.mkdir(parents=True)
    for name, text in MAPPINGS.items():
        (folder / f"{name}.yaml").write_text(f"stream: shelf.{name}{text}", encoding="utf-8")
    home = tmp_path / "home"
    settings = Settings(
        home, store_url, home / "keyring.json", home / "landing", tmp_path / "mappings"
    )
    with open_hub(settings, create=True) as opened:
        yield opened


class Ats:
    """Put pages and sync them."""

    def __init__(self, hub: Hub, folder: Path) -> None:
        self.hub, self.folder, self.pages = hub, folder, 0

    def tell(self, name: str, *records: dict[str, Any]) -> Any:
        self.pages += 1
        put_page(self.folder, name, self.pages, records)
        config = ShelfConfig(folder=str(self.folder))
        return self.hub.sync(ATS, config, "ats", name, holder="test")


@pytest.fixture
def ats(hub: Hub, tmp_path: Path) -> Ats:
    return Ats(hub, tmp_path / "pages")


CANDIDATE = {
    "id": "C1",
    "name": PERSON.display_name,
    "idCard": PERSON.national_id,
    "mobile": PERSON.mobile,
    "degree": "bachelor",
    "referrer": None,
}


def test_a_record_without_what_it_needs_waits_in_quarantine(ats: Ats) -> None:
    counts = ats.tell("applications", {"id": "A1", "candidate": "C1", "stage": "new"})

    assert counts.quarantined == 1


def test_a_person_seen_twice_has_one_candidate_role(ats: Ats) -> None:
    ats.tell("candidates", CANDIDATE, {**CANDIDATE, "id": "C2"})

    assert len(list(rows(ats.hub, "person", "id"))) == 1
    [role] = rows(ats.hub, "candidate", "person_id")
    assert role["highest_degree"] == "bachelor"


def test_a_reference_of_a_sealed_row_is_filled_in_when_its_record_comes(ats: Ats) -> None:
    ats.tell("candidates", CANDIDATE)
    ats.tell("applications", {"id": "A1", "candidate": "C1", "opening": "R1", "stage": "new"})
    [before] = rows(ats.hub, "application", "subject_id")
    assert before["requisition_id"] is None

    ats.tell("openings", {"id": "R1", "title": "Engineer"})

    [after] = rows(ats.hub, "application", "subject_id")
    [opening] = rows(ats.hub, "requisition")
    assert after["requisition_id"] == opening["id"]
    assert after["stage"] == "new"
    from hrhub.pipeline.verify import verify

    assert not [f for f in verify(ats.hub).findings if f.code != "landing.orphan"]


def test_a_candidate_names_the_referrer_who_is_there_already(ats: Ats) -> None:
    ats.tell("candidates", {**CANDIDATE, "id": "C0"})
    other = {"id": "C1", "name": OTHER.display_name, "idCard": OTHER.national_id, "mobile": None}
    ats.tell("candidates", {**other, "referrer": "C0"})

    [referrer] = {r["referrer_person_id"] for r in rows(ats.hub, "candidate", "person_id")} - {None}
    assert referrer in {r["id"] for r in rows(ats.hub, "person", "id")}


def test_lists_become_rows_about_the_same_person_and_follow_their_record(ats: Ats) -> None:
    ats.tell("candidates", CANDIDATE)
    ats.tell("applications", {"id": "A1", "candidate": "C1", "stage": "interview"})
    interview = {
        "id": "I1",
        "application": "A1",
        "round": 1,
        "score": "82.5",
        "abilities": [{"name": "logic", "score": 4.5}, {"name": "speech", "score": 3}],
    }
    ats.tell("interviews", interview)

    [person] = rows(ats.hub, "person", "id")
    abilities = {r["ability"]: r for r in rows(ats.hub, "interview_ability_score", "subject_id")}
    assert abilities.keys() == {"logic", "speech"}
    assert {r["subject_id"] for r in abilities.values()} == {person["id"]}

    counts = ats.tell("interviews", {**interview, "abilities": interview["abilities"][:1]})

    assert counts.updated == 1
    left = [r["ability"] for r in rows(ats.hub, "interview_ability_score", "subject_id")]
    assert left == ["logic"]


def test_an_interview_that_leads_to_nobody_waits_outside(ats: Ats) -> None:
    counts = ats.tell("interviews", {"id": "I1", "application": "A-unknown", "score": "70"})

    assert (counts.inserted, counts.quarantined) == (0, 1)
    with ats.hub.store.read() as tx:
        held = tx.execute(select(hub_quarantine.c.reason, hub_quarantine.c.field_path)).one()
    assert tuple(held) == ("reference", "application")
