"""Orders: one key is one order, words are never guessed, what is final stays final."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from hrhub.ambient import SystemClock, new_id
from hrhub.conformance.checks.mappings import hold_cases, hold_classes
from hrhub.conformance.checks.tokens import writes
from hrhub.conformance.lab import Lab, refused
from hrhub.conformance.law import Broken, NotApplicable, check, demand, some
from hrhub.conformance.people import somebody
from hrhub.conformance.proxy import Fault, lost_answer, rewritten
from hrhub.connector import (
    Event,
    EventReceiver,
    OrderRequest,
    OrderService,
    OrderState,
    OrderStatus,
    Session,
)
from hrhub.connector.orders import FINAL, may_follow
from hrhub.errors import ContractChanged, HrHubError, VendorError
from hrhub.mapping import Mapped, Rejected
from hrhub.sandbox.vendor import Advancing, Reporting, Sealed

_UNHEARD = "zz_never_heard_of"
_PEOPLE = 3
_STEPS = 12


@check(
    "orders.once",
    scope="order",
    means="An order placed twice under one key, or placed again after a lost answer, is one order.",
    hint="Send the key as the vendor's external reference and look it up before placing again.",
)
def once(lab: Lab, service: OrderService) -> str:
    """Place twice; place while the answer gets lost; find; compare the vendor's ids."""
    session = lab.session()
    request = order_request(lab, service)
    first = service.place(session, request)
    again = service.place(session, request)
    demand(first.vendor_id == again.vendor_id, "the same key made a second order")
    other = service.place(session, order_request(lab, service, 1))
    demand(other.vendor_id != first.vendor_id, "two keys made one order")
    found = service.find(session, request.key)
    demand(found and found.vendor_id == first.vendor_id, "an order is not found by its key")
    demand(service.find(session, new_id()) is None, "an order is found by a key of nobody")
    if lab.http:
        _place_with_lost_answer(lab, service)
    return "one key, one order"


def _place_with_lost_answer(lab: Lab, service: OrderService) -> None:
    request = order_request(lab, service)
    fault = Fault(lost_answer, when=writes(lab), times=1)
    state: OrderState | None = None
    try:
        with lab.proxy.armed(fault):
            state = service.place(lab.session(), request)
    except VendorError:
        state = None
    found = service.find(lab.session(), request.key)
    demand(found is not None, "after a lost answer the order is not found by its key")
    again = service.place(lab.session(), request)
    ids = {s.vendor_id for s in (state, found, again) if s is not None}
    demand(len(ids) == 1, "placing again after a lost answer made a second order")


@check(
    "orders.status",
    scope="order",
    means="Every status is one of ours; a word nobody knows stops, and late words never go back.",
    hint="Translate with `statuses`, and raise ContractChanged for a word that is not in it.",
)
def status(lab: Lab, service: OrderService) -> str:
    """Ask where an order stands, then let the vendor use a word that nobody knows."""
    session = lab.session()
    packages = service.catalog(session)
    demand(packages, "the catalogue is empty")
    demand(all(p.code and p.title for p in packages), "packages without code or title")
    placed = service.place(session, order_request(lab, service))
    state = service.status(session, placed.vendor_id)
    demand(state.vendor_id == placed.vendor_id, "the status of another order came back")
    demand(
        service.statuses.get(state.vendor_status) is state.status,
        "a status was told that `statuses` does not give for the vendor's word",
    )
    demand(
        may_follow(placed.status, state.status) or placed.status is state.status,
        f"an order went from {placed.status} back to {state.status}",
    )
    for number in range(3):
        unknown = refused(lambda: service.status(session, f"no-such-order-{number}"))  # noqa: B023
        lab.words(unknown)
    if lab.http:
        fault = Fault(rewritten(_with_unheard(lab, state.vendor_status.encode())))
        with lab.proxy.armed(fault):
            error = refused(lambda: service.status(session, placed.vendor_id))
        demand(
            isinstance(error, ContractChanged),
            f"an unknown word was told as {error.code}, which is no change of the contract",
        )
        lab.words(error)
    return some(sorted({p.code for p in packages}))


def _with_unheard(lab: Lab, word: bytes) -> Callable[[bytes], bytes]:
    """Return what puts an unknown word into answers; behind the vendor's seal, if there is one."""

    def change(body: bytes) -> bytes:
        return body.replace(word, _UNHEARD.encode())

    running = lab.site.running
    return (lambda body: running.resealed(body, change)) if isinstance(running, Sealed) else change


@check(
    "orders.cancel",
    scope="order",
    means="A cancelled order is cancelled once and for all; a final one is left as it is.",
    hint="Ask for the status first, and answer with it when it is final.",
)
def cancel(lab: Lab, service: OrderService) -> str:
    """Cancel twice, then ask."""
    session = lab.session()
    placed = service.place(session, order_request(lab, service))
    if placed.status in FINAL:
        raise NotApplicable("orders are final as soon as they are placed")
    try:
        first = service.cancel(session, placed.vendor_id)
    except NotImplementedError:
        raise NotApplicable("the vendor takes no cancellation") from None
    demand(first.status is OrderStatus.CANCELLED, f"cancelled, and told as {first.status}")
    try:
        second = service.cancel(session, placed.vendor_id)
    except HrHubError as error:
        raise Broken(f"a second cancellation fails with {error.code}") from None
    demand(second.status is OrderStatus.CANCELLED, f"a second one is told as {second.status}")
    later = service.status(session, placed.vendor_id)
    demand(later.status is OrderStatus.CANCELLED, f"afterwards it is {later.status}")
    return "cancelled for good"


