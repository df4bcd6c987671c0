"""Values that must not stand in a shell's history or in the list of processes."""

from __future__ import annotations

import sys

import typer


def asked_for(what: str, *, stdin: bool) -> str:
    """Return a value that is typed unseen on the terminal, or one line of stdin.

    Raises:
        typer.BadParameter: There is no terminal, and stdin is not asked for.
    """
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise typer.BadParameter("there is no terminal to ask on; use --stdin")
    return str(typer.prompt(what, hide_input=True, err=True))
