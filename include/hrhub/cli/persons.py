"""Commands about one person: find, show, what happened, everything that is held.

Values are masked unless somebody says why they have to be seen; then that is written down first.
What people are found by is asked for, or read from stdin: an argument would stay in the shell's
history and in the list of processes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hrhub.cli import corrections
from hrhub.cli.asking import asked_for
from hrhub.cli.out import Out
from hrhub.cli.spoken import actor, one_of, spoken
from hrhub.errors import ConfigError

if TYPE_CHECKING:
    from hrhub.reading import Assignment, Person, PersonValues

_KINDS = ("national_id", "document", "mobile", "mail", "work_no", "name")
_Id = Annotated[str, typer.Argument(metavar="ID", help="The person's id.")]
_Why = Annotated[
    str, typer.Option("--reason", metavar="CODE", help="Why values have to be seen; of the list.")
]
_OPEN_END = "open"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        no_args_is_help=True, rich_markup_mode=None, help="Find and show people, masked."
    )
    group.command("find")(spoken(find))
    group.command("show")(spoken(show))
    group.command("timeline")(spoken(timeline))
    group.command("export")(spoken(export))
    group.command("set")(spoken(corrections.set_))
    group.command("release")(spoken(corrections.release))
    app.add_typer(group, name="person")


def find(
    out: Out,
    by: Annotated[
        str, typer.Option("--by", metavar="KIND", help=f"What is asked for: {', '.join(_KINDS)}.")
    ] = "national_id",
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read the value from stdin, not from a terminal.")
    ] = False,
) -> None:
    """Find people by a value; they are shown masked.

    The value is asked for on the terminal and not shown. Searching is written down and limited.

    Example: hrhub person find --by mobile
    """
    from hrhub.pipeline import open_hub
    from hrhub.reading import By, Reader

    kind = By(one_of(by, _KINDS, "--by"))
    value = asked_for(kind.value, stdin=stdin)
    with open_hub() as hub:
        reader = Reader.of(hub)
        people = reader.find(kind, value, actor=actor())
        shown = reader.masked([p.id for p in people])
    out.result({"people": [_person(p, v) for p, v in zip(people, shown, strict=True)]})
    if not people:
        out.line("nobody found")
        return
    out.table(
        ("Person", "Name", "Work number", "Status", "Contacts"),
        [
            (
                p.id,
                v.fields.get("display_name"),
                [e.get("work_no") for e in v.employees],
                [e["status"] for e in v.employees if e.get("status")],
                [c.get("value") for c in v.contacts],
            )
            for p, v in zip(people, shown, strict=True)
        ],
        spare=("Contacts", "Status"),
    )


def show(
    out: Out,
    person_id: _Id,
    as_of: Annotated[
        str,
        typer.Option("--as-of", metavar="DAY", help="Jobs of this day, YYYY-MM-DD; else today."),
    ] = "",
    known_at: Annotated[
        str,
        typer.Option("--known-at", metavar="TIME", help="As believed then, ISO 8601; else now."),
    ] = "",
    reveal: Annotated[bool, typer.Option("--reveal", help="Show values in clear.")] = False,
    reason: _Why = "",
) -> None:
    """Show a person: values masked, spells, and the jobs of a day.

    Reasons: subject_request, hr_case, recruiting, payroll, legal_duty, incident, data_quality.

    Example: hrhub person show 01933c5a-7d2e-7000-8000-0123456789ab --as-of 2026-01-01
    """
    from hrhub.pipeline import open_hub
    from hrhub.reading import REASONS, Reader

    moment = _moment(known_at)
    if reveal:
        one_of(reason, REASONS, "--reason")
    elif reason:
        raise typer.BadParameter("it goes with --reveal", param_hint="--reason")
    with open_hub() as hub:
        reader = Reader.of(hub)
        day = _day(as_of) or hub.clock.now().date()
        person = reader.person(person_id)
        spells = reader.employments(person.id)
        jobs = reader.history(person.id, as_of=day, known_at=moment)
        units = {u.series_id: u.code for u in reader.org_units(day, moment)}
        if reveal:
            [values] = reader.reveal([person.id], reason=reason, actor=actor())
        else:
            [values] = reader.masked([person.id])
    out.result(
        {
            **_person(person, values),
            "masked": not reveal,
            "as_of": day.isoformat(),
            "known_at": moment.isoformat() if moment else None,
            "employments": [_plain(asdict(s)) for s in spells],
            "assignments": [_job(j, units) for j in jobs],
        }
    )
    _print_values(out, person, values)
    out.table(
        ("Work since", "Until", "Status", "Employer"),
        [(s.hire_date, s.end_date or _OPEN_END, s.status, s.employer_code) for s in spells],
        title="Employments",
    )
    out.table(
        ("From", "To", "Kind", "Unit", "Title", "Grade", "Dated by"),
        [
            (
                j.valid_from,
                _end(j.valid_to),
                j.kind,
                units.get(j.org_unit_id or ""),
                j.job_title,
                j.grade,
                j.dated_by,
            )
            for j in jobs
        ],
        title=f"Jobs on {day}",
        spare=("Dated by", "Grade"),
    )


def timeline(out: Out, person_id: _Id) -> None:
    """List hires, transfers, promotions and exits, each with who told it.

    Example: hrhub person timeline 01933c5a-7d2e-7000-8000-0123456789ab
    """
    from hrhub.pipeline import open_hub
    from hrhub.reading import Reader

    with open_hub() as hub:
        reader = Reader.of(hub)
        events = reader.timeline(person_id)
        units = {u.series_id: u.code for u in reader.org_units()}
    told = [
        {
            "day": e.day.isoformat(),
            "kind": e.kind,
            "entity": e.entity,
            "row_id": e.row_id,
            "changed": {
                n: {"before": _plain(b), "after": _plain(a)} for n, (b, a) in e.facts.items()
            },
            "source": _plain(asdict(e.origin)) if e.origin else None,
        }
        for e in events
    ]
    out.result({"person_id": person_id, "events": told})
    out.table(
        ("Day", "What", "Changed", "Source", "Told (UTC)"),
        [
            (
                e.day,
                e.kind,
                [_change(n, b, a, units) for n, (b, a) in e.facts.items()],
                f"{e.origin.connection} {e.origin.stream}" if e.origin else None,
                f"{e.origin.at:%Y-%m-%d %H:%M}" if e.origin else None,
            )
            for e in events
        ],
        spare=("Told (UTC)",),
    )


def export(
    out: Out,
    person_id: _Id,
    file: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="Where to; a file that is not there yet.")
    ],
    reason: _Why = "subject_request",
) -> None:
    """Write everything that is held about a person, with its sources, into a JSON file.

    The file holds clear values and can be read by its owner only. That it was made is written
    down.

    Example: hrhub person export 01933c5a-7d2e-7000-8000-0123456789ab --out person.json
    """
    from hrhub.pipeline import open_hub
    from hrhub.reading import REASONS, Reader

    one_of(reason, REASONS, "--reason")
    try:
        opened = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ConfigError("person.export_file", errno=error.errno) from None
    done = False
    try:
        with os.fdopen(opened, "w", encoding="utf-8") as target, open_hub() as hub:
            document = Reader.of(hub).export(person_id, reason=reason, actor=actor())
            json.dump(document, target, ensure_ascii=False, indent=2)
            target.write("\n")
        done = True
    finally:
        if not done:
            file.unlink(missing_ok=True)
    records = {entity: len(rows) for entity, rows in document["records"].items()}
    out.result({"person_id": document["person_id"], "file": str(file), "records": records})
    out.table(("Entity", "Rows"), list(records.items()), right=("Rows",))
    out.line(f"written to {file}, readable by its owner only")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter("write a day as YYYY-MM-DD", param_hint="--as-of") from None


def _moment(text: str) -> datetime | None:
    """Return a moment; without a zone it is one of UTC."""
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter("write a time as ISO 8601", param_hint="--known-at") from None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


def _person(person: Person, values: PersonValues) -> dict[str, Any]:
    return {
        "person_id": person.id,
        "merged_ids": [m for m in person.members if m != person.id],
        "erased": person.erased,
        "first_seen": person.first_seen.isoformat(),
        "values": _plain(values.fields),
        "identifiers": _plain(values.identifiers),
        "contacts": _plain(values.contacts),
        "employees": _plain(values.employees),
    }


def _print_values(out: Out, person: Person, values: PersonValues) -> None:
    if person.erased:
        out.line("this person was erased; ids and dates are all that is left")
    rows: list[Sequence[object]] = list(values.fields.items())
    rows += [(f"document: {i.get('kind')}", i.get("number")) for i in values.identifiers]
    rows += [(f"{c.get('use')} {c.get('kind')}", c.get("value")) for c in values.contacts]
    rows += [("work_no", e.get("work_no")) for e in values.employees]
    rows += [(n, v) for e in values.employees for n, v in e.items() if n.startswith("ext.")]
    out.table(("What", "Value"), rows, title=f"Person {person.id}")


def _job(job: Assignment, units: Mapping[str, str]) -> dict[str, Any]:
    plain: dict[str, Any] = _plain(asdict(job))
    return plain | {"org_unit": units.get(job.org_unit_id or "")}


def _end(day: date) -> str:
    return _OPEN_END if day.year == date.max.year else day.isoformat()


def _change(name: str, before: object, after: object, units: Mapping[str, str]) -> str:
    if name == "org_unit_id":
        before, after = units.get(str(before), before), units.get(str(after), after)
    elif name.endswith("_id"):
        return name.removesuffix("_id").replace("_", " ")
    return f"{name.removesuffix('_id')} {before or '-'} > {after or '-'}"


def _plain(value: Any) -> Any:
    from hrhub.reading.dossier import plain

    return plain(value)
