"""Adds the HR Hub page to the Airflow UI: in the navigation, on DAGs and on DAG runs.

Every Airflow process imports this file, so it imports nothing of the page: the API server builds
it on the first request.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from airflow.plugins_manager import AirflowPlugin

from hrhub.airflow import preload

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


@cache
def _page() -> ASGIApp:
    from hrhub_page.app import guarded_page

    return guarded_page()


async def page(scope: Scope, receive: Receive, send: Send) -> None:
    """Hand a request to the page."""
    await _page()(scope, receive, send)


_ICON = {"icon": "hub/static/icon.svg"}
_APPS = [{"app": page, "url_prefix": "/hub", "name": "HR Hub"}]
_VIEWS = [
    {
        "name": "HR Hub",
        "href": "hub/",
        "destination": "nav",
        "nav_top_level": True,
        "url_route": "hr-hub",
        **_ICON,
    },
    {
        "name": "HR Hub",
        "href": "hub/?dag_id={DAG_ID}",
        "destination": "dag",
        "url_route": "hr-hub-dag",
        **_ICON,
    },
    {
        "name": "HR Hub",
        "href": "hub/?dag_id={DAG_ID}&run_id={RUN_ID}",
        "destination": "dag_run",
        "url_route": "hr-hub-run",
        **_ICON,
    },
]


class HrHubPlugin(AirflowPlugin):
    """The HR Hub page, and a scheduler that has the hub's engine loaded."""

    name = "hrhub"
    fastapi_apps = _APPS
    external_views = _VIEWS
    listeners = [preload]  # noqa: RUF012  (Airflow's declaration)
