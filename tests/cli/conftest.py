"""The command line in a place of its own, with simulated vendors on loopback."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hrhub.airflow.connections import connection_json
from hrhub.cli.main import run
from hrhub.connector import registry
from hrhub.crypto import FileKeyring
from hrhub.sandbox.host import Hosted, running
from hrhub.sandbox.world import World, build_world

SHIPPED = Path(__file__).parents[2] / "mappings"


@dataclass
class Said:
    """What one command said."""

    status: int
    out: str
    err: str

    @property
    def doc(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        loaded = json.loads(self.out)
        assert isinstance(loaded, dict)
        return loaded


@dataclass
class Desk:
    """Somebody at a terminal of an installation."""

    home: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    log: list[str] = field(default_factory=list)

    def __call__(self, *args: str) -> Said:
        """Run a command."""
        self.capsys.readouterr()
        status = run(args)
        said = self.capsys.readouterr()
        self.log += [said.out, said.err]
        assert "Traceback" not in said.err
        return Said(status, said.out, said.err)

    def env(self, **values: str) -> None:
        """Set variables."""
        for name, value in values.items():
            self.monkeypatch.setenv(name, value)

    def connect(self, name: str, values: Mapping[str, Any], **changes: Any) -> str:
        """Add a connection; return its id."""
        connector = registry.get(name)
        config = connector.config.model_validate({**values, **changes})
        conn = f"{name}_{len(self.log)}"
        self.env(**{f"AIRFLOW_CONN_{conn.upper()}": json.dumps(connection_json(connector, config))})
        return conn


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(40, seed=11, punch_days=2)


@pytest.fixture(scope="session")
def vendors(world: World) -> Iterator[dict[str, Hosted]]:
    with running(["zkteco", "successfactors"], world) as hosted:
        yield hosted


@pytest.fixture
def bare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """A machine without keys and store."""
    for name in ("HRHUB_STORE_URL", "HRHUB_KEYRING", "HRHUB_LANDING", "HRHUB_LANG", "HRHUB_KEK"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    monkeypatch.delenv("COLUMNS", raising=False)  # set in the workers of pytest-xdist
    monkeypatch.setenv("HRHUB_HOME", str(home))
    return Desk(home, monkeypatch, capsys)


@pytest.fixture
def desk(bare: Desk, sqlite_template: Path) -> Desk:
    """An installation with keys and an empty SQLite store."""
    bare.home.mkdir(mode=0o700)
    FileKeyring.create(bare.home / "keyring.json")
    shutil.copyfile(sqlite_template, bare.home / "store.db")
    (bare.home / "store.db").chmod(0o600)
    return bare


@pytest.fixture
def terminal(desk: Desk, vendors: dict[str, Hosted]) -> str:
    """A connection to the punch terminal."""
    return desk.connect("zkteco", vendors["zkteco"].connection)


@pytest.fixture
def people(desk: Desk, vendors: dict[str, Hosted]) -> str:
    """A connection to SuccessFactors."""
    desk.log.append("")
    return desk.connect("successfactors", vendors["successfactors"].connection)


@pytest.fixture
def mappings(desk: Desk, tmp_path: Path) -> Path:
    """Mappings of our own, to be changed."""
    own = tmp_path / "mappings"
    shutil.copytree(SHIPPED, own)
    desk.env(HRHUB_MAPPINGS=str(own))
    return own
