"""The command that proves a connector: ``hrhub conformance``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hrhub.cli.out import Out
from hrhub.cli.spoken import spoken
from hrhub.errors import ExitStatus

if TYPE_CHECKING:
    from hrhub.conformance.subject import Subject


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("conformance")(spoken(conformance))


def conformance(
    out: Out,
    target: Annotated[
        str, typer.Argument(metavar="NAME|PATH", help="Installed connector, or its folder.")
    ],
    only: Annotated[
        str, typer.Option(metavar="IDS", help="Checks or themes to run, joined by commas.")
    ] = "",
    people: Annotated[int, typer.Option(min=40, help="People in the simulated company.")] = 60,
    records: Annotated[
        int, typer.Option(min=1000, help="Records that the memory check works through.")
    ] = 200_000,
    mappings: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Directory of mappings, if elsewhere.")
    ] = None,
    recordings: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Recordings in the place of the simulator, of `hrhub record`."
        ),
    ] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML too.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page too.")] = None,
) -> ExitStatus:
    """Prove a connector offline, against its own simulator.

    Done only if every check that applies is passed.

    Example: hrhub conformance zkteco --html report.html
    """
    from hrhub.cli.spoken import one_of
    from hrhub.conformance import report as written
    from hrhub.conformance.kit import collect, run
    from hrhub.conformance.lab import Options
    from hrhub.conformance.subject import find

    wanted = [word.strip() for word in only.split(",") if word.strip()]
    known = tuple(c.id for c in collect())
    for word in wanted:
        one_of(word, known + tuple(sorted({i.partition(".")[0] for i in known})), "--only")
    subject = find(target, mappings)
    if recordings:
        subject = _replayed(subject, recordings)
        wanted = wanted or [i for i in known if i not in _OF_A_SIMULATOR]
    with out.working(f"examining {subject.connector.title}") as tell:
        report = run(
            subject,
            Options(people=people, records=records),
            only=wanted,
            progress=lambda outcome: tell(f"{outcome.check.id} {outcome.part}"),
        )
    if junit:
        junit.write_bytes(written.junit(report))
    if html:
        html.write_text(written.page(report), encoding="utf-8")
    out.result(written.document(report))
    out.table(written.HEADINGS, written.rows(report), spare=("What it means",))
    out.line(written.verdict_line(report), style="bold")
    return ExitStatus.DONE if report.passed else ExitStatus.FAILED


_OF_A_SIMULATOR = frozenset(
    {
        "check.credentials",
        "records.leavers",
        "cursor.moves",
        "cursor.boundary",
        "token.refreshed",
        "time.true",
        "text.kept",
    }
)
"""Checks that need to know the company, to change it, or a vendor that refuses credentials."""


def _replayed(subject: Subject, folder: Path) -> Subject:
    """Put recordings in the place of the simulator; only recorded streams are examined."""
    from dataclasses import replace

    from hrhub.recording import RecordedSandbox, read_recordings, recorded_part

    held = read_recordings(folder, subject.connector.name)
    connector = recorded_part(subject.connector, held)
    return replace(subject, connector=connector, sandbox=RecordedSandbox(connector, held))
