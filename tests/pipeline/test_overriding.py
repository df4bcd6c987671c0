"""Corrections by hand on both databases: they win in any order, say who and why, and go again."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from sqlalchemy import select

from hrhub.errors import ConfigError, KeysUnavailable
from hrhub.model import ENTITIES
from hrhub.pipeline.overriding import Corrected, release, set_by_hand
from hrhub.reading import Reader
from hrhub.store import erasure
from hrhub.store.overview import standings
from hrhub.store.schema import hub_audit, metadata
from tests.pipeline.test_sources import EXPECTED, PERSON, Sources, sources
from tests.support.reading import rows

__all__ = ["sources"]

HAND = "By Hand"


def person_id(sources: Sources) -> str:
    with sources.hub.store.read() as tx:
        return str(tx.execute(select(metadata.tables["person"].c.id)).scalar_one())


def put(sources: Sources, path: str = "display_name", value: str = HAND) -> Corrected:
    ref = person_id(sources)
    return set_by_hand(sources.hub, ref, path, value, reason="hr_case", actor="cli:ann")


def let_go(sources: Sources, path: str = "display_name") -> Corrected:
    ref = person_id(sources)
    return release(sources.hub, ref, path, reason="data_quality", actor="cli:ann")


def name_of(sources: Sources) -> Any:
    return sources.believed()[0]["display_name"]


def test_a_correction_holds_in_every_order_of_syncs_and_goes_with_its_release(
    sources: Sources,
) -> None:
    """Every interleaving of two more sources, a correction, and a change at the best source."""
    sources.tell("hr")
    page = 2
    for order in itertools.permutations(("oa", "hr", "set")):
        for step in order:
            if step == "set":
                put(sources)
            else:
                day = f"2027-{page // 28 + 1:02d}-{page % 28 + 1:02d}T00:00:00Z"
                sources.tell(step, page=page, changed=day)
                page += 1
        assert name_of(sources) == HAND, order
        assert sources.hub.verify().ok
        let_go(sources)
        assert name_of(sources) == PERSON.display_name, order
        assert sources.hub.verify().ok


def test_after_a_release_the_store_is_as_if_nobody_had_corrected_anything(sources: Sources) -> None:
    sources.tell("hr")
    [before] = rows(sources.hub, "person", "id")

    put(sources)
    put(sources, "gender", "other")
    put(sources, value="Twice")
    let_go(sources, "gender")
    assert name_of(sources) == "Twice"
    let_go(sources)

    [after] = rows(sources.hub, "person", "id")
    for field in ENTITIES["person"].by_name:
        assert after.get(field) == before.get(field), field
    with sources.hub.store.read() as tx:
        assert not tx.execute(select(metadata.tables["hub_contribution"])).all()
        [row] = tx.execute(select(metadata.tables["person"])).all()
        assert row.provenance is None
    for name in ("oa", "im"):
        sources.tell(name)
    assert sources.believed() == EXPECTED


def test_a_field_that_no_source_tells_is_empty_again_after_its_release(sources: Sources) -> None:
    sources.tell("im")
    put(sources, "nationality", "CN")
    [person] = rows(sources.hub, "person", "id")
    assert person["nationality"] == "CN"

    let_go(sources, "nationality")

    [person] = rows(sources.hub, "person", "id")
    assert person.get("nationality") is None


def test_an_employment_and_an_employee_are_corrected_through_their_person(sources: Sources) -> None:
    sources.tell("hr")

    put(sources, "employment.end_date", "2026-12-31")
    put(sources, "employee.status", "terminated")
    sources.tell("hr", page=2, changed="2026-09-01T00:00:00Z", state=1)

    [employment] = rows(sources.hub, "employment")
    assert str(employment["end_date"]) == "2026-12-31"
    assert sources.believed()[1]["status"] == "terminated"
    let_go(sources, "employee.status")
    let_go(sources, "employment.end_date")
    [employment] = rows(sources.hub, "employment")
    assert employment.get("end_date") is None
    assert sources.believed()[1]["status"] == "active"
    assert sources.hub.verify().ok


def test_provenance_says_who_when_and_why(sources: Sources) -> None:
    sources.tell("hr")
    sources.tell("oa")
    done = put(sources)
    reader = Reader.of(sources.hub)

    found = reader.provenance("person", done.row_id)

    origin = found["display_name"]
    assert (origin.rule, origin.connector) == ("manual", "manual")
    assert (origin.actor, origin.reason) == ("cli:ann", "hr_case")
    with sources.hub.store.read() as tx:
        link = tx.execute(select(hub_audit).where(hub_audit.c.run_id == done.act_id)).one()
    assert origin.at == link.ts and link.action == "person.set"
    assert found["gender"].connector == "hr" or found["gender"].connector == "oa"
    assert found["gender"].actor is None
    exported = reader.export(done.row_id, reason="subject_request", actor="cli:ann")
    [record] = exported["records"]["person"]
    assert record["sources"]["display_name"]["reason"] == "hr_case"


def test_a_corrected_value_stands_nowhere_in_clear(sources: Sources) -> None:
    sources.tell("hr")
    put(sources, value="Unmistakable")
    let_go(sources)

    with sources.hub.store.read() as tx:
        for table in metadata.sorted_tables:
            for row in tx.execute(select(table)):
                assert "Unmistakable" not in repr(tuple(row))


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("gender", "unknown", "enum"),
        ("birth_date", "1990-02-30", "date"),
        ("birth_date", "1890-02-03", "range"),
        ("display_name", "  ", "required"),
        ("employment.end_date", "soon", "date"),
        ("display_name", "a\u0000b", "nul_or_surrogate"),
    ],
)
def test_a_value_that_the_model_refuses_changes_nothing(
    sources: Sources, path: str, value: str, reason: str
) -> None:
    sources.tell("hr")
    before = sources.believed()

    with pytest.raises(ConfigError, match=r"override\.value") as raised:
        put(sources, path, value)

    assert raised.value.context["reason"] == reason
    assert value.strip() == "" or value not in str(raised.value)
    assert sources.believed() == before


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("displayname", "override.field"),
        ("nothing.name", "override.field"),
        ("merge_state", "override.fixed"),
        ("survivor_id", "override.fixed"),
        ("former_names", "override.fixed"),
        ("employee.work_no", "override.fixed"),
        ("employment.hire_date", "override.fixed"),
    ],
)
def test_fields_that_are_none_or_not_for_people_are_refused(
    sources: Sources, path: str, code: str
) -> None:
    sources.tell("hr")

    with pytest.raises(ConfigError) as raised:
        put(sources, path)

    assert raised.value.code == code


def test_wrong_ids_reasons_and_releases_are_refused(sources: Sources) -> None:
    sources.tell("hr")
    hub, known = sources.hub, person_id(sources)
    for ref in ("nobody", "01933c5a-7d2e-7000-8000-0123456789ab"):
        with pytest.raises(ConfigError, match=r"override\.unknown"):
            set_by_hand(hub, ref, "gender", "male", reason="hr_case", actor="a")
    with pytest.raises(ConfigError, match=r"override\.reason"):
        set_by_hand(hub, known, "gender", "male", reason="mood", actor="a")
    with pytest.raises(ConfigError, match=r"override\.none"):
        let_go(sources)
    put(sources)
    let_go(sources)
    with pytest.raises(ConfigError, match=r"override\.none"):
        let_go(sources)
    sources.tell("hr", page=2, hired="2024-01-01", changed="2026-09-01T00:00:00Z")
    assert sources.hub.verify().ok


def test_a_person_of_several_spells_is_asked_which_one(sources: Sources) -> None:
    sources.tell("hr", left="2021-01-01")
    sources.tell("hr", page=2, hired="2024-01-01", changed="2026-09-01T00:00:00Z")
    spells = [row["id"] for row in rows(sources.hub, "employment")]
    assert len(spells) == 2

    with pytest.raises(ConfigError, match=r"override\.several") as raised:
        put(sources, "employment.end_date", "2026-12-31")
    assert spells[0] in str(raised.value.context["rows"])

    done = set_by_hand(
        sources.hub, spells[1], "employment.end_date", "2026-12-31", reason="hr_case", actor="a"
    )
    assert done.row_id == spells[1]


def test_somebody_who_was_erased_is_not_corrected(sources: Sources) -> None:
    sources.tell("hr")
    with sources.hub.store.write() as tx:
        erasure.forget(tx, "default", [person_id(sources)], sources.hub.clock.now())
    sources.hub.data_keys.clear()

    with pytest.raises(KeysUnavailable):
        put(sources)


def test_corrections_are_no_sync_of_their_own_on_the_page(sources: Sources) -> None:
    sources.tell("hr")
    put(sources)

    with sources.hub.store.read() as tx:
        assert [s.sync.connection for s in standings(tx, "default")] == ["hr_default"]
