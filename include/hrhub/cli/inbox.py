"""Commands about what vendors report: taking it in, draining the inbox, looking into it."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hrhub.cli.out import Out
from hrhub.cli.spoken import about, actor, ends_cleanly, holder, one_of, spoken
from hrhub.errors import ExitStatus, HrHubError

if TYPE_CHECKING:
    from hrhub.pipeline import Hub
    from hrhub.store.inbox import Kept

_MaybeConn = Annotated[str | None, typer.Argument(metavar="CONN", help="Connection id.")]
_Id = Annotated[str, typer.Argument(metavar="ID", help="Id of a report.")]
_Reason = Annotated[str, typer.Option(metavar="REASON", help="Why; the command lists what counts.")]
_LOOK_EVERY_S = 1.0


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="What vendors report by themselves: serve, drain, look.",
    )
    group.command("serve")(spoken(serve))
    group.command("listen")(spoken(listen))
    group.command("list")(spoken(list_requests))
    group.command("show")(spoken(show))
    group.command("drain")(spoken(drain))
    group.command("retry")(spoken(retry))
    group.command("discard")(spoken(discard))
    app.add_typer(group, name="inbox")


def serve(
    out: Out,
    conns: Annotated[
        list[str] | None,
        typer.Argument(metavar="CONN", help="Connections to serve; else all there are."),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port; 0: a free one.")] = 8090,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes.")] = 1,
    mount: Annotated[
        list[str] | None,
        typer.Option(metavar="CONN/RECEIVER", help="Serve a receiver at its own prefix as well."),
    ] = None,
    trust_proxy: Annotated[
        list[str] | None,
        typer.Option(metavar="NETWORK", help="Proxies that tell who calls (X-Forwarded-For)."),
    ] = None,
) -> None:
    """Take reports of vendors until Ctrl-C.

    A vendor calls http(s)://HOST/CONN/RECEIVER. Put a proxy that speaks TLS in front of it. What is
    answered is committed; `hrhub inbox drain` works on it.

    Example: hrhub inbox serve checkr_default wecom_default --port 8090 --workers 2
    """
    from hrhub.inbox.server import Serving
    from hrhub.inbox.server import serve as run

    def ready(at: int, addresses: list[tuple[str, str]]) -> None:
        out.aside(f"listening at {host} port {at}; stop with Ctrl-C")
        for connection, path in addresses:
            out.aside(f"  {connection}: {path}")

    serving = Serving(
        host=host,
        port=port,
        connections=tuple(conns or ()),
        mounts=tuple(mount or ()),
        workers=workers,
        trust_proxies=tuple(trust_proxy or ()),
    )
    out.result({"status": "stopped"})
    run(serving, ready)


def listen(
    out: Out,
    line: Annotated[str, typer.Argument(metavar="CONN/RECEIVER", help="Whose line to hold.")],
    for_s: Annotated[
        float | None,
        typer.Option("--for", min=1, metavar="SECONDS", help="How long; else until Ctrl-C."),
    ] = None,
) -> ExitStatus:
    """Hold a line to a vendor or device that tells events on it, and keep them.

    It is opened anew when it breaks. `hrhub inbox drain` works on what was kept.

    Example: hrhub inbox listen gate_1/push --for 3600
    """
    from hrhub.airflow.connections import resolve
    from hrhub.pipeline import open_hub
    from hrhub.pipeline.listening import Listening

    def broken(error: HrHubError, wait_s: float) -> None:
        said = out.message(error.about(connection=conn, **facts)).what
        out.aside(f"{said} ({error.code}) The line is opened again in {wait_s:.0f} s.")

    conn, _, receiver = line.partition("/")
    found = resolve(conn)
    facts = {"connector": found.connector.name, "vendor": found.connector.title}
    with ends_cleanly(), about(connection=conn, **facts), open_hub() as hub:
        listening = Listening(hub, found.connector, found.config, conn, receiver)
        out.aside(f"listening to {conn}; stop with Ctrl-C")
        heard = listening.run(inf if for_s is None else for_s, broken)
    row = {"connection": conn, **heard.counts()}
    out.result(row)
    out.table(("Fact", "Value"), list(row.items()))
    if heard.error is not None:
        out.error(heard.error)
        return heard.error.status
    return ExitStatus.QUARANTINE if heard.unreadable else ExitStatus.DONE


def list_requests(
    out: Out,
    conn: _MaybeConn = None,
    state: Annotated[
        str, typer.Option(metavar="STATE", help="Only this state; else what is not settled.")
    ] = "",
    limit: Annotated[int, typer.Option(min=0, max=10_000, help="How many to list.")] = 20,
) -> None:
    """Count reports by state, list the newest.

    Example: hrhub inbox list wecom_default
    """
    from hrhub.pipeline import open_hub
    from hrhub.store import inbox as table

    wanted = (
        (one_of(state, table.STATES, "--state"),) if state else (table.WAITING, table.UNREADABLE)
    )
    with open_hub() as hub, hub.store.read() as tx:
        counts = table.count(tx, hub.settings.tenant, conn)
        rows = table.list_requests(
            tx, hub.settings.tenant, connection=conn, states=wanted, limit=limit
        )
    listed = [_row(out, row) for row in rows]
    out.result(
        {
            "counts": [
                {"connection": where, "receiver": receiver, "state": what, "n": n}
                for (where, receiver, what), n in counts.items()
            ],
            "requests": listed,
        }
    )
    if not counts:
        out.line("no report has come yet")
        return
    out.table(
        ("Connection", "Receiver", "State", "How many"),
        [(*key, n) for key, n in counts.items()],
        right=("How many",),
    )
    if listed:
        out.table(
            ("Report", "Came (UTC)", "Connection", "State", "Events", "Tries", "Why"),
            [
                (
                    r["id"],
                    r["came"][:19],
                    r["connection"],
                    r["state"],
                    r["events"],
                    r["attempts"],
                    r["what"],
                )
                for r in listed
            ],
            right=("Events", "Tries"),
            spare=("Tries", "Events", "Came (UTC)"),
        )


def show(out: Out, request_id: _Id) -> None:
    """Show one report without its values, and what to do about it.

    Example: hrhub inbox show 01933c5a-7d2e-7000-8000-0123456789ab
    """
    from hrhub.pipeline import open_hub
    from hrhub.pipeline.inbox import Inbox

    with open_hub() as hub:
        inbox = Inbox(hub)
        row = inbox.get(request_id)
        with hub.store.read() as tx:
            received = inbox.open(tx, row)
    document = _row(out, row) | {
        "method": received.method if received else None,
        "path": received.path if received else None,
        "header_names": sorted(received.headers) if received else None,
        "query_names": sorted(received.query) if received else None,
    }
    out.result(document)
    if row.code:
        for label, text in out.message(_why(row)).lines():
            out.line(f"{label}: {text}")
    out.table(("Fact", "Value"), [(k, v) for k, v in document.items() if k not in ("what", "do")])


def drain(
    out: Out,
    conn: _MaybeConn = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on until Ctrl-C, looking every second.")
    ] = False,
) -> ExitStatus:
    """Work through reports: load records that came, read streams that were named.

    Without CONN the reports of all connections.

    Example: hrhub inbox drain --watch
    """
    from hrhub.ambient import SystemClock
    from hrhub.pipeline import open_hub

    clock = SystemClock()
    done: list[dict[str, Any]] = []
    out.result({"connections": done})
    status = ExitStatus.DONE
    with ends_cleanly(), open_hub() as hub:
        while True:
            for name in [conn] if conn else _waiting(hub):
                row, ended = _drain(out, hub, name)
                status = max(status, ended)
                if not watch:
                    done.append(row)
                elif row["requests"] or row["again"]:
                    out.aside(f"{name}: {row['requests']} reports, {row['again']} to try again")
            if not watch:
                break
            clock.sleep(_LOOK_EVERY_S)
    if not done:
        out.line("no report waits")
    for row in done:
        out.table(("Fact", "Value"), list(row.items()))
    return status


def _waiting(hub: Hub) -> list[str]:
    from hrhub.store import inbox as table

    with hub.store.read() as tx:
        return table.waiting_connections(tx, hub.settings.tenant, hub.clock.now())


def _drain(out: Out, hub: Hub, name: str) -> tuple[dict[str, Any], ExitStatus]:
    """Drain one connection; what stops it does not stop the others."""
    from hrhub.airflow.connections import resolve

    try:
        found = resolve(name)
        facts = {"connector": found.connector.name, "vendor": found.connector.title}
        with about(connection=name, **facts), out.working(f"draining {name}"):
            result = hub.drain(found.connector, found.config, name, holder=holder())
    except HrHubError as error:
        out.error(error)
        return {"connection": name, "requests": 0, "again": 0, "code": error.code}, error.status
    for failure in result.errors.values():
        out.error(failure)
    row: dict[str, Any] = {"connection": name, **result.counts()}
    for stream, counts in result.streams.items():
        row[f"{stream}: seen"] = counts.seen
        row[f"{stream}: changed"] = counts.inserted + counts.updated
        row[f"{stream}: rejected"] = counts.quarantined
    if result.again:
        return row, ExitStatus.RETRYABLE
    aside = result.unreadable or any(c.quarantined for c in result.streams.values())
    return row, ExitStatus.QUARANTINE if aside else ExitStatus.DONE


def retry(out: Out, request_id: _Id, reason: _Reason) -> None:
    """Have a report worked on once more.

    Reasons: connector_mended, settings_mended, vendor_back.

    Example: hrhub inbox retry 01933c5a-7d2e-7000-8000-0123456789ab --reason settings_mended
    """
    from hrhub.pipeline import open_hub
    from hrhub.pipeline.inbox import RETRY_REASONS, Inbox

    chosen = one_of(reason, RETRY_REASONS, "--reason")
    with open_hub() as hub:
        row = Inbox(hub).retry(request_id, chosen, actor=actor())
    out.result({"id": row.id, "state": row.state})
    out.line(f"{row.id} will be worked on with the next drain")


def discard(out: Out, request_id: _Id, reason: _Reason) -> None:
    """Let go of a report.

    Reasons: not_needed, done_by_hand, not_genuine, test_data, no_legal_basis.

    Example: hrhub inbox discard 01933c5a-7d2e-7000-8000-0123456789ab --reason not_needed
    """
    from hrhub.pipeline import open_hub
    from hrhub.pipeline.inbox import DISCARD_REASONS, Inbox

    chosen = one_of(reason, DISCARD_REASONS, "--reason")
    with open_hub() as hub:
        row = Inbox(hub).discard(request_id, chosen, actor=actor())
    out.result({"id": row.id, "state": row.state})
    out.line(f"{row.id} is discarded")


def _row(out: Out, row: Kept) -> dict[str, Any]:
    message = out.message(_why(row)) if row.code else None
    return {
        "id": row.id,
        "connection": row.connection,
        "receiver": row.receiver,
        "state": row.state,
        "events": row.events,
        "bytes": row.size,
        "came": row.received_at.isoformat(),
        "attempts": row.attempts,
        "code": row.code,
        "rule": row.rule,
        "what": message.what if message else None,
        "do": message.do if message else None,
        "decided_by": row.decided_by,
        "decision": row.decision,
    }


def _why(row: Kept) -> HrHubError:
    return HrHubError(
        row.code,
        connection=row.connection,
        connector=row.connector,
        vendor=row.connector,
        rule=row.rule or "-",
    )
