"""The connection check: it answers, and its four failures are told in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import SecretStr

from hrhub.conformance.lab import Lab, refused
from hrhub.conformance.law import Broken, NotApplicable, check, demand, some
from hrhub.conformance.proxy import Fault, login_page, status
from hrhub.connector import Session
from hrhub.connector.config import secrets_of
from hrhub.errors import (
    AuthError,
    ConfigError,
    ContractChanged,
    HrHubError,
    ScopeError,
    Transient,
)

_WORDS_HINT = "Let errors of the client pass; raise classes of hrhub.errors with catalogue codes."


@check(
    "check.answers",
    means="The check of a good connection succeeds and tells facts, none of them secret.",
    hint="`check` makes one cheap authorised call and returns Checked(vendor, facts).",
)
def answers(lab: Lab, _: None) -> str:
    """Check the connection of the simulator."""
    checked = lab.connector.check(lab.session())
    demand(checked.vendor, "it does not tell who answered")
    values = [v for v in secrets_of(lab.config) if len(v) > 3]
    told = [n for n, fact in checked.facts.items() if any(v in str(fact) for v in values)]
    demand(not told, f"facts that hold a secret: {some(told)}")
    return some(checked.facts)


@check(
    "check.credentials",
    means="Wrong credentials are told apart from everything else.",
    hint="The call of `check` must need the credentials; map the vendor's code to AuthError.",
)
def credentials(lab: Lab, _: None) -> str:
    """Check with every secret changed."""
    if lab.http and lab.connector.auth is None:
        raise NotApplicable("requests bear no credentials")
    changed = {
        name: _another(value.get_secret_value())
        for name in type(lab.config).model_fields
        if isinstance(value := getattr(lab.config, name), SecretStr)
    }
    if not changed:
        raise NotApplicable("the connection holds no secret")
    config = lab.configured(lab.site.given, **changed)
    error = refused(lambda: lab.connector.check(lab.session(config)))
    good = isinstance(error, AuthError) or (
        isinstance(error, ConfigError) and error.code.startswith("auth.")
    )
    demand(good, f"told as {error.code}, which is no refusal of credentials")
    lab.words(error)
    return error.code


@check(
    "check.right",
    means="Credentials that lack a right are told as such.",
    hint="403 does it by itself; map the vendor's own code for it to ScopeError.",
)
def right(lab: Lab, _: None) -> str:
    """Check while the vendor forbids the very call that `check` makes."""
    _http_only(lab)
    mark = lab.proxy.mark()
    lab.connector.check(lab.session())
    asked = lab.proxy.since(mark)
    demand(asked, "the check asks nothing")
    fault = Fault(status(403), path=asked[-1].path)
    error = _failing(lab, fault, lab.connector.check)
    demand(isinstance(error, ScopeError), f"told as {error.code}, which is no missing right")
    lab.words(error)
    return error.code


@check(
    "check.unreachable",
    means="A vendor that cannot be reached is told as such, and can be tried again.",
    hint=_WORDS_HINT,
)
def unreachable(lab: Lab, _: None) -> str:
    """Check after the simulator was stopped."""
    world, sandbox = lab.site.world, lab.subject.sandbox
    running = sandbox.start(world, "127.0.0.1", 0, {})
    given = sandbox.connection(world, running)
    running.stop()
    direct = {"proxy": ""} if lab.http else {}
    config = lab.configured(given, **direct)
    error = refused(lambda: lab.connector.check(lab.session(config, direct=True)))
    demand(isinstance(error, Transient), f"told as {error.code}, which nobody would try again")
    lab.words(error)
    return error.code


@check(
    "check.wrong_answer",
    means="Something else at the vendor's address is told as such, and not tried for ever.",
    hint=_WORDS_HINT,
)
def wrong_answer(lab: Lab, _: None) -> str:
    """Check while a web page answers instead of the vendor."""
    if lab.http:
        error = _failing(lab, Fault(login_page), lab.connector.check)
    else:
        with lab.relay.faulty(babble=True):
            error = refused(lambda: lab.connector.check(lab.session()))
    demand(
        isinstance(error, ContractChanged | ConfigError),
        f"told as {error.code}, which would be tried again for ever",
    )
    lab.words(error)
    return error.code


def _failing(lab: Lab, fault: Fault, act: Callable[[Session], Any]) -> HrHubError:
    with lab.proxy.armed(fault):
        error = refused(lambda: act(lab.session()))
    if not fault.hits:
        raise Broken("it never asked the vendor")
    return error


def _http_only(lab: Lab) -> None:
    if not lab.http:
        raise NotApplicable("the protocol knows no rights")


def _another(secret: str) -> str:
    """Return a secret of the same form that is not the same."""
    if secret.isdigit():  # numbers stay numbers of the same length
        return "".join(str((int(digit) + 1) % 10) for digit in secret)
    return f"{secret[::-1].swapcase()}x"
