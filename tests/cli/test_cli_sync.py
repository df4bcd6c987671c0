"""Syncs on the command line: whole, again, interrupted; what is printed and what never is."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hrhub.errors import ExitStatus
from hrhub.sandbox.host import Hosted
from hrhub.sandbox.truth import expected_store
from hrhub.sandbox.world import World
from tests.cli.conftest import Desk

Vendors = dict[str, Hosted]


@contextmanager
def silent_vendor() -> Iterator[tuple[int, socket.socket]]:
    """A terminal that takes the connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        yield listener.getsockname()[1], listener


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_a_sync_ends_at_once_and_leaves_nothing_half_done(
    desk: Desk, vendors: Vendors, number: signal.Signals
) -> None:
    with silent_vendor() as (port, listener):
        conn = desk.connect("zkteco", vendors["zkteco"].connection, port=port)
        process = subprocess.Popen(
            [sys.executable, "-m", "hrhub.cli", "sync", conn, "users", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(os.environ),
            text=True,
            # Tests that run in the background have Ctrl-C ignored, and hand that on.
            preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
        )
        with listener.accept()[0]:
            process.send_signal(number)
            out, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "Traceback" not in err
    assert isinstance(json.loads(out), dict)
    [run] = desk("runs", "--json").doc["runs"]
    assert (run["status"], run["error_code"]) == ("failed", "run.interrupted")
    conn = desk.connect("zkteco", vendors["zkteco"].connection)
    assert desk("sync", conn, "users").status == ExitStatus.QUARANTINE, "the lease was given back"


def test_all_streams_come_in_order_and_the_store_holds_the_truth(
    desk: Desk, store_url: str, world: World, vendors: Vendors, people: str, terminal: str
) -> None:
    desk.env(HRHUB_STORE_URL=store_url)

    for conn, vendor in ((people, "successfactors"), (terminal, "zkteco")):
        said = desk("sync", conn, "--json")

        assert said.status == said.doc["status"] == ExitStatus.QUARANTINE
        truth = vendors[vendor].truth
        assert {row["stream"]: (row["pulled"], row["rejected"]) for row in said.doc["streams"]} == {
            name: (t.pulled, t.rejected) for name, t in truth.items()
        }
        after = [row["stream"] for row in said.doc["streams"]]
        assert after.index("users" if vendor == "zkteco" else "people") < len(after) - 1

    expected = expected_store(world, ("successfactors", "zkteco"))
    # The row of an applicant stays and points to the employee's.
    expected["person"] += expected["candidate"]
    rows = desk("store", "status", "--json").doc["rows"]
    assert {name: rows[name] for name in expected} == expected
    verified = desk("verify", "--json")
    assert (verified.status, verified.doc["findings"]) == (0, [])
    listed = desk("runs", terminal, "--limit", "1", "--json").doc["runs"]
    assert [run["stream"] for run in listed] == ["punches"]


def test_a_second_sync_finds_nothing_changed_and_prints_a_table(desk: Desk, people: str) -> None:
    assert desk("sync", people, "companies", "departments").status == ExitStatus.DONE

    said = desk("sync", people, "departments")

    assert said.status == ExitStatus.DONE
    heading, row = [line.split() for line in said.out.splitlines() if line.strip(" ─")]
    told = dict(zip(heading, row, strict=True))
    assert told["Pulled"] == told["Unchanged"] != "0"
    assert told["Inserted"] == told["Updated"] == told["Rejected"] == "0"
    assert said.err == ""


def test_a_stream_without_mapping_is_left_out_unless_it_is_named(
    desk: Desk, terminal: str, mappings: Path
) -> None:
    (mappings / "zkteco" / "users.yaml").unlink()

    said = desk("sync", terminal, "--json")
    assert [row["status"] for row in said.doc["streams"]] == ["no mapping", "quarantine"]
    assert said.status == ExitStatus.QUARANTINE

    said = desk("sync", terminal, "users", "--json")
    assert said.status == ExitStatus.PERMANENT
    assert said.doc["error"]["code"] == "mapping.missing"


def test_what_needs_a_failed_stream_is_skipped_and_the_rest_goes_on(
    desk: Desk, people: str, mappings: Path
) -> None:
    path = mappings / "successfactors" / "people.yaml"
    path.write_text(path.read_text() + "\nnonsense: true\n")

    said = desk("sync", people, "--json")

    assert said.status == ExitStatus.PERMANENT
    ended = defaultdict(set)
    for row in said.doc["streams"]:
        ended[row["status"]].add(row["stream"])
    assert ended.pop("failed") == {"people"}
    assert ended.pop("done") == {"companies", "departments", "positions", "requisitions"}
    assert ended.keys() == {"skipped"}
    assert ended["skipped"] >= {"employments", "jobs", "candidates", "applications", "offers"}
    assert said.doc["error"]["code"] == "mapping.invalid"


def test_no_command_ever_prints_a_person(
    desk: Desk, world: World, people: str, terminal: str
) -> None:
    for conn in (people, terminal):
        desk("check", conn)
        desk("discover", conn)
        for stream in desk("discover", conn, "--json").doc["streams"]:
            for extra in ((), ("--json",)):
                desk("try", conn, stream["stream"], "--limit", "5", *extra)
        desk("sync", conn)
        desk("rejects", conn, "--limit", "100")
        for record in desk("rejects", conn, "--json").doc["records"]:
            desk("rejects", "show", record["uid"])
            desk("rejects", "show", record["uid"], "--json")
    desk("replay", "--all", "--dry-run", "--json")
    desk("replay", "--all")
    desk("runs")
    desk("verify")

    printed = "\n".join(desk.log)

    assert len(printed) > 20_000
    words = set(re.findall(r"[\w@.+-]+", printed))
    for person in world.people:
        values = {
            person.national_id,
            person.mobile,
            f"+86{person.mobile}",
            person.work_email,
            person.personal_email,
            person.person_id,
            person.display_name,
            *(spell.user_id for spell in person.spells),
        }
        assert not values & words
