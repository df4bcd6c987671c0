"""Orders: one key is one order, words are never guessed, a cancelled order stays cancelled."""

from __future__ import annotations

from collections.abc import Callable

from hrhub.ambient import new_id
from hrhub.conformance.checks.tokens import writes
from hrhub.conformance.lab import Lab, refused
from hrhub.conformance.law import Broken, NotApplicable, check, demand, some
from hrhub.conformance.people import somebody
from hrhub.conformance.proxy import Fault, lost_answer, rewritten
from hrhub.connector import OrderRequest, OrderService, OrderState, OrderStatus
from hrhub.connector.orders import FINAL, may_follow
from hrhub.errors import ContractChanged, HrHubError, VendorError
from hrhub.sandbox.vendor import Sealed

_UNHEARD = "zz_never_heard_of"


@check(
    "orders.once",
    scope="order",
    means="An order placed twice under one key, or placed again after a lost answer, is one order.",
    hint="Send the key as the vendor's external reference and look it up before placing again.",
)
def once(lab: Lab, service: OrderService) -> str:
    """Place twice; place while the answer gets lost; find; compare the vendor's ids."""
    session = lab.session()
    request = _request(lab, service)
    first = service.place(session, request)
    again = service.place(session, request)
    demand(first.vendor_id == again.vendor_id, "the same key made a second order")
    other = service.place(session, _request(lab, service, 1))
    demand(other.vendor_id != first.vendor_id, "two keys made one order")
    found = service.find(session, request.key)
    demand(found and found.vendor_id == first.vendor_id, "an order is not found by its key")
    demand(service.find(session, new_id()) is None, "an order is found by a key of nobody")
    if lab.http:
        _place_with_lost_answer(lab, service)
    return "one key, one order"


def _place_with_lost_answer(lab: Lab, service: OrderService) -> None:
    request = _request(lab, service)
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
    placed = service.place(session, _request(lab, service))
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
    placed = service.place(session, _request(lab, service))
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


def _request(lab: Lab, service: OrderService, number: int = 0) -> OrderRequest:
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
