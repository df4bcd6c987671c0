"""The demo on real processes: killed in mid-sync, started again, and the store holds the truth."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from hrhub.pipeline import open_hub
from hrhub.sandbox.world import build_world
from hrhub.settings import Settings
from tests.e2e.test_truth import VENDORS, assert_holds

ROOT = Path(__file__).parents[2]
SIZE = 1500

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("processes"), pytest.mark.timeout(420)]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home directory; whatever still runs in it at the end is a failure."""
    place = tmp_path / "hub"
    yield place
    left = _processes(place)
    for process in left:
        process.kill()
    assert not left, "processes stayed behind"


def _demo(home: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "hrhub.airflow.demo",
            "--home",
            str(home),
            "--size",
            str(SIZE),
            "--vendors",
            ",".join(VENDORS),
            *options,
        ],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "HRHUB"))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _processes(home: Path) -> list[psutil.Process]:
    """Return every process that works in a home."""
    found = []
    for process in psutil.process_iter():
        try:
            told = process.environ()
            inside = str(home) in (told.get("HRHUB_HOME", ""), told.get("AIRFLOW_HOME", ""))
            named = any(str(home) in part for part in process.cmdline())
            if (inside or named) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return [p for p in found if p.pid != os.getpid()]


def _mid_sync(home: Path) -> bool:
    """Tell whether people have been stored and some sync is still at work."""
    store = home / "store.db"
    if not store.exists():
        return False
    try:
        with sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=1) as connection:
            some = connection.execute("SELECT count(*) FROM person").fetchone()[0] > 0
            working = connection.execute(
                "SELECT count(*) FROM hub_run WHERE status = 'running'"
            ).fetchone()[0]
        return some and working > 0
    except sqlite3.Error:
        return False


def test_killed_in_mid_sync_and_started_again_the_store_holds_the_truth(home: Path) -> None:
    first = _demo(home)
    deadline = time.monotonic() + 150
    while not _mid_sync(home):
        assert first.poll() is None, first.stdout and first.stdout.read()
        assert time.monotonic() < deadline, "the first syncs never began"
        time.sleep(0.02)
    for process in _processes(home):
        process.send_signal(signal.SIGKILL)
    first.wait(timeout=20)

    second = _demo(home, "--once")
    output, _ = second.communicate(timeout=300)

    assert second.returncode == 0, output
    with open_hub(Settings.from_env({"HRHUB_HOME": str(home)})) as hub:
        assert_holds(hub, build_world(SIZE))

    third = _demo(home, "--once")
    output, _ = third.communicate(timeout=200)

    assert third.returncode == 0, output
    rows = [line.split("│") for line in output.splitlines() if line.startswith("│")]
    inserted = [int(row[4]) for row in rows]
    unchanged = [int(row[6]) for row in rows]
    assert sum(inserted) == 0
    assert sum(unchanged) > 2 * SIZE


def test_another_company_is_not_mixed_into_a_home(home: Path) -> None:
    home.mkdir(mode=0o700)
    settings = Settings.from_env({"HRHUB_HOME": str(home)})
    open_hub(settings, create=True).close()
    marker = home / "demo.json"
    marker.write_text(json.dumps({"size": 7, "seed": 7}), encoding="utf-8")
    connection = sqlite3.connect(home / "store.db")
    connection.execute(
        "INSERT INTO hub_sync (id, tenant, connection, stream, connector) "
        "VALUES (1, 'default', 'c', 's', 'x')"
    )
    connection.execute(
        "INSERT INTO hub_run (id, sync_id, holder, kind, status, started_at) "
        "VALUES ('r', 1, 'h', 'sync', 'done', '2026-01-01T00:00:00.000000Z')"
    )
    connection.commit()
    connection.close()

    demo = _demo(home, "--once")
    output, _ = demo.communicate(timeout=120)

    assert demo.returncode == 7, output
    assert "demo.other_company" in output
