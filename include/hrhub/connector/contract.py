"""The connector: one object that says what a vendor system is and can do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from hrhub.connector.config import ConnectorConfig
from hrhub.connector.events import EventReceiver
from hrhub.connector.orders import OrderKind, OrderService
from hrhub.connector.sinks import Delivery, Sink
from hrhub.connector.stream import Session, Stream
from hrhub.errors import ConfigError, HrHubError, PluginError

if TYPE_CHECKING:
    from hrhub.http.answer import Answer
    from hrhub.http.auth import Auth
    from hrhub.http.budget import Rate

API_VERSION = 1
"""Version of this contract. A connector built for another one is not loaded."""

_CONSENTED = (OrderKind.BACKGROUND, OrderKind.SOCIAL_SECURITY)
"""Kinds of order that no person may be subjected to without consent (PIPL Art. 23, 29)."""

_Part = TypeVar("_Part", Stream, OrderService, Sink, EventReceiver)

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_PREFIX = re.compile(r"(/[A-Za-z0-9_.-]{0,40})?")


@dataclass(frozen=True, slots=True)
class VendorAnswer:
    """What one of the vendor's own error codes means for us.

    ``error`` is the class that decides what happens next, ``code`` the entry of the message
    catalogue (or of the connector's own ``words``).
    """

    error: type[HrHubError]
    code: str


@dataclass(frozen=True, slots=True)
class Checked:
    """Result of a successful connection check: facts for people, no personal values.

    ``warnings`` are errors to come, such as a certificate that ends soon; they are not raised.
    """

    vendor: str
    facts: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[HrHubError, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Connector:
    """A vendor system: configuration, authentication, and what it can do.

    Attributes:
        name: Import and command-line name; the Airflow connection type is ``hr_<name>``.
        config: The configuration model.
        base_url: Returns the root of the vendor's interface, for connectors that speak HTTP.
        auth: Returns how requests are authorised.
        check: Makes one cheap authorised call and tells who answered.
        streams: What can be read.
        orders: What can be ordered.
        sinks: What can be written back.
        events: What the vendor reports by itself.
        errors: The vendor's error codes.
        code_of: Finds the vendor's error code in an answer; None when it reports no error.
        rate: Requests that the vendor agrees to, shared by all workers of a connection.
        extra_origins: Further https origins to which links in the vendor's answers may lead.
        words: Message texts of the connector's own codes: language -> code -> {what, who, do}.
        evidence: ``assumed``, ``documented``, ``client-proven`` or ``recorded``.
    """

    name: str
    title: str
    version: str
    config: type[ConnectorConfig]
    check: Callable[[Session], Checked]
    streams: tuple[Stream, ...] = ()
    orders: tuple[OrderService, ...] = ()
    sinks: tuple[Sink, ...] = ()
    events: tuple[EventReceiver, ...] = ()
    base_url: Callable[[ConnectorConfig], str] | None = None
    auth: Callable[[ConnectorConfig], Auth] | None = None
    errors: Mapping[str, VendorAnswer] = field(default_factory=dict)
    code_of: Callable[[Answer], str | None] | None = None
    rate: Rate | None = None
    extra_origins: tuple[str, ...] = ()
    words: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    evidence: str = "documented"
    hrhub_api: int = API_VERSION

    def __post_init__(self) -> None:
        """Refuse a connector that does not keep the contract.

        Raises:
            PluginError: With the rule that is broken.
        """
        known = {s.name for s in self.streams}
        ordered = {o.name for o in self.orders}
        parts = (self.streams, self.orders, self.sinks, self.events)
        for rule, kept in (
            ("api_version", self.hrhub_api == API_VERSION),
            ("name", _NAME.fullmatch(self.name) is not None),
            ("names_unique", all(len({p.name for p in of}) == len(of) for of in parts)),
            ("streams_and_orders_differ", not known & ordered),
            ("names_valid", all(_NAME.fullmatch(p.name) for of in parts for p in of)),
            ("offers_something", any(parts)),
            ("order_asks_consent", all(o.consent for o in self.orders if o.kind in _CONSENTED)),
            ("stream_has_key", all(s.key for s in self.streams)),
            ("after_names_a_stream", all(known >= set(s.after) for s in self.streams)),
            (
                "fetched_needs_no_lookup",
                all(not s.fetched or s.delivery is not Delivery.LOOKUP for s in self.sinks),
            ),
            ("prefix_valid", all(_PREFIX.fullmatch(e.prefix) for e in self.events)),
        ):
            if not kept:
                raise PluginError("plugin.invalid", connector=self.name, rule=rule)

    def stream(self, name: str) -> Stream:
        """Return a stream by name.

        Raises:
            ConfigError: There is none of that name; the context lists those there are.
        """
        return self._named(self.streams, name, "stream")

    def order_service(self, name: str) -> OrderService:
        """Return an order service by name.

        Raises:
            ConfigError: There is none of that name; the context lists those there are.
        """
        return self._named(self.orders, name, "service", "order.service_unknown")

    def sink(self, name: str) -> Sink:
        """Return a sink by name.

        Raises:
            ConfigError: There is none of that name; the context lists those there are.
        """
        return self._named(self.sinks, name, "sink")

    def receiver(self, name: str) -> EventReceiver:
        """Return an event receiver by name.

        Raises:
            ConfigError: There is none of that name; the context lists those there are.
        """
        return self._named(self.events, name, "receiver")

    def _named(self, parts: Sequence[_Part], name: str, kind: str, code: str = "") -> _Part:
        for part in parts:
            if part.name == name:
                return part
        asked: dict[str, Any] = {kind: name}
        known = ", ".join(p.name for p in parts) or "-"
        raise ConfigError(code or f"{kind}.unknown", connector=self.name, known=known, **asked)

    def in_order(self) -> list[Stream]:
        """Return the streams so that each comes after those it names in ``after``."""
        done: list[Stream] = []
        waiting = list(self.streams)
        while waiting:
            ready = [s for s in waiting if set(s.after) <= {d.name for d in done}]
            if not ready:
                raise PluginError("plugin.invalid", connector=self.name, rule="after_has_a_cycle")
            done += ready
            waiting = [s for s in waiting if s not in ready]
        return done
