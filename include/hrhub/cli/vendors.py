"""Commands about vendors: which connectors there are, what they need, what they offer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hrhub.cli.out import Out
from hrhub.cli.spoken import about, spoken
from hrhub.errors import ConfigError, ExitStatus, HrHubError, RowRejected

if TYPE_CHECKING:
    from hrhub.airflow.connections import Resolved
    from hrhub.connector import Session, Stream
    from hrhub.mapping import Mapping

Conn = Annotated[str, typer.Argument(metavar="CONN", help="Connection id, like zkteco_default.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("connectors")(spoken(connectors))
    app.command("spec")(spoken(spec))
    app.command("check")(spoken(check))
    app.command("discover")(spoken(discover))
    app.command("try")(spoken(try_stream))


def connectors(out: Out) -> None:
    """List the installed connectors.

    Example: hrhub connectors
    """
    from hrhub.connector import registry

    found = [registry.get(name) for name in registry.names()]
    out.result(
        {
            "connectors": [
                {
                    "name": c.name,
                    "title": c.title,
                    "version": c.version,
                    "evidence": c.evidence,
                    "streams": [s.name for s in c.streams],
                    "orders": [o.name for o in c.orders],
                    "sinks": [s.name for s in c.sinks],
                    "events": [e.name for e in c.events],
                }
                for c in found
            ],
            "not_allowed": registry.not_allowed(),
        }
    )
    out.table(
        ("Name", "System", "Version", "Evidence", "Streams", "Orders", "Write-backs", "Events"),
        [
            (
                c.name,
                c.title,
                c.version,
                c.evidence,
                *([part.name for part in of] for of in (c.streams, c.orders, c.sinks, c.events)),
            )
            for c in found
        ],
        spare=("Events", "Write-backs", "Evidence"),
    )
    for name, distribution in registry.not_allowed().items():
        out.aside(
            f"{name} is installed but not imported: add {distribution} to "
            f"{registry.ALLOW_VARIABLE} if you trust it"
        )


def spec(
    out: Out, name: Annotated[str, typer.Argument(metavar="NAME", help="Connector, like zkteco.")]
) -> None:
    """Show the settings of a connector; with --json as JSON Schema.

    Example: hrhub spec zkteco
    """
    from hrhub.airflow.forms import connection_type, places
    from hrhub.connector import registry

    connector = registry.get(name)
    out.result(connector.config.model_json_schema())
    out.line(f"{connector.title}: connection type {connection_type(name)}")
    out.table(
        ("Setting", "Where", "Needed", "Default", "Meaning"),
        [
            (
                p.name,
                p.slot if p.slot != "extra" else f"extra: {p.key}",
                "yes" if p.required else "no",
                "secret" if p.secret else "" if p.default in (None, ()) else str(p.default),
                p.help + (f" One of: {', '.join(map(str, p.choices))}." if p.choices else ""),
            )
            for p in places(connector.config)
        ],
    )


def check(out: Out, conn: Conn) -> None:
    """Ask the vendor who it is; nothing is read or written.

    It takes one call with the connection's credentials and shows what the vendor answers.

    Example: hrhub check zkteco_default
    """
    from hrhub.connector.session import check_connection

    found, session = _open(conn)
    with _about(found), out.working(f"asking {found.connector.title}"):
        checked = check_connection(found.connector, session)
    for warning in checked.warnings:
        warning.context.setdefault("connection", conn)
    out.result(
        {
            "connection": conn,
            "vendor": checked.vendor,
            "facts": dict(checked.facts),
            "warnings": [out.told(warning) for warning in checked.warnings],
        }
    )
    out.line(f"{checked.vendor} answered.")
    out.table(("Fact", "Value"), list(checked.facts.items()))
    for warning in checked.warnings:
        out.aside(str(out.message(warning)))


def discover(out: Out, conn: Conn) -> None:
    """List the streams of a connection in sync order.

    Example: hrhub discover zkteco_default
    """
    from hrhub.airflow.connections import resolve

    connector = resolve(conn).connector
    rows = [
        {
            "order": number,
            "stream": s.name,
            "title": s.title,
            "feed": s.feed,
            "key": list(s.key),
            "mode": s.mode.value,
            "after": list(s.after),
            "mapping": _mapping_state(connector.name, s),
        }
        for number, s in enumerate(connector.in_order(), 1)
    ]
    out.result({"connection": conn, "connector": connector.name, "streams": rows})
    out.table(
        ("Order", "Stream", "Title", "Feed", "Key", "Mode", "After", "Mapping"),
        [list(row.values()) for row in rows],
        right=("Order",),
        spare=("After", "Key", "Title"),
    )


def try_stream(
    out: Out,
    conn: Conn,
    stream: Annotated[str, typer.Argument(metavar="STREAM", help="As `hrhub discover` lists it.")],
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many records to show.")] = 5,
) -> ExitStatus:
    """Read one page and show its records, values masked.

    Nothing is written. Open values are shown, of others only type and length; beside each record
    stands what the mapping makes of it, or why it would be refused.

    Example: hrhub try zkteco_default punches --limit 3
    """
    from hrhub.cli.masking import mapped_lines, raw_lines

    found, session = _open(conn)
    declared = found.connector.stream(stream)
    with _about(found, stream=stream):
        mapping = _mapping_if_any(found.connector.name, declared)
        with out.working(f"reading {stream}"):
            docs, total, broken = _first_records(declared, session, limit)
        outcomes = _mapped(mapping, docs, found.config.timezone) if mapping else []
    shown: list[dict[str, Any]] = []
    refused = len(broken)
    for number, doc in enumerate(docs):
        entry: dict[str, Any] = {"raw": dict(raw_lines(doc, mapping))}
        outcome = outcomes[number] if mapping else None
        if outcome is not None and mapping is not None:
            if hasattr(outcome, "reason"):
                refused += 1
                entry["rejected"] = _reject(out, outcome.reason, outcome.field_path, outcome.rule)
            else:
                lines = mapped_lines(mapping.feed, outcome.values, outcome.children)
                entry["mapped"] = dict(lines)
        shown.append(entry)
    unread = [_reject(out, e.reason, e.field_path, e.rule) for e in broken]
    out.result(
        {
            "connection": conn,
            "stream": stream,
            "in_page": total,
            "mapping": mapping.version if mapping else None,
            "records": shown,
            "unreadable": unread,
        }
    )
    out.line(f"{total:,} records in the first page; {len(shown)} shown, {refused} of them refused")
    if mapping is None:
        out.line(f"no mapping yet: write mappings/{found.connector.name}/{stream}.yaml")
    for number, entry in enumerate(shown, 1):
        out.table(("Vendor's field", "Value"), list(entry["raw"].items()), title=f"Record {number}")
        if "mapped" in entry:
            out.table(("Canonical field", "Value"), list(entry["mapped"].items()))
        if "rejected" in entry:
            out.line(f"refused: {entry['rejected']['what']}")
    for one in unread:
        out.line(f"could not be read: {one['what']}")
    return ExitStatus.QUARANTINE if refused else ExitStatus.DONE


@dataclass(frozen=True, slots=True)
class Peek:
    """The first records of a stream, and its mapping if there is one."""

    stream: Stream
    mapping: Mapping | None
    docs: list[dict[str, Any]]


def peek(out: Out, conn: str, stream: str, limit: int) -> Peek:
    """Read the first records of a stream; nothing is written."""
    found, session = _open(conn)
    declared = found.connector.stream(stream)
    with _about(found, stream=stream):
        mapping = _mapping_if_any(found.connector.name, declared)
        with out.working(f"reading {stream}"):
            docs, _, _ = _first_records(declared, session, limit)
    return Peek(declared, mapping, docs)


def _open(conn: str) -> tuple[Resolved, Session]:
    from hrhub.airflow.connections import resolve
    from hrhub.ambient import SystemClock
    from hrhub.connector import open_session

    found = resolve(conn)
    with _about(found):
        session = open_session(
            found.connector, found.config, clock=SystemClock(), connection=found.conn_id
        )
    return found, session


def _about(found: Resolved, **more: str) -> Any:
    return about(
        connection=found.conn_id,
        connector=found.connector.name,
        vendor=found.connector.title,
        **more,
    )


def _mapping_if_any(connector: str, stream: Stream) -> Mapping | None:
    from hrhub.mapping import find_mapping
    from hrhub.settings import Settings

    try:
        return find_mapping(Settings.from_env().mappings, connector, stream.name)
    except ConfigError as error:
        if error.code == "mapping.missing":
            return None
        raise


def _mapping_state(connector: str, stream: Stream) -> str:
    try:
        return "yes" if _mapping_if_any(connector, stream) else "missing"
    except HrHubError:
        return "wrong"


def _first_records(
    stream: Stream, session: Session, limit: int
) -> tuple[list[dict[str, Any]], int, list[RowRejected]]:
    """Return the first records of the first page, how many it has, and what cannot be read."""
    pages = stream.read(session, None)
    page = next(pages, None)
    if hasattr(pages, "close"):
        pages.close()
    if page is None:
        return [], 0, []
    raws = stream.records.split(page.body)
    docs: list[dict[str, Any]] = []
    broken: list[RowRejected] = []
    meta = {"timezone": session.config.timezone, **page.meta}
    for raw in islice(raws, limit):
        try:
            docs.append(stream.records.decode(raw, meta))
        except RowRejected as error:
            broken.append(error)
    return docs, len(raws), broken


def _mapped(mapping: Mapping, docs: list[dict[str, Any]], zone: str) -> list[Any]:
    from zoneinfo import ZoneInfo

    from hrhub.ambient import SystemClock
    from hrhub.mapping import compile_mapping

    today = SystemClock().now().astimezone(ZoneInfo(zone)).date()
    return list(compile_mapping(mapping, today=today, zone=zone).map(docs))


def _reject(out: Out, reason: str, field_path: str, rule: str) -> dict[str, str]:
    from hrhub.messages import render

    context = {"field_path": field_path, "rule": rule}
    message = render(f"record.{reason}", context, out.language)
    return {"reason": reason, "field": field_path, "rule": rule, "what": message.what}
