"""Collect the checks, run them on a connector, and sum up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hrhub.ambient import SystemClock
from hrhub.conformance import checks
from hrhub.conformance.lab import Lab, Options, told
from hrhub.conformance.law import Broken, Check, NotApplicable, Outcome, Verdict
from hrhub.conformance.subject import Subject
from hrhub.errors import HrHubError

_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class Report:
    """What came out for one connector."""

    subject: Subject
    outcomes: tuple[Outcome, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether every check that applies was passed, and some did apply."""
        counts = self.counts
        return not counts[Verdict.FAILED] and bool(counts[Verdict.PASSED])

    @property
    def counts(self) -> Counter[Verdict]:
        """Checks by verdict; a check that failed for one part has failed."""
        return Counter(verdict_of(outcomes) for _, outcomes in self.by_check())

    @property
    def failed(self) -> set[str]:
        """Ids of the checks that failed."""
        return {o.check.id for o in self.outcomes if o.verdict is Verdict.FAILED}

    def by_check(self) -> Iterator[tuple[Check, list[Outcome]]]:
        """Yield each check with its outcomes, in order."""
        found: dict[str, list[Outcome]] = {}
        for outcome in self.outcomes:
            found.setdefault(outcome.check.id, []).append(outcome)
        for outcomes in found.values():
            yield outcomes[0].check, outcomes


def verdict_of(outcomes: Iterable[Outcome]) -> Verdict:
    """Sum up the outcomes of one check."""
    found = {o.verdict for o in outcomes}
    order = (Verdict.FAILED, Verdict.PASSED, Verdict.NOT_APPLICABLE)
    return next(v for v in order if v in found)


def collect() -> tuple[Check, ...]:
    """Return all checks, in the order in which they are run."""
    return checks.ALL


def examine(lab: Lab, check: Check, part: Any) -> Outcome:
    """Run one check for one part."""
    started = _CLOCK.monotonic()
    try:
        note = check.body(lab, part) or ""
        verdict = Verdict.PASSED
    except NotApplicable as why:
        verdict, note = Verdict.NOT_APPLICABLE, str(why)
    except Broken as finding:
        verdict, note = Verdict.FAILED, str(finding)
    except HrHubError as error:
        facts = " ".join(f"{k}={v}" for k, v in error.context.items() if k in _FACTS)
        verdict, note = Verdict.FAILED, f"it ended with {error.code} {facts}".rstrip()
    except Exception as error:  # what it says may hold values; where it happened does not
        verdict, note = Verdict.FAILED, f"it ended with {told(error)}"
    name = "" if part is None else str(part.name)
    return Outcome(check, name, verdict, note, round(_CLOCK.monotonic() - started, 3))


_FACTS = ("stream", "rule", "status", "vendor_code", "field_path", "seen", "outcomes", "path")


def run(
    subject: Subject,
    options: Options | None = None,
    *,
    only: Sequence[str] = (),
    progress: Callable[[Outcome], None] | None = None,
) -> Report:
    """Examine a connector.

    Args:
        subject: The connector with its simulator.
        options: How much is examined.
        only: Ids or themes (``faults``) of the checks to run; all if empty.
        progress: Told of every outcome.
    """
    started = _CLOCK.monotonic()
    outcomes = []
    with Lab(subject, options) as lab:
        for check in collect():
            if only and check.id not in only and check.id.partition(".")[0] not in only:
                continue
            for outcome in _examined(lab, check):
                outcomes.append(outcome)
                if progress:
                    progress(outcome)
    return Report(subject, tuple(outcomes), round(_CLOCK.monotonic() - started, 3))


def _examined(lab: Lab, check: Check) -> Iterator[Outcome]:
    parts = check.parts(lab.connector)
    if not parts:
        note = f"the connector has no {check.scope}s"
        yield Outcome(check, "", Verdict.NOT_APPLICABLE, note, 0.0)
    for part in parts:
        yield examine(lab, check, part)
