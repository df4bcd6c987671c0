"""Opening the store: one engine, short transactions, and the refusals that keep data safe.

A store that is missing, readable by others, of another schema version or out of reach is refused
before anything is read. Driver errors never leave this module with their text: PostgreSQL repeats
key values in its DETAIL line, so only the SQLSTATE and the constraint's name travel.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, create_engine, event, make_url, text
from sqlalchemy import exc as sa_exc

from hrhub.errors import ConfigError, HrHubError, StorageError
from hrhub.store.migrations import HEAD, REVISIONS

SQLITE_PRAGMAS = (
    ("journal_mode", "WAL"),
    ("synchronous", "FULL"),
    ("busy_timeout", "30000"),
    ("foreign_keys", "ON"),
    ("secure_delete", "ON"),
    ("temp_store", "MEMORY"),
    ("cache_size", "-16384"),
)
POSTGRESQL_SETTINGS = (
    ("idle_in_transaction_session_timeout", "30s"),
    ("lock_timeout", "10s"),
    ("statement_timeout", "120s"),
    ("timezone", "UTC"),
    ("client_min_messages", "warning"),
)
_BY_INDEX = "SET LOCAL enable_seqscan = off"
"""Tables filled a minute ago have no statistics, and PostgreSQL then guesses that fifty keys match
a quarter of the rows and reads them all. What a transaction looks for, it looks for by key."""
_CONNECT_TIMEOUT_S = 5
_WRITE = "hrhub_write"
RESTORING = "restoring"
"""Key in ``hub_meta`` that stands while a backup is being restored; its value is the archive."""
_RESTORING = text("SELECT value FROM hub_meta WHERE key = :key").bindparams(key=RESTORING)
_UNREACHABLE = ("08", "57P")
_LOCKED = ("55P03", "40001", "40P01", "57014")

Tx = Connection
"""An open transaction, as :meth:`Store.write` and :meth:`Store.read` give it."""


class Store:
    """An open store.

    Attributes:
        url: Where it is.
        dialect: ``sqlite`` or ``postgresql``.
        engine: The SQLAlchemy engine; prefer :meth:`read` and :meth:`write`.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self.dialect = url.get_backend_name()
        self.engine = _engine(url)

    def __repr__(self) -> str:
        return f"<Store {self.dialect}>"

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Run one write transaction: committed on leaving, rolled back on any exception.

        SQLite takes its write lock at once (``BEGIN IMMEDIATE``), so that a transaction never
        fails half-way because another writer came first.

        Raises:
            StorageError: The store is out of reach, locked or full, or a rule of it was broken.
        """
        with _translated(self.dialect), self.engine.connect() as connection:
            tx = connection.execution_options(**{_WRITE: True})
            with tx.begin():
                if self.dialect == "postgresql":
                    tx.exec_driver_sql(_BY_INDEX)
                yield tx

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Run one read transaction; writing in it fails.

        Raises:
            StorageError: The store is out of reach.
        """
        with _translated(self.dialect), self.engine.connect() as connection:
            tx = connection.execution_options(postgresql_readonly=True)
            with tx.begin():
                if self.dialect == "postgresql":
                    yield tx
                    return
                tx.exec_driver_sql("PRAGMA query_only = ON")
                try:
                    yield tx
                finally:
                    tx.exec_driver_sql("PRAGMA query_only = OFF")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_store(url: str, *, create: bool = False, unfinished: bool = False) -> Store:
    """Open the store at an address; with ``create`` make it first if it is not there.

    Args:
        url: ``sqlite:///path`` or ``postgresql://…`` (the driver is added).
        create: Make a missing store.
        unfinished: Also one into which a backup is being restored.

    Raises:
        ConfigError: The address is not one of a store (``store.address``).
        StorageError: ``store.missing``, ``store.exposed``, ``store.outdated``, ``store.too_new``,
            ``store.unfinished`` or ``store.unavailable``.
    """
    parsed = parse_url(url)
    if create:
        from hrhub.store.migrations.run import create as make  # Alembic only where it is needed

        make(url)
    check_file(parsed)
    store = Store(parsed)
    try:
        check_version(store)
        if not unfinished:
            check_finished(store)
    except BaseException:
        store.close()
        raise
    return store


def parse_url(url: str) -> URL:
    """Read an address and name the driver.

    Raises:
        ConfigError: It is not the address of a SQLite file or a PostgreSQL database.
    """
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except sa_exc.ArgumentError:
        raise ConfigError("store.address", scheme="-") from None
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed.set(drivername="sqlite")
    raise ConfigError("store.address", scheme=backend)


