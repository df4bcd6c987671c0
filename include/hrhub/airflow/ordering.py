"""Tasks about orders to vendors: place one, wait for one without a worker, look after all.

What they hand on is an order's id and counts. Waiting happens in the triggerer, which looks at the
order in a thread of its own, so that its event loop never blocks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowSkipException

from hrhub.airflow.hooks import VendorHook
from hrhub.airflow.operators import ConnectionOperator, holder_of, summary_of
from hrhub.airflow.quiet import speak_plainly
from hrhub.ambient import SystemClock
from hrhub.errors import Refused

if TYPE_CHECKING:
    from airflow.sdk import Context

    from hrhub.pipeline.orders import Order, Polled

_KEY_BYTES = 16


class HrPlaceOrderOperator(ConnectionOperator):
    """Place an order about a person; a retry, or the task cleared and run again, places no second.

    A red place means that nothing was ordered, or that the vendor did not tell: the next try asks
    the vendor before it places anything.

    :param conn_id: Airflow connection of the vendor system (templated).
    :param service: Order service as the connector declares it.
    :param package: The vendor's code of what is ordered (templated).
    :param person: Id of the person (templated).
    :param key: The same key never makes a second order (templated); default: one per task and DAG
        run.
    :returns: ``{"order_id", "status"}``.
    """

    template_fields: Sequence[str] = ("conn_id", "package", "person", "key")
    ui_color = "#fbeee6"

    def __init__(
        self,
        *,
        conn_id: str,
        service: str,
        package: str,
        person: str,
        key: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(conn_id=conn_id, **kwargs)
        self.service = service
        self.package = package
        self.person = person
        self.key = key

    def execute(self, context: Context) -> dict[str, str]:
        """Place the order and return its id."""
        speak_plainly()
        ti = context["ti"]
        with self._open() as (hub, found):
            order = hub.orders.place(
                found.connector,
                found.config,
                self.conn_id,
                self.service,
                self.package,
                self.person,
                key=self.key or key_of(ti.dag_id, ti.run_id, ti.task_id, ti.map_index),
                actor=f"dag:{ti.dag_id}",
            )
        self.log.info("%s: %s", order.id, order.status)
        return {"order_id": order.id, "status": order.status}


class HrAwaitOrderOperator(ConnectionOperator):
    """Wait until an order has ended and its result is in the store.

    :param conn_id: Airflow connection of the vendor system (templated).
    :param order: What :class:`HrPlaceOrderOperator` returned, or an order's id (templated).
    :param accept: Statuses that are a success; another end fails the task at once.
    :param check_s: Seconds between looks at the order in the store. The vendor is asked when the
        order is due, which is less and less often.
    :param deferrable: Wait in the triggerer; if false, the task's own process waits.
    :returns: ``{"order_id", "status", "result", "refused"}``.
    """

    template_fields: Sequence[str] = ("conn_id", "order")
    ui_color = "#f3eafb"

    def __init__(
        self,
        *,
        conn_id: str,
        order: Any,
        accept: Sequence[str] = ("completed",),
        check_s: float = 30.0,
        deferrable: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(conn_id=conn_id, **kwargs)
        self.order = order
        self.accept = tuple(accept)
        self.check_s = check_s
        self.deferrable = deferrable

    def execute(self, context: Context) -> dict[str, Any]:
        """Look once, then wait."""
        speak_plainly()
        order_id = self.order["order_id"] if isinstance(self.order, Mapping) else str(self.order)
        while (ended := look(self.conn_id, order_id, holder_of(context["ti"]))) is None:
            if self.deferrable:
                from hrhub.airflow.triggers import HrOrderTrigger  # brings the database's library

                self.defer(
                    trigger=HrOrderTrigger(self.conn_id, order_id, self.check_s),
                    method_name="execute_complete",
                )
            SystemClock().sleep(self.check_s)
        return self._accepted(ended)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Go on after the trigger; what stopped it is met again here, where retries are decided."""
        speak_plainly()
        if event.get("ended") is None:
            self.order = event["order_id"]
            return self.execute(context)
        return self._accepted(event["ended"])

    def _accepted(self, ended: dict[str, Any]) -> dict[str, Any]:
        if ended["status"] not in self.accept:
            raise Refused(
                "order.ended",
                order=ended["order_id"],
                state=ended["status"],
                connection=self.conn_id,
            )
        self.log.info("%s: %s", ended["order_id"], ended["status"])
        return ended


