"""What waits in the triggerer; nothing of it blocks the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from hrhub.airflow.ordering import look
from hrhub.errors import HrHubError


class HrOrderTrigger(BaseTrigger):
    """Waits in the triggerer until an order has ended, or until only a task can go on.

    :param conn_id: Airflow connection of the vendor system.
    :param order_id: The order.
    :param check_s: Seconds between looks.
    """

    def __init__(self, conn_id: str, order_id: str, check_s: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.conn_id = conn_id
        self.order_id = order_id
        self.check_s = check_s

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what makes this trigger again in another process; no secret is among it."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {"conn_id": self.conn_id, "order_id": self.order_id, "check_s": self.check_s},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look, in a thread, until there is something to tell."""
        holder = f"trigger/{self.order_id}"
        while True:
            await asyncio.sleep(self.check_s)
            try:
                ended = await asyncio.to_thread(look, self.conn_id, self.order_id, holder)
            except HrHubError as error:
                if error.retryable:
                    continue
                yield _told(self.order_id, None)
                return
            if ended is not None:
                yield _told(self.order_id, ended)
                return


def _told(order_id: str, ended: dict[str, Any] | None) -> TriggerEvent:
    return TriggerEvent({"order_id": order_id, "ended": ended})  # type: ignore[no-untyped-call]
