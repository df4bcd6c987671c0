"""Mappings: golden cases hold, and nothing personal lands in an open field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from hrhub.conformance.lab import Lab
from hrhub.conformance.law import check, demand, some
from hrhub.connector import OrderService, Stream
from hrhub.mapping import Mapped, Rejected, run_cases
from hrhub.mapping import Mapping as Plan
from hrhub.mapping.plan import Path, Rule
from hrhub.model import Kind, Privacy

_PERSONAL = re.compile(
    r"(?<!\d)(?:\d{17}[\dXx]|(?:\+?86)?1[3-9]\d{9})(?!\d)|[\w.+-]+@[\w-]+\.[\w.]+", re.ASCII
)
"""A resident id, a mainland mobile number, or a mail address."""


@check(
    "mapping.cases",
    scope="stream",
    means="Every stream has a mapping for its feed, and its golden cases hold.",
    hint="Run `hrhub map test`; a case is a record as the vendor sends it and what becomes of it.",
)
def cases(lab: Lab, stream: Stream) -> str:
    """Run the golden cases."""
    return f"{hold_cases(lab, stream)} cases"


def hold_cases(lab: Lab, part: Stream | OrderService) -> int:
    """Demand that a mapping is for its feed and that its golden cases hold; return how many.

    Raises:
        Broken: It is not, it has none, or one does not hold.
    """
    plan = lab.plan(part)
    demand(plan.feed.name == part.feed, f"it maps to {plan.feed.name}, not to {part.feed}")
    demand(plan.cases, "the mapping has no golden case")
    results = run_cases(plan, today=lab.site.world.as_of, zone=lab.config.timezone)
    failed = [f"line {r.line}" for r in results if not r.passed]
    demand(not failed, f"cases that do not hold: {some(failed)}")
    return len(results)


@check(
    "mapping.classes",
    scope="stream",
    means="What is personal or sensitive lands only in fields that are sealed.",
    hint="Map each of the vendor's fields once, to the canonical field that means the same.",
)
def classes(lab: Lab, stream: Stream) -> str:
    """Compare the classes of the fields that one vendor field feeds, and look at open values."""
    outcomes = lab.mapped(stream).map(lab.whole(stream).docs)
    return f"{hold_classes(lab.plan(stream), outcomes)} fields"


def hold_classes(plan: Plan, outcomes: Iterable[Mapped | Rejected]) -> int:
    """Demand that nothing personal lands in an open field; return how many fields are mapped.

    Raises:
        Broken: An open field is fed by what is sealed elsewhere, or looks like an id or a number.
    """
    inside = [(rule, b.source.steps if b.source else ()) for b in plan.blocks for rule in b.rules]
    rules = [(rule, ()) for rule in plan.rules] + inside
    read = [(rule, {(*at, *steps) for steps in _steps(rule)}) for rule, at in rules]
    sealed = set(chain(*(paths for r, paths in read if r.target.field.privacy is not Privacy.OPEN)))
    leaking = sorted(rule.target.name for rule, paths in read if _plain(rule) and sealed & paths)
    demand(not leaking, f"open fields that are fed by what is personal: {some(leaking)}")
    found: set[str] = set()
    for outcome in outcomes:
        if isinstance(outcome, Mapped):
            for name, value in outcome.values.items():
                target = plan.feed.by_name[name].field
                if target.privacy is Privacy.OPEN and target.kind is Kind.TEXT:
                    found |= {name} if _PERSONAL.search(str(value)) else set()
    demand(not found, f"open fields that hold an id, a number or an address: {some(sorted(found))}")
    return len(rules)


def _plain(rule: Rule) -> bool:
    """Tell whether a rule copies a value into an open column: translations reveal no more."""
    target = rule.target.field
    return (
        target.privacy is Privacy.OPEN
        and target.kind in (Kind.TEXT, Kind.CODE, Kind.JSON)
        and rule.codes is None
        and not rule.target.reference
    )


def _steps(rule: Rule) -> Iterator[tuple[str | int, ...]]:
    for path in rule.vendor_paths:
        assert isinstance(path, Path)
        yield path.steps
