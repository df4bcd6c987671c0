"""The command that proves a connector: ``hrhub conformance``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hrhub.cli.out import Out
from hrhub.cli.spoken import spoken
from hrhub.errors import ExitStatus


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
