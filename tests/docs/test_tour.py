"""The README's tour and its table, held against the sandbox company and the real commands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hrhub.airflow.connections import connection_json
from hrhub.cli.main import run
from hrhub.connector import registry
from hrhub.sandbox.host import company_of, running, simulated
from hrhub.sandbox.truth import expected_store, expected_streams
from hrhub.sandbox.world import World, build_world
from tests.support.pages import blocks, text_of

_SECONDS = re.compile(r"\d+\.\d$")


@pytest.fixture(scope="module")
def world() -> World:
    return build_world()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HRHUB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("STORE_URL", "KEYRING", "LANDING", "MAPPINGS", "TENANT", "LANG"):
        monkeypatch.delenv(f"HRHUB_{name}", raising=False)


@pytest.fixture
def vendors(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with running(["successfactors", "zkteco"], world) as hosted:
        for name, vendor in hosted.items():
            connector = registry.get(name)
            fields = connection_json(connector, connector.config.model_validate(vendor.connection))
            monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}_DEFAULT", json.dumps(fields))
        yield


def _lines(text: str) -> list[str]:
    """Return the lines that matter: no rules, no blanks, no seconds, single spaces."""
    lines = [_SECONDS.sub("", " ".join(line.split())).strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("─")]


def test_the_table_of_the_demo_is_what_the_company_holds(world: World) -> None:
    [demo] = [b.text for b in blocks("README.md", "") if b.text.rpartition("\nSyncs\n")[1]]
    rows = [[c.strip() for c in line.strip("│ ").split("│")] for line in demo.splitlines()]
    shown = {
        (row[0], row[1]): (int(row[2]), int(row[6])) for row in rows if row[2:] and row[-1] == "✔"
    }
    vendors = simulated()
    company = company_of(world, vendors)
    truth = {
        (name, stream): (t.pulled, t.rejected)
        for name, streams in expected_streams(company, vendors).items()
        for stream, t in streams.items()
    }

    assert shown == truth
    assert f": {sum(expected_store(company, vendors).values())} rows" in demo


def test_the_commands_of_the_tour_print_what_the_readme_shows(
    vendors: None, capsys: pytest.CaptureFixture[str]
) -> None:
    tour = text_of("README.md").partition("## On the command line")[2].partition("## Where next")[0]
    steps = re.findall(r"```(\w*)\n(.*?)```", tour, re.S)
    said = ""
    for language, block in steps:
        if language == "sh":
            for line in block.splitlines():
                if line.startswith("hrhub ") and not line.endswith("&"):
                    run(line.split()[1:])
                    captured = capsys.readouterr()
                    said = captured.out + captured.err
        else:
            missing = [line for line in _lines(block) if line not in _lines(said)]
            assert not missing, said
    assert sum(language == "" for language, block in steps) == 5
