"""Results of orders: landed, mapped, checked, sealed and applied the way of every record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hrhub.connector import Connector, Mode, OrderService, Page, Session, Stream
from hrhub.errors import ConfigError, ContractChanged, HrHubError, KeysUnavailable
from hrhub.pipeline.counts import Counts
from hrhub.pipeline.orders.desk import Desk
from hrhub.pipeline.orders.ledger import ledger
from hrhub.pipeline.orders.states import note_failure, note_result
from hrhub.pipeline.writes import StoredRow
from hrhub.store import orders
from hrhub.store.orders import Order

RESULT = "result"
"""Kind of the runs that take results of orders in."""

STOPS = (ConfigError, KeysUnavailable)
"""What no other order of the connection would fare better with."""


_LANDED_AT_ONCE = 10
"""Results that are fetched before they land together; bounds memory."""


@dataclass(slots=True)
class Taken:
    """What taking results in came to; ``failed`` holds errors by order id."""

    counts: Counts = field(default_factory=Counts)
    orders: int = 0
    failed: dict[str, HrHubError] = field(default_factory=dict)


def result_stream(service: OrderService) -> Stream:
    """Return a service's results as a stream, so that they go the way of every record."""
    return Stream(
        name=service.name,
        title=service.title,
        feed=service.feed,
        key=("order",),
        records=service.records,
        mode=Mode.FULL,
    )


def stream_of(connector: Connector, name: str) -> Stream:
    """Return what a mapping and a sync are named after: a stream, or an order service's results.

    Raises:
        ConfigError: The connector has neither of that name (``stream.unknown``).
    """
    for service in connector.orders:
        if service.name == name:
            return result_stream(service)
    return connector.stream(name)


def take_results(desk: Desk, wanted: Sequence[Order], *, holder: str) -> Taken:
    """Fetch the results of orders and apply them, all in one run.

    An order whose result cannot be had is looked at again later; the others go on.

    Raises:
        ConfigError: Nothing can be taken in: mapping, credentials or settings are wrong.
        Busy: Another run takes results of this service in.
    """
    taken = Taken()
    if not wanted:
        return taken
    with ledger(desk.hub, desk.at, write=False) as open_:
        rows = open_.orders([order.id for order in wanted])
    landed: list[tuple[Order, str]] = []
    try:
        with desk.hub.result_run(desk.connector, desk.connection, desk.service, holder) as work:
            session = desk.session()
            loader = work.loader(None, few=True)
            for start in range(0, len(wanted), _LANDED_AT_ONCE):
                stretch = wanted[start : start + _LANDED_AT_ONCE]
                fetched = list(_fetch_all(desk, session, stretch, rows, taken))
                kept = work.keep([page for _, page in fetched], desk.config)
                for (order, _), (batch, page) in zip(fetched, kept, strict=True):
                    try:
                        desk.service.records.split(page.body)
                    except ContractChanged as error:  # stops this one only; the page has landed
                        taken.failed[order.id] = error
                        continue
                    loader.take(batch, page)
                    landed.append((order, batch.batch_uid))
            taken.counts = loader.finish()
    finally:
        _note(desk, wanted, landed if taken.counts.pages else [], taken)
    taken.orders = len(landed)
    return taken


def _fetch_all(
    desk: Desk,
    session: Session,
    wanted: Sequence[Order],
    rows: Mapping[str, StoredRow],
    taken: Taken,
) -> Iterator[tuple[Order, Page]]:
    for order in wanted:
        try:
            page = _fetch(desk, session, order, rows[order.id].values["vendor_order_id"])
        except HrHubError as error:
            taken.failed[order.id] = error
            if isinstance(error, STOPS):
                raise
            continue
        yield order, page


def _fetch(desk: Desk, session: Session, order: Order, vendor_id: str) -> Page:
    """Return the result as it came; beside it lands our id of the order, never the vendor's."""
    try:
        page = desk.service.result(session, vendor_id)
    except Exception as problem:
        raise desk.error(problem, order.id) from None
    meta = {n: order.id if value == vendor_id else value for n, value in page.meta.items()}
    return replace(page, meta=meta)


def _note(
    desk: Desk, wanted: Sequence[Order], landed: Sequence[tuple[Order, str]], taken: Taken
) -> None:
    by_id = {order.id: order for order in wanted}
    with ledger(desk.hub, desk.at) as open_:
        orders.lock(open_.tx, list(by_id))
        for order, batch_uid in landed:
            note_result(open_, order, batch_uid)
        for order_id, error in taken.failed.items():
            note_failure(open_, by_id[order_id], desk.error(error, order_id))
