"""Faults in the middle of a reading: it recovers or it says so; it never ends early in silence."""

from __future__ import annotations

from hrhub.conformance.lab import Lab, LabClock, told
from hrhub.conformance.law import Broken, NotApplicable, check, demand
from hrhub.conformance.proxy import Act, half_body, login_page, silent, status
from hrhub.connector import Stream
from hrhub.errors import HrHubError, Throttled, VendorError
from hrhub.http.answer import Answer, Headers

_HINT = "Ask through session.http and let its errors pass; it retries what may be retried."
_SHAPES = (
    '{{"errcode":{0},"errmsg":""}}',
    '{{"errcode":"{0}"}}',
    '{{"code":{0},"msg":""}}',
    '{{"code":"{0}","message":""}}',
    '{{"error":{{"code":"{0}","message":""}}}}',
    '{{"error":"{0}"}}',
    '{{"errorCode":"{0}"}}',
    '{{"status":{{"code":"{0}"}}}}',
)
"""How vendors write a code into a body."""


@check(
    "faults.throttled",
    means="429 is obeyed: waits as told or backs off, goes on, and gives up its place when long.",
    hint=_HINT,
)
def throttled(lab: Lab, _: None) -> str:
    """Answer 429 once without and once with Retry-After, then with a long one."""
    for stream in _streams(lab):
        for act, wait_s in ((status(429), 0.4), (status(429, Retry_After="7"), 7.0)):
            clock = _recovers(lab, stream, act)
            demand(
                clock.slept >= wait_s, f"{stream.name}: only {clock.slept:.1f} s of {wait_s} waited"
            )
        error = _breaks(lab, stream, status(429, Retry_After="1800"))
        demand(
            isinstance(error, Throttled) and (error.retry_after_s or 0) >= 1700,
            f"{stream.name}: told as {error.code} without the wait that the vendor asks for",
        )
    return "waits as told"


@check(
    "faults.busy_code",
    means="The vendor's own code for busy, in an answer with status 200, is tried again.",
    hint="Name the code in `errors` as Throttled or Transient, and find it with `code_of`.",
)
def busy_code(lab: Lab, _: None) -> str:
    """Answer 200 with a body that says busy."""
    if not lab.http or lab.connector.code_of is None:
        raise NotApplicable("the vendor reports errors by status")
    body = _busy_body(lab)
    for stream in _streams(lab):
        _recovers(lab, stream, status(200, body))
    return "tried again"


@check(
    "faults.server_error",
    means="A server error is tried again; one that stays is told, never taken for the end.",
    hint=_HINT,
)
def server_error(lab: Lab, _: None) -> str:
    """Answer 503 once, then for ever."""
    for stream in _streams(lab):
        _recovers(lab, stream, status(503))
        error = _breaks(lab, stream, status(500))
        demand(error.retryable, f"{stream.name}: told as {error.code}, which is final")
        lab.words(error)
    return "recovers, and tells what stays"


@check(
    "faults.timeout",
    means="A vendor that falls silent is given up after the time-out and tried again.",
    hint=_HINT + " Pass the time-out to session.tcp.connect where the protocol is not HTTP.",
)
def timeout(lab: Lab, _: None) -> str:
    """Say nothing once."""
    if not lab.http:
        for stream in lab.kinds():
            with lab.relay.faulty(mute=True):
                _tells_or_whole(lab, stream, hasty=True)
        return "told"
    for stream in lab.kinds():
        _recovers(lab, stream, silent(lab.proxy), hasty=True)
    return "tried again"


@check(
    "faults.half_body",
    means="Half an answer is no answer: it is tried again or told, and never applied.",
    hint=_HINT,
)
def half(lab: Lab, _: None) -> str:
    """Cut an answer in the middle."""
    if lab.http:
        for stream in lab.kinds():
            _recovers(lab, stream, half_body)
        return "tried again"
    for stream in lab.kinds():
        lab.read(stream)
        for share in (0.25, 0.5, 0.9):
            with lab.relay.faulty(cut_after=int(lab.relay.carried * share)):
                _tells_or_whole(lab, stream, hasty=False)
    return "told"


