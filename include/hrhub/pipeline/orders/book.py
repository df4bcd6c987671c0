"""What people and tasks do with orders: the one face of this package."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from hrhub.connector import Connector, ConnectorConfig
from hrhub.errors import Refused
from hrhub.pipeline.orders.desk import Desk
from hrhub.pipeline.orders.ledger import one_order
from hrhub.pipeline.orders.placing import Shown, place, show
from hrhub.pipeline.orders.polling import MOST_AT_ONCE, Polled, call_for_result, order_event, poll
from hrhub.pipeline.orders.stopping import cancel
from hrhub.store.orders import Order

if TYPE_CHECKING:
    from hrhub.pipeline.hub import Hub


class Orders:
    """A tenant's orders to vendors.

    Args:
        hub: The hub.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def get(self, order_id: str) -> Order:
        """Return an order.

        Raises:
            ConfigError: There is none of that id (``order.unknown``).
        """
        with self._hub.store.read() as tx:
            return one_order(tx, self._hub.settings.tenant, order_id)

    def place(
        self,
        connector: Connector,
        config: ConnectorConfig,
        connection: str,
        service: str,
        package: str,
        person: str,
        *,
        actor: str,
        key: str | None = None,
        callback_url: str | None = None,
    ) -> Order:
        """Place an order about a person, once, whatever fails; or return the one that stands.

        With a key, that is the order of this key; without, the unfinished one of the same package
        about the same person.

        Raises:
            ConsentError: No consent in force covers it; nothing was sent, the refusal is on record.
            ConfigError: Service, person, package or key are not usable; nothing was sent.
            Refused: Something the package needs is not known of the person; nothing was sent.
            RowRejected: The vendor refuses what it was told; the order has failed.
            Busy: Somebody else is placing it at this moment.
            VendorError: It is not known yet whether the vendor has it; the next look finds out.
        """
        desk = self._desk(connector, config, connection, service)
        with desk.about():
            return place(desk, package, person, actor=actor, key=key, callback_url=callback_url)

    def show(
        self,
        connector: Connector,
        config: ConnectorConfig,
        connection: str,
        service: str,
        package: str,
        person: str,
        *,
        key: str | None = None,
    ) -> Shown:
        """Tell what placing an order would tell whom, masked; nothing is written.

        Raises:
            HrHubError: As :meth:`place`, up to where it would tell the vendor.
        """
        desk = self._desk(connector, config, connection, service)
        with desk.about():
            return show(desk, package, person, key=key)

    def poll(
        self,
        connector: Connector,
        config: ConnectorConfig,
        connection: str,
        *,
        holder: str,
        service: str | None = None,
        ids: Collection[str] | None = None,
        limit: int = MOST_AT_ONCE,
    ) -> list[Polled]:
        """Look at the due orders of a connection, or at these; results are taken in.

        What ends the look at one service early stands in its result; the others are looked at all
        the same.

        Raises:
            ConfigError: Results cannot be taken in: mapping, credentials or settings are wrong.
        """
        names = [s.name for s in connector.orders] if service is None else [service]
        polled = []
        for name in names:
            desk = self._desk(connector, config, connection, name)
            with desk.about():
                polled.append(poll(desk, holder=holder, ids=ids, limit=limit))
        return polled

    def fetch(
        self, connector: Connector, config: ConnectorConfig, order_id: str, *, holder: str
    ) -> Polled:
        """Fetch the result of an order anew and take it in; unchanged, it changes nothing.

        Raises:
            ConfigError: There is no such order, or its result cannot be taken in.
            Refused: The order has no result (``order.no_result``).
        """
        order = self.get(order_id)
        if not call_for_result(self._hub, order):
            raise Refused("order.no_result", order=order.id, state=order.status)
        [polled] = self.poll(
            connector,
            config,
            order.connection,
            holder=holder,
            service=order.service,
            ids=[order.id],
        )
        return polled

    def cancel(
        self, connector: Connector, config: ConnectorConfig, order_id: str, *, actor: str
    ) -> Order:
        """Cancel an order; one that is final already is left as it is.

        Where the vendor says that it is too late, the order goes on: its status tells.

        Raises:
            ConfigError: There is no such order (``order.unknown``).
            Refused: The vendor takes no cancellations (``order.cancel_unsupported``).
            Busy: Somebody is placing it at this moment.
            VendorError: The vendor could not be asked; nothing has changed.
        """
        order = self.get(order_id)
        desk = self._desk(connector, config, order.connection, order.service)
        with desk.about():
            return cancel(desk, order.id, actor=actor)

    def event(self, connection: str, service: str | None, vendor_id: str) -> bool:
        """Let the order that a vendor's event is about be looked at next; tell if there is one.

        ``service`` may be None where the event does not tell which service it is about.
        """
        return order_event(self._hub, connection, service, vendor_id)

    def _desk(
        self, connector: Connector, config: ConnectorConfig, connection: str, service: str
    ) -> Desk:
        return Desk(self._hub, connector, config, connection, connector.order_service(service))
