"""Builders of ordinary Airflow DAGs from what a connector declares.

Nothing here looks at a connection, the clock, a file or the store: the same declaration gives the
same DAG, in every process that parses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Asset, CronTriggerTimetable, TaskGroup

from hrhub.airflow.assets import entity_asset, stream_asset
from hrhub.airflow.operators import (
    HrDeliverOperator,
    HrDrainOperator,
    HrLoadOperator,
    HrPublishOperator,
    HrPullOperator,
)
from hrhub.airflow.ordering import HrPollOrdersOperator
from hrhub.airflow.retry import DEFAULT_ARGS
from hrhub.connector import Connector, EventReceiver, OrderService, Sink, Stream, registry
from hrhub.model import FEEDS

ZONE = "Asia/Shanghai"
"""Zone of schedules given as cron texts."""


def sync_dag(
    connector: str,
    *,
    conn_id: str | None = None,
    schedule: Any = None,
    streams: Sequence[str] | None = None,
    tags: Sequence[str] = (),
    dag_id: str | None = None,
    default_args: Mapping[str, Any] | None = None,
    timeout: timedelta = timedelta(hours=4),
) -> DAG:
    """Build the DAG that keeps streams of one connection in sync.

    Per stream a task group ``pull >> load``; a stream's pull follows the pulls, and its load the
    loads, of the streams it comes ``after``: fetching overlaps with loading, references find
    their targets, and a device that takes one session at a time sees one. At the end one
    ``publish`` moves the assets. One run at a time.

    Args:
        connector: Name of an installed connector.
        conn_id: Airflow connection; default ``<connector>_default``.
        schedule: Cron text (in :data:`ZONE`), or anything that Airflow takes.
        streams: Names of the streams to sync; default all. Order does not matter.
        tags: Tags beside ``hrhub`` and the connector's name.
        dag_id: Default ``hub_<connector>``.
        default_args: Additions to the hub's default arguments.
        timeout: A run that takes longer is stopped.

    Raises:
        ConfigError: The connector has no stream of a given name.
        PluginError: The connector cannot be used.
    """
    declared = registry.get(connector)
    conn_id = conn_id or f"{connector}_default"
    wanted = _wanted(declared, streams)
    with _connection_dag(
        declared,
        "",
        wanted,
        schedule=schedule,
        tags=tags,
        dag_id=dag_id,
        default_args=default_args,
        timeout=timeout,
    ) as dag:
        add_streams(conn_id, wanted)
    return dag


def deliver_dag(
    connector: str,
    *,
    conn_id: str | None = None,
    schedule: Any = "* * * * *",
    tags: Sequence[str] = (),
    dag_id: str | None = None,
    default_args: Mapping[str, Any] | None = None,
    timeout: timedelta = timedelta(hours=1),
) -> DAG:
    """Build the DAG that sends what waits in the outbox for one connection.

    The arguments are those of :func:`sync_dag`; the DAG's id is ``hub_<connector>_outbox``.

    Raises:
        ConfigError: The connector takes no write-backs (``sink.unknown``).
        PluginError: The connector cannot be used.
    """
    declared = registry.get(connector)
    if not declared.sinks:
        declared.sink("-")
    with _connection_dag(
        declared,
        "outbox",
        declared.sinks,
        schedule=schedule,
        tags=tags,
        dag_id=dag_id,
        default_args=default_args,
        timeout=timeout,
    ) as dag:
        HrDeliverOperator(task_id="deliver", conn_id=conn_id or f"{connector}_default")
    return dag


def inbox_dag(
    connector: str,
    *,
    conn_id: str | None = None,
    schedule: Any = "* * * * *",
    tags: Sequence[str] = (),
    dag_id: str | None = None,
    default_args: Mapping[str, Any] | None = None,
    timeout: timedelta = timedelta(hours=4),
) -> DAG:
    """Build the DAG that works through what one connection's vendor reported.

    It goes by time: what arrives is in the inbox already, and a burst of asset events would lose
    the last ones. Orders that a report was about are looked at in the same run. The arguments are
    those of :func:`sync_dag`; the DAG's id is ``hub_<connector>_inbox``.

    Raises:
        ConfigError: The connector takes no reports (``receiver.unknown``).
        PluginError: The connector cannot be used.
    """
    declared = registry.get(connector)
    if not declared.events:
        declared.receiver("-")
    with _connection_dag(
        declared,
        "inbox",
        declared.events,
        schedule=schedule,
        tags=tags,
        dag_id=dag_id,
        default_args=default_args,
        timeout=timeout,
    ) as dag:
        drain = HrDrainOperator(task_id="drain", conn_id=conn_id or f"{connector}_default")
        if declared.orders:
            drain >> _poll(declared, conn_id, skip_idle=True)
    return dag


def orders_dag(
    connector: str,
    *,
    conn_id: str | None = None,
    schedule: Any = "*/5 * * * *",
    tags: Sequence[str] = (),
    dag_id: str | None = None,
    default_args: Mapping[str, Any] | None = None,
    timeout: timedelta = timedelta(hours=1),
) -> DAG:
    """Build the DAG that looks after the open orders of one connection and takes results in.

    Every run looks at the orders that are due: young ones every few minutes, old ones a few times
    a day. The arguments are those of :func:`sync_dag`; the DAG's id is ``hub_<connector>_orders``.

    Raises:
        ConfigError: The connector takes no orders (``order.service_unknown``).
        PluginError: The connector cannot be used.
    """
    declared = registry.get(connector)
    if not declared.orders:
        declared.order_service("-")
    with _connection_dag(
        declared,
        "orders",
        declared.orders,
        schedule=schedule,
        tags=tags,
        dag_id=dag_id,
        default_args=default_args,
        timeout=timeout,
    ) as dag:
        _poll(declared, conn_id)
    return dag


def _poll(
    connector: Connector, conn_id: str | None, *, skip_idle: bool = False
) -> HrPollOrdersOperator:
    """Add the task that looks after a connection's orders; its results move their entities."""
    by_entity: dict[str, list[str]] = {}
    for service in connector.orders:
        if feed := FEEDS.get(service.feed):
            by_entity.setdefault(feed.entity, []).append(service.name)
    return HrPollOrdersOperator(
        task_id="poll",
        conn_id=conn_id or f"{connector.name}_default",
        assets=[(entity_asset(entity), names) for entity, names in by_entity.items()],
        skip_idle=skip_idle,
    )


