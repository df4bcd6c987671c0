"""The directory of a local Airflow: its layout, generated secrets and environment.

Everything lies under ``HRHUB_HOME``: Airflow's home, logs, pid files, passwords (mode 0600).
Settings come from ``airflow.cfg.template`` of the checkout; only what differs from home to home
is set through the environment.
"""

from __future__ import annotations

import base64
import json
import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hrhub.ambient import random_bytes
from hrhub.errors import ConfigError

USERS = {"admin": "admin", "op": "op", "viewer": "viewer"}
"""Users of the simple auth manager and their roles."""

_JWT_BYTES = 64
_FERNET_BYTES = 32
_PASSWORD_BYTES = 15
_BUSY_S = 60


@dataclass(frozen=True, slots=True)
class Home:
    """Paths of one local installation."""

    root: Path
    checkout: Path

    @classmethod
    def at(cls, root: Path) -> Home:
        """Return the layout of a home.

        Raises:
            ConfigError: hrhub is not installed from a checkout, so there are no DAGs to run.
        """
        checkout = Path(__file__).parents[3]
        if not (checkout / "airflow.cfg.template").is_file():
            raise ConfigError("runner.no_checkout", path=checkout)
        return cls(root.absolute(), checkout)

    @property
    def airflow(self) -> Path:
        """``AIRFLOW_HOME``."""
        return self.root / "airflow"

    @property
    def logs(self) -> Path:
        """Output of the processes; task logs lie in ``tasks`` beneath."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """Lock and pid files."""
        return self.root / "run"

    @property
    def passwords(self) -> Path:
        """Passwords of :data:`USERS`, JSON, readable by the owner only."""
        return self.airflow / "passwords.json"

    def prepare(self) -> None:
        """Create directories and secrets that are missing and lay the configuration down."""
        for directory in (self.root, self.airflow, self.logs, self.run):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _once(self.airflow / "jwt.secret", base64.b64encode(random_bytes(_JWT_BYTES)))
        fernet = base64.urlsafe_b64encode(random_bytes(_FERNET_BYTES))
        _once(self.airflow / "fernet.key", fernet)
        generated = {user: random_bytes(_PASSWORD_BYTES).hex() for user in USERS}
        _once(self.passwords, json.dumps(generated).encode())
        template = self.checkout / "airflow.cfg.template"
        (self.airflow / "airflow.cfg").write_bytes(template.read_bytes())

    def password(self, user: str) -> str:
        """Return the generated password of a user."""
        return str(json.loads(self.passwords.read_bytes())[user])

    def environment(self, port: int, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment of Airflow's processes.

        Secrets are given as commands that read their files, so they show in no process listing.
        Variables that would change Airflow's settings from outside are left out.
        """
        inherited = os.environ if base is None else base
        kept = {k: v for k, v in inherited.items() if not k.startswith(("AIRFLOW__", "_AIRFLOW"))}
        address = f"http://127.0.0.1:{port}"
        # Several DAGs at once write to one file; whoever has to wait is not to fail.
        database = f"sqlite:///{self.airflow / 'airflow.db'}?timeout={_BUSY_S}"
        return {
            **kept,
            "HRHUB_HOME": str(self.root),
            "AIRFLOW_HOME": str(self.airflow),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}",
            "PYTHONUNBUFFERED": "1",
            # A proxy of the machine must not see calls between these processes.
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.checkout / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(self.checkout / "plugins"),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
            "AIRFLOW__CORE__FERNET_KEY_CMD": _reads(self.airflow / "fernet.key"),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(
                f"{user}:{role}" for user, role in USERS.items()
            ),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self.passwords),
            "AIRFLOW__API__BASE_URL": address,
            "AIRFLOW__API_AUTH__JWT_SECRET_CMD": _reads(self.airflow / "jwt.secret"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self.logs / "tasks"),
            "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(self.logs / "dags"),
        }


def _reads(path: Path) -> str:
    return f"cat {shlex.quote(str(path))}"


def _once(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, unless it exists."""
    if not path.exists():
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(content)
        partial.rename(path)
