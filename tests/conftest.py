"""Databases for tests: every test that asks for a store gets a fresh one, on both databases."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hrhub.store import open_store
from hrhub.store.embedded import Server
from hrhub.store.engine import Store
from hrhub.store.migrations.run import create
from tests.support import postgres

_session: list[postgres.Session] = []


def pytest_configure(config: pytest.Config) -> None:
    if postgres.PLACE not in os.environ:
        _session.append(postgres.Session())


def pytest_unconfigure(config: pytest.Config) -> None:
    while _session:
        _session.pop().close()


@pytest.fixture(scope="session")
def pg_server() -> Server:
    """The session's PostgreSQL server."""
    return postgres.server()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite store to copy."""
    path = tmp_path_factory.mktemp("template") / "store.db"
    create(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Which database a test runs on."""
    return str(request.param)


@pytest.fixture
def empty_store_url(dialect: str, tmp_path: Path) -> Iterator[str]:
    """Address of a place without a store: no file, or a database without tables."""
    if dialect == "sqlite":
        yield f"sqlite:///{tmp_path}/store.db"
        return
    with postgres.bare_database() as url:
        yield url


@pytest.fixture
def store_url(dialect: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Address of a fresh, migrated store."""
    if dialect == "sqlite":
        path = tmp_path / "store.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        path.chmod(0o600)
        yield f"sqlite:///{path}"
        return
    yield postgres.emptied()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A fresh store, open."""
    with open_store(store_url) as opened:
        yield opened
