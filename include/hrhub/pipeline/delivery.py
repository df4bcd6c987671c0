"""Sending what waits in the outbox: once in effect, in order, whatever happens on the way.

Before a write is sent, a transaction says that it is in doubt; after the answer another one says
what became of it. Whoever finds a write in doubt acts as its sink declares: sends it again, looks
first, or leaves it to a person.
"""

from __future__ import annotations

import re
import traceback
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from hrhub.connector import (
    Connector,
    ConnectorConfig,
    Delivery,
    Planned,
    Session,
    Sink,
    Write,
    WriteStatus,
    Written,
    open_session,
)
from hrhub.crypto import audit_linker
from hrhub.errors import (
    ConfigError,
    Fenced,
    HrHubError,
    KeysUnavailable,
    PluginError,
    StorageError,
    Throttled,
)
from hrhub.model.masking import mask_feed
from hrhub.pipeline.outbox import ERASED, Outbox, WriteRequest
from hrhub.store import audit
from hrhub.store import outbox as table
from hrhub.store.claims import Claim
from hrhub.store.outbox import Queued
from hrhub.store.schema import hub_outbox

if TYPE_CHECKING:
    from hrhub.pipeline.hub import Hub

WAITS = tuple(
    timedelta(seconds=seconds) for seconds in (60, 300, 900, 3_600, 7_200, 21_600, 50_400)
)
"""Waits between the tries of one write: eight tries within a day."""

_FAILURES = 3
"""After so many failures one after the other a sink is left alone until the next delivery."""

_NOT_ASKED = frozenset({"vendor.circuit_open", "vendor.budget_used"})
"""Errors of our own caution, before the vendor was asked."""

_STOPS = (KeysUnavailable, StorageError, Fenced)
_STATES = {WriteStatus.WRITTEN: table.SENT, WriteStatus.UNCHANGED: table.UNCHANGED}
_CODE = re.compile(r"[\w.:/-]{1,64}")


@dataclass(slots=True)
class Delivered:
    """What a delivery came to.

    Attributes:
        again: Writes that failed and will be tried again.
        error: The last failure that another try may mend.
    """

    sent: int = 0
    unchanged: int = 0
    refused: int = 0
    unknown: int = 0
    dead: int = 0
    dropped: int = 0
    again: int = 0
    error: HrHubError | None = None

    def counts(self) -> dict[str, int]:
        """Return the counters by name."""
        names = ("sent", "unchanged", "refused", "unknown", "dead", "dropped", "again")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """What would be sent for one write: target, the vendor's fields, our values masked."""

    id: str
    sink: str
    target: str
    fields: tuple[str, ...]
    values: Mapping[str, str]


