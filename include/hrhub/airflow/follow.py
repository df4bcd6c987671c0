"""Run DAGs once and watch them: unpause, trigger, follow their tasks to the end."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from hrhub.airflow.api import AirflowApi
from hrhub.ambient import Clock
from hrhub.errors import Transient

_POLL_S = 0.4
_ENDED = {"success", "failed"}

TaskStates = Mapping[str, str]
"""Task id -> state, as Airflow names them; ``none`` before it is scheduled."""


@dataclass(frozen=True, slots=True)
class Followed:
    """How a run of a DAG ended."""

    dag_id: str
    run_id: str
    state: str
    tasks: TaskStates

    @property
    def failed_tasks(self) -> list[str]:
        """Tasks that failed themselves, not those that wait behind them."""
        return sorted(task for task, state in self.tasks.items() if state == "failed")


def first_runs(
    api: AirflowApi,
    dag_ids: Sequence[str],
    *,
    at_once: int,
    clock: Clock,
    timeout_s: float,
    watch: Callable[[str, TaskStates], None],
    tend: Callable[[], None],
) -> list[Followed]:
    """Switch DAGs on, start a run of each and follow their first runs to the end.

    When a schedule was faster than we, its run is the one that is followed.

    Args:
        api: Logged in.
        dag_ids: May not be parsed yet.
        at_once: How many run side by side; the next is started when one has ended.
        clock: Tells the time and waits.
        timeout_s: For all of them.
        watch: Told the DAG and the states of its tasks whenever one has changed.
        tend: Called between looks, to keep processes alive.

    Raises:
        Transient: A DAG does not appear or its run does not end in time.
    """
    deadline = clock.monotonic() + timeout_s
    waiting = list(dag_ids)
    active: dict[str, Generator[None, None, Followed]] = {}
    ended: dict[str, Followed] = {}
    while waiting or active:
        while waiting and len(active) < at_once:
            dag_id = waiting.pop(0)
            active[dag_id] = _followed(api, dag_id, watch)
        for dag_id, steps in list(active.items()):
            try:
                next(steps)
            except StopIteration as end:
                ended[dag_id] = end.value
                del active[dag_id]
        if active:
            tend()
            if clock.monotonic() > deadline:
                late = ", ".join(active)
                raise Transient("runner.run_not_ended", dag=late, seconds=round(timeout_s))
            clock.sleep(_POLL_S)
    return [ended[dag_id] for dag_id in dag_ids]


def _followed(
    api: AirflowApi, dag_id: str, watch: Callable[[str, TaskStates], None]
) -> Generator[None, None, Followed]:
    """Follow one DAG; stop wherever there is nothing to do but wait."""
    dag = f"/api/v2/dags/{quote(dag_id)}"
    while api.try_call("GET", dag) is None:
        yield
    known = set(_run_ids(api, dag))
    api.call("PATCH", f"{dag}?update_mask=is_paused", {"is_paused": False})
    api.call("POST", f"{dag}/dagRuns", {"logical_date": None})
    run_id = [run_id for run_id in _run_ids(api, dag) if run_id not in known][-1]
    run = f"{dag}/dagRuns/{quote(run_id, safe='')}"
    before: TaskStates = {}
    while True:
        answer: Any = api.try_call("GET", run)
        tasks = _tasks(api.try_call("GET", f"{run}/taskInstances?limit=500"))
        if tasks and tasks != before:
            before = tasks
            watch(dag_id, tasks)
        if answer is not None and answer["state"] in _ENDED:
            return Followed(dag_id, run_id, str(answer["state"]), before)
        yield


def _run_ids(api: AirflowApi, dag: str) -> list[str]:
    """Return the ids of the latest runs, newest first."""
    answer = api.call("GET", f"{dag}/dagRuns?order_by=-id&limit=50")
    return [str(run["dag_run_id"]) for run in answer["dag_runs"]]


def _tasks(answer: Any) -> TaskStates:
    listed = answer["task_instances"] if isinstance(answer, dict) else []
    return {str(task["task_id"]): str(task["state"] or "none") for task in listed}
