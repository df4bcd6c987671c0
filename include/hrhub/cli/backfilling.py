"""The command that maps landed pages again."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hrhub.cli.out import Out
from hrhub.cli.spoken import actor, ends_cleanly, holder, spoken
from hrhub.errors import ExitStatus

if TYPE_CHECKING:
    from hrhub.pipeline import Counts
    from hrhub.pipeline.backfill import Backfilled


_OUTCOMES = ("Seen", "Inserted", "Updated", "Unchanged", "Passed over", "Rejected", "Seconds")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("backfill")(spoken(backfill))


def backfill(
    out: Out,
    conn: Annotated[str, typer.Argument(metavar="CONN", help="Connection id.")],
    stream: Annotated[str, typer.Argument(metavar="STREAM", help="As `hrhub discover` lists it.")],
    since: Annotated[
        str, typer.Option(metavar="DAY", help="Only pages landed since this day (UTC), YYYY-MM-DD.")
    ] = "",
    mapping: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Mapping of an import, if it is not installed."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing, say all.")] = False,
) -> ExitStatus:
    """Map landed pages again under the mapping of today; the vendor is not asked.

    For after a mapping or a custom field has changed. Nothing newer is overwritten and the reading
    position stays. Pages stay seven days; records that only older pages told of come with their
    next change, or with a full reading. Interrupted, it goes on where it stopped.

    Example: hrhub backfill wecom_default employees --dry-run
    """
    from hrhub.importing import Imported
    from hrhub.mapping import load_mapping
    from hrhub.pipeline import open_hub

    moment = _day(since)
    given = load_mapping(mapping) if mapping else None
    with ends_cleanly(), open_hub() as hub, out.working(f"{stream}: mapping again") as tell:

        def progress(counts: Counts) -> None:
            tell(f"{stream}: {counts.pages:,} pages, {counts.seen:,} records")

        done = hub.backfill(
            conn,
            stream,
            holder=holder(),
            actor=actor(),
            since=moment,
            dry_run=dry_run,
            connectors=Imported(hub.settings.mappings, given),
            mapping=given,
            progress=progress,
        )
    out.result({"connection": conn, "stream": stream, "dry_run": dry_run, **_document(done)})
    _print(out, done, dry_run)
    return ExitStatus.QUARANTINE if done.counts.quarantined else ExitStatus.DONE


def _document(done: Backfilled) -> dict[str, Any]:
    reach = done.reach
    return {
        "run": done.run_id,
        "counts": done.counts.numbers(),
        "seconds": done.counts.seconds,
        "since": reach.since.isoformat() if reach.since else None,
        "pages": {
            "wanted": len(reach.pages),
            "current": reach.current,
            "earlier": reach.earlier,
            "incomplete": reach.broken,
            "removed": reach.dropped + done.vanished,
            "removed_until": reach.dropped_until.isoformat() if reach.dropped_until else None,
        },
        "unreached": done.unreached,
    }


def _print(out: Out, done: Backfilled, dry_run: bool) -> None:
    reach, counts = done.reach, done.counts
    if reach.since is None:
        out.line("no kept page needs it: all were mapped by the mapping of today")
    else:
        out.line(f"{len(reach.pages):,} pages, from {reach.since:%Y-%m-%d %H:%M} UTC on")
        out.table(
            _OUTCOMES,
            [
                (
                    counts.seen,
                    counts.inserted,
                    counts.updated,
                    counts.unchanged,
                    counts.stale + counts.duplicate,
                    counts.quarantined,
                    counts.seconds,
                )
            ],
            title="What would be done" if dry_run else "",
            right=_OUTCOMES,
        )
    if reach.dropped_until is not None:
        out.line(
            f"{reach.dropped + done.vanished:,} pages that landed until "
            f"{reach.dropped_until:%Y-%m-%d %H:%M} UTC are removed and cannot be mapped again"
        )
    if reach.earlier:
        out.line(f"{reach.earlier:,} kept pages landed before and were left out")
    if reach.broken:
        out.line(f"{reach.broken:,} kept pages of runs that did not end well were left out")
    if done.unreached:
        out.line(
            f"{done.unreached:,} records are as another mapping left them; "
            "they change with their next change at the vendor, or with a full reading"
        )


def _day(text: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC) if text else None
    except ValueError:
        raise typer.BadParameter("write a day as YYYY-MM-DD", param_hint="--since") from None
