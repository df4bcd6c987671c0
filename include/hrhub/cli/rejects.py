"""Commands about quarantine: what was refused and why, another try, and letting go."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from hrhub.cli.out import Out
from hrhub.cli.spoken import actor, ends_cleanly, holder, one_of, spoken
from hrhub.errors import REJECT_REASONS, ConfigError, ExitStatus, HrHubError

if TYPE_CHECKING:
    from hrhub.messages import Message
    from hrhub.pipeline import Hub
    from hrhub.pipeline.replay import Replayed
    from hrhub.store.quarantine import Quarantined
    from hrhub.store.syncs import SyncRow

Reason = Annotated[
    str, typer.Option(metavar="REASON", help=f"One of: {', '.join(REJECT_REASONS)}.")
]
_Uids = Annotated[list[str], typer.Argument(metavar="UID", help="Ids of records.")]

_MOST_GROUPS = 1_000


class _ListByDefault(TyperGroup):
    """``hrhub rejects CONN`` is ``hrhub rejects list CONN``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command in front when none is named."""
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["list", *args]
        return super().parse_args(ctx, args)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        cls=_ListByDefault,
        rich_markup_mode=None,
        help="Show what waits in quarantine.\n\n`hrhub rejects CONN` lists that of a connection.",
    )
    group.command("list")(spoken(list_rejects))
    group.command("show")(spoken(show))
    app.add_typer(group, name="rejects")
    app.command("replay")(spoken(replay))
    app.command("discard")(spoken(discard))


def list_rejects(
    out: Out,
    conn: Annotated[str | None, typer.Argument(metavar="CONN", help="Connection id.")] = None,
    stream: Annotated[str | None, typer.Argument(metavar="STREAM", help="Stream.")] = None,
    reason: Reason = "",
    limit: Annotated[int, typer.Option(min=0, max=10_000, help="Records to list.")] = 20,
) -> None:
    """Count what waits by reason, list the newest.

    Example: hrhub rejects successfactors_default people --reason date
    """
    from hrhub.pipeline import open_hub
    from hrhub.store import overview, quarantine, syncs

    wanted = one_of(reason, REJECT_REASONS, "--reason") if reason else None
    with open_hub() as hub, hub.store.read() as tx:
        tenant = hub.settings.tenant
        known = {s.id: s for s in syncs.list_syncs(tx, tenant, conn)}
        groups = [
            group
            for group in overview.rejected(
                tx, tenant, connection=conn, stream=stream, limit=_MOST_GROUPS
            )
            if wanted in (None, group.reason)
        ]
        listed = quarantine.list_records(
            tx, tenant, connection=conn, stream=stream, reason=wanted, limit=limit
        )
    counts = [
        {
            "connection": group.connection,
            "stream": group.stream,
            "reason": group.reason,
            "rule": group.rule,
            "field": group.field_path,
            "what": _words(out, group.reason, group.field_path, group.rule).what,
            "n": group.count,
        }
        for group in groups
    ]
    records = [_record(entry, known.get(entry.sync_id)) for entry in listed]
    out.result(
        {
            "waiting": sum(group.count for group in groups),
            "reasons": counts,
            "records": records,
        }
    )
    if not counts:
        out.line("nothing waits in quarantine")
        return
    out.table(
        ("Records", "Connection", "Stream", "What is wrong"),
        [(c["n"], c["connection"], c["stream"], c["what"]) for c in counts],
        right=("Records",),
    )
    if records:
        out.table(
            ("Record", "Since (UTC)", "Tries", "Stream", "Reason", "Field"),
            [
                (r["uid"], r["since"][:16], r["attempts"], r["stream"], r["reason"], r["field"])
                for r in records
            ],
            title=f"The newest {len(records)}",
            right=("Tries",),
            spare=("Tries", "Since (UTC)", "Stream"),
        )


def show(
    out: Out, uid: Annotated[str, typer.Argument(metavar="UID", help="Id of a record.")]
) -> None:
    """Show one record, values masked.

    Why it was refused, who does what about it, and the form of what the vendor sent.

    Example: hrhub rejects show 01933c5a-7d2e-7000-8000-0123456789ab
    """
    from hrhub.pipeline import open_hub
    from hrhub.store import syncs

    with open_hub() as hub:
        entry = _entry(hub, uid)
        with hub.store.read() as tx:
            sync = syncs.get(tx, entry.sync_id)
        raw = _raw(hub, entry, sync)
    message = _words(out, entry.reason, entry.field_path, entry.rule)
    document = _record(entry, sync) | {
        "what": message.what,
        "who": message.who,
        "do": message.do,
        "raw": raw,
    }
    out.result(document)
    for label, text in message.lines():
        out.line(f"{label}: {text}")
    hidden = ("what", "who", "do", "raw")
    out.table(("Fact", "Value"), [(k, v) for k, v in document.items() if k not in hidden])
    for number, part in enumerate(raw or (), 1):
        out.table(
            ("Vendor's field", "Value"),
            list(part.items()),
            title="Record" if len(raw or ()) == 1 else f"Slice {number}",
        )
    if raw is None:
        out.line("its raw form cannot be read")


def replay(
    out: Out,
    uids: Annotated[list[str] | None, typer.Argument(metavar="UID", help="Ids of records.")] = None,
    connection: Annotated[str, typer.Option(metavar="CONN", help="All of a connection.")] = "",
    stream: Annotated[str, typer.Option(metavar="STREAM", help="All of a stream.")] = "",
    reason: Reason = "",
    everything: Annotated[bool, typer.Option("--all", help="All that is open.")] = False,
    mapping: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Mapping of an import, if it is not installed."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would happen; write nothing.")
    ] = False,
) -> ExitStatus:
    """Give records in quarantine another try.

    The mappings of today decide. What is accepted is stored and leaves quarantine; a newer row
    is never overwritten.

    Example: hrhub replay --connection successfactors_default --reason enum --dry-run
    """
    from hrhub.importing import Imported
    from hrhub.mapping import load_mapping
    from hrhub.pipeline import open_hub
    from hrhub.pipeline.replay import Wanted

    if not (uids or connection or stream or reason or everything):
        raise typer.BadParameter("name records, a connection, stream or reason, or say --all")
    wanted = Wanted(
        uids=tuple(uids or ()),
        connection=connection or None,
        stream=stream or None,
        reason=one_of(reason, REJECT_REASONS, "--reason") if reason else None,
    )
    given = load_mapping(mapping) if mapping else None
    with ends_cleanly(), open_hub() as hub, out.working("replaying") as tell:
        done = hub.replay(
            wanted,
            holder=holder(),
            actor=actor(),
            dry_run=dry_run,
            connectors=Imported(hub.settings.mappings, given),
            mapping=given,
            progress=lambda counts: tell(f"replaying: {counts.seen:,}"),
        )
    errors = [one.error for one in done if one.error]
    status = errors[0].status if errors else ExitStatus.DONE
    if not errors and any(one.refused or one.unreadable for one in done):
        status = ExitStatus.QUARANTINE
    syncs = [_outcome(out, one) for one in done]
    out.result({"dry_run": dry_run, "status": int(status), "syncs": syncs})
    _print_replay(out, done, dry_run)
    for error in errors:
        out.error(error)
    return status


def _print_replay(out: Out, done: list[Replayed], dry_run: bool) -> None:
    if not done:
        out.line("nothing open matches")
        return
    out.table(
        ("Connection", "Stream", "Tried", "Accepted", "Refused", "Unreadable"),
        [
            (r.connection, r.stream, r.tried, r.accepted, len(r.refused), len(r.unreadable))
            for r in done
        ],
        title="What would happen; nothing was written" if dry_run else "",
        right=("Tried", "Accepted", "Refused", "Unreadable"),
    )
    still = Counter(
        (r.stream, one.reason, one.field_path, one.rule) for r in done for one in r.refused
    )
    if still:
        out.table(
            ("Records", "Stream", "Still wrong"),
            [
                (many, stream, _words(out, reason, field_path, rule).what)
                for (stream, reason, field_path, rule), many in still.most_common()
            ],
            right=("Records",),
        )


def _outcome(out: Out, one: Replayed) -> dict[str, Any]:
    return {
        "connection": one.connection,
        "stream": one.stream,
        "run_id": one.run_id,
        "tried": one.tried,
        "accepted": one.accepted,
        "refused": [asdict(record) for record in one.refused],
        "unreadable": list(one.unreadable),
        "counts": asdict(one.counts),
        "error": out.told(one.error) if one.error else None,
    }


def discard(
    out: Out,
    uids: _Uids,
    reason: Annotated[str, typer.Option(metavar="CODE", help="Why: a code of the list.")],
) -> None:
    """Close records that nobody wants.

    Who did it and why stands in the audit chain.

    Codes: wrong_at_source, corrected_elsewhere, duplicate, not_needed, test_data, no_legal_basis.

    Example: hrhub discard 01933c5a-7d2e-7000-8000-0123456789ab --reason duplicate
    """
    from hrhub.pipeline import open_hub
    from hrhub.pipeline.replay import DISCARD_REASONS

    one_of(reason, DISCARD_REASONS, "--reason")
    with open_hub() as hub:
        closed = hub.discard(uids, reason, actor=actor())
    out.result({"discarded": closed, "reason": reason})
    out.line(f"{closed:,} discarded ({reason})")


def _words(out: Out, reason: str, field_path: str, rule: str) -> Message:
    from hrhub.messages import render

    context = {"field_path": field_path or "-", "rule": rule or "-"}
    return render(f"record.{reason}", context, out.language)


def _record(entry: Quarantined, sync: SyncRow | None) -> dict[str, Any]:
    return {
        "uid": entry.uid,
        "connection": sync.connection if sync else None,
        "stream": sync.stream if sync else None,
        "state": entry.state,
        "reason": entry.reason,
        "rule": entry.rule,
        "field": entry.field_path,
        "canonical_field": entry.field,
        "attempts": entry.attempts,
        "since": entry.created_at.isoformat(),
        "run_id": entry.run_id,
        "mapping_version": entry.mapping_version,
        "resolved_by": entry.actor,
        "note": entry.note,
    }


def _entry(hub: Hub, uid: str) -> Quarantined:
    """Return a record of this tenant, in whatever state.

    Raises:
        ConfigError: There is none.
    """
    from uuid import UUID

    from hrhub.store import quarantine

    try:
        wanted = str(UUID(uid))
    except ValueError:
        raise ConfigError("quarantine.unknown", uid=uid[:36], n=1) from None
    with hub.store.read() as tx:
        entry = quarantine.get(tx, wanted)
    if entry is None or entry.tenant != hub.settings.tenant:
        raise ConfigError("quarantine.unknown", uid=wanted, n=1)
    return entry


def _raw(hub: Hub, entry: Quarantined, sync: SyncRow | None) -> list[dict[str, str]] | None:
    """Return a record's parts with values masked, None when they cannot be read."""
    from hrhub.cli.masking import raw_lines
    from hrhub.importing import reader_of
    from hrhub.mapping import find_mapping
    from hrhub.pipeline.rejects import reopen

    if sync is None:
        return None
    try:
        reader = reader_of(sync)
        with hub.store.read() as tx:
            record = reopen(tx, hub.keys, entry, sync.stream)
        docs = [reader.decode(part, record.meta) for part in record.parts]
    except HrHubError:
        return None
    try:
        plan = find_mapping(hub.settings.mappings, sync.connector, sync.stream)
    except ConfigError:
        plan = None
    return [dict(raw_lines(doc, plan)) for doc in docs]
