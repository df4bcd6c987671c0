"""Load the hub's engine in the scheduler, so that the tasks it forks need not.

A task is a process of its own; importing store, keys and HTTP client took most of a short one. A
forked process has what its parent had, and shares the memory. Workers that are not forked from the
scheduler (Celery, Kubernetes) load the engine as they need it.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module

from airflow.listeners import hookimpl

ENGINE = (
    "hrhub.pipeline",
    "hrhub.http.client",
    "hrhub.airflow.operators",
)


@hookimpl
def on_starting(component: object) -> None:
    """Import the engine where a scheduler starts; a part that cannot be loaded is left to tasks."""
    if type(component).__name__ == "Job" and "scheduler" in sys.argv:
        for name in ENGINE:
            with suppress(ImportError):
                import_module(name)
