"""Run a DAG once and watch it: unpause, trigger, follow its tasks to the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


def first_run(
    api: AirflowApi,
    dag_id: str,
    *,
    clock: Clock,
    timeout_s: float,
    watch: Callable[[str, TaskStates], None],
    tend: Callable[[], None],
) -> Followed:
    """Switch a DAG on, start a run and follow its first run to the end.

    When the schedule was faster than we, its run is the one that is followed.

    Args:
        api: Logged in.
        dag_id: May not be parsed yet.
        clock: Tells the time and waits.
        timeout_s: For all of it.
        watch: Told the DAG and the states of its tasks whenever one has changed.
        tend: Called between looks, to keep processes alive.

    Raises:
        Transient: The DAG does not appear or its run does not end in time.
    """
    deadline = clock.monotonic() + timeout_s
    dag = f"/api/v2/dags/{quote(dag_id)}"

    def wait() -> None:
        tend()
        if clock.monotonic() > deadline:
            raise Transient("runner.run_not_ended", dag=dag_id, seconds=round(timeout_s))
        clock.sleep(_POLL_S)

    while api.try_call("GET", dag) is None:
        wait()
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
        wait()


def _run_ids(api: AirflowApi, dag: str) -> list[str]:
    """Return the ids of the latest runs, newest first."""
    answer = api.call("GET", f"{dag}/dagRuns?order_by=-id&limit=50")
    return [str(run["dag_run_id"]) for run in answer["dag_runs"]]


def _tasks(answer: Any) -> TaskStates:
    listed = answer["task_instances"] if isinstance(answer, dict) else []
    return {str(task["task_id"]): str(task["state"] or "none") for task in listed}
