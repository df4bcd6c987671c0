"""The tasks of a sync: pull one stream, load what was pulled, tell who waits for it.

Operators hold parameters and orchestration only. What they hand on is a run's id and counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, BaseOperator

from hrhub.airflow.hooks import VendorHook
from hrhub.airflow.quiet import speak_plainly
from hrhub.ambient import SystemClock
from hrhub.errors import HrHubError

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.types import RuntimeTaskInstanceProtocol

    from hrhub.airflow.connections import Resolved
    from hrhub.connector import Connector
    from hrhub.pipeline import Counts, Hub


_REPORT_EVERY_S = 5.0


def holder_of(ti: RuntimeTaskInstanceProtocol) -> str:
    """Return the name under which a task holds the lease of a sync: unique per try."""
    return f"{ti.dag_id}/{ti.run_id}/{ti.task_id}/{ti.map_index}/{ti.try_number}"


class _StreamOperator(BaseOperator):
    """Base of the operators that work on one stream of one connection."""

    template_fields: Sequence[str] = ("conn_id",)

    def __init__(self, *, conn_id: str, stream: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conn_id = conn_id
        self.stream = stream

    @contextmanager
    def _hub(self, connector: Connector) -> Iterator[Hub]:
        """Open the hub; errors leave it knowing connection, stream and vendor."""
        from hrhub.pipeline import open_hub

        try:
            with open_hub() as hub:
                yield hub
        except HrHubError as error:
            for key, value in (
                ("connection", self.conn_id),
                ("stream", self.stream),
                ("connector", connector.name),
                ("vendor", connector.title),
            ):
                error.context.setdefault(key, value)
            raise

    def _progress(self) -> Callable[[Counts], None]:
        """Return a listener that writes progress into the task log, counts only."""
        clock = SystemClock()
        said_at = clock.monotonic()

        def report(counts: Counts) -> None:
            nonlocal said_at
            if clock.monotonic() - said_at >= _REPORT_EVERY_S:
                said_at = clock.monotonic()
                self.log.info("%s: %s", self.stream, _in_words(counts))

        return report


class HrPullOperator(_StreamOperator):
    """Pull what is new in one stream and land it encrypted; nothing is stored in the hub yet.

    A red pull means the vendor or the way to it; the next try starts again from the stored cursor.

    :param conn_id: Airflow connection of the vendor system (templated).
    :param stream: Stream name as the connector declares it.
    :returns: ``{"run_id", "pages", "bytes"}``.
    """

    ui_color = "#e6f2fb"

    def execute(self, context: Context) -> dict[str, Any]:
        """Pull and return the run's id."""
        speak_plainly()
        found = VendorHook(self.conn_id).resolved()
        with self._hub(found.connector) as hub:
            receipt = hub.pull(
                found.connector,
                found.config,
                self.conn_id,
                self.stream,
                holder=holder_of(context["ti"]),
                progress=self._progress(),
            )
        self.log.info("%s: landed %d pages, %d bytes", self.stream, receipt.pages, receipt.bytes)
        return {"run_id": receipt.run_id, "pages": receipt.pages, "bytes": receipt.bytes}


