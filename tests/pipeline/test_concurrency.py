"""Several syncs at once, and syncs that are killed: nothing is lost, nothing comes twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from hrhub.errors import Busy, HrHubError
from hrhub.pipeline import Hub, open_hub
from hrhub.settings import Settings
from hrhub.store.lease import acquire
from hrhub.store.syncs import find
from tests.pipeline.conftest import Bench
from tests.pipeline.test_returning import SPELLS, person, use
from tests.pipeline.test_sync import flat
from tests.support.shelf import SHELF, ShelfConfig, put_mappings, put_page

PEOPLE = 30


def at_once(hub: Hub, works: Sequence[Callable[[Hub], Any]]) -> list[BaseException]:
    """Do several things at the same time, each with a hub of its own; return what went wrong."""
    gate = threading.Barrier(len(works))
    wrong: list[BaseException] = []

    def one(work: Callable[[Hub], Any]) -> None:
        with open_hub(hub.settings) as own:
            gate.wait(30)
            try:
                work(own)
            except HrHubError as error:
                wrong.append(error)

    threads = [threading.Thread(target=one, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


def syncing(bench: Bench, connection: str, stream: str) -> Callable[[Hub], Any]:
    return lambda hub: hub.sync(SHELF, bench.config, connection, stream, holder=connection)


CONNECTIONS = ("shelf_a", "shelf_b", "shelf_c")


def test_people_that_several_connections_bring_at_once_are_there_once(bench: Bench) -> None:
    bench.put("people", *(person(i, f"P{i}") for i in range(PEOPLE)))

    wrong = at_once(bench.hub, [syncing(bench, c, "people") for c in CONNECTIONS])

    assert wrong == []
    assert bench.count("person") == PEOPLE
    assert bench.count("hub_source_link") == PEOPLE * len(CONNECTIONS)
    assert bench.hub.verify().ok


def test_employees_that_several_connections_bring_at_once_are_there_once(bench: Bench) -> None:
    bench.put("employees", *(flat(i) for i in range(PEOPLE)))

    wrong = at_once(bench.hub, [syncing(bench, c, "employees") for c in CONNECTIONS])

    assert wrong == []
    for entity in ("person", "employee", "employment"):
        assert bench.count(entity) == PEOPLE, entity
    assert bench.hub.verify().ok


def test_spells_that_several_connections_bring_at_once_are_there_once(bench: Bench) -> None:
    use(bench, "spells", SPELLS)
    bench.put("people", *(person(i, f"P{i}") for i in range(PEOPLE)))
    for connection in CONNECTIONS:
        syncing(bench, connection, "people")(bench.hub)
    bench.put(
        "spells",
        *(
            {"no": f"{i}", "person": f"P{i}", "badge": f"B{i:03d}", "hired": "2020-01-01"}
            for i in range(PEOPLE)
        ),
    )

    wrong = at_once(bench.hub, [syncing(bench, c, "spells") for c in CONNECTIONS])

    assert wrong == []
    assert (bench.count("employee"), bench.count("employment")) == (PEOPLE, PEOPLE)
    assert bench.hub.verify().ok


def test_of_two_runs_of_one_sync_one_works_and_the_other_is_told_who_does(bench: Bench) -> None:
    bench.put("people", person(0, "P0"))
    bench.sync("people")
    with bench.hub.store.read() as tx:
        row = find(tx, bench.hub.settings.tenant, "shelf_default", "people")
    assert row is not None
    bench.put("people", person(1, "P1"))

    with (
        acquire(bench.hub.store, row.id, "the first"),
        open_hub(bench.hub.settings) as other,
        pytest.raises(Busy) as raised,
    ):
        syncing(bench, "shelf_default", "people")(other)

    assert raised.value.context["holder"] == "the first"
    assert bench.count("person") == 1
    bench.sync("people")
    assert bench.count("person") == 2


_SYNC = """
import sys
from pathlib import Path
from hrhub.pipeline import open_hub
from hrhub.settings import Settings
from tests.support.shelf import SHELF, ShelfConfig
home, shelf = map(Path, sys.argv[1:3])
settings = Settings(home=home, store_url=f"sqlite:///{home}/store.db",
    keyring=home / "keyring.json", landing=home / "landing", mappings=home.parent / "mappings")
import hrhub.pipeline.load as load
load.BATCH_RECORDS = 5
print("ready", flush=True)
sys.stdin.readline()
with open_hub(settings) as hub:
    hub.sync(SHELF, ShelfConfig(folder=str(shelf)), "shelf_default", "employees", holder="run")
    print("done", flush=True)
"""
ROUNDS = 20
TABLES = (
    "person",
    "person_contact",
    "person_identifier",
    "employee",
    "employment",
    "assignment",
    "hub_source_link",
    "hub_quarantine",
)


def test_a_sync_killed_at_any_moment_leaves_a_store_that_the_next_run_completes(
    tmp_path: Path,
) -> None:
    rng = random.Random(20261124)
    root = tmp_path / "killed"
    undisturbed = tmp_path / "undisturbed"
    for place in (root, undisturbed):
        put_mappings(place / "mappings")
        open_hub(_settings(place / "home"), create=True).close()
    shelf = tmp_path / "shelf"
    killed = 0
    for number in range(1, ROUNDS + 1):
        fresh = [flat(i) for i in range(max(0, number - 4), min(40, number + 8))]
        if number % 3 == 0:
            fresh.append({**flat(39), "state": 7, "empId": f"bad{number}"})
        put_page(shelf, "employees", number, fresh)
        killed += _killed(root / "home", shelf, rng.uniform(0.0, 0.5))

    _sync(root / "home", shelf)
    _sync(undisturbed / "home", shelf)

    assert killed >= ROUNDS // 4, "most runs must really be cut short"
    assert _census(root / "home") == _census(undisturbed / "home")
    with open_hub(_settings(root / "home")) as hub:
        assert hub.verify().ok


def _settings(home: Path) -> Settings:
    return Settings(
        home=home,
        store_url=f"sqlite:///{home}/store.db",
        keyring=home / "keyring.json",
        landing=home / "landing",
        mappings=home.parent / "mappings",
    )


def _killed(home: Path, shelf: Path, after_s: float) -> bool:
    """Start a sync in a process of its own and kill it; tell whether it was cut short."""
    with subprocess.Popen(
        [sys.executable, "-c", _SYNC, str(home), str(shelf)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        process.stdin.write(b"\n")
        process.stdin.flush()
        try:
            process.wait(after_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.wait()
        return process.returncode == -signal.SIGKILL


def _sync(home: Path, shelf: Path) -> None:
    with open_hub(_settings(home)) as hub:
        hub.sync(SHELF, ShelfConfig(folder=str(shelf)), "shelf_default", "employees", holder="run")


def _census(home: Path) -> dict[str, int]:
    """Count rows; row ids and hashes differ between two stores, because their keys do."""
    engine = create_engine(f"sqlite:///{home}/store.db")
    with engine.connect() as tx:
        found = {
            table: tx.execute(
                text(
                    f"SELECT count(*) FROM {table} WHERE "
                    + ("state = 'open'" if table == "hub_quarantine" else "1 = 1")
                )
            ).scalar_one()
            for table in TABLES
        }
    engine.dispose()
    return found
