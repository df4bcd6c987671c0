"""Making a store and bringing it to this program's schema version."""

from __future__ import annotations

import os
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from hrhub.errors import StorageError
from hrhub.store import engine as stores
from hrhub.store import views
from hrhub.store.bulk import insert_ignore
from hrhub.store.migrations import HEAD, REVISIONS
from hrhub.store.schema import INDEX_IDS, hub_index_name

_LOCK = 0x68726875
"""Advisory lock under which PostgreSQL stores are migrated: two starters take turns."""


def create(url: str) -> str:
    """Make the store at an address if it is not there, in the newest version; return the version.

    The file is made for its owner only (0600, its directory 0700). A PostgreSQL database must
    exist; its tables are made. A store that is already there is left as it is.

    Raises:
        StorageError: ``store.exposed`` or ``store.unavailable``.
    """
    parsed = stores.parse_url(url)
    path = stores.sqlite_path(parsed)
    if path is not None and not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            pass
        except OSError as error:
            raise StorageError(
                "store.unavailable", dialect="sqlite", state=f"errno {error.errno}"
            ) from None
    return _migrate(url, only_if_empty=True)


def upgrade(url: str) -> str:
    """Bring an existing store to the newest version; return the version.

    Raises:
        StorageError: ``store.missing``, ``store.exposed``, ``store.too_new`` (nothing is changed)
            or ``store.unavailable``.
    """
    return _migrate(url, only_if_empty=False)


def _migrate(url: str, *, only_if_empty: bool) -> str:
    parsed = stores.parse_url(url)
    stores.check_file(parsed)
    with stores.Store(parsed) as store, store.write() as tx:
        if store.dialect == "postgresql":
            tx.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            # Waiting for the lock and building indexes may take longer than a batch may.
            tx.exec_driver_sql("SET LOCAL statement_timeout = 0")
        found = stores.schema_version(tx)
        if found is None and not only_if_empty:
            raise StorageError("store.missing", place=stores.sqlite_path(parsed) or parsed.database)
        if found is not None and (only_if_empty or found == HEAD):
            return found
        if found is not None and found not in REVISIONS:
            raise StorageError("store.too_new", found=found, wanted=HEAD)
        views.drop(tx)
        run_migrations(tx)
        views.create(tx)
        names = [(number, entity, name) for (entity, name), number in INDEX_IDS.items()]
        insert_ignore(
            tx, hub_index_name, ("index_id", "entity", "index_name"), names, ("index_id",)
        )
    return HEAD


def run_migrations(tx: Connection, to: str = HEAD) -> None:
    """Run the migrations that are missing, inside the open transaction."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = tx
    command.upgrade(config, to)
