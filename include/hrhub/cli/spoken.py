"""What all commands have in common: ``--json``, ``--lang``, errors in words, exit statuses."""

from __future__ import annotations

import getpass
import inspect
import os
import signal
import socket
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated, Any

import typer

from hrhub.cli.out import Out
from hrhub.errors import ExitStatus, HrHubError

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells expect it."""

_JSON = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on stdout instead of tables.")
]
_LANG = Annotated[
    str,
    typer.Option("--lang", help="Language of messages, en or zh; else HRHUB_LANG.", metavar="LANG"),
]
_POSITIONAL = inspect.Parameter.POSITIONAL_OR_KEYWORD

Command = Callable[..., ExitStatus | None]
"""A command: takes an :class:`Out` first, returns how it ended; None is done."""


def spoken(command: Command) -> Callable[..., None]:
    """Turn a command into what typer calls: with the common options, and errors in words."""
    signature = inspect.signature(command, eval_str=True)
    own = list(signature.parameters.values())[1:]
    common = [
        inspect.Parameter("json_wanted", _POSITIONAL, default=False, annotation=_JSON),
        inspect.Parameter("lang", _POSITIONAL, default="", annotation=_LANG),
    ]

    def run(json_wanted: bool, lang: str, **given: Any) -> None:
        raise typer.Exit(_run(command, json_wanted, lang, given))

    run.__name__ = command.__name__
    run.__doc__ = command.__doc__
    run.__annotations__ = {p.name: p.annotation for p in (*own, *common)}
    # What typer reads the options from.
    setattr(run, "__signature__", inspect.Signature([*own, *common]))  # noqa: B010
    return run


def _run(command: Command, json_wanted: bool, lang: str, given: dict[str, Any]) -> int:
    out = Out(json_wanted=json_wanted, language=_language(lang))
    try:
        status = int(command(out, **given) or ExitStatus.DONE)
    except HrHubError as error:
        out.error(error)
        status = int(error.status)
    except KeyboardInterrupt:
        out.aside("interrupted; what was open is rolled back")
        status = INTERRUPTED
    except (RuntimeError, typer.BadParameter) as error:
        if isinstance(error, typer.Exit | typer.Abort | typer.BadParameter):
            raise
        status = _unexpected(out, error)
    except BrokenPipeError:
        raise
    except Exception as error:
        status = _unexpected(out, error)
    out.end()
    return status


def _unexpected(out: Out, error: Exception) -> int:
    """Tell where something went wrong that has no words; what it said may hold values."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}"
    unknown = HrHubError("internal.unexpected", kind=type(error).__name__, where=where)
    out.error(unknown)
    out.aside(f"{unknown}")
    return int(unknown.status)


def _language(asked: str) -> str:
    if asked and asked not in ("en", "zh"):
        raise typer.BadParameter("choose en or zh", param_hint="--lang")
    chosen = asked or os.environ.get("HRHUB_LANG") or "en"
    return "zh" if chosen.lower().startswith("zh") else "en"


def actor() -> str:
    """Return who is at the command line, for the audit chain."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user without a name
        return f"cli:{os.getuid()}"


def holder() -> str:
    """Return the name under which this process holds leases: unlike that of any other process."""
    from hrhub.ambient import new_id

    return f"cli/{socket.gethostname()}/{os.getpid()}/{new_id()[-8:]}"


@contextmanager
def ends_cleanly() -> Iterator[None]:
    """Let SIGTERM end a command as Ctrl-C does: transactions are rolled back, the lease freed."""

    def stop(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def about(**facts: str) -> Iterator[None]:
    """Let errors know which connection, connector and stream they are about."""
    try:
        yield
    except HrHubError as error:
        error.about(**facts)
        raise


def one_of(asked: str, known: tuple[str, ...], option: str) -> str:
    """Return what was asked for if it is known.

    Raises:
        typer.BadParameter: It is not; the known ones are listed.
    """
    if asked not in known:
        raise typer.BadParameter(f"use one of {', '.join(known)}", param_hint=option)
    return asked
