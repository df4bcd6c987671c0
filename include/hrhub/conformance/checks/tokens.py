"""Tokens and budgets: what is shared with others is spent as agreed."""

from __future__ import annotations

from collections.abc import Callable

from hrhub.ambient import FakeClock, SystemClock
from hrhub.conformance.lab import Lab, refused
from hrhub.conformance.law import NotApplicable, check, demand
from hrhub.conformance.proxy import Asked, status
from hrhub.errors import AuthError, ConfigError

_HINT = "Give the connector an `auth` of hrhub.http.auth; do not keep tokens of your own."


@check(
    "token.refreshed",
    means="A token that dies in the middle of a reading is renewed once, and the reading goes on.",
    hint=_HINT,
)
def refreshed(lab: Lab, _: None) -> str:
    """Refuse one request for a page with 401."""
    paths = token_paths(lab)
    for stream in lab.kinds():
        whole = lab.whole(stream)
        before = sum(a.path in paths for a in whole.asked)
        fault = lab.fault(stream, status(401), times=1)
        with lab.proxy.armed(fault):
            got = lab.read(stream)
        demand(lab.same(stream, got.content()), f"{stream.name}: records are lost on the way")
        renewed = sum(a.path in paths for a in got.asked) - before
        demand(renewed == 1, f"{stream.name}: {renewed} renewals for one dead token")
        extra = len(got.asked) - len(whole.asked)
        demand(extra == 2, f"{stream.name}: {extra - 2} requests more than the renewal needs")
    return "renewed once"


@check(
    "token.refused",
    means="Credentials that stay refused end the reading at once; nothing is hammered.",
    hint=_HINT,
)
def refused_for_good(lab: Lab, _: None) -> str:
    """Refuse every request for a page with 401."""
    if not lab.http:
        raise NotApplicable("the protocol is not HTTP")
    for stream in lab.kinds():
        fault = lab.fault(stream, status(401))
        with lab.proxy.armed(fault):
            error = refused(lambda stream=stream: lab.read(stream))  # type: ignore[misc]
        demand(
            isinstance(error, AuthError | ConfigError),
            f"{stream.name}: told as {error.code}, which would be tried again",
        )
        demand(fault.hits <= 2, f"{stream.name}: asked {fault.hits} times although refused")
        lab.words(error)
    return "given up at once"


@check(
    "budget.kept",
    means="The declared rate is never exceeded, tokens and retries included.",
    hint="Ask through session.http only; it takes every request from the budget.",
)
def kept(lab: Lab, _: None) -> str:
    """Read everything on a clock that only sleeping moves, and measure every stretch."""
    rate = lab.connector.rate
    if rate is None:
        raise NotApplicable("no rate is declared")
    clock = FakeClock(SystemClock().now())
    session = lab.session(clock=clock)
    mark = lab.proxy.mark()
    for stream in lab.connector.streams:
        with lab.proxy.armed(lab.fault(stream, status(503), times=1)):
            lab.read(stream, session=session)
    asked = lab.proxy.since(mark)
    worst = _worst(asked, rate.per_s)
    demand(worst <= rate.burst, f"{worst} requests at once, {rate.burst} are agreed")
    return f"{len(asked)} requests, {rate.per_s:g} a second"


def _worst(asked: list[Asked], per_s: float) -> int:
    """Return the most requests of any stretch beyond what its length allows."""
    times = [a.at for a in asked]
    return max(
        (
            round(end - start + 1 - (times[end] - times[start]) * per_s - 1e-6)
            for start in range(len(times))
            for end in range(start, len(times))
        ),
        default=0,
    )


def token_paths(lab: Lab) -> frozenset[str]:
    """Return the paths that give out tokens.

    Raises:
        NotApplicable: There is none.
    """
    if not lab.http:
        raise NotApplicable("the protocol is not HTTP")
    if not lab.token_paths:
        raise NotApplicable("the credentials are no token that could be renewed")
    return lab.token_paths


def writes(lab: Lab) -> Callable[[Asked], bool]:
    """Return what tells requests that change something at the vendor; those for tokens do not."""
    tokens = lab.token_paths
    return lambda asked: asked.method not in ("GET", "HEAD") and asked.path not in tokens
