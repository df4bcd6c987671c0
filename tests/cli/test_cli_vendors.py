"""Commands about vendors: what there is, what it needs, what a stream would bring."""

from __future__ import annotations

from pathlib import Path

from hrhub.errors import ExitStatus
from tests.cli.conftest import Desk


def test_an_unknown_connector_is_answered_with_those_installed(bare: Desk) -> None:
    said = bare("spec", "sap", "--json")

    assert said.status == ExitStatus.PERMANENT
    assert "zkteco" in said.doc["error"]["do"]


def test_connectors_are_listed_without_keys_or_store(bare: Desk) -> None:
    found = {c["name"]: c for c in bare("connectors", "--json").doc["connectors"]}

    assert found["zkteco"]["streams"] == ["users", "punches"]
    assert "successfactors" in bare("connectors").out
    assert not bare.home.exists()


def test_a_spec_is_a_table_for_people_and_a_json_schema_for_programs(bare: Desk) -> None:
    schema = bare("spec", "zkteco", "--json").doc

    assert schema["type"] == "object"
    assert {"host", "comm_key", "timezone"} <= schema["properties"].keys()
    said = bare("spec", "zkteco")
    assert "hr_zkteco" in said.out
    row = next(line for line in said.out.splitlines() if line.split()[:1] == ["comm_key"])
    assert "secret" in row.split()


def test_a_check_tells_facts(desk: Desk, terminal: str) -> None:
    said = desk("check", terminal, "--json")

    assert said.status == ExitStatus.DONE
    assert said.doc["facts"]["serial_number"] == "CKJM201260001"
    assert "CKJM201260001" in desk("check", terminal).out


def test_discover_lists_streams_in_order_and_whether_they_are_mapped(
    desk: Desk, people: str, mappings: Path
) -> None:
    (mappings / "successfactors" / "jobs.yaml").unlink()
    (mappings / "successfactors" / "people.yaml").write_text("stream: [")

    rows = desk("discover", people, "--json").doc["streams"]

    assert [row["order"] for row in rows] == list(range(1, len(rows) + 1))
    done: set[str] = set()
    for row in rows:
        assert set(row["after"]) <= done
        done.add(row["stream"])
    states = {row["stream"]: row["mapping"] for row in rows}
    assert (states["jobs"], states["people"], states["companies"]) == ("missing", "wrong", "yes")


def test_trying_a_stream_shows_its_form_masks_values_and_writes_nothing(
    desk: Desk, terminal: str
) -> None:
    before = {p: p.stat().st_mtime_ns for p in desk.home.rglob("*")}

    said = desk("try", terminal, "punches", "--limit", "3", "--json")

    assert said.status == ExitStatus.QUARANTINE, "the first stamp has an impossible date"
    assert len(said.doc["records"]) == 2
    assert said.doc["unreadable"][0]["reason"] == "date"
    record = said.doc["records"][0]
    assert record["raw"]["user_id"] == "‹personal: text, 5 characters›"
    assert record["raw"]["zone"].startswith("‹sensitive: text"), "the mapping does not store it"
    assert record["mapped"]["verify_method"] in ("face", "finger", "card", "pin")
    assert record["mapped"]["employee"] == "‹personal: text, 5 characters›"
    assert {p: p.stat().st_mtime_ns for p in desk.home.rglob("*")} == before


def test_trying_a_stream_without_a_mapping_shows_types_only(
    desk: Desk, terminal: str, mappings: Path
) -> None:
    (mappings / "zkteco" / "users.yaml").unlink()

    said = desk("try", terminal, "users", "--limit", "1", "--json")

    assert said.status == ExitStatus.DONE
    [record] = said.doc["records"]
    assert set(record) == {"raw"}
    assert all(value.startswith("‹sensitive: ") for value in record["raw"].values())
    assert "mappings/zkteco/users.yaml" in desk("try", terminal, "users").out
