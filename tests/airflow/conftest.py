"""One Airflow home per test process, set before anything imports Airflow."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]

if "airflow" not in os.environ.get("HRHUB_TEST_AIRFLOW_HOME", ""):
    home = tempfile.mkdtemp(prefix="hrhub-airflow-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ.update(
        HRHUB_TEST_AIRFLOW_HOME=home,
        AIRFLOW_HOME=home,
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW__CORE__DAGS_FOLDER=str(ROOT / "dags"),
        AIRFLOW__CORE__PLUGINS_FOLDER=str(Path(home) / "plugins"),
        AIRFLOW__CORE__XCOM_BACKEND="hrhub.airflow.xcom.GuardedXCom",
        AIRFLOW__CORE__UNIT_TEST_MODE="False",
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{home}/airflow.db",
        AIRFLOW__LOGGING__LOGGING_LEVEL="WARNING",
    )
