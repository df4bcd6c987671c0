"""Writes that devices come for themselves, because nobody can call them.

Handing a write out puts it in doubt like sending it does. It is settled by what the device says
later, or handed out again when the device has said nothing for a while.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from hrhub.connector import (
    Ask,
    Connector,
    Delivery,
    Fetched,
    Reply,
    Write,
    WriteStatus,
)
from hrhub.crypto import audit_linker
from hrhub.errors import RowRejected
from hrhub.pipeline.delivery import WAITS, as_write, dropped, ended, safe_code
from hrhub.pipeline.outbox import Outbox
from hrhub.store import audit
from hrhub.store import outbox as table
from hrhub.store.claims import Claim
from hrhub.store.outbox import Queued
from hrhub.store.schema import hub_outbox

if TYPE_CHECKING:
    from hrhub.pipeline.hub import Hub

ANSWER_S = 120
"""How long a device may take before its writes are handed out once more."""

_OPEN = (table.PENDING, table.UNKNOWN)
_STATES = {WriteStatus.WRITTEN: table.SENT, WriteStatus.UNCHANGED: table.UNCHANGED}

Words = Callable[[Sequence[Write]], Reply]
"""Puts writes into the device's words."""


class HandOut:
    """Hands out the writes of one tenant's fetched sinks."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._outbox = Outbox(hub)

    def give(self, connector: Connector, connection: str, ask: Ask, words: Words) -> Reply:
        """Return the answer for a device that asks: what is due for it, in order.

        What cannot be put into the device's words is refused and kept for a person.

        Raises:
            ConfigError: There is no such sink.
            KeysUnavailable: The values cannot be opened now.
            StorageError: The store cannot be used; nothing was handed out.
        """
        sink = connector.sink(ask.sink)
        hub, now = self._hub, self._hub.clock.now()
        lane = self._outbox.lane(connection, ask.subject)
        claim = Claim(hub.store, hub_outbox, f"device:{connection}")
        most = max(1, ask.most)
        with hub.store.write() as tx:
            rows = table.due_in_lane(tx, hub.keys.tenant, lane, sink.name, now, limit=most)
            ready: list[tuple[Queued, Write]] = []
            for row in rows:
                values = self._outbox.values(tx, row)
                if values is None:
                    self._settle(tx, [(row, dropped(row))])
                elif row.doubtful and sink.delivery is Delivery.NONE:
                    self._settle(tx, [(row, ended(table.UNKNOWN, "outbox.answer_lost"))])
                    break  # What comes after it waits until somebody has looked.
                elif row.attempts > len(WAITS):
                    self._settle(tx, [(row, ended(table.DEAD, "outbox.answer_lost"))])
                else:
                    ready.append((row, as_write(row, values)))
            while ready:
                try:
                    reply = words([write for _, write in ready])
                except RowRejected as error:
                    refused = ready if len(ready) == 1 else ()
                    for row, _ in refused:
                        self._settle(tx, [(row, ended(table.REFUSED, error.code))])
                    ready = ready[:1] if len(ready) > 1 else []
                    continue
                given = [row for row, _ in ready]
                table.begin(tx, claim, given, seconds=ANSWER_S)
                return reply
        return words(())

    def note(
        self, connector: Connector, connection: str, said: Sequence[Fetched]
    ) -> dict[str, int]:
        """Note what a device says became of its writes; return how many met which end.

        An answer that comes again, or to a write that is not open, changes nothing.

        Raises:
            StorageError: The store cannot be used; nothing was noted.
        """
        hub = self._hub
        noted: list[tuple[Queued, dict[str, Any]]] = []
        with hub.store.write() as tx:
            for one in said:
                row = table.by_number(tx, hub.keys.tenant, connection, one.number)
                if row is None or not (row.doubtful or row.state == table.UNKNOWN):
                    continue
                if row.state not in _OPEN or not connector.sink(row.sink).fetched:
                    continue
                if row.lane != self._outbox.lane(connection, one.subject):
                    continue
                noted.append((row, self._end(connector, row, one)))
            self._settle(tx, noted)
        return dict(Counter(str(values["state"]) for _, values in noted))

    def _end(self, connector: Connector, row: Queued, said: Fetched) -> dict[str, Any]:
        code = safe_code(said.vendor_code)
        if said.status is WriteStatus.REFUSED:
            return ended(table.REFUSED, said.code or "sink.refused", code)
        if said.status is not WriteStatus.UNKNOWN:
            return ended(_STATES[said.status]) | {"sealed_values": None}
        if connector.sink(row.sink).delivery is Delivery.NONE:
            return ended(table.UNKNOWN, said.code or "outbox.answer_lost", code)
        wait = WAITS[min(row.attempts, len(WAITS)) - 1]
        return {
            "state": table.PENDING,
            "code": said.code or "outbox.answer_lost",
            "vendor_code": code,
            "next_try_at": self._hub.clock.now() + wait,
        }

    def _settle(self, tx: Any, noted: Sequence[tuple[Queued, dict[str, Any]]]) -> None:
        now = self._hub.clock.now()
        for row, values in noted:
            table.settle(tx, row.number, now, values)
        final = [(row, v["state"]) for row, v in noted if v["state"] != table.PENDING]
        if not final:
            return
        first = final[0][0]
        states: dict[str, Any] = dict(Counter(state for _, state in final))
        audit.append(
            tx,
            audit_linker(self._hub.keys),
            self._hub.keys.tenant,
            at=now,
            actor=f"outbox:{first.connection}/{first.sink}",
            action="outbox.deliver",
            object_=f"{first.connection}/{first.sink}",
            rows=[row.id for row, _ in final],
            **states,
        )
