"""Commands about claimed work: compare it with records, show what differs, decide."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hrhub.cli.out import Out
from hrhub.cli.spoken import actor, one_of, spoken

if TYPE_CHECKING:
    from hrhub.pipeline.verification import Verification


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        no_args_is_help=True, rich_markup_mode=None, help="Hold resumes against records of work."
    )
    group.command("run")(spoken(run))
    group.command("list")(spoken(list_))
    group.command("show")(spoken(show))
    group.command("decide")(spoken(decide))
    app.add_typer(group, name="verification")


def run(
    out: Out,
    person_id: Annotated[str, typer.Argument(metavar="PERSON", help="The person's id.")],
) -> None:
    """Compare a person's newest resume with the records of their work.

    Running it again changes only what has changed; what was decided stays.

    Example: hrhub verification run 01933c5a-7d2e-7000-8000-0123456789ab
    """
    from hrhub.pipeline import open_hub

    with open_hub() as hub:
        done = hub.verify_employment(person_id, actor=actor())
    document = asdict(done)
    out.result(document)
    out.table(("Fact", "Value"), list(document.items()))


def list_(
    out: Out,
    every: Annotated[
        bool, typer.Option("--all", help="Also those on which everything is decided.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="Verifications to list.")] = 20,
) -> None:
    """List verifications that wait for a person, the newest change first.

    Example: hrhub verification list --all
    """
    from hrhub.pipeline import open_hub
    from hrhub.pipeline.verification import verifications

    with open_hub() as hub:
        found = verifications(hub, undecided=not every, limit=limit)
    out.result(
        {
            "verifications": [
                {
                    "id": one.id,
                    "person_id": one.person_id,
                    "changed_at": one.updated_at.isoformat(),
                    "coverage": one.coverage,
                    "differences": len(one.differences),
                    "undecided": one.undecided,
                    "outdated": sum(d.outdated for d in one.differences),
                }
                for one in found
            ]
        }
    )
    if not found:
        out.line("nothing waits for a decision")
        return
    out.table(
        ("Verification", "Person", "Changed (UTC)", "Coverage", "Differences", "Undecided"),
        [
            (
                one.id,
                one.person_id,
                f"{one.updated_at:%Y-%m-%d %H:%M}",
                one.coverage,
                len(one.differences),
                one.undecided,
            )
            for one in found
        ],
        right=("Coverage", "Differences", "Undecided"),
        spare=("Changed (UTC)",),
    )


def show(
    out: Out,
    verification_id: Annotated[
        str, typer.Argument(metavar="VERIFICATION", help="Id of a verification.")
    ],
    reveal: Annotated[bool, typer.Option("--reveal", help="Show both sides in clear.")] = False,
    reason: Annotated[
        str,
        typer.Option("--reason", metavar="CODE", help="Why they have to be seen; of the list."),
    ] = "",
) -> None:
    """Show what differs; claim and record are masked unless they are revealed.

    Who looks is written down either way. Reasons: subject_request, hr_case, recruiting, payroll,
    legal_duty, incident, data_quality.

    Example: hrhub verification show 01933c5a-7d2e-7000-8000-0123456789ab
    """
    from hrhub.pipeline import open_hub
    from hrhub.pipeline.verification import verification
    from hrhub.reading import REASONS

    if reveal:
        one_of(reason, REASONS, "--reason")
    elif reason:
        raise typer.BadParameter("it goes with --reveal", param_hint="--reason")
    with open_hub() as hub:
        found = verification(
            hub, verification_id, actor=actor(), reveal=reveal, reason=reason or None
        )
    out.result(_told(found) | {"masked": not reveal})
    out.table(
        ("Fact", "Value"),
        [
            ("person", found.person_id),
            ("status", found.status),
            ("coverage", f"{found.coverage} of the claimed months have a record"),
            ("backed", f"{found.score} of them by the claimed employer"),
            ("proposal", f"{found.verdict} (a person decides)"),
            ("rules", found.ruleset),
        ],
        title=f"Verification {found.id}",
    )
    out.table(
        ("Difference", "Severity", "Months", "State", "Claimed", "Recorded", "Id"),
        [
            (
                d.code,
                d.severity,
                d.delta_months,
                f"{d.state} (older facts)" if d.outdated else d.state,
                _side(d.claimed),
                _side(d.recorded),
                d.id,
            )
            for d in found.differences
        ],
        right=("Months",),
    )


def decide(
    out: Out,
    difference_id: Annotated[str, typer.Argument(metavar="DIFFERENCE", help="Id of a difference.")],
    state: Annotated[
        str,
        typer.Argument(
            metavar="STATE", help="asked, explained, accepted, confirmed, dismissed, or open."
        ),
    ],
    reason: Annotated[
        str,
        typer.Option(
            "--reason",
            metavar="CODE",
            help="document_seen, employer_confirmed, person_explained, record_wrong, "
            "resume_wrong, immaterial or not_cleared; not for open.",
        ),
    ] = "",
    note: Annotated[
        bool, typer.Option("--note", help="Read a note from stdin; it is kept sealed.")
    ] = False,
) -> None:
    """Decide on a difference; ``open`` takes a decision back. It is written down who and why.

    Example: hrhub verification decide 01933c5a-7d2e-7000-8000-0123456789ab accepted
    --reason document_seen
    """
    from hrhub.pipeline import open_hub
    from hrhub.pipeline.verification import decide as rule

    said = sys.stdin.read().strip() if note else None
    with open_hub() as hub:
        done = rule(
            hub, difference_id, state, resolution=reason or None, actor=actor(), note=said or None
        )
    out.result(asdict(done))
    out.line(f"{done.id}: {done.before} -> {done.state}")


def _told(found: Verification) -> dict[str, Any]:
    return {
        "id": found.id,
        "person_id": found.person_id,
        "ruleset": found.ruleset,
        "status": found.status,
        "coverage": found.coverage,
        "score": found.score,
        "verdict": found.verdict,
        "changed_at": found.updated_at.isoformat(),
        "differences": [
            asdict(d) | {"decided_at": d.decided_at.isoformat() if d.decided_at else None}
            for d in found.differences
        ],
    }


def _side(facts: Any) -> str | None:
    parts = [f"{name} {value}" for name, value in facts.items() if value is not None]
    return ", ".join(parts) or None