@check(
    "faults.html",
    means="A page in HTML with status 200 is an error, not an empty result.",
    hint=_HINT + " Leave `expect` at json (or xml) unless the body really may be anything.",
)
def html(lab: Lab, _: None) -> str:
    """Answer with a login page."""
    for stream in _streams(lab):
        error = _breaks(lab, stream, login_page)
        lab.words(error)
    return "told"


def _streams(lab: Lab) -> list[Stream]:
    if not lab.http:
        raise NotApplicable("the protocol is not HTTP")
    return lab.kinds()


def _recovers(lab: Lab, stream: Stream, act: Act, *, hasty: bool = False) -> LabClock:
    """Demand that one disturbed request changes nothing in what is read.

    A vendor that forgets its place when asked again makes a new reading necessary: then the error
    must be one that may be tried again, and asking again must have been tried.
    """
    clock = LabClock()
    fault = lab.fault(stream, act, times=1)
    whole = lab.whole(stream).content()
    mark = lab.proxy.mark()
    try:
        with lab.proxy.armed(fault):
            got = lab.read(stream, session=lab.session(clock=clock, hasty=hasty)).content()
    except HrHubError as error:
        asked = [a.url for a in lab.proxy.since(mark)]
        again = len(set(asked)) < len(asked)
        demand(again, f"{stream.name}: given up at once with {error.code}")
        demand(error.retryable, f"{stream.name}: told as {error.code}, which is final")
        lab.words(error)
        return clock
    except Exception as error:
        raise Broken(f"{stream.name}: ended with {told(error)}") from None
    demand(fault.hits, f"{stream.name}: the vendor was not asked")
    demand(
        lab.same(stream, got),
        f"{stream.name}: ended in silence with {len(got)} of {len(whole)} records",
    )
    return clock


def _breaks(lab: Lab, stream: Stream, act: Act) -> VendorError:
    """Demand that a fault that stays ends the reading with an error of the vendor."""
    fault = lab.fault(stream, act)
    try:
        with lab.proxy.armed(fault):
            got = lab.read(stream)
    except VendorError as error:
        return error
    except HrHubError as error:
        raise Broken(f"{stream.name}: told as {error.code}, which is no vendor error") from None
    except Exception as error:
        raise Broken(f"{stream.name}: ended with {told(error)}") from None
    raise Broken(
        f"{stream.name}: ended in silence with {len(got.content())} of "
        f"{len(lab.whole(stream).content())} records"
    )


def _tells_or_whole(lab: Lab, stream: Stream, *, hasty: bool) -> None:
    """Demand that a disturbed reading on bare TCP is whole, or ends with what may be retried."""
    try:
        got = lab.read(stream, hasty=hasty).content()
    except VendorError as error:
        demand(error.retryable, f"{stream.name}: told as {error.code}, which is final")
        lab.words(error)
        return
    except Exception as error:
        raise Broken(f"{stream.name}: ended with {told(error)}") from None
    whole = lab.whole(stream).content()
    demand(
        lab.same(stream, got),
        f"{stream.name}: ended in silence with {len(got)} of {len(whole)} records",
    )


def _busy_body(lab: Lab) -> bytes:
    """Return a body in which the connector itself finds a code that may be retried."""
    code_of = lab.connector.code_of
    assert code_of is not None
    codes = [c for c, answer in lab.connector.errors.items() if answer.error.retryable]
    if not codes:
        raise NotApplicable("no code of the vendor means busy")
    for code in codes:
        for shape in _SHAPES:
            body = shape.format(code).encode()
            headers = Headers({"content-type": "application/json"})
            if code_of(Answer(200, headers, body, True)) == code:
                return body
    raise NotApplicable("the vendor reports errors by status")
