"""The page inside Airflow's real API app, and hubs for it to show."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import airflow_home

airflow_home.prepare()

from starlette.testclient import TestClient  # noqa: E402

from hrhub.pipeline import open_hub  # noqa: E402
from hrhub.settings import Settings  # noqa: E402
from tests.pipeline.conftest import Bench  # noqa: E402
from tests.support.shelf import put_mappings  # noqa: E402


@pytest.fixture(scope="session")
def airflow_app() -> object:
    """Airflow's API app with the plugin loaded from its folder."""
    from airflow.api_fastapi.app import create_app
    from airflow.utils.db import initdb

    initdb()
    return create_app()


@pytest.fixture(scope="session")
def tokens(airflow_app: object) -> dict[str, str]:
    """A token of every user, by name."""
    client = TestClient(airflow_app)  # type: ignore[arg-type]
    found = {}
    for user, password in airflow_home.PASSWORDS.items():
        answer = client.post("/auth/token", json={"username": user, "password": password})
        found[user] = str(answer.json()["access_token"])
    return found


@pytest.fixture
def anonymous(airflow_app: object) -> TestClient:
    """Somebody who is not signed in."""
    return TestClient(airflow_app, raise_server_exceptions=False)  # type: ignore[arg-type]


@pytest.fixture
def viewer(airflow_app: object, tokens: dict[str, str]) -> TestClient:
    """Somebody with the least of Airflow's roles, by the UI's cookie."""
    return TestClient(
        airflow_app,  # type: ignore[arg-type]
        cookies={"_token": tokens["viewer"]},
        raise_server_exceptions=False,
    )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An HRHUB_HOME without anything in it; nothing else of HRHUB is set."""
    for name in [n for n in os.environ if n.startswith("HRHUB_") and "TEST" not in n]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HRHUB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def bench(home: Path, store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A fresh hub that the page is pointed to."""
    monkeypatch.setenv("HRHUB_STORE_URL", store_url)
    mappings = put_mappings(home.parent / "mappings")
    monkeypatch.setenv("HRHUB_MAPPINGS", str(mappings))
    with open_hub(Settings.from_env(), create=True) as hub:
        yield Bench(hub, home.parent / "shelf")


def employee(number: int, **changes: Any) -> dict[str, Any]:
    """Return a record whose values are easy to recognise, should they ever be seen."""
    return {
        "empId": f"E{number:04d}",
        "name": f"CANARY-NAME-{number}",
        "mobile": f"138{number:08d}",
        "hired": "2020-01-01",
        "state": 1,
        "dept": None,
        "changed": "2026-01-01T00:00:00+08:00",
        **changes,
    }


@pytest.fixture
def filled(bench: Bench) -> Bench:
    """Good records, two kinds of rejects, and a vendor that stops answering."""
    bench.put(
        "employees",
        employee(1),
        employee(2),
        employee(3, hired="2020-02-30"),
        employee(4, hired="2021-02-30"),
        employee(5, state=7),
    )
    bench.sync("employees", holder="hub_shelf/manual__2026-11-24T01:00:00+00:00/a.pull/-1/1")
    bench.put("units", {"code": "U1", "name": "CANARY-UNIT", "start": "2020-01-01"})
    bench.sync("units")
    (bench.shelf / "punches").mkdir()
    (bench.shelf / "punches" / "0001.fail").touch()
    with pytest.raises(Exception, match="unreachable"):
        bench.sync("punches")
    return bench
