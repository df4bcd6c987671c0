"""The canonical store: tables, migrations, leases and bulk work on SQLite and PostgreSQL."""

from hrhub.store.engine import Store, Tx, open_store

__all__ = ["Store", "Tx", "open_store"]