class HrPollOrdersOperator(ConnectionOperator):
    """Look at the due orders of a connection: place what was left open, ask, take results in.

    :param conn_id: Airflow connection of the vendor system (templated).
    :param service: Only this order service; default all.
    :param assets: Assets that carry the counts, each with the services that they sum.
    :param skip_idle: Skip the task, and move no asset, when no order was due.
    :returns: Per service how many orders were looked at, moved, and brought results.
    """

    ui_color = "#e9f4f2"

    def __init__(
        self,
        *,
        conn_id: str,
        service: str | None = None,
        assets: Sequence[tuple[Asset, Sequence[str]]] = (),
        skip_idle: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(conn_id=conn_id, outlets=[asset for asset, _ in assets], **kwargs)
        self.skip_idle = skip_idle
        self.service = service
        self.assets = assets

    def execute(self, context: Context) -> dict[str, Any]:
        """Look after the orders and return counts; what ended a look early turns the task red."""
        speak_plainly()
        with self._open() as (hub, found):
            polled = hub.orders.poll(
                found.connector,
                found.config,
                self.conn_id,
                holder=holder_of(context["ti"]),
                service=self.service,
            )
        if self.skip_idle and not any(one.looked or one.stopped for one in polled):
            raise AirflowSkipException("no order is due")
        changes = {one.service: summary_of(asdict(one.counts)) for one in polled}
        for asset, services in self.assets:
            parts = [changes[name] for name in services if name in changes]
            context["outlet_events"][asset].extra = {
                key: sum(part[key] for part in parts) for key in ("changed", "rejected")
            }
        for one in polled:
            self.log.info("%s: looked=%d results=%d", one.service, one.looked, one.results)
        for one in polled:
            if one.stopped is not None:
                raise one.stopped
        return {one.service: {**_counts(one), **changes[one.service]} for one in polled}


def look(conn_id: str, order_id: str, holder: str) -> dict[str, Any] | None:
    """Return how an order ended, with its result taken in; None while it goes on.

    The vendor is asked if the order is due.

    Raises:
        HrHubError: The order cannot be looked after: connection, mapping or store are at fault.
    """
    from hrhub.pipeline import open_hub

    with open_hub() as hub:
        order = hub.orders.get(order_id)
        if order.next_at is not None and order.next_at <= hub.clock.now():
            found = VendorHook(conn_id).resolved()
            hub.orders.poll(
                found.connector,
                found.config,
                order.connection,
                holder=holder,
                service=order.service,
                ids=[order.id],
            )
            order = hub.orders.get(order_id)
        return _ended(order)


def _ended(order: Order) -> dict[str, Any] | None:
    if not order.final or order.result == "wanted":
        return None
    return {
        "order_id": order.id,
        "status": order.status,
        "result": order.result,
        "refused": order.refused,
    }


def _counts(polled: Polled) -> dict[str, int]:
    return {
        "looked": polled.looked,
        "moved": sum(polled.moved.values()),
        "failed": sum(polled.failed.values()),
        "results": polled.results,
    }


def key_of(*parts: object) -> str:
    """Return a key that is the same for every try of a task in one DAG run."""
    digest = blake2b(digest_size=_KEY_BYTES)
    for part in parts:
        text = str(part).encode()
        digest.update(len(text).to_bytes(4, "big") + text)
    return digest.hexdigest()
