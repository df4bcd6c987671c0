"""What a check is, and how one ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from hrhub.conformance.lab import Lab
    from hrhub.connector import Connector

Scope = Literal["connector", "stream", "order", "sink", "event"]
"""What a check is run for: the connector as a whole, or each part of one kind."""


class Verdict(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"


class Broken(Exception):
    """A rule is not kept; the text says what was seen: counts, codes and field names, no values."""


class NotApplicable(Exception):
    """A rule does not concern this connector; the text says why."""


Body = Callable[["Lab", Any], str | None]
"""Runs a check on one part (None for the connector); returns what it saw, in a few words."""


@dataclass(frozen=True, slots=True)
class Check:
    """One rule and how it is proved.

    Attributes:
        id: Stable name, ``theme.word``.
        scope: What it is run for.
        means: The rule, as people read it.
        hint: What to do when it is broken.
        body: Runs it.
    """

    id: str
    scope: Scope
    means: str
    hint: str
    body: Body

    def parts(self, connector: Connector) -> tuple[Any, ...]:
        """Return what the check is run for in a connector; empty when it has no such part."""
        of: dict[str, tuple[Any, ...]] = {
            "connector": (None,),
            "stream": connector.streams,
            "order": connector.orders,
            "sink": connector.sinks,
            "event": connector.events,
        }
        return of[self.scope]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one check ended for one part.

    Attributes:
        part: Name of the stream, order, sink or event; empty for the connector.
        note: What was seen, or why it does not apply.
    """

    check: Check
    part: str
    verdict: Verdict
    note: str
    seconds: float


_CHECKS: dict[str, Check] = {}


def check(id: str, *, means: str, hint: str, scope: Scope = "connector") -> Callable[[Body], Body]:
    """Declare a check; the decorated function runs it."""

    def declare(body: Body) -> Body:
        _CHECKS[id] = Check(id, scope, means, hint, body)
        return body

    return declare


def declared() -> tuple[Check, ...]:
    """Return the checks that were declared so far, in order."""
    return tuple(_CHECKS.values())


def demand(kept: object, finding: str) -> None:
    """Go on when a rule is kept.

    Raises:
        Broken: It is not.
    """
    if not kept:
        raise Broken(finding)


def some(names: Iterable[object], most: int = 5) -> str:
    """Return names in a line, cut after a few."""
    listed = [str(name) for name in names]
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more
