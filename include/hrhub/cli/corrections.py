"""Commands that correct one value by hand, and take the correction back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hrhub.cli.asking import asked_for
from hrhub.cli.out import Out
from hrhub.cli.spoken import actor, one_of

if TYPE_CHECKING:
    from hrhub.pipeline.overriding import Corrected

_Ref = Annotated[
    str, typer.Argument(metavar="ID", help="The person's id, or that of the employment.")
]
_Field = Annotated[
    str, typer.Argument(metavar="FIELD", help="A person's field; employment.end_date; ext.shirt.")
]
_Why = Annotated[str, typer.Option("--reason", metavar="CODE", help="Why; of the list.")]


def set_(
    out: Out,
    ref: _Ref,
    field: _Field,
    value: Annotated[
        str | None, typer.Argument(metavar="VALUE", help="For open fields; others are asked for.")
    ] = None,
    reason: _Why = "",
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read the value from stdin, not from a terminal.")
    ] = False,
) -> None:
    """Correct a value; it holds against every source until it is released.

    Personal values are asked for on the terminal and not shown. Who corrected what and why stands
    in the audit chain.

    Reasons: subject_request, hr_case, legal_duty, data_quality.

    Example: hrhub person set 01933c5a-7d2e-7000-8000-0123456789ab gender --reason hr_case
    """
    from hrhub.model import Privacy
    from hrhub.pipeline import open_hub
    from hrhub.pipeline.overriding import REASONS, field_of, set_by_hand

    one_of(reason, REASONS, "--reason")
    with open_hub() as hub:
        _, declared = field_of(field, hub.custom_fields())
        if value is not None and declared.privacy is not Privacy.OPEN:
            raise typer.BadParameter(
                "the value is personal: leave it out and it is asked for, or use --stdin",
                param_hint="VALUE",
            )
        if value is None:
            value = asked_for(declared.name, stdin=stdin)
        done = set_by_hand(hub, ref, field, value, reason=reason, actor=actor())
    _say(out, done, "set by hand; it holds until it is released")


def release(out: Out, ref: _Ref, field: _Field, reason: _Why = "") -> None:
    """Take a correction back: the field is again what its sources tell.

    Reasons: subject_request, hr_case, legal_duty, data_quality.

    Example: hrhub person release 01933c5a-7d2e-7000-8000-0123456789ab gender --reason hr_case
    """
    from hrhub.pipeline import open_hub, overriding

    one_of(reason, overriding.REASONS, "--reason")
    with open_hub() as hub:
        done = overriding.release(hub, ref, field, reason=reason, actor=actor())
    _say(out, done, "released; its sources tell it again")


def _say(out: Out, done: Corrected, what: str) -> None:
    path = f"{done.entity}.{done.field}"
    out.result({"entity": done.entity, "row_id": done.row_id, "field": path, "act": done.act_id})
    out.line(f"{path} of {done.row_id}: {what}")
