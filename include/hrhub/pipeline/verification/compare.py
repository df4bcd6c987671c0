"""Claims of a resume held against months of records: what differs, and by how much.

The rules propose; a person decides. They never read thin records as bad, and a likeness of names
alone never counts for more than ``low``. The same facts in any order give the same outcome.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from statistics import median
from typing import Any

from hrhub.pipeline.verification.employers import Likeness, abbreviates, likeness
from hrhub.pipeline.verification.facts import Claim, Facts, Finding, Month, Outcome, text_of
from hrhub.pipeline.verification.matching import (
    Matched,
    Matching,
    Payer,
    distance,
    ends,
    match,
)
from hrhub.pipeline.verification.policy import VerificationPolicy
from hrhub.pipeline.verification.regions import of_other_city

_SEVERITIES = ("info", "low", "medium", "high")
_PAIRED_SHARE = Decimal("0.8")
"""Share of a claim's months that another payer must cover to stand for the employer."""


def compare(facts: Facts, policy: VerificationPolicy) -> Outcome:
    """Compare claims with records."""
    comparison = _Comparison(facts, policy)
    if not facts.months:
        return comparison.without_records()
    found = sorted(comparison.findings(), key=_place)
    coverage, score = comparison.shares()
    return Outcome(_verdict(found, coverage, policy), coverage, score, tuple(found))


def _verdict(found: Sequence[Finding], coverage: Decimal, policy: VerificationPolicy) -> str:
    if coverage < policy.min_coverage:
        return "insufficient"
    worst = max((_SEVERITIES.index(f.severity) for f in found), default=0)
    return ("consistent", "explainable", "inconsistent", "inconsistent")[worst]


def _place(finding: Finding) -> tuple[int, str, str]:
    return -_SEVERITIES.index(finding.severity), finding.code, finding.about


