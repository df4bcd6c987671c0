"""Commands that pages, messages and connectors name exist, with their options."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hrhub.connector import registry
from hrhub.messages import LANGUAGES, catalogue
from tests.support.pages import NAMES, ROOT, blocks, code

_VARIABLE = re.compile(r"[A-Z_]+=\S*")


def _lines(name: str) -> Iterator[str]:
    """Yield the commands of a page: lines of shell blocks, and code in prose."""
    for block in blocks(name, "sh"):
        for line in block.text.splitlines():
            if line.strip() and not line.startswith("#"):
                yield line.strip()
    yield from code(name)


def _commands(program: str) -> list[tuple[str, list[str]]]:
    """Return (page, arguments) of every command that starts with a program's name."""
    found = []
    for name in NAMES:
        for line in _lines(name):
            if line == program or line.startswith(f"{program} "):
                found.append((name, shlex.split(line.partition(" > ")[0].rstrip(" &"))[1:]))
    return found


def _told() -> Iterator[tuple[str, list[str]]]:
    """Yield (code, arguments) of the hub's commands that error messages name."""
    words = [catalogue(language) for language in LANGUAGES]
    words += [texts for name in registry.names() for texts in registry.get(name).words.values()]
    for entries in words:
        for error_code, parts in entries.items():
            for command in re.findall(r"`hrhub ([^`]+)`", parts["do"]):
                yield error_code, command.replace("{", "").replace("}", "").split()


def _problem(arguments: list[str]) -> str | None:
    """Return what the command line's own parser has against a command, running nothing."""
    import typer.main

    from hrhub.cli.main import app

    command: Any = typer.main.get_command(app)
    words, context = [w for w in arguments if w not in ("…", "--help")], None
    try:
        while hasattr(command, "resolve_command"):
            if not words and command.no_args_is_help:
                return None  # the group itself is meant
            context = command.make_context(command.name, words, parent=context)
            left = [*context._protected_args, *context.args]
            _, command, words = command.resolve_command(context, left)
        command.make_context(command.name, list(words), parent=context)
    except Exception as error:
        if not words and type(error).__name__ == "MissingParameter":
            return None  # the command is spoken of by its name
        return f"{type(error).__name__} {error}"
    return None


def test_the_pages_name_commands_at_all() -> None:
    assert len(_commands("hrhub")) > 20
    assert len(_commands("make")) > 5


def test_commands_of_the_hub_exist_with_their_options() -> None:
    wrong = [
        f"{name}: hrhub {shlex.join(arguments)}: {problem}"
        for name, arguments in _commands("hrhub")
        if (problem := _problem(arguments))
    ]

    assert not wrong


def test_commands_that_messages_tell_people_to_run_exist() -> None:
    wrong = [
        f"{error_code}: hrhub {' '.join(arguments)}: {problem}"
        for error_code, arguments in _told()
        if (problem := _problem(arguments))
    ]

    assert not wrong


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["sync", "--nonsense"], ["runs", "a", "b", "c"], ["try", "zkteco_default"]],
)
def test_a_command_that_is_not_there_would_be_found(arguments: list[str]) -> None:
    assert _problem(arguments)


def test_targets_and_variables_of_make_exist() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", text, re.M))
    variables = set(re.findall(r"^([A-Z]+) \?=", text, re.M))
    wrong = []
    for name, arguments in _commands("make"):
        for word in arguments:
            given = word.partition("=")[0] if _VARIABLE.fullmatch(word) else None
            if given not in variables if given else word not in targets:
                wrong.append(f"{name}: make {word}")

    assert not wrong


def test_modules_that_are_run_exist() -> None:
    wrong = [
        f"{name}: python -m {arguments[1]}"
        for name, arguments in _commands("python")
        if arguments[:1] == ["-m"] and importlib.util.find_spec(arguments[1]) is None
    ]

    assert not wrong


@pytest.mark.xdist_group("airflow")
def test_commands_of_airflow_exist_with_their_options(tmp_path: Path) -> None:
    commands = [arguments for _, arguments in _commands("airflow") if arguments]
    program = (
        "import json, sys\n"
        "from airflow.cli.cli_parser import get_parser\n"
        "for arguments in json.loads(sys.argv[1]):\n"
        "    get_parser().parse_args(arguments)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(commands)],
        env={**os.environ, "AIRFLOW_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert len(commands) >= 5
    assert done.returncode == 0, done.stderr
