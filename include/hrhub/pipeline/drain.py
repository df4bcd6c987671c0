"""Working through the inbox: records that came are loaded, streams that were named are read.

What is done can be done again: a worker that dies leaves its requests to the next one, and loading
the same records or reading the same stream twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from hrhub.connector import Connector, ConnectorConfig, Page, Received
from hrhub.errors import HrHubError, KeysUnavailable, RowRejected, StorageError
from hrhub.pipeline.counts import Counts
from hrhub.pipeline.inbox import KEEP, REMEMBER, Inbox
from hrhub.store import inbox as table
from hrhub.store.claims import Claim
from hrhub.store.inbox import Kept
from hrhub.store.schema import hub_inbox

if TYPE_CHECKING:
    from hrhub.pipeline.hub import Hub

AT_ONCE = 500
"""Requests that are worked on together; a stream they all name is read once."""

BYTES_AT_ONCE = 16 << 20
"""Bodies that are held in memory together."""

WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1_800, 3_600))
"""Waits between tries; the last one for ever, because nothing that came is given up."""

_STOPS = (KeysUnavailable, StorageError)


@dataclass(slots=True)
class Drained:
    """What draining a connection's inbox came to.

    Attributes:
        requests: Requests that are done.
        events: Events they told of.
        again: Requests that wait for another try.
        unreadable: Requests that wait for a person.
        streams: What loading and reading came to, by stream.
        orders: Orders that are due at once because an event is about them.
        errors: What failed, by stream; ``orders`` for orders.
    """

    requests: int = 0
    events: int = 0
    orders: int = 0
    again: int = 0
    unreadable: int = 0
    streams: dict[str, Counts] = field(default_factory=dict)
    errors: dict[str, HrHubError] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """Return the counters by name."""
        names = ("requests", "events", "orders", "again", "unreadable")
        return {name: getattr(self, name) for name in names}


@dataclass(slots=True)
class _Round:
    """Requests worked on together: what each needs, and which needs could not be met."""

    rows: list[Kept] = field(default_factory=list)
    pages: dict[str, list[tuple[Kept, Page]]] = field(default_factory=dict)
    reads: dict[str, list[Kept]] = field(default_factory=dict)
    orders: list[tuple[Kept, str]] = field(default_factory=list)
    failed: dict[int, HrHubError] = field(default_factory=dict)


class Drain:
    """Works through the inbox of one connection; a second one at the same time finds nothing.

    Args:
        hub: The hub.
        connector: The connector.
        config: Configuration of the connection.
        connection: Its name.
        holder: Name of this worker, unlike that of any other.
    """

    def __init__(
        self, hub: Hub, connector: Connector, config: ConnectorConfig, connection: str, holder: str
    ) -> None:
        self._hub = hub
        self._connector = connector
        self._config = config
        self._connection = connection
        self._holder = holder
        self._inbox = Inbox(hub)
        self._done = Drained()

    def run(self) -> Drained:
        """Work on what is due until nothing is; what fails is tried again later.

        Raises:
            KeysUnavailable: No key, no work.
            StorageError: The store cannot be used.
        """
        self._forget()
        with Claim(self._hub.store, hub_inbox, self._holder) as claim:
            while rows := self._claim(claim):
                self._work(claim, rows)
        return self._done

    def _forget(self) -> None:
        now = self._hub.clock.now()
        with self._hub.store.write() as tx:
            table.forget(
                tx,
                self._hub.keys.tenant,
                requests_before=now - KEEP,
                events_before=now - REMEMBER,
            )

    def _claim(self, claim: Claim) -> list[Kept]:
        with self._hub.store.write() as tx:
            return table.claim_waiting(
                tx,
                claim,
                self._hub.keys.tenant,
                self._connection,
                self._hub.clock.now(),
                limit=AT_ONCE,
                most_bytes=BYTES_AT_ONCE,
            )

    def _work(self, claim: Claim, rows: Sequence[Kept]) -> None:
        round_ = _Round()
        with self._hub.store.read() as tx:
            opened = [(row, self._inbox.open(tx, row)) for row in rows]
        for row, received in opened:
            self._read(claim, round_, row, received)
        for stream in self._connector.in_order():
            name = stream.name
            pushed = round_.pages.get(name, [])
            if pushed:
                pages = [page for _, page in pushed]
                rows_of = [row for row, _ in pushed]
                self._try(round_, name, rows_of, partial(self._take, name, pages))
            if name in round_.reads:
                self._try(round_, name, round_.reads[name], partial(self._sync, name))
        for row, vendor_id in round_.orders:
            self._call(round_, row, vendor_id)
        self._settle(claim, round_)

    def _read(self, claim: Claim, round_: _Round, row: Kept, received: Received | None) -> None:
        """Sort what a request asks for; set it aside if it cannot be read."""
        if received is None:
            self._note(claim, [row], state=table.UNREADABLE, code="inbox.sealed", rule="key")
            self._done.unreadable += 1
            return
        try:
            receiver = self._connector.receiver(row.receiver)
            events = receiver.parse(self._config, received)
            pushed = receiver.pages(self._config, received)
            for one in pushed:
                self._connector.stream(one.stream)
        except RowRejected as error:
            self._note(
                claim, [row], state=table.UNREADABLE, code="inbox.unreadable", rule=error.rule
            )
            self._done.unreadable += 1
            return
        except HrHubError as error:
            round_.rows.append(row)
            round_.failed[row.number] = error
            return
        except Exception as error:
            round_.rows.append(row)
            round_.failed[row.number] = HrHubError(
                "internal.unexpected", kind=type(error).__name__, where=row.receiver
            )
            return
        round_.rows.append(row)
        for one in pushed:
            round_.pages.setdefault(one.stream, []).append((row, one.page))
        for event in events:
            if event.stream is not None:
                round_.reads.setdefault(event.stream, []).append(row)
            if event.order is not None:
                round_.orders.append((row, event.order))

    def _take(self, stream: str, pages: Sequence[Page]) -> Counts:
        return self._hub.take_pages(
            self._connector,
            self._config,
            self._connection,
            stream,
            pages,
            holder=self._holder,
        )

    def _sync(self, stream: str) -> Counts:
        return self._hub.sync(
            self._connector, self._config, self._connection, stream, holder=self._holder
        )

    def _try(
        self, round_: _Round, stream: str, rows: Iterable[Kept], act: Callable[[], Counts]
    ) -> None:
        try:
            counts = act()
        except HrHubError as error:
            if isinstance(error, _STOPS):
                raise
            self._done.errors[stream] = error
            for row in rows:
                round_.failed[row.number] = error
            return
        self._done.streams[stream] = self._done.streams.get(stream, Counts()) + counts

    def _call(self, round_: _Round, row: Kept, vendor_id: str) -> None:
        """Let the order of an event be looked at next; one that is not ours is nothing to us."""
        try:
            if self._hub.orders.event(self._connection, None, vendor_id):
                self._done.orders += 1
        except HrHubError as error:
            if isinstance(error, _STOPS):
                raise
            self._done.errors["orders"] = error
            round_.failed[row.number] = error

    def _settle(self, claim: Claim, round_: _Round) -> None:
        done = [row for row in round_.rows if row.number not in round_.failed]
        if done:
            self._note(claim, done, state=table.DONE, code=None, rule=None)
            self._done.requests += len(done)
            self._done.events += sum(row.events for row in done)
        for row in round_.rows:
            error = round_.failed.get(row.number)
            if error is None:
                continue
            wait = WAITS[min(row.attempts, len(WAITS) - 1)]
            self._note(
                claim,
                [row],
                state=table.WAITING,
                attempts=row.attempts + 1,
                next_try_at=self._hub.clock.now() + wait,
                code=error.code,
            )
            self._done.again += 1

    def _note(self, claim: Claim, rows: Sequence[Kept], **values: object) -> None:
        with self._hub.store.write() as tx:
            table.note(tx, claim, [row.number for row in rows], self._hub.clock.now(), **values)
