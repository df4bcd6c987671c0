"""Mappings on the command line: golden cases with diffs, explanations, the schema."""

from __future__ import annotations

from pathlib import Path

from hrhub.errors import ExitStatus
from tests.cli.conftest import Desk


def test_a_case_that_comes_out_otherwise_is_shown_line_by_line(desk: Desk, mappings: Path) -> None:
    path = mappings / "zkteco" / "punches.yaml"
    path.write_text(path.read_text().replace("direction: in}", "direction: out}"))

    said = desk("map", "test", str(path))

    assert said.status == ExitStatus.FAILED
    assert f"{path}:" in said.out
    assert "direction" in said.out
    failed = desk("map", "test", str(path), "--json").doc["mappings"][0]["failed"]
    assert len(failed) == 1


def test_wrong_files_do_not_keep_the_others_from_being_tested(desk: Desk, mappings: Path) -> None:
    (mappings / "zkteco" / "users.yaml").write_text("stream: [")

    said = desk("map", "test", "zkteco", "--json")

    assert said.status == ExitStatus.PERMANENT
    assert {Path(m["path"]).name: m["status"] for m in said.doc["mappings"]} == {
        "punches.yaml": "ok",
        "users.yaml": "wrong",
    }
    assert "users.yaml:2:1: " in said.doc["error"]["what"]


def test_nothing_to_test_is_an_error(desk: Desk, mappings: Path) -> None:
    for what in ("mappings/none.yaml", str(mappings / "zkteco" / "none.yaml")):
        said = desk("map", "test", what, "--json")
        assert said.status == ExitStatus.PERMANENT
        assert said.doc["error"]["code"] == "mapping.missing"


def test_mappings_are_tested_by_file_folder_connector_connection_or_all(
    desk: Desk, terminal: str, mappings: Path
) -> None:
    folder = mappings / "zkteco"
    for what in (str(folder), "zkteco", terminal):
        rows = desk("map", "test", what, "--json").doc["mappings"]
        assert {Path(r["path"]).name for r in rows} == {"punches.yaml", "users.yaml"}
    rows = desk("map", "test", str(folder / "users.yaml"), "--json").doc["mappings"]
    assert [(r["status"], r["cases"]) for r in rows] == [("ok", 2)]
    everything = desk("map", "test")
    assert everything.status == ExitStatus.DONE
    assert "people.yaml" in everything.out


def test_a_mapping_is_explained_field_by_field_or_as_code(desk: Desk, mappings: Path) -> None:
    path = str(mappings / "zkteco" / "punches.yaml")

    said = desk("map", "explain", path)
    assert "zkteco.punches -> punch" in said.out
    fields = {f["field"]: f for f in desk("map", "explain", path, "--json").doc["fields"]}
    assert fields["direction"]["class"] == "personal"
    assert fields["punched_at"]["source"] == "time"

    code = desk("map", "explain", path, "--code")
    assert "def map_batch(docs):" in code.out
    compile(code.out, "generated", "exec")


def test_the_schema_is_one_json_document_with_or_without_json(desk: Desk) -> None:
    assert desk("map", "schema").doc == desk("map", "schema", "--json").doc
    assert desk("map", "schema").doc["title"] == "hrhub mapping"
