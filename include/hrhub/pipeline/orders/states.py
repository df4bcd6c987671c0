"""What a vendor says of an order, written down: forward only, and when to look again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from hrhub.connector import OrderService, OrderState, OrderStatus
from hrhub.connector.orders import FINAL, may_follow
from hrhub.errors import HrHubError
from hrhub.pipeline.orders.ledger import ORDER, Ledger
from hrhub.pipeline.writes import StoredRow
from hrhub.store import orders
from hrhub.store.orders import Order

SOONEST = timedelta(minutes=1)
LATEST = timedelta(hours=6)
_SHARE_OF_AGE = 10
"""An order is looked at after a tenth of its age: minutes after it was placed, hours later on."""
_MOST_DOUBLED = 10
_WITH_RESULT = (OrderStatus.PARTIAL, OrderStatus.COMPLETED)


def next_look(age: timedelta, failures: int = 0) -> timedelta:
    """Return how long to leave an order alone, by its age and the looks in a row that failed."""
    patience = max(age / _SHARE_OF_AGE, SOONEST)
    return min(patience * (1 << min(failures, _MOST_DOUBLED)), LATEST)


def write_state(
    open_: Ledger, service: OrderService, order: Order, row: StoredRow, state: OrderState
) -> OrderStatus:
    """Write down what the vendor says; return where the order stands now.

    What would move the order back, or on from its end, changes nothing but the next look.

    Args:
        open_: The transaction; it holds the order.
        service: Its service.
        order: What was known of it before the vendor was asked.
        row: Its row as it stands now.
        state: What the vendor said.
    """
    now, before = open_.now, OrderStatus(row.values["status"])
    current = open_.order(order.id)
    moved = state.status if may_follow(before, state.status) else before
    placed_at = row.values.get("placed_at") or now
    changes = {
        "status": moved.value,
        "vendor_order_id": state.vendor_id,
        "invite_url": None if moved in FINAL else state.invite_url,
        "placed_at": placed_at,
        "due_at": row.values.get("due_at") or placed_at + service.turnaround,
        "completed_at": (state.changed_at or now) if moved in FINAL else None,
    }
    open_.link(order.id, state.vendor_id, state.aliases)
    if before not in FINAL:
        open_.change(ORDER, row, changes)
    result = current.result
    if before not in FINAL and moved in _WITH_RESULT:
        result = orders.WANTED
    orders.note(
        open_.tx,
        order.id,
        sealed_request=None,
        vendor_status=state.vendor_status if moved is state.status else current.vendor_status,
        result=result,
        next_at=_unless_called(order, current, _when(moved, result, now, order.created_at)),
        failures=0,
        error_code=None,
        error_context=None,
        changed_at=current.changed_at if moved is before else now,
    )
    return moved


def end(
    open_: Ledger, order: Order, row: StoredRow, status: OrderStatus, error: HrHubError | None
) -> None:
    """End an order without the vendor; what was still to be done for it is not done."""
    if OrderStatus(row.values["status"]) not in FINAL:
        open_.change(ORDER, row, {"status": status.value, "completed_at": open_.now})
    orders.note(
        open_.tx,
        order.id,
        sealed_request=None,
        result=orders.NONE if order.result == orders.WANTED else order.result,
        next_at=None,
        failures=0,
        changed_at=open_.now,
        **_told(error),
    )


def note_failure(open_: Ledger, order: Order, error: HrHubError) -> None:
    """Keep why a look at an order failed, and look again later; its status stays."""
    wait = next_look(open_.now - order.created_at, order.failures + 1)
    if error.retry_after_s is not None:
        wait = max(wait, timedelta(seconds=error.retry_after_s))
    orders.note(
        open_.tx,
        order.id,
        failures=order.failures + 1,
        next_at=open_.now + wait,
        **_told(error),
    )


def note_result(open_: Ledger, order: Order, batch_uid: str) -> None:
    """Note that the result of an order has been taken in, as far as there is one."""
    current = open_.order(order.id)
    result = orders.FULL if order.final else orders.PARTIAL
    when = _when(OrderStatus(order.status), result, open_.now, order.created_at)
    called = _unless_called(order, current, when) != when
    orders.note(
        open_.tx,
        order.id,
        result=orders.WANTED if called else result,
        result_batch=batch_uid,
        next_at=current.next_at if called else when,
        failures=0,
        error_code=None,
        error_context=None,
    )


def _unless_called(seen: Order, current: Order, when: datetime | None) -> datetime | None:
    """Return when to look again: as planned, unless an event called for a look meanwhile."""
    return when if current.next_at == seen.next_at else current.next_at


def _when(status: OrderStatus, result: str, now: datetime, since: datetime) -> datetime | None:
    if result == orders.WANTED:
        return now
    return None if status in FINAL else now + next_look(now - since)


def _told(error: HrHubError | None) -> Mapping[str, object]:
    if error is None:
        return {"error_code": None, "error_context": None}
    context = {
        name: value if isinstance(value, bool | int | float | str) else str(value)
        for name, value in error.context.items()
    }
    return {"error_code": error.code, "error_context": context}
