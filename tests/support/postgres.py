"""One PostgreSQL for a whole test session, shared by all workers and gone with the session.

The session's first process (pytest itself, or the controller of pytest-xdist) makes a directory
and holds a lock in it for as long as it lives. The first test that needs a server starts it there;
the server's watcher stops it when the lock is let go, however the session ends.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from hrhub.ambient import new_id
from hrhub.store import embedded
from hrhub.store.migrations.run import create

PLACE = "HRHUB_TEST_POSTGRES"
"""Environment variable that tells workers where the session's directory is."""
TEMPLATE = "hrhub_template"


class Session:
    """What the session's first process holds."""

    def __init__(self) -> None:
        self.directory = embedded.temporary_directory()
        self._alive = (self.directory / "alive").open("wb")
        fcntl.flock(self._alive, fcntl.LOCK_EX)
        os.environ[PLACE] = str(self.directory)

    def close(self) -> None:
        """Let the server go, wait until it has gone, and remove everything."""
        os.environ.pop(PLACE, None)
        self._alive.close()
        if (self.directory / "running").exists():
            embedded.wait_until_gone(self.directory)
        shutil.rmtree(self.directory, ignore_errors=True)


def server() -> embedded.Server:
    """Return the session's server, starting it and its template database if nobody did."""
    directory = Path(os.environ[PLACE])
    with (directory / "starting").open("wb") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        ready = directory / "ready"
        if ready.exists():
            return embedded.Server(directory, ready.read_text())
        found = embedded.start_embedded_postgres(
            directory, durable=False, alive=directory / "alive"
        )
        admin(found, f"CREATE DATABASE {TEMPLATE}")
        create(found.database(TEMPLATE))
        ready.write_text(found.url)
        return found


@contextmanager
def database(found: embedded.Server, template: str = TEMPLATE) -> Iterator[str]:
    """Make a database for one test, give its address, drop it afterwards."""
    name = f"t{new_id().replace('-', '')}"
    admin(found, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield found.database(name)
    finally:
        admin(found, f"DROP DATABASE {name} WITH (FORCE)")


def admin(found: embedded.Server, *statements: str) -> None:
    """Run statements on the server's own database."""
    url = make_url(found.url).set(drivername="postgresql").render_as_string()
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)
