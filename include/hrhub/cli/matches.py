"""Commands about who is one person: how well runs recognise people, and what humans are asked."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hrhub.cli.out import Out
from hrhub.cli.spoken import actor, one_of, spoken

if TYPE_CHECKING:
    from hrhub.pipeline.deciding import Review

_Review = Annotated[str, typer.Argument(metavar="REVIEW", help="Id of a question.")]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Tell what would happen; write nothing.")]
_STATES = ("open", "same", "different", "unsure", "all")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        no_args_is_help=True, rich_markup_mode=None, help="Who is one person across systems."
    )
    for command in (report, queue, show, same, different, unsure, undo):
        group.command(command.__name__)(spoken(command))
    app.add_typer(group, name="match")


def report(
    out: Out,
    conn: Annotated[str | None, typer.Argument(metavar="CONN", help="Connection id.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="Runs to show.")] = 20,
) -> None:
    """Show how well the last runs recognised people.

    A rate that is notably lower than in the sync's runs before is marked.

    Example: hrhub match report wecom_default
    """
    from hrhub.pipeline import open_hub
    from hrhub.pipeline.deciding import OUTCOMES, match_reports

    with open_hub() as hub:
        found = match_reports(hub, connection=conn, limit=limit)
    out.result(
        {
            "runs": [
                asdict(one) | {"started_at": one.started_at.isoformat(), "dropped": one.dropped}
                for one in found
            ]
        }
    )
    if not found:
        out.line("no run has placed people yet")
        return
    out.table(
        ("Started (UTC)", "Connection", "Stream", *OUTCOMES, "rate", "before", "look"),
        [
            (
                one.started_at.isoformat()[:16],
                one.connection,
                one.stream,
                *one.counts.values(),
                _percent(one.rate),
                _percent(one.before),
                "dropped" if one.dropped else None,
            )
            for one in found
        ],
        right=(*OUTCOMES, "rate", "before"),
    )


def queue(
    out: Out,
    state: Annotated[str, typer.Option(help=f"One of: {', '.join(_STATES)}.")] = "open",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Questions to list.")] = 20,
) -> None:
    """List pairs of people who may be one, oldest question first.

    Example: hrhub match queue --state open
    """
    from hrhub.pipeline import open_hub
    from hrhub.pipeline.deciding import questions

    wanted = one_of(state, _STATES, "--state")
    with open_hub() as hub:
        listed, counts = questions(hub, state=None if wanted == "all" else wanted, limit=limit)
    out.result({"counts": counts, "reviews": [_told(one) for one in listed]})
    out.table(("State", "Questions"), list(counts.items()), right=("Questions",))
    if listed:
        out.table(
            ("Review", "Since (UTC)", "Tier", "State", "Agree", "Differ"),
            [
                (
                    one.id,
                    one.created_at.isoformat()[:16],
                    one.tier,
                    one.state,
                    one.agree,
                    one.differ,
                )
                for one in listed
            ],
            right=("Tier",),
        )


def show(out: Out, review: _Review) -> None:
    """Show one question: the pair, and in which kinds of evidence it agrees and differs.

    Values are not shown.

    Example: hrhub match show 01933c5a-7d2e-7000-8000-0123456789ab
    """
    from hrhub.pipeline import open_hub
    from hrhub.pipeline.deciding import question

    with open_hub() as hub:
        found = question(hub, review)
    document = _told(found)
    out.result(document)
    out.table(("Fact", "Value"), list(document.items()))


def same(out: Out, review: _Review, dry_run: _DryRun = False) -> None:
    """Answer that both are one person: they are merged.

    Both ids stay valid; rows stay where they are.

    Example: hrhub match same 01933c5a-7d2e-7000-8000-0123456789ab --dry-run
    """
    _answer(out, review, "same", dry_run)


def different(out: Out, review: _Review, dry_run: _DryRun = False) -> None:
    """Answer that they are two: no rule will join them.

    Example: hrhub match different 01933c5a-7d2e-7000-8000-0123456789ab
    """
    _answer(out, review, "different", dry_run)


def unsure(out: Out, review: _Review) -> None:
    """Set a question aside; nothing changes.

    Example: hrhub match unsure 01933c5a-7d2e-7000-8000-0123456789ab
    """
    _answer(out, review, "unsure", dry_run=False)


def undo(out: Out, review: _Review, dry_run: _DryRun = False) -> None:
    """Take an answer back: the question is open again, and what it joined is taken apart.

    Example: hrhub match undo 01933c5a-7d2e-7000-8000-0123456789ab
    """
    _answer(out, review, "open", dry_run)


def _answer(out: Out, review: str, state: str, dry_run: bool) -> None:
    from hrhub.pipeline import open_hub
    from hrhub.pipeline.deciding import decide

    with open_hub() as hub:
        done = decide(hub, review, state, actor=actor(), dry_run=dry_run)
    steps = [operation.describe() for operation in done.operations]
    out.result(
        {
            "review": done.review_id,
            "before": done.before,
            "state": done.state,
            "dry_run": dry_run,
            "operations": steps,
        }
    )
    out.line(f"{done.review_id}: {done.before} -> {done.state}{' (dry run)' if dry_run else ''}")
    for step in steps:
        out.line(f"  {step}")


def _told(review: Review) -> dict[str, Any]:
    return {
        "review": review.id,
        "left": review.left_id,
        "right": review.right_id,
        "tier": review.tier,
        "state": review.state,
        "agree": list(review.agree),
        "differ": list(review.differ),
        "policy": review.policy,
        "since": review.created_at.isoformat(),
        "decided_by": review.decided_by,
        "decided_at": review.decided_at.isoformat() if review.decided_at else None,
    }


def _percent(rate: float | None) -> str | None:
    return None if rate is None else f"{100 * rate:.1f} %"
