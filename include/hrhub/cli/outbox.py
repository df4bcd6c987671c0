"""Commands about write-backs: what waits, what was refused, sending, deciding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hrhub.cli.out import Out
from hrhub.cli.spoken import about, actor, ends_cleanly, holder, one_of, spoken
from hrhub.errors import ExitStatus, HrHubError

if TYPE_CHECKING:
    from hrhub.store.outbox import Queued

_Conn = Annotated[str, typer.Argument(metavar="CONN", help="Connection id.")]
_MaybeConn = Annotated[str | None, typer.Argument(metavar="CONN", help="Connection id.")]
_Id = Annotated[str, typer.Argument(metavar="ID", help="Id of a write-back.")]
_Reason = Annotated[str, typer.Option(metavar="REASON", help="Why; the command lists what counts.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Write-backs to vendors: what waits, what was refused, what to do.",
    )
    group.command("list")(spoken(list_writes))
    group.command("show")(spoken(show))
    group.command("deliver")(spoken(deliver))
    group.command("retry")(spoken(retry))
    group.command("drop")(spoken(drop))
    app.add_typer(group, name="outbox")


def list_writes(
    out: Out,
    conn: _MaybeConn = None,
    state: Annotated[
        str,
        typer.Option(metavar="STATE", help="Only this state; else what waits or needs a person."),
    ] = "",
    limit: Annotated[int, typer.Option(min=0, max=10_000, help="How many to list.")] = 20,
) -> None:
    """Count write-backs by state, list the newest.

    Example: hrhub outbox list wecom_default --state refused
    """
    from hrhub.pipeline import open_hub
    from hrhub.store import outbox as table

    wanted = (one_of(state, table.STATES, "--state"),) if state else (table.PENDING, *table.STUCK)
    with open_hub() as hub, hub.store.read() as tx:
        counts = table.count(tx, hub.settings.tenant, conn)
        rows = table.list_writes(
            tx, hub.settings.tenant, connection=conn, states=wanted, limit=limit
        )
    listed = [_row(out, row) for row in rows]
    out.result(
        {
            "counts": [
                {"connection": where, "sink": sink, "state": what, "n": n}
                for (where, sink, what), n in counts.items()
            ],
            "writes": listed,
        }
    )
    if not counts:
        out.line("nothing was ever to be written back")
        return
    out.table(
        ("Connection", "Write-back", "State", "How many"),
        [(*key, n) for key, n in counts.items()],
        right=("How many",),
    )
    if listed:
        out.table(
            ("Write-back", "Since (UTC)", "Connection", "Kind", "State", "Tries", "Why"),
            [
                (
                    r["id"],
                    r["since"][:16],
                    r["connection"],
                    r["sink"],
                    r["state"],
                    r["attempts"],
                    r["what"],
                )
                for r in listed
            ],
            right=("Tries",),
            spare=("Since (UTC)", "Tries", "Connection"),
        )


def show(out: Out, write_id: _Id) -> None:
    """Show one write-back, values masked, and what to do about it.

    Example: hrhub outbox show 01933c5a-7d2e-7000-8000-0123456789ab
    """
    from hrhub.pipeline import open_hub
    from hrhub.pipeline.outbox import Outbox

    with open_hub() as hub:
        outbox = Outbox(hub)
        row = outbox.get(write_id)
        values = outbox.masked(row)
    document = _row(out, row) | {"values": values}
    out.result(document)
    if row.code:
        for label, text in out.message(_why(row)).lines():
            out.line(f"{label}: {text}")
    hidden = ("values", "what", "do")
    out.table(("Fact", "Value"), [(k, v) for k, v in document.items() if k not in hidden])
    if values is None:
        out.line("its values are not kept any more")
    else:
        out.table(("Field", "Value"), list(values.items()))


def deliver(
    out: Out,
    conn: _Conn,
    sink: Annotated[
        str | None, typer.Argument(metavar="KIND", help="Only this kind of write-back.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be sent; write nothing.")
    ] = False,
) -> ExitStatus:
    """Send what waits for a connection.

    Example: hrhub outbox deliver wecom_default --dry-run
    """
    from hrhub.airflow.connections import resolve
    from hrhub.pipeline import open_hub

    found = resolve(conn)
    facts = {"connector": found.connector.name, "vendor": found.connector.title}
    with ends_cleanly(), about(connection=conn, **facts), open_hub() as hub:
        if dry_run:
            planned = hub.plan_delivery(found.connector, found.config, conn, sink)
            out.result(
                {
                    "writes": [
                        {
                            "id": p.id,
                            "sink": p.sink,
                            "target": p.target,
                            "fields": list(p.fields),
                            "values": dict(p.values),
                        }
                        for p in planned
                    ]
                }
            )
            if not planned:
                out.line("nothing would be sent")
            for p in planned:
                out.line(f"{p.id}: {p.target}")
                out.line(f"  vendor's fields: {', '.join(p.fields)}")
                out.table(("Field", "Value"), list(p.values.items()))
            return ExitStatus.DONE
        with out.working(f"writing to {found.connector.title}"):
            done = hub.deliver(found.connector, found.config, conn, sink, holder=holder())
    counts = done.counts()
    out.result({"connection": conn, **counts})
    out.table(("Outcome", "How many"), list(counts.items()), right=("How many",))
    if done.error is not None:
        done.error.context.setdefault("connection", conn)
        out.error(done.error)
        return ExitStatus.RETRYABLE
    if done.refused + done.unknown + done.dead:
        out.aside("some write-backs need a person: see `hrhub outbox list`")
        return ExitStatus.QUARANTINE
    return ExitStatus.DONE


def retry(out: Out, write_id: _Id, reason: _Reason) -> None:
    """Send a write-back once more.

    Reasons: not_arrived, mended_at_vendor, mended_here, vendor_back.

    Example: hrhub outbox retry 01933c5a-7d2e-7000-8000-0123456789ab --reason mended_at_vendor
    """
    from hrhub.pipeline import open_hub
    from hrhub.pipeline.outbox import RETRY_REASONS, Outbox

    chosen = one_of(reason, RETRY_REASONS, "--reason")
    with open_hub() as hub:
        row = Outbox(hub).retry(write_id, chosen, actor=actor())
    out.result(_row(out, row))
    out.line(f"{row.id} will be sent with the next delivery")


def drop(out: Out, write_id: _Id, reason: _Reason) -> None:
    """Let go of a write-back; its values are forgotten.

    Reasons: arrived, done_by_hand, obsolete, wrong, test_data, no_legal_basis.

    Example: hrhub outbox drop 01933c5a-7d2e-7000-8000-0123456789ab --reason arrived
    """
    from hrhub.pipeline import open_hub
    from hrhub.pipeline.outbox import DROP_REASONS, Outbox

    chosen = one_of(reason, DROP_REASONS, "--reason")
    with open_hub() as hub:
        row = Outbox(hub).drop(write_id, chosen, actor=actor())
    out.result(_row(out, row))
    out.line(f"{row.id} is dropped")


def _row(out: Out, row: Queued) -> dict[str, Any]:
    message = out.message(_why(row)) if row.code else None
    return {
        "id": row.id,
        "connection": row.connection,
        "sink": row.sink,
        "state": row.state,
        "in_doubt": row.doubtful,
        "attempts": row.attempts,
        "since": row.created_at.isoformat(),
        "next_try": row.next_try_at.isoformat() if row.state == "pending" else None,
        "fields": list(row.fields),
        "person": row.person_id,
        "code": row.code,
        "vendor_code": row.vendor_code,
        "what": message.what if message else None,
        "do": message.do if message else None,
        "asked_by": row.actor,
        "reason": row.reason,
        "decided_by": row.decided_by,
        "decision": row.decision,
    }


def _why(row: Queued) -> HrHubError:
    return HrHubError(
        row.code,
        connection=row.connection,
        connector=row.connector,
        vendor=row.connector,
        vendor_code=row.vendor_code or "-",
    )
