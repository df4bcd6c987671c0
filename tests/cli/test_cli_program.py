"""The program as a whole: help, start-up, terminals, the local sandbox."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from hrhub.cli.main import app
from tests.cli.conftest import Desk

_HEAVY = ("sqlalchemy", "pydantic", "airflow", "hrhub.pipeline", "cryptography", "numpy", "lxml")


def commands() -> Iterator[tuple[str, ...]]:
    def walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for name, inner in getattr(command, "commands", {}).items():
            yield from walk(inner, (*path, name))
        if not getattr(command, "commands", {}):
            yield path

    yield from walk(typer.main.get_command(app), ())


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_every_command_explains_itself_with_one_example_and_knows_json_and_language(
    bare: Desk, path: tuple[str, ...]
) -> None:
    said = bare(*path, "--help")

    assert said.status == 0
    assert re.findall(r"Example: .*hrhub " + " ".join(path).removesuffix(" list"), said.out)
    assert said.out.count("Example: ") == 1
    assert "--json" in said.out
    assert "--lang" in said.out


def test_asking_for_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from hrhub.cli.main import run\n"
        "assert run(['--help']) == 0\n"
        f"print([m for m in {_HEAVY!r} if m in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"
    assert "Usage: hrhub" in done.stdout


def test_a_narrow_terminal_gets_blocks_and_no_colour_where_nobody_wants_it(bare: Desk) -> None:
    bare.env(COLUMNS="40", NO_COLOR="1", FORCE_COLOR="1")

    said = bare("connectors")

    assert "Name: zkteco" in said.out
    # A fact per line, however many streams a connector has.
    lines = [line for line in said.out.splitlines() if line]
    assert all(re.match(r"[A-Z][a-z-]*: ", line) for line in lines)
    assert "\x1b[3" not in said.out


def test_the_sandbox_starts_tells_connections_and_truth_and_stops(desk: Desk) -> None:
    assert desk("sandbox", "truth").status == 7
    process = subprocess.Popen(
        [sys.executable, "-m", "hrhub.cli", "sandbox", "start", "--size", "40", "--names",
         "zkteco", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(os.environ),
        text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        assert "serving 40 people" in process.stderr.readline()
        found = desk("sandbox", "connections", "--json").doc["connections"]
        exported = desk("sandbox", "connections").out
        truth = desk("sandbox", "truth", "--json").doc
    finally:
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=20)

    assert process.returncode == 0
    assert json.loads(out)["vendors"] == ["zkteco"]
    assert found["zkteco_default"]["conn_type"] == "hr_zkteco"
    [_, pair] = shlex.split(exported)
    assert pair.startswith("AIRFLOW_CONN_ZKTECO_DEFAULT={")
    # Nobody tells of the people whom the punches belong to: they wait.
    assert truth["store"] == {"attendance_punch": 0}
    assert all(row["pulled"] > 0 for row in truth["streams"])
    assert {row["stream"] for row in truth["streams"]} == {"users", "punches"}
    assert not (desk.home / "sandbox.json").exists()
