"""What a vendor reports about an order makes the order due; it is no more than a hint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hrhub.connector import ConnectorConfig, Event, EventReceiver, Received
from hrhub.pipeline.inbox import Inbox
from tests.orders.conftest import Office
from tests.support.bureau import CONNECTION, connector


@dataclass(frozen=True, kw_only=True)
class Reports(EventReceiver):
    """What the bureau reports: the id of an order."""

    def verify(self, config: ConnectorConfig, received: Received, now: datetime) -> None:
        """Take everything."""

    def parse(self, config: ConnectorConfig, received: Received) -> Sequence[Event]:
        """Return an event about one order."""
        vendor_id = received.body.decode()
        return [Event(id=vendor_id, type="order.moved", order=vendor_id)]


def test_a_report_in_the_inbox_makes_its_order_due_when_it_is_drained(office: Office) -> None:
    office.agree()
    office.place()
    office.bureau.move("working")
    reporting = replace(connector, events=(Reports(name="reports", title="Reports"),))
    (receiver,) = reporting.events
    for vendor_id in ("B0001", "nobody"):
        received = Received(method="POST", path="/", body=vendor_id.encode())
        events = receiver.parse(office.bureau.config, received)
        assert Inbox(office.hub).keep(reporting, CONNECTION, "reports", received, events)

    done = office.hub.drain(reporting, office.bureau.config, CONNECTION, holder="test")

    assert (done.requests, done.orders, done.errors) == (2, 1, {})
    assert office.poll(later=timedelta()).moved == {"in_progress": 1}
