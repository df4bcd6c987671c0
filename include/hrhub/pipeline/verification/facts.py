"""What is compared: the claims of a resume, and the months of records. Months count from year 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from hrhub.pipeline.verification.employers import Employer

WORKED = frozenset({"paid", "back_paid", "arrears"})
"""States of months that speak of an employer; a month in arrears was owed, and so worked."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A job as claimed.

    Attributes:
        id: Row of the claim.
        employer: As the resume names it.
        first: Earliest month in which it may have begun; its last month where only the year is
            told is ``first + slack_first``.
        last: Latest month in which it may have ended; None where it goes on.
        slack_first: Months by which the beginning is unsure: 11 where only a year is told.
        slack_last: The same for the end.
        city: Where, as the resume says.
        pay: Monthly pay as claimed, CNY.
    """

    id: str
    employer: Employer
    first: int
    last: int | None
    slack_first: int = 0
    slack_last: int = 0
    city: str | None = field(default=None, repr=False)
    pay: Decimal | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Month:
    """One month of contributions by one payer to one scheme."""

    id: str
    number: int
    payer: Employer
    state: str
    scheme: str = "pension"
    region: str | None = field(default=None, repr=False)
    base: Decimal | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A finding of a background check that an employer confirmed a job."""

    id: str
    employer: Employer


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that is compared.

    Attributes:
        claims: Of one resume.
        months: Of all queries.
        since: First month that was asked for; None: that of the oldest record.
        until: Last month that records can hold: the one before the query.
        confirmations: From background checks.
    """

    claims: Sequence[Claim]
    months: Sequence[Month]
    since: int | None
    until: int
    confirmations: Sequence[Confirmation] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference between claim and record.

    Attributes:
        code: Of the model's list.
        severity: ``info``, ``low``, ``medium`` or ``high``.
        about: Tells findings of one verification apart; the same when the same is found again.
        claim_id: The claim, if it is about one.
        records: Rows that speak for the other side.
        claimed: What the resume says.
        recorded: What the records say.
        delta_months: By how much months differ.
    """

    code: str
    severity: str
    about: str = field(repr=False)
    claim_id: str | None
    records: tuple[str, ...]
    claimed: dict[str, Any] = field(repr=False)
    recorded: dict[str, Any] = field(repr=False)
    delta_months: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a comparison comes to; a proposal, which a person decides on.

    Attributes:
        verdict: ``consistent``, ``explainable``, ``inconsistent``, or ``insufficient`` where
            records are too thin to say anything.
        coverage: Share of claimed months with any record, 0 to 1.
        score: Share of claimed months that the claimed employer paid for, 0 to 1.
        findings: In a fixed order.
    """

    verdict: str
    coverage: Decimal
    score: Decimal
    findings: tuple[Finding, ...]


def number_of(day: date) -> int:
    """Return the number of a day's month."""
    return day.year * 12 + day.month - 1


def text_of(number: int) -> str:
    """Return a month as ``2026-03``."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"
