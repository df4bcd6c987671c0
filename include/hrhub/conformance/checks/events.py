"""Events: only genuine and fresh ones are taken, and each is the same event every time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hrhub.ambient import SystemClock
from hrhub.conformance.lab import Lab, refused, told
from hrhub.conformance.law import Broken, NotApplicable, check, demand
from hrhub.connector import Event, EventReceiver, Received
from hrhub.errors import AuthError, HrHubError, RowRejected
from hrhub.sandbox.vendor import Reporting

_PROBES = 97
"""In how many places a body that proves itself is changed."""
_DAMAGES: tuple[Callable[[bytes], bytes], ...] = (
    lambda body: b"",
    lambda body: body[: len(body) // 2],
    lambda body: b"\xff\xfe" + body,
    lambda body: b"[]",
    lambda body: b"<xml/>",
)


@check(
    "events.signature",
    scope="event",
    means="A genuine report is taken; one that was changed or signed by others is refused.",
    hint="Verify the signature over the raw bytes, in constant time, before anything is parsed.",
)
def signature(lab: Lab, receiver: EventReceiver) -> str:
    """Verify a genuine report, then changed ones."""
    genuine, now = _report(lab, receiver)
    receiver.verify(lab.config, genuine, now)
    if not receiver.signed:
        raise NotApplicable("the vendor signs nothing; reports are hints")
    body = genuine.body
    places = {0, len(body) // 2, len(body) - 1} if body else set()
    # A report that is taken without headers and query has its proof in the body, if anywhere.
    inside = _taken(lab, receiver, replace(genuine, headers={}, query={}), now)
    if inside:
        places = set(range(0, len(body), max(1, len(body) // _PROBES)))
        demand(places, "an unsigned report: it went through as if nothing had happened")
    for place in places:
        changed = bytes(body[:place]) + bytes([body[place] ^ 1]) + bytes(body[place + 1 :])
        _refuses(lab, receiver, replace(genuine, body=changed), now, "a changed body")
    if inside:
        return f"only genuine ones are taken; {len(places)} changes refused"
    forged = {
        "headers": {k: _turned(v) for k, v in genuine.headers.items()},
        "query": {k: _turned(v) for k, v in genuine.query.items()},
    }
    _refuses(lab, receiver, replace(genuine, **forged), now, "a forged signature")  # type: ignore[arg-type]
    return "only genuine ones are taken"


@check(
    "events.replay",
    scope="event",
    means="An old report is refused, and a report sent again is the same event.",
    hint="Check the signed time stamp; give events the vendor's id, or one made of body and time.",
)
def replay(lab: Lab, receiver: EventReceiver) -> str:
    """Send a report again at once, and after the time that it may be old."""
    genuine, now = _report(lab, receiver)
    one, two = (list(receiver.parse(lab.config, genuine)) for _ in range(2))
    demand([e.id for e in one] == [e.id for e in two], "a report sent again is another event")
    later, _ = _report(lab, receiver, now + timedelta(seconds=5))
    receiver.parse(lab.config, later)
    three = receiver.parse(lab.config, genuine)
    demand(list(three) == one, "what a report says depends on what came before it")
    if receiver.signed:
        stale = timedelta(seconds=receiver.stale_after_s + 1)
        _refuses(lab, receiver, genuine, now + stale, "a report that is too old")
    return "refused when old, the same when repeated"


@check(
    "events.parse",
    scope="event",
    means="A report says what happened, decrypted; one that cannot be read is kept, not fatal.",
    hint="Raise RowRejected for anything that cannot be read; name only streams of the connector.",
)
def parse(lab: Lab, receiver: EventReceiver) -> str:
    """Parse a genuine report, then damaged ones."""
    genuine, _ = _report(lab, receiver)
    events = receiver.parse(lab.config, genuine)
    demand(events, "a genuine report holds no event")
    demand(all(e.id and e.type for e in events), "events without id or type")
    demand(all(e.at is None or e.at.tzinfo for e in events), "times of events without zone")
    known = {s.name for s in lab.connector.streams}
    demand(all(e.stream in known | {None} for e in events), "events of a stream nobody knows")
    _pushed(lab, receiver, genuine)
    kept = receiver.keepable(lab.config, genuine)
    # Whether ids are the same every time is a check of its own.
    same = _told(receiver.parse(lab.config, kept)) == _told(events)
    same = same and list(receiver.pages(lab.config, kept)) == list(
        receiver.pages(lab.config, genuine)
    )
    demand(same, "what is kept of a report tells something else than the report")
    demand(receiver.challenge(lab.config, genuine) is None, "a report is taken for a challenge")
    demand(receiver.reply(lab.config, genuine).status < 300, "a stored report is refused")
    for damage in _DAMAGES:
        damaged = replace(genuine, body=damage(genuine.body))
        try:
            receiver.parse(lab.config, damaged)
            receiver.pages(lab.config, damaged)
        except RowRejected:
            continue
        except Exception as error:
            raise Broken(f"a damaged report ends with {told(error)}") from None
    return f"{len(events)} events in a report"


def _told(events: Sequence[Event]) -> list[Event]:
    return [replace(event, id="-") for event in events]


def _pushed(lab: Lab, receiver: EventReceiver, genuine: Received) -> None:
    """Demand that records which came along can be loaded, and are the same when asked again."""
    known = {s.name: s for s in lab.connector.streams}
    pushed = list(receiver.pages(lab.config, genuine))
    demand(pushed == list(receiver.pages(lab.config, genuine)), "records differ when asked again")
    for one in pushed:
        demand(one.stream in known, "records of a stream nobody knows")
        stream = known[one.stream]
        for raw in stream.records.split(one.page.body):
            record = stream.records.decode(raw, {"timezone": "UTC", **one.page.meta})
            demand(set(stream.key) <= record.keys(), f"records of {one.stream} without their key")


def _report(
    lab: Lab, receiver: EventReceiver, now: datetime | None = None
) -> tuple[Received, datetime]:
    running = lab.site.running
    if not isinstance(running, Reporting):
        raise Broken("the simulator makes no reports: give what `start` returns a `report` method")
    now = now or SystemClock().now()
    return running.report(receiver.name, now), now


def _taken(lab: Lab, receiver: EventReceiver, received: Received, now: datetime) -> bool:
    try:
        receiver.verify(lab.config, received, now)
    except AuthError:
        return False
    return True


def _refuses(
    lab: Lab, receiver: EventReceiver, received: Received, now: datetime, what: str
) -> None:
    try:
        error: HrHubError = refused(lambda: receiver.verify(lab.config, received, now))
    except Broken as finding:
        raise Broken(f"{what}: {finding}") from None
    demand(isinstance(error, AuthError), f"{what} is told as {error.code}")
    lab.words(error)


def _turned(text: str) -> str:
    return text.swapcase() if text.swapcase() != text else text[::-1]
