"""Examples on the pages run as they stand."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hrhub.connector import Connector
from hrhub.http.testing import Received, Reply, ScriptedServer
from hrhub.mapping import load_mapping, run_cases
from hrhub.pipeline import open_hub
from hrhub.settings import Settings
from tests.support.pages import NAMES, ROOT, Block, blocks

_PYTHON = [name for name in NAMES if blocks(name, "python")]
_MAPPINGS = [b for name in NAMES for b in blocks(name, "yaml") if b.text.startswith("stream:")]
_DAGS = {path.read_text(encoding="utf-8") for path in (ROOT / "dags").glob("*.py")}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, as the set-up describes it."""
    monkeypatch.setenv("HRHUB_HOME", str(tmp_path / "home"))
    for name in ("STORE_URL", "KEYRING", "LANDING", "MAPPINGS", "TENANT"):
        monkeypatch.delenv(f"HRHUB_{name}", raising=False)
    with open_hub(create=True):
        return tmp_path / "home"


def run(name: str) -> dict[str, Any]:
    """Run a page's Python from top to bottom; DAGs are quotations and are compared instead."""
    space: dict[str, Any] = {"__name__": "example"}
    for block in blocks(name, "python"):
        if "sync_dag(" in block.text:
            assert block.text in _DAGS, "a DAG on the page is not the one in dags/"
        else:
            exec(compile(block.text, name, "exec", dont_inherit=True), space)
    return space


def put(block: Block, folder: Path) -> Path:
    """Write a mapping where its stream says."""
    connector, _, stream = block.text.split()[1].partition(".")
    path = folder / connector / f"{stream}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, encoding="utf-8")
    return path


def test_there_are_examples() -> None:
    assert {"README.md", "docs/connectors.md", "docs/security.md"} <= set(_PYTHON)
    assert len(_MAPPINGS) >= 3


@pytest.mark.parametrize("name", _PYTHON)
def test_python_on_a_page_runs_from_top_to_bottom(name: str) -> None:
    run(name)


@pytest.mark.parametrize("block", _MAPPINGS, ids=lambda b: f"{b.page}:{b.text.split()[1]}")
def test_mappings_on_a_page_load_and_keep_their_own_cases(block: Block, tmp_path: Path) -> None:
    mapping = load_mapping(put(block, tmp_path))

    failed = [r for r in run_cases(mapping, today=date(2026, 11, 24)) if not r.passed]

    assert not failed


@pytest.mark.parametrize("name", NAMES)
def test_other_formats_on_a_page_can_be_read(name: str) -> None:
    for block in blocks(name, "toml"):
        tomllib.loads(block.text)
    for block in blocks(name, "json"):
        json.loads(block.text)


def test_the_connector_of_the_readme_brings_employees_into_the_store(tmp_path: Path) -> None:
    connector = run("README.md")["connector"]
    assert isinstance(connector, Connector)
    [mapping] = blocks("README.md", "yaml")
    put(mapping, tmp_path / "mappings")
    people = [
        {"id": "7", "name": "甲乙", "phone": "13900001234", "joined": "2024-03-01"},
        {"id": "8", "name": "丙丁", "phone": "none", "joined": "2024-03-01"},
    ]
    settings = Settings.from_env(
        {"HRHUB_HOME": str(tmp_path / "acme"), "HRHUB_MAPPINGS": str(tmp_path / "mappings")}
    )

    def answer(received: Received) -> Reply:
        return Reply.json({"data": people} if received.path == "/employees" else {})

    with ScriptedServer(answer) as server, open_hub(settings, create=True) as hub:
        config = connector.config.model_validate(
            {"url": server.url, "api_key": "k", "allow_networks": ["127.0.0.0/8"]}
        )
        first, second = (
            hub.sync(connector, config, "acme_default", "employees", holder="test")
            for _ in range(2)
        )

    assert (first.seen, first.inserted, first.quarantined) == (2, 1, 1)
    assert (second.seen, second.inserted, second.unchanged) == (2, 0, 1)
    assert server.requests[0].headers["x-api-key"] == "k"
    assert "updated_after" in server.requests[1].params
