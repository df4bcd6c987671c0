"""Steps of processes about one person: show what would be sent, verify, write and see it arrive.

What they take and hand on is ids and counts. Every step may be run again: it finds what it did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from hrhub.airflow.hooks import VendorHook
from hrhub.airflow.operators import ConnectionOperator, holder_of
from hrhub.airflow.ordering import key_of
from hrhub.airflow.quiet import speak_plainly
from hrhub.errors import HrHubError, Refused

if TYPE_CHECKING:
    from airflow.sdk import Context

    from hrhub.pipeline import Hub

ARRIVED = ("sent", "unchanged")
"""States of a write that has reached its vendor."""


@dataclass(frozen=True, slots=True)
class OrderStep:
    """An order that a process places: which service of which connection, and which package."""

    conn_id: str
    service: str
    package: str


@dataclass(frozen=True, slots=True)
class WriteStep:
    """A write that a process makes: which sink of which connection, about whom.

    ``person`` is the id of whom it is about, or a template for it.
    """

    conn_id: str
    sink: str
    person: str = "{{ params.person }}"


class HrShowOperator(BaseOperator):
    """Show what a process would send to whom, masked, in the task's log; nothing is sent.

    :param person: Id of the person (templated).
    :param orders: Orders that would be placed.
    :param writes: Writes that would be made.
    :returns: How many orders and writes could be made, and the codes of what stands in the way.
    """

    template_fields: Sequence[str] = ("person", "recipients")
    ui_color = "#eef4fb"

    def __init__(
        self,
        *,
        person: str,
        orders: Sequence[OrderStep] = (),
        writes: Sequence[WriteStep] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.person = person
        self.orders = orders
        self.writes = writes
        self.recipients = [step.person for step in writes]

    def execute(self, context: Context) -> dict[str, Any]:
        """Show every step."""
        from hrhub.pipeline import open_hub

        speak_plainly()
        actor = f"dag:{context['ti'].dag_id}"
        missing: list[str] = []
        with open_hub() as hub:
            for order in self.orders:
                try:
                    self._show_order(hub, order)
                except HrHubError as error:
                    missing.append(self._missing(order.conn_id, order.service, error))
            for write, person in zip(self.writes, self.recipients, strict=True):
                try:
                    self._show_write(hub, write, person, actor)
                except HrHubError as error:
                    missing.append(self._missing(write.conn_id, write.sink, error))
        shown = len(self.orders) + len(self.writes) - len(missing)
        return {"shown": shown, "missing": missing}

    def _show_order(self, hub: Hub, step: OrderStep) -> None:
        found = VendorHook(step.conn_id).resolved()
        one = hub.orders.show(
            found.connector, found.config, step.conn_id, step.service, step.package, self.person
        )
        self._say(step.conn_id, f"order {one.package_name}", one.told)

    def _show_write(self, hub: Hub, step: WriteStep, person: str, actor: str) -> None:
        found = VendorHook(step.conn_id).resolved()
        one = hub.show_write(
            found.connector, found.config, step.conn_id, step.sink, person=person, actor=actor
        )
        self._say(step.conn_id, f"{one.target} ({', '.join(one.fields)})", one.values)

    def _say(self, conn_id: str, what: str, masked: Mapping[str, str]) -> None:
        told = ", ".join(f"{name} {mask}" for name, mask in sorted(masked.items()))
        self.log.info("%s: %s: %s", conn_id, what, told or "no values")

    def _missing(self, conn_id: str, what: str, error: HrHubError) -> str:
        self.log.info("%s: %s: not possible now (%s)", conn_id, what, error.code)
        return error.code


class HrVerifyEmploymentOperator(BaseOperator):
    """Hold a person's newest resume against the records of their work; a person decides later.

    :param person: Id of the person (templated).
    :returns: Id of the verification and how much it found.
    """

    template_fields: Sequence[str] = ("person",)
    ui_color = "#fbf6e6"

    def __init__(self, *, person: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.person = person

    def execute(self, context: Context) -> dict[str, Any]:
        """Verify and return counts."""
        from hrhub.pipeline import open_hub

        speak_plainly()
        with open_hub() as hub:
            done = hub.verify_employment(self.person, actor=f"dag:{context['ti'].dag_id}")
        told = asdict(done)
        # Whose it is stands in the run's parameters already.
        told.pop("person_id")
        self.log.info("%s differences, coverage %s", done.found, done.coverage)
        return told


class HrWriteOperator(ConnectionOperator):
    """Write one record about a person to a vendor and see it arrive.

    The write is put into the outbox under a key of DAG run and task: the task cleared and run
    again finds the same write. A vendor that refuses it turns the task red at once; after a lost
    answer the outbox knows what may be done.

    :param conn_id: Airflow connection of the vendor system (templated).
    :param sink: Sink as the connector declares it.
    :param person: Id of the person whose fields are written (templated).
    :param reason: Why, in one word.
    :param key: The same key never makes a second write (templated); default: one per task and run.
    :returns: ``{"write_id", "state"}``.
    """

    template_fields: Sequence[str] = ("conn_id", "person", "key")
    ui_color = "#fdf3e1"

    def __init__(
        self,
        *,
        conn_id: str,
        sink: str,
        person: str,
        reason: str,
        key: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(conn_id=conn_id, **kwargs)
        self.sink = sink
        self.person = person
        self.reason = reason
        self.key = key

    def execute(self, context: Context) -> dict[str, str]:
        """Put the write down, deliver it, and tell how it ended."""
        from hrhub.pipeline.outbox import Outbox

        speak_plainly()
        ti = context["ti"]
        with self._open() as (hub, found):
            write_id = hub.enqueue_write(
                found.connector,
                self.conn_id,
                self.sink,
                person=self.person,
                key=self.key or key_of(ti.dag_id, ti.run_id, ti.task_id, ti.map_index),
                actor=f"dag:{ti.dag_id}",
                reason=self.reason,
            )
            done = hub.deliver(
                found.connector, found.config, self.conn_id, self.sink, holder=holder_of(ti)
            )
            row = Outbox(hub).get(write_id)
            if row.state not in ARRIVED and done.error is not None:
                raise done.error
        self.log.info("%s: %s", write_id, row.state)
        if row.state not in ARRIVED:
            raise Refused(
                "outbox.not_arrived",
                write=write_id,
                state=row.state,
                connection=self.conn_id,
                sink=self.sink,
            )
        return {"write_id": write_id, "state": row.state}
