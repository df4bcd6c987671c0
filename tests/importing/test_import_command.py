"""The command and the worked example on the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hrhub.cli.main import run
from hrhub.pipeline import open_hub

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def test_the_worked_example_comes_out_as_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HRHUB_HOME", str(tmp_path / "home"))
    for name in ("STORE_URL", "KEYRING", "LANDING", "MAPPINGS"):
        monkeypatch.delenv(f"HRHUB_{name}", raising=False)
    mapping = ["--mapping", str(EXAMPLES / "people.yaml")]
    command = ["import", str(EXAMPLES / "people.csv"), *mapping, "--json"]

    assert run([*command, "--dry-run"]) == 5
    assert not (tmp_path / "home").exists()
    with open_hub(create=True):
        pass
    capsys.readouterr()
    assert run([*command, "--report", str(tmp_path / "report.json")]) == 5

    said = json.loads(capsys.readouterr().out)
    assert said == json.loads((tmp_path / "report.json").read_text())
    assert (said["rows"], said["inserted"], said["rejected"], said["balanced"]) == (3, 2, 1, True)
    assert [(r["row"], r["column"], r["reason"]) for r in said["rejects"]] == [
        (4, "入职日期", "date")
    ]
    assert said["columns_not_read"] == ["备注"]
    assert "2018" not in json.dumps(said) and "甲" not in json.dumps(said, ensure_ascii=False)


def test_what_an_import_refused_is_shown_and_replayed_by_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HRHUB_HOME", str(tmp_path / "home"))
    for name in ("STORE_URL", "KEYRING", "LANDING", "MAPPINGS"):
        monkeypatch.delenv(f"HRHUB_{name}", raising=False)
    with open_hub(create=True):
        pass
    given = ["--mapping", str(EXAMPLES / "people.yaml")]
    assert run(["import", str(EXAMPLES / "people.csv"), *given, "--json"]) == 5
    capsys.readouterr()
    assert run(["rejects", "--json"]) == 0
    [record] = json.loads(capsys.readouterr().out)["records"]

    assert run(["rejects", "show", record["uid"], "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert "入职日期" in shown["raw"][0] and "2018" not in json.dumps(shown)

    assert run(["replay", "--all", "--json"]) == 7
    said = json.loads(capsys.readouterr().out)
    assert said["syncs"][0]["error"]["code"] == "mapping.missing"
    assert run(["replay", "--all", *given, "--json"]) == 5, "there is no 30th of February"
    [said] = json.loads(capsys.readouterr().out)["syncs"]
    assert (said["tried"], said["error"]) == (1, None)


def test_an_import_is_filled_in_from_what_it_landed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HRHUB_HOME", str(tmp_path / "home"))
    for name in ("STORE_URL", "KEYRING", "LANDING"):
        monkeypatch.delenv(f"HRHUB_{name}", raising=False)
    monkeypatch.setenv("HRHUB_MAPPINGS", str(tmp_path))
    with open_hub(create=True):
        pass
    mapping = tmp_path / "people.yaml"
    text = (EXAMPLES / "people.yaml").read_text(encoding="utf-8")
    mapping.write_text(text, encoding="utf-8")
    run(["import", str(EXAMPLES / "people.csv"), "--mapping", str(mapping)])
    (tmp_path / "custom_fields.yaml").write_text("employee: {note: {type: text}}")
    assert run(["fields", "register"]) == 0
    more = text.replace("fields:\n", 'fields:\n  ext.note: ["备注"]\n', 1)
    mapping.write_text(more.replace('["备注"]', "备注"), encoding="utf-8")
    [sync] = _syncs()
    capsys.readouterr()

    assert run(["backfill", *sync, "--mapping", str(mapping), "--json"]) == 5

    said = json.loads(capsys.readouterr().out)
    assert (said["counts"]["updated"], said["unreached"]) == (2, 0)


def _syncs() -> list[tuple[str, str]]:
    with open_hub() as hub:
        return [(r.connection, r.stream) for r in hub.latest_runs()]
