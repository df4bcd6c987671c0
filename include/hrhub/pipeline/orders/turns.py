"""Turns: one process at a time places an order, and one that dies lets go of it by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hrhub.ambient import new_id
from hrhub.errors import Busy, Fenced
from hrhub.store import orders
from hrhub.store.claims import Claim
from hrhub.store.engine import Tx
from hrhub.store.schema import hub_order

if TYPE_CHECKING:
    from hrhub.pipeline.hub import Hub


@dataclass(frozen=True, slots=True)
class Turn:
    """An order that is ours to place."""

    order_id: str
    holder: str

    def fence(self, tx: Tx) -> None:
        """Make a transaction valid only while the order is ours; it stays so until its end.

        Raises:
            Fenced: Somebody else has taken it (``order.taken``); the transaction is rolled back.
        """
        if not orders.is_held_by(tx, self.order_id, self.holder):
            raise Fenced("order.taken", order=self.order_id)


@contextmanager
def turn(hub: Hub, order_id: str) -> Iterator[Turn]:
    """Take an order for as long as the block lasts.

    Raises:
        Busy: Somebody else is placing it (``order.busy``).
    """
    mine = Turn(order_id, new_id())
    with hub.store.write() as tx:
        if not orders.take(tx, order_id, mine.holder):
            raise Busy("order.busy", order=order_id)
    with Claim(hub.store, hub_order, mine.holder):
        yield mine
