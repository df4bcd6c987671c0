"""The command that imports files of history."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hrhub.cli.out import Out
from hrhub.cli.spoken import ends_cleanly, holder, spoken
from hrhub.errors import ConfigError, ExitStatus

if TYPE_CHECKING:
    from hrhub.importing import Importer, Report

_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(spoken(import_))


def import_(
    out: Out,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .csv, .xlsx or .jsonl file.")],
    mapping: Annotated[
        Path, typer.Option("--mapping", metavar="PATH", help="Mapping of stream import.<name>.")
    ],
    connection: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Connection under whose keys the records are known; else import."
        ),
    ] = "import",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Decode and map only; write nothing.")
    ] = False,
    charset: Annotated[
        str, typer.Option(help="Character set of a CSV file, for example gb18030.")
    ] = "utf-8",
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook that has several.")] = None,
    timezone: Annotated[str, typer.Option(help="Zone of times that carry none.")] = "Asia/Shanghai",
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the reconciliation as JSON here.")
    ] = None,
) -> ExitStatus:
    """Import a file of history the way that every sync takes.

    The columns are compared with the mapping before anything is written. An import that was
    stopped is run again: what is stored already stays as it is.

    Example: hrhub import people.csv --mapping mappings/import/people.yaml --dry-run
    """
    from hrhub.importing import Importer, open_source
    from hrhub.mapping import load_mapping

    source = open_source(file, load_mapping(mapping), charset=charset.lower(), sheet=sheet)
    importer = Importer(source, connection=connection, timezone=timezone)
    done = _dry(out, importer) if dry_run else _store(out, importer)
    document = {"connection": connection, "stream": source.name, **done.document()}
    out.result(document)
    _print(out, done)
    if report is not None:
        _write(report, document)
    if not done.balanced:
        return ExitStatus.FAILED
    return ExitStatus.QUARANTINE if done.refused else ExitStatus.DONE


def _dry(out: Out, importer: Importer) -> Report:
    from hrhub.ambient import SystemClock

    with ends_cleanly(), out.working("looking at the rows") as tell:
        return importer.dry_run(SystemClock(), lambda c: tell(f"{c.seen:,} records looked at"))


def _store(out: Out, importer: Importer) -> Report:
    from hrhub.pipeline import open_hub

    with ends_cleanly(), open_hub() as hub, out.working("importing") as tell:
        return importer.run(
            hub,
            holder=holder(),
            tell=lambda c: tell(f"{c.seen:,} records read, {c.inserted:,} inserted"),
        )


def _print(out: Out, done: Report) -> None:
    document = done.document()
    names = (
        ("accepted", "rejected")
        if done.dry
        else ("inserted", "updated", "unchanged", "stale", "duplicate", "rejected")
    )
    out.table(
        ("Rows", "Records", *(name.capitalize() for name in names)),
        [[document[name] for name in ("rows", "records", *names)]],
        right=("Rows", "Records", *(name.capitalize() for name in names)),
    )
    if done.reasons:
        out.table(
            ("Reason", "Column", "Rule", "Records"),
            [(r["reason"], r["column"], r["rule"], r["n"]) for r in document["reasons"]],
            right=("Records",),
        )
        rows = [str(line["row"]) for line in document["rejects"]]
        more = f" and {done.refused - _SHOWN:,} more" if done.refused > _SHOWN else ""
        out.line(f"rejected rows: {', '.join(rows[:_SHOWN])}{more}")
    if done.unread:
        out.aside(f"columns that the mapping does not read: {', '.join(done.unread)}")
    if done.dry:
        out.aside("nothing was written")


def _write(path: Path, document: dict[str, object]) -> None:
    try:
        text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError("import.report", errno=error.errno) from None
