"""Commands for those who write connectors: start one, record what a vendor answers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from hrhub.cli.out import Out
from hrhub.cli.spoken import spoken


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("new-connector")(spoken(new_connector))
    app.command("record")(spoken(record))


def new_connector(
    out: Out,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Lower case, like acme; part of all names.")
    ],
    kind: Annotated[
        str,
        typer.Option(
            help="The system: hr, recruiting, attendance, assessment, background, social_security."
        ),
    ] = "",
    auth: Annotated[
        str,
        typer.Option(
            help="How requests are authorised: client_credentials, gettoken, api_key, basic, hmac, "
            "none."
        ),
    ] = "",
    paging: Annotated[
        str, typer.Option(help="How lists go on: page, offset, cursor, next_link, scroll.")
    ] = "",
    streams: Annotated[
        str, typer.Option(help="Names of the streams, with commas between them.", metavar="A,B")
    ] = "",
    sink: Annotated[bool, typer.Option("--sink", help="Begin with a write-back.")] = False,
    events: Annotated[
        bool, typer.Option("--events", help="Begin with a receiver of signed reports.")
    ] = False,
    title: Annotated[str, typer.Option(help="What people read; else the name.")] = "",
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Where to write; else ./hrhub-NAME.")
    ] = None,
) -> None:
    """Start a connector: a package with simulator, mappings and tests that passes from the start.

    What is not given is asked on a terminal, and elsewhere takes its default.

    Example: hrhub new-connector acme --kind hr --auth api_key --paging page
    """
    from hrhub.scaffold import AUTH, KINDS, PAGING, Wish, generate

    wish = Wish(
        name=name,
        kind=kind or _asked("Kind of system", {k: c.doc for k, c in KINDS.items()}, "hr"),
        auth=auth
        or _asked(
            "Authorisation", {k: c.doc for k, c in AUTH.items()}, default="client_credentials"
        ),
        paging=paging or _asked("Paging", {k: c.doc for k, c in PAGING.items()}, "cursor"),
        title=title,
        streams=tuple(part.strip() for part in streams.split(",") if part.strip()),
        sink=sink,
        events=events,
    )
    place = folder or Path(wish.distribution)
    files = generate(wish, place)
    steps = (
        f"cd {place}",
        "pip install -e '.[test]'",
        f"export HRHUB_PLUGINS={wish.distribution}",
        f"hrhub conformance {wish.name}",
        "pytest",
    )
    out.result(
        {
            "name": wish.name,
            "distribution": wish.distribution,
            "folder": str(place),
            "files": [file.as_posix() for file in files],
            "next": list(steps),
        }
    )
    out.line(f"{wish.label}: {len(files)} files in {place}")
    out.line("It keeps the contract as it is. See for yourself, then change it step by step:")
    for step in steps:
        out.line(f"  {step}")


def record(
    out: Out,
    conn: Annotated[str, typer.Argument(metavar="CONN", help="Connection id of the real vendor.")],
    streams: Annotated[
        list[str], typer.Argument(metavar="STREAM...", help="As `hrhub discover` lists them.")
    ],
    folder: Annotated[Path, typer.Option("--out", help="Folder for the recordings.")],
    pages: Annotated[int, typer.Option(min=1, max=100, help="Pages of each stream.")] = 3,
    keep: Annotated[
        str,
        typer.Option(
            help="Further fields whose values stay, as dotted paths with commas between them.",
            metavar="A,B.C",
        ),
    ] = "",
) -> None:
    """Read a real vendor once and keep its answers, with every personal value replaced by a fake.

    What the stream's mapping shows to be open or a code stays; all else becomes made up. Nothing
    is written when a personal value or secret is still found. Streams of one call share fakes.

    Example: hrhub record lantern_default departments employees --out recordings
    """
    from zoneinfo import ZoneInfo

    from hrhub.airflow.connections import resolve
    from hrhub.ambient import SystemClock
    from hrhub.cli.spoken import about
    from hrhub.connector import open_session
    from hrhub.errors import ConfigError
    from hrhub.mapping import find_mapping
    from hrhub.recording import Bounds, write_recording
    from hrhub.recording import record as recorded
    from hrhub.settings import Settings

    found, clock = resolve(conn), SystemClock()
    connector = found.connector
    with about(connection=conn, connector=connector.name, vendor=connector.title):
        plans = {}
        for name in streams:
            try:
                plans[name] = find_mapping(Settings.from_env().mappings, connector.name, name)
            except ConfigError as error:
                if error.code != "mapping.missing":
                    raise
                out.aside(f"{name} has no mapping yet: all of its values become made up")
        session = open_session(connector, found.config, clock=clock, connection=conn)
        with out.working(f"reading {connector.title}"):
            recordings = recorded(
                connector,
                session,
                streams,
                plans=plans,
                today=clock.now().astimezone(ZoneInfo(found.config.timezone)).date(),
                bounds=Bounds(pages=pages),
                keep=[part.strip() for part in keep.split(",") if part.strip()],
            )
    rows = [
        {
            "stream": one.stream,
            "file": str(write_recording(one, folder)),
            "exchanges": len(one.exchanges),
            "records": one.pulled,
            "refused": one.rejected,
            "complete": one.complete,
        }
        for one in recordings
    ]
    out.result({"connection": conn, "recordings": rows})
    out.table(
        ("Stream", "File", "Exchanges", "Records", "Refused", "Complete"),
        [list(row.values()) for row in rows],
        right=("Exchanges", "Records", "Refused"),
    )
    out.line("Read the files once yourself before you hand them on.")


def _asked(question: str, choices: dict[str, str], default: str) -> str:
    """Return the answer of somebody at a terminal, or the default when nobody is there."""
    if not sys.stdin.isatty():
        return default
    width = max(map(len, choices))
    for name, doc in choices.items():
        typer.echo(f"  {name:{width}}  {doc}", err=True)
    answer: str = typer.prompt(question, default=default, err=True)
    return answer.strip()
