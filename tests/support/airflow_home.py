"""One Airflow home per test process, set up before anything imports Airflow."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PASSWORDS = {"admin": "admin-of-tests", "viewer": "viewer-of-tests"}
"""Users of the simple auth manager; each has the role of its name."""


def prepare() -> None:
    """Make the home and point Airflow to it, once per process."""
    if os.environ.get("HRHUB_TEST_AIRFLOW_HOME", "").startswith(f"{os.getpid()}:"):
        return
    home = tempfile.mkdtemp(prefix="hrhub-airflow-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    passwords = Path(home) / "passwords.json"
    passwords.write_text(json.dumps(PASSWORDS))
    os.environ.update(
        HRHUB_TEST_AIRFLOW_HOME=f"{os.getpid()}:{home}",
        AIRFLOW_HOME=home,
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW__CORE__DAGS_FOLDER=str(ROOT / "dags"),
        AIRFLOW__CORE__DEFAULT_TIMEZONE="Asia/Shanghai",
        AIRFLOW__CORE__PLUGINS_FOLDER=str(ROOT / "plugins"),
        AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS=",".join(f"{u}:{u}" for u in PASSWORDS),
        AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE=str(passwords),
        AIRFLOW__CORE__XCOM_BACKEND="hrhub.airflow.xcom.GuardedXCom",
        AIRFLOW__CORE__UNIT_TEST_MODE="False",
        AIRFLOW__API_AUTH__JWT_SECRET="of tests only: " + "0123456789" * 6,
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{home}/airflow.db",
        AIRFLOW__LOGGING__LOGGING_LEVEL="WARNING",
    )
