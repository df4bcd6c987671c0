"""Where orders of one service are placed: whose service it is, and how to reach the vendor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hrhub.connector import Connector, ConnectorConfig, OrderService, Session, open_session
from hrhub.errors import HrHubError
from hrhub.pipeline.orders.consents import recipients_of
from hrhub.pipeline.orders.ledger import Service
from hrhub.pipeline.work import as_hub_error

if TYPE_CHECKING:
    from hrhub.pipeline.hub import Hub


@dataclass(frozen=True, slots=True)
class Desk:
    """An order service of a connection that is ready for use."""

    hub: Hub
    connector: Connector
    config: ConnectorConfig = field(repr=False)
    connection: str
    service: OrderService

    @property
    def at(self) -> Service:
        """The service by its names."""
        return Service(
            connection=self.connection, connector=self.connector.name, name=self.service.name
        )

    @property
    def recipients(self) -> tuple[str, str, str]:
        """The names under which a consent may name the vendor."""
        return recipients_of(self.connector, self.connection)

    def session(self) -> Session:
        """Open a session with the vendor."""
        return open_session(
            self.connector,
            self.config,
            clock=self.hub.clock,
            ports=self.hub.ports,
            connection=self.connection,
        )

    @contextmanager
    def about(self) -> Iterator[None]:
        """Let errors that leave the block know which vendor and service they are about."""
        try:
            yield
        except HrHubError as error:
            raise error.about(**self._facts()) from None

    def error(self, problem: BaseException, order_id: str) -> HrHubError:
        """Return an error of ours for what went wrong with an order; it knows what it is about."""
        return as_hub_error(problem).about(order=order_id, **self._facts())

    def _facts(self) -> dict[str, str]:
        return {
            "vendor": self.connector.title,
            "connector": self.connector.name,
            "connection": self.connection,
            "service": self.service.name,
        }
