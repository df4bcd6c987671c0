"""Listening: holding a vendor's line open and keeping what it tells like what is posted.

A line breaks often and may tell the same again. Whatever the vendor or the way does to it is waited
out; what people have to mend at the connection ends the listening.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from hrhub.connector import Connector, ConnectorConfig, EventReceiver, Received, open_session
from hrhub.errors import ConfigError, HrHubError, RowRejected, VendorError
from hrhub.pipeline.inbox import Inbox

if TYPE_CHECKING:
    from hrhub.pipeline.hub import Hub

LINE_S = 3600.0
"""How long one line is held; a new one asks again who is there and what time it has."""
_FIRST_WAIT_S, _LONGEST_WAIT_S = 5.0, 300.0

Broken = Callable[[HrHubError, float], None]
"""Is told why a line broke, and the seconds until the next one."""


@dataclass(slots=True)
class Heard:
    """What listening came to.

    Attributes:
        kept: Reports that were kept.
        repeated: Reports that had come before.
        unreadable: Reports that were kept for a person.
        signs: Reports that tell of nothing: signs of life.
        breaks: How often the line broke.
        error: Why the line is down at the end; None if it is not.
    """

    kept: int = 0
    repeated: int = 0
    unreadable: int = 0
    signs: int = 0
    breaks: int = 0
    error: HrHubError | None = field(default=None, repr=False)

    def counts(self) -> dict[str, int]:
        """Return the counters by name."""
        names = ("kept", "repeated", "unreadable", "signs", "breaks")
        return {name: getattr(self, name) for name in names}


class Listening:
    """Listens at one receiver of one connection.

    Args:
        hub: The hub.
        connector: The connector.
        config: Configuration of the connection.
        connection: Its name.
        receiver: Name of the receiver.

    Raises:
        ConfigError: There is none of that name, or it does not listen (``inbox.no_line``).
    """

    def __init__(
        self,
        hub: Hub,
        connector: Connector,
        config: ConnectorConfig,
        connection: str,
        receiver: str,
    ) -> None:
        self._hub = hub
        self._connector = connector
        self._config = config
        self._connection = connection
        self._receiver: EventReceiver = connector.receiver(receiver)
        if not self._receiver.listens:
            raise ConfigError("inbox.no_line", connection=connection, receiver=receiver)
        self._inbox = Inbox(hub)
        self.heard = Heard()

    def run(self, for_s: float = inf, broken: Broken | None = None) -> Heard:
        """Listen until the time is over; what was heard is committed as it comes.

        Raises:
            ConfigError: The connection has to be mended.
            KeysUnavailable: Nothing can be sealed.
            StorageError: Nothing can be stored.
        """
        clock = self._hub.clock
        end = clock.monotonic() + for_s
        wait_s = _FIRST_WAIT_S
        while (left_s := end - clock.monotonic()) > 0:
            before, longest_s = self._told(), min(left_s, LINE_S)
            over = clock.monotonic() + longest_s
            failure: VendorError | None = None
            try:
                self._hold(longest_s)
            except VendorError as error:
                failure = error
            if failure is None and clock.monotonic() >= over:
                continue
            if self._told() > before:
                wait_s = _FIRST_WAIT_S
            # A vendor that hangs up is not called again at once either.
            asked_s = failure.retry_after_s if failure else None
            pause_s = min(max(wait_s, asked_s or 0.0), max(0.0, end - clock.monotonic()))
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
            if failure is not None:
                self.heard.breaks += 1
                self.heard.error = failure
                if broken is not None:
                    broken(failure, pause_s)
            clock.sleep(pause_s)
        return self.heard

    def _hold(self, longest_s: float) -> None:
        session = open_session(
            self._connector,
            self._config,
            clock=self._hub.clock,
            ports=self._hub.ports,
            connection=self._connection,
        )
        try:
            for received in self._receiver.listen(session, longest_s):
                self._take(received)
        finally:
            session.http.close()

    def _take(self, received: Received) -> None:
        heard, receiver = self.heard, self._receiver
        try:
            events, rule = receiver.parse(self._config, received), None
        except RowRejected as error:
            events, rule = (), error.rule
        if not events and rule is None:
            heard.signs += 1
        elif not self._inbox.keep(
            self._connector,
            self._connection,
            receiver.name,
            receiver.keepable(self._config, received),
            events,
            rule=rule,
        ):
            heard.repeated += 1
        elif rule is None:
            heard.kept += 1
        else:
            heard.unreadable += 1
        heard.error = None

    def _told(self) -> int:
        heard = self.heard
        return heard.kept + heard.repeated + heard.unreadable + heard.signs
