"""Ending orders before their time: because somebody wants it, or because consent is gone."""

from __future__ import annotations

from hrhub.connector import OrderState, OrderStatus
from hrhub.errors import ConsentError, Refused
from hrhub.pipeline.orders.desk import Desk
from hrhub.pipeline.orders.ledger import ledger
from hrhub.pipeline.orders.placing import placed
from hrhub.pipeline.orders.states import end, write_state
from hrhub.pipeline.orders.turns import turn
from hrhub.store import orders
from hrhub.store.orders import Order


def cancel(desk: Desk, order_id: str, *, actor: str) -> Order:
    """Cancel an order; one that is final already is left as it is.

    Where the vendor says that it is too late, the order goes on: its status tells.

    Raises:
        ConfigError: There is no such order (``order.unknown``).
        Refused: The vendor takes no cancellations (``order.cancel_unsupported``).
        Busy: Somebody is placing it at this moment.
        VendorError: The vendor could not be asked; nothing has changed.
    """
    with ledger(desk.hub, desk.at, write=False) as open_:
        order = open_.order(order_id)
    if order.status == OrderStatus.REQUESTED:
        order = _cancel_unplaced(desk, order, actor)
    if order.final:
        return order
    return _write(desk, order, _ask(desk, order), actor)


def stop(desk: Desk, order: Order) -> None:
    """Stop an order whose consent was withdrawn; whatever it brings is no longer taken in.

    If the vendor goes on with it, or has its result already, the order ends here all the same, with
    a word on what is left to do (``consent.vendor_goes_on``).

    Raises:
        VendorError: The vendor could not be asked; the next look tries again.
    """
    reason = ConsentError("consent.withdrawn")
    state = None
    if not order.final:
        try:
            state = _ask(desk, order)
        except Refused:
            reason = ConsentError("consent.vendor_goes_on")
        else:
            if state.status is not OrderStatus.CANCELLED:
                reason = ConsentError("consent.vendor_goes_on")
    with ledger(desk.hub, desk.at) as open_:
        orders.lock(open_.tx, [order.id])
        row = open_.orders([order.id])[order.id]
        now_known = open_.order(order.id)
        end(open_, now_known, row, OrderStatus.CANCELLED, desk.error(reason, order.id))
        open_.audit("order.stop", "hub", [order.id], code=reason.code)


def _cancel_unplaced(desk: Desk, order: Order, actor: str) -> Order:
    """Cancel an order here if the vendor never heard of it; else learn what it is called there."""
    with turn(desk.hub, order.id) as mine:
        with ledger(desk.hub, desk.at, write=False) as open_:
            order = open_.order(order.id)
        if order.status != OrderStatus.REQUESTED:
            return order
        found = desk.service.find(desk.session(), order.key) if order.tries else None
        if found is not None:
            return placed(desk, mine, order, found)
        with ledger(desk.hub, desk.at) as open_:
            mine.fence(open_.tx)
            row = open_.orders([order.id])[order.id]
            end(open_, order, row, OrderStatus.CANCELLED, None)
            open_.audit("order.cancel", actor, [order.id], status=OrderStatus.CANCELLED.value)
    return _again(desk, order)


def _ask(desk: Desk, order: Order) -> OrderState:
    with ledger(desk.hub, desk.at, write=False) as open_:
        vendor_id = open_.orders([order.id])[order.id].values["vendor_order_id"]
    try:
        return desk.service.cancel(desk.session(), vendor_id)
    except NotImplementedError:
        raise Refused("order.cancel_unsupported", order=order.id) from None
    except Exception as problem:
        raise desk.error(problem, order.id) from None


def _write(desk: Desk, order: Order, state: OrderState, actor: str) -> Order:
    with ledger(desk.hub, desk.at) as open_:
        orders.lock(open_.tx, [order.id])
        row = open_.orders([order.id])[order.id]
        moved = write_state(open_, desk.service, order, row, state)
        open_.audit("order.cancel", actor, [order.id], status=moved.value)
    return _again(desk, order)


def _again(desk: Desk, order: Order) -> Order:
    with ledger(desk.hub, desk.at, write=False) as open_:
        return open_.order(order.id)
