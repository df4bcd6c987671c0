"""Sets Airflow up before anything of these tests imports it."""

from __future__ import annotations

from tests.support import airflow_home

airflow_home.prepare()
