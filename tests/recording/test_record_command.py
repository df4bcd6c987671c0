"""`hrhub record` and what is done with its files; simulated vendors stand for real ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hrhub.airflow.connections import connection_json
from hrhub.cli.main import run
from hrhub.connector import registry
from hrhub.recording import read_recordings
from hrhub.sandbox.host import Hosted, running
from hrhub.sandbox.world import World, build_world

Record = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(120, seed=9)


@pytest.fixture(scope="module")
def hosted(world: World) -> Iterator[dict[str, Hosted]]:
    with running(["checkr", "successfactors", "zkteco"], world) as vendors:
        yield vendors


@pytest.fixture
def record(
    hosted: dict[str, Hosted],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Record:
    """Run the command on a vendor; return exit status and document."""

    def ask(name: str, *args: str) -> tuple[int, dict[str, Any]]:
        connector = registry.get(name)
        config = connector.config(**hosted[name].connection)
        monkeypatch.setenv("AIRFLOW_CONN_REAL", json.dumps(connection_json(connector, config)))
        status = run(["record", "real", *args, "--out", str(tmp_path / "held"), "--json"])
        return status, json.loads(capsys.readouterr().out)

    return ask


def test_a_terminal_that_speaks_no_http_cannot_be_recorded(record: Record, tmp_path: Path) -> None:
    status, document = record("zkteco", "punches")

    assert status == 7
    assert document["error"]["code"] == "recording.unsupported"
    assert not (tmp_path / "held").exists()


def test_an_unknown_stream_is_refused(record: Record, tmp_path: Path) -> None:
    status, document = record("checkr", "reports")

    assert (status, document["error"]["code"]) == (7, "stream.unknown")
    assert not (tmp_path / "held").exists()


def test_streams_of_one_call_still_fit_together(
    record: Record, world: World, tmp_path: Path
) -> None:
    status, document = record("successfactors", "people", "employments", "--pages", "100")

    assert status == 0
    assert [r["records"] for r in document["recordings"]] == [
        len(world.people),
        sum(len(p.spells) for p in world.people),
    ]
    held = {r.stream: r for r in read_recordings(tmp_path / "held", "successfactors")}
    people = {row["personIdExternal"] for row in _rows(held["people"].exchanges)}
    employed = {row["personIdExternal"] for row in _rows(held["employments"].exchanges)}
    assert employed == people
    assert not people & {p.person_id for p in world.people}


def test_nobody_of_the_company_is_in_the_files(
    record: Record, world: World, tmp_path: Path
) -> None:
    for vendor, streams in (("successfactors", ["people", "jobs"]), ("checkr", ["candidates"])):
        status, _ = record(vendor, *streams, "--pages", "100")
        assert status == 0

    text = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "held").iterdir())
    leaked = [
        p.person_id
        for p in world.people
        for value in (p.national_id, p.mobile, p.work_email, p.personal_email)
        if value in text
    ]
    assert leaked == []


def test_the_kit_reads_recordings_in_the_place_of_the_simulator(
    record: Record, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    record("checkr", "candidates")

    options = ["--recordings", str(tmp_path / "held"), "--records", "1000", "--json"]
    status = run(["conformance", "checkr", *options, "--only", "records,paging,mapping,faults"])

    assert status == 0
    assert json.loads(capsys.readouterr().out)["passed"]


def test_a_folder_without_recordings_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    status = run(["conformance", "checkr", "--recordings", str(tmp_path), "--json"])

    assert status == 7
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "recording.unreadable"


def _rows(exchanges: Any) -> list[dict[str, Any]]:
    bodies = [json.loads(e.body) for e in exchanges if e.body.startswith('{"d":')]
    return [row for body in bodies for row in body["d"]["results"] if "personIdExternal" in row]
