"""Who may see the page: the only file that knows Airflow's security internals.

Airflow serves a plugin's routes to anybody. The page therefore asks for a signed-in user on the
whole app, and for an explicit right on every route. Both come from the auth manager in use and
accept the UI's cookie and API tokens alike.
"""

from __future__ import annotations

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import get_user, requires_access_dag
from airflow.configuration import conf
from fastapi import Depends

FALLBACK_ZONE = "Asia/Shanghai"

SIGNED_IN = Depends(get_user)
"""For the whole app: a user that the auth manager knows; otherwise 401."""

MAY_READ_RUNS = Depends(requires_access_dag("GET", DagAccessEntity.RUN))
"""For a route: the right to read DAG runs, of the DAG in ``?dag_id=`` if one is named, else 403."""

USER_CHECKS = (SIGNED_IN.dependency,)
RIGHT_CHECKS = (MAY_READ_RUNS.dependency,)
"""What a test looks for on every route."""


def zone_name() -> str:
    """Return the zone in which times are shown: that of ``[core] default_timezone``."""
    name = conf.get("core", "default_timezone", fallback=FALLBACK_ZONE)
    return FALLBACK_ZONE if name == "system" else str(name)