@check(
    "orders.result",
    scope="order",
    means="A finished order's result decodes, maps, names its order, and is the same every time.",
    hint="Ship a mapping named like the service; the result names its order, if need be by "
    "`Page.meta`. What the simulator's `start` returns has an `advance` method.",
)
def result(lab: Lab, service: OrderService) -> str:
    """Wait for an order, and take its result twice the way a page of a stream takes."""
    plan, number = lab.plan(service), hold_cases(lab, service)
    session = lab.session()
    state = _finished(lab, service, session)
    first, again = (_docs(lab, service, session, state.vendor_id) for _ in range(2))
    demand(first, "the result holds no record")
    demand(first == again, "the same result asked for twice is another one")
    outcomes = list(lab.mapped(service).map(first))
    refused_at = [o.field_path or "-" for o in outcomes if isinstance(o, Rejected)]
    demand(not refused_at, f"the result is refused at {some(refused_at)}")
    hold_classes(plan, outcomes)
    if "order" in plan.feed.by_name:
        named = [o.values.get("order") for o in outcomes if isinstance(o, Mapped)]
        demand(set(named) == {state.vendor_id}, "the result does not name its order")
    return f"{len(first)} records, {number} cases"


@check(
    "orders.final",
    scope="order",
    means="A finished order stays as it is: late reports, time and a cancellation move nothing.",
    hint="Leave a final order alone in `cancel`; name orders in events as `status` takes them.",
)
def final(lab: Lab, service: OrderService) -> str:
    """Let reports arrive, time pass and somebody cancel after an order is done."""
    session = lab.session()
    done = _finished(lab, service, session)
    late = [e for r in lab.connector.events for e in _late(lab, r) if e.order is not None]
    for event in late:
        # A report may be of an order that was placed elsewhere; then the vendor knows no such id.
        try:
            told = service.status(session, str(event.order))
        except HrHubError as error:
            demand(not error.retryable, f"the order of an event is told as {error.code}")
            lab.words(error)
            continue
        demand(told.vendor_id == event.order, "the status of an event's order is another order's")
    _running(lab).advance()
    _same(service.status(session, done.vendor_id), done, "time")
    with contextlib.suppress(NotImplementedError):
        _same(service.cancel(session, done.vendor_id), done, "a cancellation")
    _same(service.status(session, done.vendor_id), done, "a cancellation")
    return f"{done.status}, {len(late)} late reports"


def _same(now: OrderState, done: OrderState, cause: str) -> None:
    demand(now.status is done.status, f"{cause} made a {done.status} order {now.status}")


def _late(lab: Lab, receiver: EventReceiver) -> Sequence[Event]:
    running = lab.site.running
    if not isinstance(running, Reporting):
        return ()
    return receiver.parse(lab.config, running.report(receiver.name, SystemClock().now()))


def _running(lab: Lab) -> Advancing:
    running = lab.site.running
    if not isinstance(running, Advancing):
        raise Broken("the simulator lets no time pass: give what `start` returns an `advance`")
    return running


def _finished(lab: Lab, service: OrderService, session: Session) -> OrderState:
    """Return an order that came to its good end; people who refuse are passed over.

    Raises:
        Broken: None did, or one went backwards on the way.
    """
    for number in range(_PEOPLE):
        state = service.place(session, order_request(lab, service, number))
        for _ in range(_STEPS):
            if state.status in FINAL:
                break
            _running(lab).advance()
            later = service.status(session, state.vendor_id)
            forward = later.status is state.status or may_follow(state.status, later.status)
            demand(forward, f"an order went from {state.status} back to {later.status}")
            state = later
        if state.status is OrderStatus.COMPLETED:
            return state
    raise Broken(f"of {_PEOPLE} orders none is completed after {_STEPS} steps of time")


def _docs(
    lab: Lab, service: OrderService, session: Session, vendor_id: str
) -> list[dict[str, Any]]:
    page = service.result(session, vendor_id)
    meta = {"timezone": lab.config.timezone, **page.meta}
    return [service.records.decode(raw, meta) for raw in service.records.split(page.body)]


def order_request(lab: Lab, service: OrderService, number: int = 0) -> OrderRequest:
    """Return an order of the service's first package about somebody of the company."""
    person = somebody(lab.site.world, number)
    package = service.catalog(lab.session())[0]
    lacking = set(package.needs) - person.keys()
    demand(not lacking, f"a package needs fields that no feed knows: {some(sorted(lacking))}")
    return OrderRequest(
        key=new_id(),
        package=package.code,
        subject={n: person[n] for n in package.needs} or person,
        consent="conformance" if service.consent else None,
        callback_url="https://hub.example/callback",
    )
