"""Which months of which payer belong to which claim."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hrhub.pipeline.verification.employers import Employer, Likeness, likeness
from hrhub.pipeline.verification.facts import WORKED, Claim, Facts, Month
from hrhub.pipeline.verification.policy import VerificationPolicy

_FAR_MONTHS = 24
"""Months beyond a claim from which an employer's record is of another job there."""

_AWAY_MONTHS = 4
"""Months from an exact claim beyond which a claim of a like name may have the month instead."""


@dataclass(slots=True)
class Payer:
    """One payer with all its months, by number."""

    employer: Employer
    months: dict[int, list[Month]] = field(default_factory=lambda: defaultdict(list))

    @property
    def first(self) -> int:
        """The first month."""
        return min(self.months)

    @property
    def last(self) -> int:
        """The last month."""
        return max(self.months)


@dataclass(slots=True)
class Matched:
    """A claim with what the records hold of it.

    Attributes:
        claim: The claim.
        months: Months by number, of all payers that belong to it.
        payers: Those payers.
        likeness: How surely the best of them is the employer that is claimed.
        agencies: Agencies among them.
    """

    claim: Claim
    months: dict[int, list[Month]] = field(default_factory=lambda: defaultdict(list))
    payers: dict[str, Employer] = field(default_factory=dict)
    likeness: Likeness = Likeness.NONE
    agencies: set[str] = field(default_factory=set)

    def take(self, payer: Employer, months: Mapping[int, Sequence[Month]]) -> None:
        """Add months of a payer."""
        self.payers[payer.key] = payer
        if payer.is_agency:
            self.agencies.add(payer.key)
        for number, some in months.items():
            self.months[number] += some

    @property
    def row_ids(self) -> tuple[str, ...]:
        """Rows of its months."""
        return tuple(sorted(m.id for some in self.months.values() for m in some))


@dataclass(frozen=True, slots=True)
class Matching:
    """What belongs together, and what is left.

    Attributes:
        claims: In order of time.
        undeclared: Payers with the months that no claim explains.
        self_paid: Months that the person paid alone.
    """

    claims: Sequence[Matched]
    undeclared: Sequence[Payer]
    self_paid: Payer


def match(facts: Facts, policy: VerificationPolicy) -> Matching:
    """Give every month of work to the claim it belongs to, if there is one."""
    claims = [Matched(c) for c in sorted(facts.claims, key=lambda c: (c.first, order(c), c.id))]
    own, self_paid = payers_of(facts.months)
    for payer in own:
        alike = {
            n: how
            for n, m in enumerate(claims)
            if (how := likeness(m.claim.employer, payer.employer, policy.aliases))
        }
        _share_out(payer, claims, alike, facts.until)
        for n, how in alike.items():
            if payer.employer.key in claims[n].payers:
                claims[n].likeness = max(claims[n].likeness, how)
    for payer in own:
        if payer.employer.is_agency and payer.months:
            _place(payer, claims, facts.until)
    return Matching(claims, [p for p in own if p.months], self_paid)


def payers_of(months: Iterable[Month]) -> tuple[list[Payer], Payer]:
    """Return the employers that paid, in a fixed order, and the months that nobody else paid."""
    found: dict[str, Payer] = {}
    alone = Payer(Employer(""))
    for month in sorted(months, key=lambda m: (m.number, m.scheme, m.id)):
        if month.state == "flexible" or (month.state in WORKED and month.payer.is_self):
            alone.months[month.number].append(month)
        elif month.state in WORKED:
            payer = found.setdefault(month.payer.key, Payer(month.payer))
            payer.months[month.number].append(month)
    return [found[key] for key in sorted(found)], alone


def ends(claim: Claim, until: int) -> int:
    """Return the last month of a claim; that of the records where it goes on."""
    return until if claim.last is None else claim.last


def distance(claim: Claim, number: int, until: int) -> int:
    """Return by how many months a month is outside a claim."""
    return max(claim.first - number, number - ends(claim, until), 0)


def _share_out(
    payer: Payer, claims: Sequence[Matched], alike: Mapping[int, Likeness], until: int
) -> None:
    """Give a payer's months to the nearest of its claims; those far from all stay with it.

    Where a name is met exactly, a mere likeness is that of another company, unless the month lies
    in that claim and well away from the exact ones: somebody who came back shortens the name.
    """
    exact = any(how >= Likeness.NAME for how in alike.values())
    shares: dict[int, dict[int, list[Month]]] = defaultdict(dict)
    for number in sorted(payer.months):
        fits = []
        for n, how in alike.items():
            far = distance(claims[n].claim, number, until)
            if exact and how < Likeness.NAME:
                far = _AWAY_MONTHS if far == 0 else _FAR_MONTHS + 1
            if far <= _FAR_MONTHS:
                fits.append((far, n))
        if fits:
            shares[min(fits)[1]][number] = payer.months.pop(number)
    for n, months in shares.items():
        claims[n].take(payer.employer, months)


def _place(agency: Payer, claims: Sequence[Matched], until: int) -> None:
    """Give an agency's months to the claims of their time, to those without a payer first."""
    shares: dict[int, dict[int, list[Month]]] = defaultdict(dict)
    named = {n: set(m.months) for n, m in enumerate(claims)}
    for number in sorted(agency.months):
        fits = [
            (bool(named[n]), distance(m.claim, number, until), n)
            for n, m in enumerate(claims)
            if number not in named[n] and distance(m.claim, number, until) <= 3
        ]
        if fits:
            shares[min(fits)[2]][number] = agency.months.pop(number)
    for n, months in shares.items():
        claims[n].take(agency.employer, months)


def order(claim: Claim) -> str:
    """Return what orders claims of one beginning: their employer."""
    return claim.employer.key
