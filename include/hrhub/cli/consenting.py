"""Commands about consent: put it on record, list it, withdraw it. Each act is written down."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hrhub.cli.out import Out
from hrhub.cli.spoken import actor, one_of, spoken

if TYPE_CHECKING:
    from hrhub.pipeline.orders import Consent

_Person = Annotated[str, typer.Argument(metavar="PERSON", help="The person's id.")]
_PURPOSES = (
    "recruiting",
    "assessment",
    "ai_interview",
    "background_check",
    "social_security_query",
    "attendance_location",
    "cross_border",
    "talent_pool",
    "other",
)
_BASES = ("consent", "contract_hr", "statutory", "emergency", "public")
_REASONS = ("person_asked", "purpose_over", "given_in_error")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        no_args_is_help=True, rich_markup_mode=None, help="What people agreed to, towards whom."
    )
    group.command("give")(spoken(give))
    group.command("list")(spoken(list_))
    group.command("withdraw")(spoken(withdraw))
    app.add_typer(group, name="consent")


def give(
    out: Out,
    person: _Person,
    purpose: Annotated[str, typer.Option(help=f"One of: {', '.join(_PURPOSES)}.")],
    recipient: Annotated[
        list[str],
        typer.Option(
            metavar="NAME", help="Who may get the data: connector or connection; repeatable."
        ),
    ],
    evidence: Annotated[
        str, typer.Option(metavar="REFERENCE", help="Where the signed proof is kept.")
    ],
    basis: Annotated[str, typer.Option(help=f"One of: {', '.join(_BASES)}.")] = "consent",
    expires: Annotated[
        str, typer.Option(metavar="TIME", help="Until when, ISO 8601; else until withdrawn.")
    ] = "",
    notice: Annotated[
        str | None, typer.Option(metavar="VERSION", help="Text that the person was shown.")
    ] = None,
) -> None:
    """Put on record that a person agreed.

    Example: hrhub consent give PERSON --purpose background_check --recipient checkr --evidence 8/17
    """
    from hrhub.pipeline import open_hub
    from hrhub.pipeline import orders as ordering

    one_of(purpose, _PURPOSES, "--purpose")
    one_of(basis, _BASES, "--basis")
    until = _moment(expires)
    with open_hub() as hub:
        given = ordering.give(
            hub,
            person,
            purpose,
            recipient,
            actor=actor(),
            evidence=evidence,
            legal_basis=basis,
            expires_at=until,
            notice_version=notice,
        )
        now = hub.clock.now()
    out.result(_document(given, now))
    out.line(f"{given.id}: {_standing(given, now)}")


def list_(out: Out, person: _Person) -> None:
    """List what is on record for a person, oldest first.

    Example: hrhub consent list 01933c5a-7d2e-7000-8000-0123456789ab
    """
    from hrhub.pipeline import open_hub
    from hrhub.pipeline import orders as ordering

    with open_hub() as hub:
        found = ordering.consents(hub, person)
        now = hub.clock.now()
    out.result({"consents": [_document(one, now) for one in found]})
    if not found:
        out.line("nothing is on record")
        return
    out.table(
        ("Consent", "Purpose", "Recipients", "Basis", "Granted (UTC)", "Standing"),
        [
            (
                one.id,
                one.purpose,
                one.recipients,
                one.legal_basis,
                one.granted_at.isoformat()[:16] if one.granted_at else None,
                _standing(one, now),
            )
            for one in found
        ],
        spare=("Basis",),
    )


def withdraw(
    out: Out,
    consent: Annotated[str, typer.Argument(metavar="CONSENT", help="Id of a consent.")],
    reason: Annotated[str, typer.Option(help=f"One of: {', '.join(_REASONS)}.")],
) -> None:
    """Withdraw a consent; open orders that rest on it are stopped by the next look at them.

    Example: hrhub consent withdraw 01933c5a-7d2e-7000-8000-0123456789ab --reason person_asked
    """
    from hrhub.pipeline import open_hub
    from hrhub.pipeline import orders as ordering

    one_of(reason, _REASONS, "--reason")
    with open_hub() as hub:
        done, stopped = ordering.withdraw(hub, consent, reason=reason, actor=actor())
        now = hub.clock.now()
    out.result({**_document(done, now), "orders_to_stop": stopped})
    out.line(f"{done.id}: {_standing(done, now)}; orders to stop: {stopped}")


def _standing(one: Consent, now: datetime) -> str:
    if one.withdrawn_at is not None and one.withdrawn_at <= now:
        return "withdrawn"
    if one.expires_at is not None and one.expires_at <= now:
        return "expired"
    return "in force"


def _document(one: Consent, now: datetime) -> dict[str, Any]:
    return {
        "consent": one.id,
        "person": one.person_id,
        "purpose": one.purpose,
        "legal_basis": one.legal_basis,
        "recipients": list(one.recipients),
        "granted_at": _text(one.granted_at),
        "expires_at": _text(one.expires_at),
        "withdrawn_at": _text(one.withdrawn_at),
        "notice_version": one.notice_version,
        "standing": _standing(one, now),
    }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("a time such as 2027-12-31", param_hint="--expires") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