class HrLoadOperator(_StreamOperator):
    """Map, check, seal and apply what a pull landed, in fenced transactions.

    A red load means the hub, its mappings or its store. Running it again continues after the last
    batch that was applied.

    :param conn_id: Airflow connection of the vendor system (templated).
    :param stream: Stream name as the connector declares it.
    :param pulled: What :class:`HrPullOperator` returned (templated).
    :returns: The counts of the run.
    """

    template_fields: Sequence[str] = ("conn_id", "pulled")
    ui_color = "#e9f7ec"

    def __init__(self, *, pulled: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pulled = pulled

    def execute(self, context: Context) -> dict[str, Any]:
        """Load and return the counts."""
        speak_plainly()
        run_id = str(self.pulled["run_id"])
        connector = VendorHook(self.conn_id).resolved().connector
        with self._hub(connector) as hub:
            counts = hub.load(
                run_id,
                connector,
                holder=holder_of(context["ti"]),
                progress=self._progress(),
            )
        result = {"run_id": run_id, "stream": self.stream, **asdict(counts)}
        self.log.info("%s: %s", self.stream, _in_words(counts))
        return result


class ConnectionOperator(BaseOperator):
    """Base of the operators that work on a whole connection."""

    template_fields: Sequence[str] = ("conn_id",)

    def __init__(self, *, conn_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conn_id = conn_id

    @contextmanager
    def _open(self) -> Iterator[tuple[Hub, Resolved]]:
        """Open hub and connection; errors leave knowing connection and vendor."""
        from hrhub.pipeline import open_hub

        found = VendorHook(self.conn_id).resolved()
        try:
            with open_hub() as hub:
                yield hub, found
        except HrHubError as error:
            error.context.setdefault("connection", self.conn_id)
            error.context.setdefault("connector", found.connector.name)
            error.context.setdefault("vendor", found.connector.title)
            raise


class HrDeliverOperator(ConnectionOperator):
    """Send what waits in the outbox for a connection, each write once in effect.

    A red deliver means the vendor or the way to it; what was not sent stays and is tried again.
    Writes that the vendor refused do not turn it red: they wait for a person on the HR Hub page.

    :param conn_id: Airflow connection of the vendor system (templated).
    :param sink: Only this kind of write-back; default all.
    :returns: How many writes met which end.
    """

    ui_color = "#fdf3e1"

    def __init__(self, *, conn_id: str, sink: str | None = None, **kwargs: Any) -> None:
        super().__init__(conn_id=conn_id, **kwargs)
        self.sink = sink

    def execute(self, context: Context) -> dict[str, int]:
        """Deliver and return the counts."""
        speak_plainly()
        with self._open() as (hub, found):
            done = hub.deliver(
                found.connector,
                found.config,
                self.conn_id,
                self.sink,
                holder=holder_of(context["ti"]),
            )
            counts = done.counts()
            self.log.info("%s", " ".join(f"{k}={v}" for k, v in counts.items() if v) or "nothing")
            if done.error is not None:
                raise done.error
        return counts


class HrDrainOperator(ConnectionOperator):
    """Work through what a vendor reported: load records that came, read streams that were named.

    A report whose stream cannot be read waits for its next try; the task turns red with the first
    reason, so that people see it.

    :param conn_id: Airflow connection of the vendor system (templated).
    :returns: How many requests and events were worked on, and the counts of each stream.
    """

    ui_color = "#eef4fb"

    def execute(self, context: Context) -> dict[str, Any]:
        """Drain and return the counts."""
        speak_plainly()
        with self._open() as (hub, found):
            done = hub.drain(
                found.connector, found.config, self.conn_id, holder=holder_of(context["ti"])
            )
            for stream, counts in done.streams.items():
                self.log.info("%s: %s", stream, _in_words(counts))
            for error in done.errors.values():
                raise error
        return {
            **done.counts(),
            "streams": {n: summary_of(asdict(c)) for n, c in done.streams.items()},
        }


class HrPublishOperator(BaseOperator):
    """Tell the DAGs that wait for a stream or an entity how much of it changed.

    :param counts: Results of :class:`HrLoadOperator` (templated).
    :param assets: Asset key -> streams whose counts it carries; the keys are also ``outlets``.
    :returns: Changed and rejected records per stream.
    """

    template_fields: Sequence[str] = ("counts",)
    ui_color = "#f6f0fb"

    def __init__(
        self, *, counts: Any, assets: Sequence[tuple[Asset, Sequence[str]]], **kwargs: Any
    ) -> None:
        super().__init__(outlets=[asset for asset, _ in assets], **kwargs)
        self.counts = counts
        self.assets = assets

    def execute(self, context: Context) -> dict[str, dict[str, int]]:
        """Put counts on every asset."""
        speak_plainly()
        by_stream = {result["stream"]: summary_of(result) for result in self.counts}
        for asset, streams in self.assets:
            parts = [by_stream[name] for name in streams if name in by_stream]
            context["outlet_events"][asset].extra = {
                key: sum(part[key] for part in parts) for key in ("changed", "rejected")
            }
        return by_stream


def _in_words(counts: Counts) -> str:
    return " ".join(f"{name}={value}" for name, value in asdict(counts).items() if value)


def summary_of(counts: Mapping[str, Any]) -> dict[str, int]:
    """Return how many records of a run changed the store and how many were refused."""
    return {
        "changed": int(counts["inserted"]) + int(counts["updated"]),
        "rejected": int(counts["quarantined"]),
    }
