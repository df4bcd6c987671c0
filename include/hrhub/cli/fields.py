"""Commands about custom fields: what is registered, register more, find candidates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from hrhub.cli.out import Out
from hrhub.cli.spoken import actor, holder, one_of, spoken

if TYPE_CHECKING:
    from hrhub.model import CustomField
    from hrhub.pipeline.registering import Planned

_RECORDS = 200
"""Records of the first page that types are guessed from."""

_REASONS = ("misclassified", "policy_decision", "law_changed")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Custom fields.")
    group.command("list")(spoken(list_fields))
    group.command("register")(spoken(register_fields))
    group.command("discover")(spoken(discover))
    app.add_typer(group, name="fields")


def list_fields(out: Out) -> None:
    """List the custom fields that are registered, and those that custom_fields.yaml adds.

    Example: hrhub fields list
    """
    from hrhub.pipeline import open_hub
    from hrhub.pipeline.registering import compare

    with open_hub() as hub:
        _show(out, compare(hub))


def register_fields(
    out: Out,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")] = False,
    lower: Annotated[
        list[str] | None,
        typer.Option("--lower", metavar="FIELD", help="A field whose class becomes weaker."),
    ] = None,
    reason: Annotated[
        str, typer.Option(metavar="CODE", help=f"Why, one of: {', '.join(_REASONS)}.")
    ] = "",
) -> None:
    """Register the custom fields that custom_fields.yaml declares.

    Types never change and codes are never taken away. When a class is raised, stored values move to
    where it belongs, and no sync may run meanwhile. To lower a class is a decision: --lower names
    the field, --reason says why, and both are written down.

    Example: hrhub fields register --dry-run
    """
    from hrhub.pipeline import open_hub, registering

    wanted = lower or []
    if wanted:
        one_of(reason, _REASONS, "--reason")
    elif reason:
        raise typer.BadParameter("it goes with --lower", param_hint="--reason")
    with open_hub() as hub:
        if dry_run:
            _show(out, registering.plan(hub, wanted), dry_run=True)
            return
        done = registering.register(
            hub, actor=actor(), holder=holder(), lower=wanted, reason=reason or None
        )
    _show(out, done.fields, dry_run=False, moved=done.moved)


def discover(
    out: Out,
    conn: Annotated[str, typer.Argument(metavar="CONN", help="Connection id.")],
    stream: Annotated[str, typer.Argument(metavar="STREAM", help="As `hrhub discover` lists it.")],
) -> None:
    """Find fields of a stream that its mapping leaves out, as lines for custom_fields.yaml.

    One page is read, nothing is written, no value is shown. Types are guessed from what the page
    holds; every class is sensitive until somebody decides.

    Example: hrhub fields discover wecom_default employees
    """
    from hrhub.cli.vendors import peek
    from hrhub.mapping.candidates import candidates, declaration

    seen = peek(out, conn, stream, _RECORDS)
    entity, found = candidates(seen.stream.feed, seen.mapping, seen.docs)
    out.result(
        {
            "connection": conn,
            "stream": stream,
            "entity": entity,
            "fields": [
                {"path": c.path, "name": c.field.name, "type": c.field.kind.value} for c in found
            ],
        }
    )
    if not found:
        out.line(f"the mapping takes every field of {stream}")
        return
    out.line(declaration(entity, found))


def _show(out: Out, planned: Sequence[Planned], **facts: object) -> None:
    rows = [
        {
            "field": one.field.path,
            "type": one.field.kind.value,
            "class": one.field.privacy.value,
            "codes": list(one.field.codes),
            "title": _title(one.field, out.language),
            "state": one.change.value,
            "since": one.before.since.isoformat() if one.before else None,
        }
        for one in planned
    ]
    out.result({"fields": rows, **facts})
    if not rows:
        out.line("no custom field is registered or declared")
        return
    out.table(
        ("Field", "Type", "Class", "Title", "State", "Since"),
        [
            (r["field"], r["type"], r["class"], r["title"], r["state"], (r["since"] or "")[:10])
            for r in rows
        ],
        spare=("Since", "Title"),
    )
    if facts.get("moved"):
        out.line(f"values of {facts['moved']} rows moved to where their class belongs")


def _title(field: CustomField, language: str) -> str:
    titles = field.title or {}
    return titles.get(language) or titles.get("en") or titles.get("zh") or ""
