"""What happens to a request of a vendor: find its receiver, verify, keep, answer.

Nothing here knows of sockets. Whoever is refused learns nothing of why: an unknown connection, a
receiver that does not exist and a forged signature look alike as far as the vendor's needs allow.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from ipaddress import ip_address, ip_network

from hrhub.airflow.connections import Resolved
from hrhub.ambient import Clock
from hrhub.connector import EventReceiver, Received, Reply
from hrhub.errors import AuthError, ConfigError, HrHubError, RowRejected
from hrhub.pipeline import Hub
from hrhub.pipeline.handout import HandOut
from hrhub.pipeline.inbox import Inbox

_CONFIG_S = 60.0
"""How long a connection is remembered, known or not, before it is looked up again."""
_MOST_UNKNOWN = 1_000
_NAME = re.compile(r"[\w.-]{1,250}")


class Fate(StrEnum):
    """What became of a request."""

    KEPT = "kept"
    REPEATED = "repeated"
    EMPTY = "empty"
    """It told of nothing: a device said that it is there."""
    CHALLENGE = "challenge"
    ASKED = "asked"
    """A device came for its writes."""
    UNREADABLE = "unreadable"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Door:
    """Where a request has to go: a connection and its receiver, and the rest of the path."""

    found: Resolved
    receiver: EventReceiver
    path: str


@dataclass(frozen=True, slots=True)
class Mount:
    """A receiver that answers at its own prefix: the one of this connection."""

    connection: str
    receiver: str

    @classmethod
    def of(cls, text: str) -> Mount:
        """Read ``connection/receiver``.

        Raises:
            ConfigError: It is not of that form (``inbox.mount``).
        """
        connection, _, receiver = text.partition("/")
        if not (_NAME.fullmatch(connection) and receiver):
            raise ConfigError("inbox.mount", rule="form")
        return cls(connection, receiver)


class Reception:
    """Takes requests of vendors; safe for threads.

    Args:
        hub: The hub.
        resolve: Looks a connection up.
        clock: Measures how old what is remembered is.
        connections: The only ones that are served; all if empty.
        mounts: Receivers that answer at their own prefix.

    Raises:
        ConfigError: A connection or a mount cannot be served.
    """

    def __init__(
        self,
        hub: Hub,
        resolve: Callable[[str], Resolved],
        *,
        clock: Clock,
        connections: Collection[str] = (),
        mounts: Collection[Mount] = (),
    ) -> None:
        self._hub = hub
        self._inbox = Inbox(hub)
        self._devices = HandOut(hub)
        self._resolve = resolve
        self._clock = clock
        self._only = frozenset(connections)
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Resolved | None]] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        self._mounts: dict[str, Mount] = {}
        for name in sorted(self._only | {mount.connection for mount in mounts}):
            found = resolve(name)
            if not found.connector.events:
                raise ConfigError("inbox.no_receiver", connection=name)
            self._known[name] = (clock.monotonic(), found)
        for mount in mounts:
            found = resolve(mount.connection)
            prefix = found.connector.receiver(mount.receiver).prefix
            if not prefix or prefix in self._mounts:
                raise ConfigError("inbox.mount", rule="prefix" if prefix else "no_prefix")
            self._mounts[prefix] = mount

    def addresses(self) -> list[tuple[str, str]]:
        """Return (connection, path) of what is served by name and at mounts."""
        named = [
            (name, f"/{name}/{receiver.name}")
            for name, (_, found) in sorted(self._known.items())
            if found is not None
            for receiver in found.connector.events
        ]
        return named + [(m.connection, prefix) for prefix, m in sorted(self._mounts.items())]

    def counts(self) -> dict[tuple[str, str], int]:
        """Return how many requests met which fate, by (connection, fate); ``-`` is nobody's."""
        with self._lock:
            return dict(self._counts)

    def healthy(self) -> bool:
        """Tell whether requests can be kept now."""
        try:
            with self._hub.store.read():
                return True
        except HrHubError:
            return False

    def find(self, path: str) -> Door | None:
        """Return where a path leads; None where it leads nowhere."""
        first, _, rest = path.removeprefix("/").partition("/")
        mount = self._mounts.get(f"/{first}")
        if mount is not None:
            name, receiver, inner = mount.connection, mount.receiver, path
        else:
            receiver, _, rest = rest.partition("/")
            name, inner = first, f"/{rest}"
        found = self._connection(name)
        if found is not None:
            for declared in found.connector.events:
                if declared.name == receiver:
                    return Door(found, declared, inner)
        self.count("-", Fate.UNKNOWN)
        return None

    def take(
        self,
        door: Door,
        method: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes,
        peer: str,
    ) -> Reply:
        """Take one request and return the answer; what it tells of is committed by then."""
        received = Received(method=method, path=door.path, query=query, headers=headers, body=body)
        try:
            reply, fate = self._take(door, received, peer)
        except HrHubError as error:
            retry = error.retryable
            reply, fate = Reply(status=503 if retry else 500), Fate.FAILED
        except Exception:
            # What a connector raises may hold what the vendor sent: it goes nowhere.
            reply, fate = Reply(status=500), Fate.FAILED
        self.count(door.found.conn_id, fate)
        return reply

    def _take(self, door: Door, received: Received, peer: str) -> tuple[Reply, Fate]:
        found, receiver = door.found, door.receiver
        config, now = found.config, self._hub.clock.now()
        if not self._may_come(config.event_networks, receiver, peer):
            return Reply(status=401), Fate.REFUSED
        try:
            receiver.verify(config, received, now)
            challenge = receiver.challenge(config, received)
        except AuthError:
            return Reply(status=401), Fate.REFUSED
        if challenge is not None:
            return challenge, Fate.CHALLENGE
        ask = receiver.ask(config, received)
        if ask is not None:
            words = partial(receiver.hand_out, config, received)
            reply = self._devices.give(found.connector, found.conn_id, ask, words)
            return reply, Fate.ASKED
        said = receiver.fetched(config, received)
        if said:
            self._devices.note(found.connector, found.conn_id, said)
        try:
            events = receiver.parse(config, received)
            rule = None
        except RowRejected as error:
            events, rule = (), error.rule
        if not events and rule is None:
            return receiver.reply(config, received), Fate.EMPTY
        kept = receiver.keepable(config, received)
        fresh = self._inbox.keep(
            found.connector, found.conn_id, receiver.name, kept, events, rule=rule
        )
        try:
            reply = receiver.reply(config, received)
        except RowRejected:
            reply = Reply()  # It is kept; the vendor need not send it again.
        if rule is not None:
            return reply, Fate.UNREADABLE
        return reply, Fate.KEPT if fresh else Fate.REPEATED

    @staticmethod
    def _may_come(networks: Collection[str], receiver: EventReceiver, peer: str) -> bool:
        """Tell whether a request may come from an address.

        Raises:
            ConfigError: A network in the configuration is none.
        """
        if not networks:
            return receiver.signed
        try:
            named = [ip_network(text, strict=False) for text in networks]
            address = ip_address(peer)
        except ValueError:
            raise ConfigError("config.invalid", fields="event_networks") from None
        plain = getattr(address, "ipv4_mapped", None) or address
        return any(plain.version == net.version and plain in net for net in named)

    def _connection(self, name: str) -> Resolved | None:
        """Return a connection that is served; None if there is none of that name."""
        if not _NAME.fullmatch(name) or (self._only and name not in self._known):
            return None
        now = self._clock.monotonic()
        with self._lock:
            known = self._known.get(name)
        if known is not None and now - known[0] < _CONFIG_S:
            return known[1]
        try:
            found: Resolved | None = self._resolve(name)
        except HrHubError:
            found = None
        with self._lock:
            if found is None and len(self._known) >= _MOST_UNKNOWN:
                self._known = {n: k for n, k in self._known.items() if k[1] is not None}
            self._known[name] = (now, found)
        return found

    def count(self, connection: str, fate: Fate) -> None:
        """Count a request."""
        with self._lock:
            self._counts[connection, fate] += 1