def _connection_dag(
    connector: Connector,
    kind: str,
    parts: Sequence[Stream | Sink | EventReceiver | OrderService],
    *,
    schedule: Any,
    tags: Sequence[str],
    dag_id: str | None,
    default_args: Mapping[str, Any] | None,
    timeout: timedelta,
) -> DAG:
    """Build an empty DAG about one connection: named and tagged alike, one run at a time."""
    return DAG(
        dag_id=dag_id or "_".join(word for word in ("hub", connector.name, kind) if word),
        description=f"{connector.title}: {', '.join(part.title for part in parts)}",
        schedule=_timetable(schedule),
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=timeout,
        tags=sorted({"hrhub", connector.name, *tags}),
        default_args={**DEFAULT_ARGS, **(default_args or {})},
    )


def add_streams(conn_id: str, streams: Sequence[Stream]) -> HrPublishOperator:
    """Add the task groups of streams and their ``publish`` to the current DAG or task group.

    Returns:
        The publishing task, so that more can be put after it.
    """
    pulls: dict[str, HrPullOperator] = {}
    loads: dict[str, HrLoadOperator] = {}
    for stream in streams:
        pull, load = stream_tasks(conn_id, stream)
        for earlier in stream.after:
            if earlier in pulls:
                pulls[earlier] >> pull
                loads[earlier] >> load
        pulls[stream.name], loads[stream.name] = pull, load
    return HrPublishOperator(
        task_id="publish",
        counts=[load.output for load in loads.values()],
        assets=_assets(conn_id, streams),
    )


def stream_tasks(conn_id: str, stream: Stream) -> tuple[HrPullOperator, HrLoadOperator]:
    """Add the task group of one stream to the current DAG and return its two tasks."""
    with TaskGroup(stream.name, tooltip=stream.title):
        pull = HrPullOperator(task_id="pull", conn_id=conn_id, stream=stream.name)
        load = HrLoadOperator(
            task_id="load", conn_id=conn_id, stream=stream.name, pulled=pull.output
        )
        pull >> load
    return pull, load


def _wanted(connector: Connector, names: Sequence[str] | None) -> list[Stream]:
    if names is None:
        return connector.in_order()
    chosen = {connector.stream(name).name for name in names}
    return [stream for stream in connector.in_order() if stream.name in chosen]


def _timetable(schedule: Any) -> Any:
    """Turn a cron text into a timetable that waits for its next time when first switched on."""
    if isinstance(schedule, str) and schedule.count(" ") >= 4:
        # Airflow 3.3 reads False as "if the last time is less than five minutes ago".
        return CronTriggerTimetable(schedule, timezone=ZONE, run_immediately=timedelta(0))
    return schedule


def _assets(conn_id: str, streams: Sequence[Stream]) -> list[tuple[Asset, list[str]]]:
    by_entity: dict[str, list[str]] = {}
    for stream in streams:
        if feed := FEEDS.get(stream.feed):
            by_entity.setdefault(feed.entity, []).append(stream.name)
    own = [(stream_asset(conn_id, stream.name), [stream.name]) for stream in streams]
    return own + [(entity_asset(entity), names) for entity, names in by_entity.items()]
