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
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from hrhub.ambient import new_id
from hrhub.store import embedded
from hrhub.store.migrations import HEAD
from hrhub.store.migrations.run import create

PLACE = "HRHUB_TEST_POSTGRES"
"""Environment variable that tells workers where the session's directory is."""
TEMPLATE = "hrhub_template"


class Session:
    """What the session's first process holds."""

    def __init__(self) -> None:
        self.directory = embedded.temporary_directory()
        _sweep(self.directory.parent)
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


def _sweep(parent: Path) -> None:
    """Remove what killed sessions left: their server is gone, their files are not."""
    for ready in parent.glob("hrhub-pg-*/ready"):
        with suppress(OSError), (ready.parent / "alive").open("rb") as alive:
            fcntl.flock(alive, fcntl.LOCK_SH | fcntl.LOCK_NB)  # fails while the session lives
            embedded.wait_until_gone(ready.parent)
            shutil.rmtree(ready.parent, ignore_errors=True)


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


@cache
def own_database() -> str:
    """Return the address of this process's own database, made once and emptied for every test."""
    name = f"w{new_id().replace('-', '')}"
    admin(server(), f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    return server().database(name)


def emptied() -> str:
    """Return the address of this process's database after putting it back to how it began.

    Making a database from the template took 50 to 350 ms for each test; this takes a few.
    """
    url = own_database()
    with _connect(url) as connection:
        connection.execute(_PUT_BACK)
    return url


_PUT_BACK = f"""
DO $$
DECLARE
    name text;
    used boolean;
BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    SET LOCAL session_replication_role = replica;  -- no order of foreign keys to keep
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
        AND tablename NOT IN ('alembic_version', 'hub_index_name')
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', name) INTO used;
        IF used AND pg_relation_size(quote_ident(name)::regclass) > 1000000 THEN
            EXECUTE format('TRUNCATE %I', name);
        ELSIF used THEN
            EXECUTE format('DELETE FROM %I', name);
        END IF;
    END LOOP;
    UPDATE alembic_version SET version_num = '{HEAD}';
END $$
"""


@contextmanager
def bare_database() -> Iterator[str]:
    """Make a database without tables for one test, give its address, drop it afterwards."""
    name = f"t{new_id().replace('-', '')}"
    admin(server(), f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield server().database(name)
    finally:
        admin(server(), f"DROP DATABASE {name} WITH (FORCE)")


def admin(found: embedded.Server, *statements: str) -> None:
    """Run statements on the server's own database."""
    with _connect(found.url) as connection:
        for statement in statements:
            connection.execute(statement)


def _connect(url: str) -> psycopg.Connection:
    plain = make_url(url).set(drivername="postgresql").render_as_string()
    return psycopg.connect(plain, autocommit=True)
