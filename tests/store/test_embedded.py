"""Our own PostgreSQL lives exactly as long as whoever started it."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy import make_url

from hrhub.errors import ConfigError
from hrhub.store import embedded, open_store

START = """
import sys
from pathlib import Path
from hrhub.store.embedded import start_embedded_postgres
server = start_embedded_postgres(Path(sys.argv[1]), durable=False)
print(server.url, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def directory() -> Iterator[Path]:
    path = embedded.temporary_directory()
    yield path
    shutil.rmtree(path)


def processes_of(directory: Path) -> list[int]:
    found = []
    for process in psutil.process_iter(["cmdline", "pid"]):
        if any(str(directory) in part for part in process.info["cmdline"] or ()):
            found.append(process.info["pid"])
    return found


def test_a_missing_wheel_is_said(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(ConfigError) as caught:
        embedded.start_embedded_postgres(directory)

    assert caught.value.code == "store.no_server"


def test_a_killed_starter_leaves_no_process_behind(directory: Path) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", START, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert starter.stdout is not None
    assert starter.stdout.readline().startswith(b"postgresql+psycopg://")
    assert len(processes_of(directory)) >= 3  # starter, watcher, server

    os.kill(starter.pid, signal.SIGKILL)
    starter.communicate()
    with (directory / "running").open("rb") as running:
        fcntl.flock(running, fcntl.LOCK_EX)  # the watcher's, until the server has gone

    for watcher in processes_of(directory):  # its lock is gone; the system may still tidy it up
        psutil.Process(watcher).wait(10)
    assert processes_of(directory) == []


def test_data_survives_a_restart_and_the_server_listens_on_no_port(directory: Path) -> None:
    with embedded.start_embedded_postgres(directory) as first:
        address = make_url(first.url).set(drivername="postgresql").render_as_string()
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("CREATE DATABASE hub")
            row = connection.execute(
                "SELECT current_setting('listen_addresses'), current_setting('fsync')"
            ).fetchone()
        open_store(first.database("hub"), create=True).close()

    with embedded.start_embedded_postgres(directory) as second:
        open_store(second.database("hub")).close()

    assert row == ("", "on")
    assert processes_of(directory) == []
