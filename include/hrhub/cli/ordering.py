"""Commands about orders to vendors: what stands, placing, looking after, cancelling."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hrhub.cli.out import Out
from hrhub.cli.spoken import actor, ends_cleanly, holder, one_of, spoken
from hrhub.cli.vendors import Conn
from hrhub.errors import ExitStatus

if TYPE_CHECKING:
    from datetime import datetime

    from hrhub.airflow.connections import Resolved
    from hrhub.pipeline import Hub
    from hrhub.pipeline.orders import Order, Polled

_Order = Annotated[str, typer.Argument(metavar="ORDER", help="Id of an order.")]
_STATUSES = (
    "open",
    "all",
    "requested",
    "placed",
    "awaiting_subject",
    "in_progress",
    "partial",
    "completed",
    "failed",
    "expired",
    "cancelled",
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Orders to vendors: assessments, background checks, social security.",
    )
    group.command("list")(spoken(list_))
    group.command("show")(spoken(show))
    group.command("place")(spoken(place))
    group.command("poll")(spoken(poll))
    group.command("fetch")(spoken(fetch))
    group.command("cancel")(spoken(cancel))
    app.add_typer(group, name="orders")


def list_(
    out: Out,
    conn: Annotated[str | None, typer.Argument(metavar="CONN", help="Connection id.")] = None,
    service: Annotated[str | None, typer.Option(help="Only of this order service.")] = None,
    status: Annotated[str, typer.Option(help=f"One of: {', '.join(_STATUSES)}.")] = "open",
    person: Annotated[str | None, typer.Option(metavar="ID", help="Only about a person.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those that are late.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Orders to list.")] = 50,
) -> None:
    """List orders, newest first, and count all of them by service and status.

    Example: hrhub orders list checkr_default --overdue
    """
    from hrhub.pipeline import open_hub
    from hrhub.store import orders

    wanted = one_of(status, _STATUSES, "--status")
    statuses = {"open": [s for s in _STATUSES[2:] if s not in orders.FINAL], "all": None}
    with open_hub() as hub, hub.store.read() as tx:
        now, tenant = hub.clock.now(), hub.settings.tenant
        tallies = orders.tally(tx, tenant, now)
        listed = orders.listed(
            tx,
            tenant,
            connection=conn,
            service=service,
            statuses=statuses.get(wanted, [wanted]),
            people=[person] if person else None,
            overdue_at=now if overdue else None,
            limit=limit,
        )
    out.result(
        {
            "counts": [asdict(t) | {"oldest": t.oldest.isoformat()} for t in tallies],
            "orders": [_document(order, now) for order in listed],
        }
    )
    out.table(
        ("Connection", "Service", "Status", "Orders", "Overdue", "Failing"),
        [(t.connection, t.service, t.status, t.count, t.overdue, t.failing) for t in tallies],
        right=("Orders", "Overdue", "Failing"),
    )
    if listed:
        out.table(
            ("Order", "Asked for (UTC)", "Service", "Package", "Status", "Result", "Look"),
            [
                (
                    order.id,
                    order.created_at.isoformat()[:16],
                    order.service,
                    order.package,
                    order.status,
                    _result(order),
                    "overdue" if order.overdue(now) else order.error_code,
                )
                for order in listed
            ],
            spare=("Service", "Package"),
        )


def show(out: Out, order: _Order) -> None:
    """Show one order: where it stands, what went wrong last, when it is looked at next.

    Nothing personal is shown; `hrhub person show` tells who it is about, masked.

    Example: hrhub orders show 01933c5a-7d2e-7000-8000-0123456789ab
    """
    from hrhub.pipeline import open_hub

    with open_hub() as hub:
        found = hub.orders.get(order)
        now = hub.clock.now()
    document = _document(found, now)
    out.result(document)
    out.table(("Fact", "Value"), list(document.items()))
    if found.error_code is not None:
        from hrhub.errors import HrHubError

        known = {"connection": found.connection, "connector": found.connector, "order": found.id}
        error = HrHubError(found.error_code, **{**known, **(found.error_context or {})})
        for label, text in out.message(error).lines():
            out.line(f"{label}: {text}")


def place(
    out: Out,
    conn: Conn,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="Order service.")],
    package: Annotated[str, typer.Argument(metavar="PACKAGE", help="The vendor's code.")],
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Id of the person.")],
    key: Annotated[
        str | None,
        typer.Option(help="The same key never makes a second order; else the running one is kept."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be told whom, masked.")
    ] = False,
) -> None:
    """Place an order about a person, with their consent; the same order is placed once.

    Example: hrhub orders place checkr_default screenings basic_criminal PERSON --dry-run
    """
    from hrhub.airflow.connections import resolve
    from hrhub.pipeline import open_hub

    found = resolve(conn)
    with ends_cleanly(), open_hub() as hub:
        if dry_run:
            shown = hub.orders.show(
                found.connector, found.config, conn, service, package, person, key=key
            )
            document = asdict(shown)
            out.result({"dry_run": True, **document})
            told = document.pop("told")
            out.table(("Fact", "Value"), list(document.items()))
            out.table(("Would be told", "Masked"), list(told.items()))
            return
        order = hub.orders.place(
            found.connector,
            found.config,
            conn,
            service,
            package,
            person,
            key=key,
            actor=actor(),
        )
        _print(out, order, hub.clock.now())


def poll(
    out: Out,
    conn: Conn,
    service: Annotated[str | None, typer.Option(help="Only this order service.")] = None,
    order: Annotated[
        list[str] | None,
        typer.Option("--order", metavar="ID", help="Only this order, due or not; repeatable."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Orders to look at.")] = 500,
) -> ExitStatus:
    """Ask the vendor where the due orders stand, and take their results in.

    Example: hrhub orders poll checkr_default
    """
    from hrhub.airflow.connections import resolve
    from hrhub.pipeline import open_hub

    found = resolve(conn)
    with ends_cleanly(), open_hub() as hub:
        polled = hub.orders.poll(
            found.connector,
            found.config,
            conn,
            holder=holder(),
            service=service,
            ids=order or None,
            limit=limit,
        )
    return _tell(out, conn, polled)


def fetch(out: Out, order: _Order) -> ExitStatus:
    """Fetch the result of an order once more; if it is the same, nothing changes.

    Example: hrhub orders fetch 01933c5a-7d2e-7000-8000-0123456789ab
    """
    from hrhub.pipeline import open_hub

    with ends_cleanly(), open_hub() as hub:
        found = _vendor_of(hub, order)
        polled = hub.orders.fetch(found.connector, found.config, order, holder=holder())
    return _tell(out, found.conn_id, [polled])


def cancel(out: Out, order: _Order) -> None:
    """Cancel an order; where it is too late, its status says so.

    Example: hrhub orders cancel 01933c5a-7d2e-7000-8000-0123456789ab
    """
    from hrhub.pipeline import open_hub

    with ends_cleanly(), open_hub() as hub:
        found = _vendor_of(hub, order)
        done = hub.orders.cancel(found.connector, found.config, order, actor=actor())
        _print(out, done, hub.clock.now())


def _vendor_of(hub: Hub, order_id: str) -> Resolved:
    from hrhub.airflow.connections import resolve

    return resolve(hub.orders.get(order_id).connection)


def _print(out: Out, order: Order, now: datetime) -> None:
    document = _document(order, now)
    out.result(document)
    out.line(f"{order.id}: {order.status}")


def _tell(out: Out, conn: str, polled: list[Polled]) -> ExitStatus:
    rows: list[dict[str, Any]] = [
        {
            "service": one.service,
            "looked": one.looked,
            "moved": one.moved,
            "failed": one.failed,
            "results": one.results,
            "rejected": one.counts.quarantined,
            "error": out.told(one.stopped) if one.stopped else None,
        }
        for one in polled
    ]
    out.result({"connection": conn, "services": rows})
    out.table(
        ("Service", "Looked at", "Moved", "Failed", "Results", "Rejected"),
        [
            (
                row["service"],
                row["looked"],
                _counted(row["moved"]),
                _counted(row["failed"]),
                row["results"],
                row["rejected"],
            )
            for row in rows
        ],
        right=("Looked at", "Results", "Rejected"),
    )
    stopped = [one.stopped for one in polled if one.stopped is not None]
    for error in stopped:
        if not out.json:
            out.error(error)
    if stopped:
        return stopped[0].status
    if any(one.failed for one in polled):
        return ExitStatus.RETRYABLE
    rejected = any(one.counts.quarantined for one in polled)
    return ExitStatus.QUARANTINE if rejected else ExitStatus.DONE


def _counted(many: dict[str, int]) -> list[str]:
    return [f"{count} {name}" for name, count in many.items()]


def _result(order: Order) -> str:
    return f"{order.result}, {order.refused} refused" if order.refused else order.result


def _document(order: Order, now: datetime) -> dict[str, Any]:
    """Return an order as part of a document: ids, codes, counts and moments."""
    document = {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in asdict(order).items()
        if name not in ("sync_id", "result_batch")
    }
    document["cost"] = None if order.cost is None else str(order.cost)
    return {**document, "overdue": order.overdue(now)}