class Deliverer:
    """Sends the writes of one connection.

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
        self._outbox = Outbox(hub)
        self._done = Delivered()
        self._failures = 0

    def run(self, sink: str | None = None) -> Delivered:
        """Send what is due for a sink, or for all.

        Raises:
            ConfigError: There is no such sink, devices fetch it (``outbox.fetched``), or the
                connection has to be mended; what was not sent stays.
            KeysUnavailable: No key, no work.
            StorageError: The store cannot be used.
        """
        session = self._session()
        if sink is not None and self._connector.sink(sink).fetched:
            raise ConfigError("outbox.fetched", connection=self._connection, sink=sink)
        with Claim(self._hub.store, hub_outbox, self._holder) as claim:
            for declared in self._sinks(sink):
                self._failures = 0
                while self._failures < _FAILURES and self._next(session, declared, claim):
                    pass
        return self._done

    def plan(self, sink: str | None = None) -> list[PlannedWrite]:
        """Say what a delivery would send now; nothing is written, here or at the vendor.

        Raises:
            HrHubError: As :meth:`run`.
        """
        session = self._session()
        planned: list[PlannedWrite] = []
        for declared in self._sinks(sink):
            rows, values = self._due(declared, limit=1_000)
            writes = [as_write(row, values[row.id]) for row in rows]
            said = {p.key: p for p in declared.plan(session, writes)} if writes else {}
            for row in rows:
                one: Planned | None = said.get(row.key)
                if one is None:
                    raise PluginError("sink.outcomes", connector=self._connector.name, n=len(rows))
                shown = {n: mask_feed(n, v) for n, v in values[row.id].items()}
                planned.append(PlannedWrite(row.id, declared.name, one.target, one.fields, shown))
        return planned

    def preview(self, sink: str, wish: WriteRequest) -> PlannedWrite:
        """Say what would be sent for a wish that nobody has put down yet; nothing is written.

        Raises:
            HrHubError: As :meth:`Outbox.add`.
        """
        declared = self._connector.sink(sink)
        with self._hub.store.read() as tx:
            values = self._outbox.preview(tx, self._connector, self._connection, sink, wish)
        (one,) = declared.plan(self._session(), [Write(key=wish.key or "-", values=values)])
        shown = {name: mask_feed(name, value) for name, value in values.items()}
        return PlannedWrite("-", sink, one.target, one.fields, shown)

    def _session(self) -> Session:
        return open_session(
            self._connector,
            self._config,
            clock=self._hub.clock,
            ports=self._hub.ports,
            connection=self._connection,
        )

    def _sinks(self, name: str | None) -> Sequence[Sink]:
        if name is not None:
            return [self._connector.sink(name)]
        return [sink for sink in self._connector.sinks if not sink.fetched]

    def _due(self, sink: Sink, *, limit: int) -> tuple[list[Queued], dict[str, dict[str, Any]]]:
        with self._hub.store.read() as tx:
            rows = table.due(
                tx,
                self._hub.keys.tenant,
                self._connection,
                sink.name,
                self._hub.clock.now(),
                limit=limit,
                lock=False,
            )
            opened = {row.id: self._outbox.values(tx, row) for row in rows}
        values = {name: value for name, value in opened.items() if value is not None}
        return [row for row in rows if row.id in values], values

    def _next(self, session: Session, sink: Sink, claim: Claim) -> bool:
        """Send the next batch; False when nothing is due."""
        with self._hub.store.write() as tx:
            rows = table.due(
                tx,
                self._hub.keys.tenant,
                self._connection,
                sink.name,
                self._hub.clock.now(),
                limit=max(1, sink.batch),
            )
            if not rows:
                return False
            # What is in doubt is looked at alone: one answer must not speak for several.
            rows = [*takewhile(lambda r: not r.doubtful, rows)] or rows[:1]
            opened = [(row, self._outbox.values(tx, row)) for row in rows]
            table.begin(tx, claim, rows)
            begun = [replace(row, attempts=row.attempts + 1) for row in rows]
        gone = [row for row, (_, values) in zip(begun, opened, strict=True) if values is None]
        if gone:
            self._note(claim, [(row, dropped(row)) for row in gone])
        ready = [
            (row, as_write(row, values))
            for row, (_, values) in zip(begun, opened, strict=True)
            if values is not None
        ]
        if ready:
            self._send(session, sink, claim, ready)
        return True

    def _send(
        self, session: Session, sink: Sink, claim: Claim, ready: Sequence[tuple[Queued, Write]]
    ) -> None:
        rows = [row for row, _ in ready]
        doubtful = rows[0].doubtful
        if doubtful and sink.delivery is Delivery.NONE:
            self._note(claim, [(rows[0], ended(table.UNKNOWN, "outbox.answer_lost"))])
            return
        try:
            outcomes = self._outcomes(session, sink, [write for _, write in ready], doubtful)
        except _STOPS:
            raise
        except HrHubError as error:
            self._failed(sink, claim, rows, error)
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}"
            kind = type(error).__name__
            unexpected = HrHubError("internal.unexpected", kind=kind, where=where)
            self._failed(sink, claim, rows, unexpected)
        else:
            self._failures = 0
            self._note(
                claim,
                [
                    (row, self._settled(sink, row, said))
                    for row, said in zip(rows, outcomes, strict=True)
                ],
                outcomes,
            )

    def _outcomes(
        self, session: Session, sink: Sink, writes: Sequence[Write], doubtful: bool
    ) -> Sequence[Written]:
        if doubtful and sink.delivery is Delivery.LOOKUP:
            found = sink.find(session, writes[0])
            if found is not None:
                return [found]
        outcomes = sink.write(session, writes)
        if [said.key for said in outcomes] != [write.key for write in writes]:
            raise PluginError("sink.outcomes", connector=self._connector.name, n=len(writes))
        return outcomes

    def _settled(self, sink: Sink, row: Queued, said: Written) -> dict[str, Any]:
        """Return what an outcome makes of a write."""
        code = safe_code(said.vendor_code)
        if said.status is WriteStatus.REFUSED:
            return ended(table.REFUSED, said.code or "sink.refused", code)
        if said.status is not WriteStatus.UNKNOWN:
            return ended(_STATES[said.status]) | {"sealed_values": None}
        if sink.delivery is Delivery.NONE:
            return ended(table.UNKNOWN, said.code or "outbox.answer_lost", code)
        return self._again(row, said.code or "outbox.answer_lost", doubtful=True)

    def _failed(self, sink: Sink, claim: Claim, rows: Sequence[Queued], error: HrHubError) -> None:
        """Note that the sink raised; errors of the set-up are raised again.

        Raises:
            ConfigError: ``error`` itself: all other writes would fail the same way.
        """
        self._failures += 1
        mend = isinstance(error, ConfigError) and not isinstance(error, PluginError)
        # Not the write's fault: it is no try of its own.
        free = mend or isinstance(error, Throttled) or error.code in _NOT_ASKED
        # Of several writes some may have been made before the error.
        unsent = len(rows) == 1 and (free or error.code == "vendor.unreachable")
        for row in rows:
            tried = replace(row, attempts=row.attempts - 1) if free else row
            if sink.delivery is Delivery.NONE and not unsent:
                values = ended(table.UNKNOWN, error.code)
            else:
                doubtful = row.doubtful or not unsent
                values = self._again(tried, error.code, doubtful=doubtful, error=error)
                if mend:
                    values["next_try_at"] = self._hub.clock.now()
            self._note(claim, [(row, values)])
        if mend:
            raise error
        self._done.error = error

    def _again(
        self, row: Queued, code: str, *, doubtful: bool, error: HrHubError | None = None
    ) -> dict[str, Any]:
        """Return what puts a write back for its next try, or gives it up."""
        if row.attempts > len(WAITS):
            return {"state": table.DEAD, "doubtful": doubtful, "code": code}
        wait = WAITS[max(row.attempts, 1) - 1]
        if error is not None and error.retry_after_s is not None:
            wait = max(wait, timedelta(seconds=error.retry_after_s))
        return {
            "state": table.PENDING,
            "attempts": row.attempts,
            "doubtful": doubtful,
            "next_try_at": self._hub.clock.now() + wait,
            "code": code,
        }

    def _note(
        self,
        claim: Claim,
        ended: Sequence[tuple[Queued, dict[str, Any]]],
        outcomes: Sequence[Written] = (),
    ) -> None:
        now = self._hub.clock.now()
        states = Counter(values["state"] for _, values in ended)
        said = {one.key: one.vendor_id for one in outcomes}
        with self._hub.store.write() as tx:
            for row, values in ended:
                if values["state"] in (table.SENT, table.UNCHANGED):
                    sealed = self._outbox.seal_vendor_id(tx, row, said.get(row.key))
                    values["sealed_vendor_id"] = sealed
                table.note(tx, claim, row.number, now, values)
            settled: dict[str, Any] = {
                state: n for state, n in states.items() if state != table.PENDING
            }
            if settled:
                first = ended[0][0]
                audit.append(
                    tx,
                    audit_linker(self._hub.keys),
                    self._hub.keys.tenant,
                    at=now,
                    actor=f"outbox:{self._connection}/{first.sink}",
                    action="outbox.deliver",
                    object_=f"{self._connection}/{first.sink}",
                    rows=[row.id for row, v in ended if v["state"] != table.PENDING],
                    **settled,
                )
        for state, n in states.items():
            name = "again" if state == table.PENDING else state
            setattr(self._done, name, getattr(self._done, name) + n)


def as_write(row: Queued, values: Mapping[str, Any]) -> Write:
    """Return a write as its sink gets it."""
    return Write(key=row.key, values=values, number=row.number)


def ended(state: str, code: str | None = None, vendor_code: str | None = None) -> dict[str, Any]:
    """Return what a write that is at its end is changed to."""
    return {"state": state, "doubtful": False, "code": code, "vendor_code": vendor_code}


def safe_code(vendor_code: str | None) -> str | None:
    """Return a vendor's code if it has the form of one; texts may hold anything."""
    return vendor_code if vendor_code and _CODE.fullmatch(vendor_code) else None


def dropped(row: Queued) -> dict[str, Any]:
    """Return what ends a write whose values cannot be opened any more: its person was erased."""
    return ended(table.DROPPED, "outbox.erased") | {
        "decided_by": "hub",
        "decision": ERASED,
        "sealed_values": None,
    }
