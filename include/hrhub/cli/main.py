"""The command line ``hrhub``: every step of the hub without Airflow."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import typer

from hrhub.cli import (
    authoring,
    backfilling,
    conformance,
    consenting,
    fields,
    imports,
    inbox,
    local,
    maps,
    matches,
    ordering,
    outbox,
    persons,
    rejects,
    stores,
    syncing,
    vendors,
    verifications,
)
from hrhub.errors import ExitStatus

_PROGRAM = "hrhub"


class _Hrhub(typer.Typer):
    """The application; calling it runs the command line of this process and ends it."""

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        sys.exit(run(sys.argv[1:]))


app = _Hrhub(
    name=_PROGRAM,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="""Bring HR systems together: read vendors, map, seal and store, with nothing lost.

    Connections come from the environment (AIRFLOW_CONN_<ID>) or from Airflow. Every command takes
    --json and --help.

    Exit status: 0 done, 2 usage, 3 replaced by a newer run, 4 busy, 5 done with quarantine,
    6 try again later, 7 mend the set-up, 8 no keys, 9 no store, 1 a check failed.
    """,
)


@app.callback()
def _root() -> None:
    """Keep the help above for the whole program."""


for _part in (
    vendors,
    syncing,
    maps,
    fields,
    backfilling,
    rejects,
    imports,
    matches,
    outbox,
    inbox,
    stores,
    local,
    authoring,
    conformance,
    persons,
    ordering,
    consenting,
    verifications,
):
    _part.register(app)


def run(args: Sequence[str]) -> int:
    """Run one command line; return the exit status.

    A usage error is a JSON document too when ``--json`` is among the arguments.
    """
    command = typer.main.get_command(app)
    wants_json = "--json" in args
    try:
        return int(
            command.main(list(args), prog_name=_PROGRAM, standalone_mode=not wants_json) or 0
        )
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ExitStatus.USAGE)
    except Exception as error:
        format_message = getattr(error, "format_message", None)
        if format_message is None:
            raise
        told = {
            "code": "cli.usage",
            "status": int(ExitStatus.USAGE),
            "what": format_message(),
            "who": "Nothing was started.",
            "do": f"Run `{_PROGRAM} --help` or the command with --help.",
            "context": {},
        }
        sys.stdout.write(json.dumps({"error": told}, ensure_ascii=False, indent=2) + "\n")
        return int(ExitStatus.USAGE)
