"""Commands that sync: read streams and store them, and list what ran."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hrhub.cli.out import Out
from hrhub.cli.spoken import ends_cleanly, holder, spoken
from hrhub.cli.vendors import Conn
from hrhub.errors import (
    AuthError,
    ConfigError,
    ExitStatus,
    HrHubError,
    KeysUnavailable,
    StorageError,
    Transient,
)

if TYPE_CHECKING:
    from hrhub.airflow.connections import Resolved
    from hrhub.connector import Stream
    from hrhub.pipeline import Counts, Hub

_ENDS_ALL = (AuthError, KeysUnavailable, StorageError, Transient)
"""Errors that the next stream would meet again."""

_HEADINGS = (
    "Stream",
    "Status",
    "Pulled",
    "Inserted",
    "Updated",
    "Unchanged",
    "Rejected",
    "Seconds",
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("sync")(spoken(sync))
    app.command("runs")(spoken(runs))


def sync(
    out: Out,
    conn: Conn,
    streams: Annotated[
        list[str] | None,
        typer.Argument(metavar="STREAM", help="Streams; all in their order when none."),
    ] = None,
) -> ExitStatus:
    """Read what is new at the vendor and store it.

    Streams go in the order given, or in that of their references when none is named; then a
    stream without a mapping is left out, and one whose forerunner failed is skipped. Stopping
    with Ctrl-C leaves no half work: the next run goes on behind the last batch.

    Example: hrhub sync successfactors_default people employments
    """
    from hrhub.airflow.connections import resolve
    from hrhub.pipeline import open_hub

    found = resolve(conn)
    wanted = (
        [found.connector.stream(name) for name in dict.fromkeys(streams)]
        if streams
        else found.connector.in_order()
    )
    rows: list[dict[str, Any]] = []
    document: dict[str, Any] = {"connection": conn, "streams": rows}
    out.result(document)
    errors: list[HrHubError] = []
    with ends_cleanly(), open_hub() as hub:
        for stream in wanted:
            row = _one(out, hub, found, stream, rows, named=bool(streams), errors=errors)
            rows.append(row)
            if errors and isinstance(errors[-1], _ENDS_ALL):
                break
    _print(out, rows)
    for error in errors:
        out.error(error)
    status = errors[0].status if errors else ExitStatus.DONE
    if not errors and any(row["rejected"] for row in rows):
        status = ExitStatus.QUARANTINE
        out.aside("some records wait in quarantine: see `hrhub rejects`")
    document["status"] = int(status)
    return status


def _one(
    out: Out,
    hub: Hub,
    found: Resolved,
    stream: Stream,
    before: list[dict[str, Any]],
    *,
    named: bool,
    errors: list[HrHubError],
) -> dict[str, Any]:
    """Sync one stream and return its row of the table."""
    from hrhub.pipeline import Counts

    failed = {row["stream"] for row in before if row["status"] in ("failed", "skipped")}
    if not named and failed & set(stream.after):
        return _row(stream.name, "skipped", Counts())
    last = Counts()
    with out.working(f"{stream.name}: asking {found.connector.title}") as tell:

        def progress(counts: Counts) -> None:
            nonlocal last
            last = counts
            tell(f"{stream.name}: {counts.seen:,} read, {counts.inserted:,} inserted")

        try:
            counts = hub.sync(
                found.connector,
                found.config,
                found.conn_id,
                stream.name,
                holder=holder(),
                progress=progress,
            )
        except ConfigError as error:
            if error.code == "mapping.missing" and not named:
                return _row(stream.name, "no mapping", last)
            errors.append(error)
            return _row(stream.name, "failed", last, error)
        except HrHubError as error:
            errors.append(error)
            return _row(stream.name, "failed", last, error)
    return _row(stream.name, "quarantine" if counts.quarantined else "done", counts)


def _row(
    stream: str, status: str, counts: Counts, error: HrHubError | None = None
) -> dict[str, Any]:
    row = {"stream": stream, "status": status, **asdict(counts)}
    row["pulled"], row["rejected"] = counts.seen, counts.quarantined
    return row | {"error_code": error.code if error else None}


def _print(out: Out, rows: list[dict[str, Any]]) -> None:
    names = [heading.lower() for heading in _HEADINGS]
    out.table(
        _HEADINGS,
        [[row[name] for name in names] for row in rows],
        right=_HEADINGS[2:],
    )
    late = {name: sum(row[name] for row in rows) for name in ("stale", "duplicate")}
    if any(late.values()):
        out.line(
            f"Of those pulled, {late['stale']:,} were older than what is stored and "
            f"{late['duplicate']:,} came twice."
        )


def runs(
    out: Out,
    conn: Annotated[str | None, typer.Argument(metavar="CONN", help="Connection id.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to list.")] = 20,
) -> None:
    """List the last runs, newest first.

    Example: hrhub runs zkteco_default --limit 5
    """
    from hrhub.settings import Settings
    from hrhub.store import runs as stored
    from hrhub.store.engine import open_store

    settings = Settings.from_env()
    with open_store(settings.store_url) as store, store.read() as tx:
        found = stored.list_runs(tx, settings.tenant, connection=conn, limit=limit)
    out.result(
        {
            "runs": [
                {
                    "id": r.id,
                    "connection": r.connection,
                    "stream": r.stream,
                    "kind": r.kind,
                    "status": r.status,
                    "exit_status": r.exit_status,
                    "started_at": r.started_at.isoformat(),
                    "finished_at": r.finished_at.isoformat() if r.finished_at else None,
                    "counts": dict(r.counts),
                    "error_code": r.error_code,
                }
                for r in found
            ]
        }
    )
    out.table(
        (
            "Started (UTC)",
            "Connection",
            "Stream",
            "Kind",
            "Status",
            "Pulled",
            "Changed",
            "Rejected",
            "Error",
            "Run",
        ),
        [
            (
                f"{r.started_at:%Y-%m-%d %H:%M:%S}",
                r.connection,
                r.stream,
                r.kind,
                "quarantine" if r.exit_status == ExitStatus.QUARANTINE else r.status,
                r.counts["seen"],
                r.counts["inserted"] + r.counts["updated"],
                r.counts["quarantined"],
                r.error_code,
                r.id,
            )
            for r in found
        ],
        right=("Pulled", "Changed", "Rejected"),
        spare=("Run", "Kind", "Error"),
    )
