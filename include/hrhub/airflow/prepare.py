"""Make Airflow's metadata database ready: one process, one import of Airflow.

Run as ``python -m hrhub.airflow.prepare``. Migrates, prints ``migrated``, then reads connections
from standard input (a JSON object: id -> connection fields; empty: none) and registers them, so
secrets appear neither in arguments nor in files. Prints ``registered <count>``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any


def main() -> None:
    """Migrate, then register what arrives."""
    migrate()
    print("migrated", flush=True)
    text = sys.stdin.read()
    connections = json.loads(text) if text.strip() else {}
    register(connections)
    print(f"registered {len(connections)}", flush=True)


def migrate() -> None:
    """Create or upgrade the metadata database; about half of what the command line takes."""
    from airflow.utils.db import initdb

    initdb()


def register(connections: Mapping[str, Mapping[str, Any]]) -> None:
    """Create or replace connections; Airflow encrypts password and extra."""
    if not connections:
        return
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    with create_session() as session:
        session.execute(delete(Connection).where(Connection.conn_id.in_(list(connections))))
        for conn_id, fields in connections.items():
            extra = json.dumps(fields.get("extra") or {})
            session.add(Connection(conn_id=conn_id, **{**fields, "extra": extra}))


if __name__ == "__main__":
    main()