def sqlite_path(url: URL) -> Path | None:
    """Return the file of a SQLite address, None for PostgreSQL."""
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def check_file(url: URL) -> None:
    """Refuse a SQLite store that is missing or open to other users of the machine.

    Raises:
        StorageError: ``store.missing`` or ``store.exposed``.
    """
    path = sqlite_path(url)
    if path is None:
        return
    if not path.is_file():
        raise StorageError("store.missing", place=path)
    for place, wanted in ((path, "600"), (path.absolute().parent, "700")):
        mode = place.stat().st_mode & 0o777
        if mode & 0o077:
            raise StorageError("store.exposed", place=place, mode=f"{mode:03o}", wanted=wanted)


def schema_version(tx: Connection) -> str | None:
    """Return the schema version that the store says it has, None for an empty database."""
    if tx.dialect.name == "sqlite":
        ask = "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"
    else:
        ask = "SELECT count(*) FROM pg_class WHERE oid = to_regclass('alembic_version')"
    if not tx.exec_driver_sql(ask).scalar():
        return None
    found = tx.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)


def check_version(store: Store) -> None:
    """Refuse a store of another schema version than this program works with.

    Raises:
        StorageError: ``store.missing``, ``store.outdated`` or ``store.too_new``.
    """
    with store.read() as tx:
        found = schema_version(tx)
    if found == HEAD:
        return
    if found is None:
        raise StorageError("store.missing", place=sqlite_path(store.url) or store.url.database)
    code = "store.outdated" if found in REVISIONS else "store.too_new"
    raise StorageError(code, found=found, wanted=HEAD)


def check_finished(store: Store) -> None:
    """Refuse a store into which a backup was not restored to the end.

    Raises:
        StorageError: ``store.unfinished``.
    """
    with store.read() as tx:
        mark = tx.execute(_RESTORING).scalar()
    if mark is not None:
        raise StorageError("store.unfinished", archive=mark)


def _engine(url: URL) -> Any:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, hide_parameters=True, pool_size=8)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    options = " ".join(f"-c {name}={value}" for name, value in POSTGRESQL_SETTINGS)
    given = url.query.get("options")
    if isinstance(given, str):
        options = f"{options} {given}"
    return create_engine(
        url.difference_update_query(["options"]),
        hide_parameters=True,
        pool_pre_ping=True,
        use_native_hstore=False,
        connect_args={
            "options": options,
            "connect_timeout": _CONNECT_TIMEOUT_S,
            "application_name": "hrhub",
        },
    )


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for name, value in SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {name} = {value}")


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get(_WRITE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def _translated(dialect: str) -> Iterator[None]:
    """Turn driver errors into ours, without their text."""
    try:
        yield
    except HrHubError:
        raise
    except sa_exc.DBAPIError as error:
        raise storage_error(error.orig, dialect) from None
    except (psycopg.Error, sqlite3.Error) as error:
        raise storage_error(error, dialect) from None
    except sa_exc.TimeoutError:
        raise StorageError("store.busy", dialect=dialect, state="pool") from None


def storage_error(error: BaseException | None, dialect: str) -> StorageError:
    """Name a driver's error by what can be done about it; ids and states only."""
    if isinstance(error, psycopg.Error):
        return _postgresql_error(error, dialect)
    state = getattr(error, "sqlite_errorname", None) or type(error).__name__
    if state.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        code = "store.busy"
    elif state.startswith("SQLITE_FULL"):
        code = "store.full"
    elif state.startswith("SQLITE_CONSTRAINT"):
        code = "store.conflict"
    elif state.startswith(("SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_NOTADB", "SQLITE_CORRUPT")):
        code = "store.unavailable"
    else:
        code = "store.failed"
    return StorageError(code, dialect=dialect, state=state)


def _postgresql_error(error: psycopg.Error, dialect: str) -> StorageError:
    state = error.sqlstate or ""
    if state in _LOCKED:
        code = "store.busy"
    elif state.startswith("23"):
        code = "store.conflict"
    elif state.startswith("53"):
        code = "store.full"
    elif (
        state.startswith(_UNREACHABLE)
        or (not state and isinstance(error, psycopg.OperationalError))
        or state.startswith(("28", "3D"))
    ):
        code = "store.unavailable"
    else:
        code = "store.failed"
    return StorageError(
        code,
        dialect=dialect,
        state=state or type(error).__name__,
        constraint=error.diag.constraint_name or "-",
    )