class _Comparison:
    """One comparison; what all rules look at is worked out once."""

    def __init__(self, facts: Facts, policy: VerificationPolicy) -> None:
        self._facts = facts
        self._policy = policy
        self._until = facts.until
        oldest = min((m.number for m in facts.months), default=facts.until + 1)
        self._since = oldest if facts.since is None else min(facts.since, oldest)
        self._matching: Matching = match(facts, policy)
        self._paid = {n for m in self._matching.claims for n in m.months}
        self._paid |= {n for p in self._matching.undeclared for n in p.months}
        self._alone = set(self._matching.self_paid.months)

    def without_records(self) -> Outcome:
        """Return the outcome where nothing was ever paid, or nothing could be had."""
        claimed = [_claimed(m.claim) for m in self._matching.claims]
        finding = Finding(
            "NO_RECORD_AT_ALL", "info", "", None, (), {"jobs": claimed}, {"months": 0}
        )
        return Outcome("insufficient", Decimal(0), Decimal(0), (finding,) if claimed else ())

    def shares(self) -> tuple[Decimal, Decimal]:
        """Return which share of the claimed months has a record, and which the employer's own."""
        claimed = {n for m in self._matching.claims for n in self._months(m.claim)}
        own = {n for m in self._matching.claims if m.payers for n in m.months} & claimed
        if not claimed:
            return Decimal(1), Decimal(1)
        recorded = claimed & (self._paid | self._alone)
        return _share(len(recorded), len(claimed)), _share(len(own), len(claimed))

    def findings(self) -> Iterator[Finding]:
        """Yield what differs."""
        stood_in: set[str] = set()
        for matched in self._matching.claims:
            if len(self._judged(matched.claim)) <= self._policy.tolerance_months:
                continue  # too little of it lies in the time that was asked for
            if matched.months:
                yield from self._about_payers(matched)
                yield from self._about_times(matched)
                yield from self._about_circumstances(matched)
            else:
                yield from self._not_found(matched.claim, stood_in)
        for payer in self._matching.undeclared:
            if payer.employer.key not in stood_in:
                yield from self._undeclared(payer)
        yield from self._gaps()
        yield from self._concurrent()

    # What may be judged -------------------------------------------------------------------

    def _months(self, claim: Claim) -> range:
        """Return the months of a claim up to the last that records can hold."""
        return range(
            claim.first + claim.slack_first, min(ends(claim, self._until), self._until) + 1
        )

    def _judged(self, claim: Claim) -> list[int]:
        """Return the months of a claim that records speak of."""
        return [n for n in self._months(claim) if n >= self._since]

    # Who paid -----------------------------------------------------------------------------

    def _about_payers(self, matched: Matched) -> Iterator[Finding]:
        claim = matched.claim
        for key, payer in sorted(matched.payers.items()):
            rows = _rows(m for some in matched.months.values() for m in some if m.payer.key == key)
            sure = likeness(claim.employer, payer, self._policy.aliases)
            recorded = {"payer": payer.name, "credit_code": payer.credit_code}
            if key in matched.agencies and sure < Likeness.NAME:
                yield self._finding("PAYER_IS_AGENCY", "info", claim, key, rows, recorded)
            elif sure is Likeness.BRAND:
                yield self._finding("PAYER_AFFILIATE", "info", claim, key, rows, recorded)

    def _not_found(self, claim: Claim, stood_in: set[str]) -> Iterator[Finding]:
        """Yield that nobody paid who could be the employer, and who did pay in that time."""
        judged = self._judged(claim)
        alone = [n for n in judged if n in self._alone]
        if len(alone) * 2 > len(judged):
            rows = _rows(m for n in alone for m in self._matching.self_paid.months[n])
            yield self._finding("FLEXIBLE_PAYER", "info", claim, "", rows, {"months": len(alone)})
            if claim.employer.is_self:
                return
        stand_in = self._stand_in(claim, judged)
        confirmed = [
            c.id
            for c in self._facts.confirmations
            if likeness(claim.employer, c.employer, self._policy.aliases) >= Likeness.NAME
        ]
        severity, recorded, rows = "medium", {"months": 0}, ()
        if stand_in is not None:
            stood_in.add(stand_in.employer.key)
            if abbreviates(claim.employer.name, stand_in.employer.name):
                yield self._finding(
                    "PAYER_AFFILIATE",
                    "info",
                    claim,
                    stand_in.employer.key,
                    _rows(m for some in stand_in.months.values() for m in some),
                    _stretch(stand_in),
                )
                return
            severity, rows = "low", _rows(m for some in stand_in.months.values() for m in some)
            recorded = _stretch(stand_in)
        elif any(n in self._paid for n in judged):
            severity = "high" if len(judged) > 6 else "medium"
            recorded = {"months": 0, "others_paid": sum(n in self._paid for n in judged)}
        if confirmed:
            severity, rows = "low", tuple(sorted({*rows, *confirmed}))
            recorded = {**recorded, "confirmed_by_check": True}
        yield self._finding("EMPLOYER_NOT_FOUND", severity, claim, "", rows, recorded)

    def _stand_in(self, claim: Claim, judged: Sequence[int]) -> Payer | None:
        """Return the undeclared payer whose time is the claim's: renamed, perhaps, or an outlet."""
        near = self._policy.tolerance_months + 1
        last = min(ends(claim, self._until), self._until)
        best: Payer | None = None
        for payer in self._matching.undeclared:
            covered = _share(sum(n in payer.months for n in judged), len(judged))
            outside = max(claim.first - payer.first, payer.last - last)
            if covered >= _PAIRED_SHARE and outside <= near:
                best = payer if best is None or len(payer.months) > len(best.months) else best
        return best

    def _undeclared(self, payer: Payer) -> Iterator[Finding]:
        if payer.employer.is_agency:
            rows = _rows(m for some in payer.months.values() for m in some)
            yield self._finding(
                "PAYER_IS_AGENCY", "info", None, payer.employer.key, rows, _stretch(payer)
            )
            return
        if len(payer.months) <= self._policy.tolerance_months:
            return
        others = {n for m in self._matching.claims for n in m.months}
        beside = sum(n in others for n in payer.months) * 2 > len(payer.months)
        rows = _rows(m for some in payer.months.values() for m in some)
        yield self._finding(
            "EMPLOYER_UNDECLARED",
            "low" if beside or len(payer.months) < 3 else "medium",
            None,
            payer.employer.key,
            rows,
            _stretch(payer),
            len(payer.months),
        )

    # When ---------------------------------------------------------------------------------

    def _about_times(self, matched: Matched) -> Iterator[Finding]:
        claim, tolerance = matched.claim, self._policy.tolerance_months
        first, last = min(matched.months), max(matched.months)
        recorded = {"first": text_of(first), "last": text_of(last)}
        early = first - max(claim.first + claim.slack_first, self._since)
        late = claim.first - first
        if early > tolerance:
            yield self._dated("START_EARLIER_THAN_RECORD", matched, early, recorded)
        elif late > tolerance:
            yield self._dated("START_LATER_THAN_RECORD", matched, -late, recorded, mild=True)
        if claim.last is None:
            over = self._until - last
        else:
            over = min(claim.last - claim.slack_last, self._until) - last
        short = last - ends(claim, self._until)
        if over > tolerance:
            yield self._dated("END_DIFFERS", matched, over, recorded)
        elif short > tolerance:
            yield self._dated("END_DIFFERS", matched, -short, recorded, mild=True)

    def _dated(
        self,
        code: str,
        matched: Matched,
        delta: int,
        recorded: dict[str, Any],
        *,
        mild: bool = False,
    ) -> Finding:
        """Return a difference of time; one that makes a resume look worse is mild."""
        severity = "low" if mild or abs(delta) <= 2 else "medium" if abs(delta) <= 6 else "high"
        if matched.likeness is Likeness.BRAND and not matched.agencies:
            severity = "low"
        return self._finding(code, severity, matched.claim, "", matched.row_ids, recorded, delta)

    def _gaps(self) -> Iterator[Finding]:
        """Yield times without any record, between records, that the resume claims as worked."""
        tolerance = self._policy.tolerance_months
        solid: set[int] = set()
        for matched in self._matching.claims:
            if not matched.months:
                continue  # nobody paid at all: that is said once, of the whole claim
            claim = matched.claim
            first, last = (
                claim.first + claim.slack_first,
                ends(claim, self._until) - claim.slack_last,
            )
            solid |= set(range(first + tolerance, last - tolerance + 1))
        known = self._paid | self._alone
        if not known:
            return
        for run in _runs(n for n in range(min(known), max(known)) if n not in known):
            hidden, least = sum(n in solid for n in run), self._policy.gap_months
            if len(run) < least or hidden < least or self._told_of(run) >= least:
                continue
            over = [m.claim for m in self._matching.claims if _meets(m.claim, run, self._until)]
            severity = "low" if len(run) <= 3 else "medium" if len(run) <= 6 else "high"
            recorded = {"first": text_of(run[0]), "last": text_of(run[-1]), "months": len(run)}
            yield Finding(
                "GAP_HIDDEN",
                severity,
                text_of(run[0]),
                over[0].id if len(over) == 1 else None,
                (),
                {"jobs": [_claimed(c) for c in over]},
                recorded,
                len(run),
            )

    def _told_of(self, run: Sequence[int]) -> int:
        """Return how many of some months the resume leaves open itself."""
        claims = [m.claim for m in self._matching.claims]
        return sum(all(distance(c, n, self._until) for c in claims) for n in run)

    # Circumstances ------------------------------------------------------------------------

    def _concurrent(self) -> Iterator[Finding]:
        """Yield times in which two employers paid; told by the resume or not."""
        paid: dict[int, dict[str, list[Month]]] = {}
        names: dict[str, str] = {}
        for month in self._facts.months:
            if month.number in self._paid and month.state != "flexible":
                paid.setdefault(month.number, {}).setdefault(month.payer.key, []).append(month)
                names[month.payer.key] = month.payer.name
        for run in _runs(n for n, payers in paid.items() if len(payers) > 1):
            if len(run) < self._policy.overlap_months:
                continue
            over = [m.claim for m in self._matching.claims if _meets(m.claim, run, self._until)]
            keys = sorted({key for n in run for key in paid[n]})
            rows = _rows(m for n in run for some in paid[n].values() for m in some)
            yield Finding(
                "CONCURRENT_PAYERS",
                "info" if len(over) > 1 else "low",
                f"{text_of(run[0])}|{'|'.join(keys)}",
                None,
                rows,
                {"jobs": [_claimed(c) for c in over]},
                {
                    "payers": [names[key] for key in keys],
                    "first": text_of(run[0]),
                    "last": text_of(run[-1]),
                },
                len(run),
            )

    def _about_circumstances(self, matched: Matched) -> Iterator[Finding]:
        claim, months = matched.claim, matched.months
        late = [n for n, some in months.items() if all(m.state == "back_paid" for m in some)]
        for run in _runs(late):
            if len(run) >= self._policy.back_paid_months:
                rows = _rows(m for n in run for m in months[n])
                yield self._finding(
                    "BACK_PAID_BLOCK",
                    "low" if len(late) == len(months) else "info",
                    claim,
                    text_of(run[0]),
                    rows,
                    {"first": text_of(run[0]), "last": text_of(run[-1])},
                    len(run),
                )
        every = [m for some in months.values() for m in some]
        regions = {m.region for m in every if m.region}
        if claim.city and regions and all(of_other_city(claim.city, r) for r in regions):
            recorded: dict[str, Any] = {"regions": sorted(regions)}
            yield self._finding("REGION_DIFFERS", "info", claim, "", matched.row_ids, recorded)
        bases = sorted(m.base for m in every if m.base is not None)
        if claim.pay and bases:
            middle = Decimal(median(bases))
            if middle < claim.pay * self._policy.min_base_share:
                recorded = {"base": f"{middle:.2f}"}
                yield self._finding(
                    "BASE_FAR_FROM_CLAIMED_PAY", "info", claim, "", matched.row_ids, recorded
                )

    def _finding(
        self,
        code: str,
        severity: str,
        claim: Claim | None,
        anchor: str,
        rows: tuple[str, ...],
        recorded: dict[str, Any],
        delta: int | None = None,
    ) -> Finding:
        about = anchor if claim is None else f"{self._label(claim)}|{anchor}"
        told = {} if claim is None else _claimed(claim)
        return Finding(
            code, severity, about, claim.id if claim else None, rows, told, recorded, delta
        )

    def _label(self, claim: Claim) -> str:
        """Return what a claim is known by across versions of a resume: employer and turn."""
        key = claim.employer.key
        same = [m.claim.id for m in self._matching.claims if m.claim.employer.key == key]
        return f"{key}#{same.index(claim.id) + 1}"


def _meets(claim: Claim, run: Sequence[int], until: int) -> bool:
    return any(distance(claim, n, until) == 0 for n in run)


def _claimed(claim: Claim) -> dict[str, Any]:
    told: dict[str, Any] = {
        "employer": claim.employer.name,
        "first": text_of(claim.first),
        "last": None if claim.last is None else text_of(claim.last),
    }
    if claim.slack_first or claim.slack_last:
        told["precision"] = "year"
    if claim.city:
        told["city"] = claim.city
    if claim.pay is not None:
        told["pay"] = str(claim.pay)
    return told


def _stretch(payer: Payer) -> dict[str, Any]:
    return {
        "payer": payer.employer.name,
        "credit_code": payer.employer.credit_code,
        "first": text_of(payer.first),
        "last": text_of(payer.last),
        "months": len(payer.months),
    }


def _rows(months: Iterable[Month]) -> tuple[str, ...]:
    return tuple(sorted(m.id for m in months))


def _runs(numbers: Iterable[int]) -> list[list[int]]:
    """Return runs of consecutive numbers."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def _share(part: int, whole: int) -> Decimal:
    return (Decimal(part) / whole).quantize(Decimal("0.0001")) if whole else Decimal(0)
