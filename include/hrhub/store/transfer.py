"""All rows of a store out of one database and into another, whatever the two are.

Rows travel in plain form: numbers, texts, bytes and booleans, as SQLite holds them
(:mod:`hrhub.store.types`), so that a store moves from SQLite to PostgreSQL and back without losing
a digit or a microsecond.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from sqlalchemy import Connection, Table, delete, func, select

from hrhub.store import bulk
from hrhub.store.codec import Row, for_sqlite, read_rows
from hrhub.store.schema import (
    hub_breaker,
    hub_budget,
    hub_index_name,
    hub_lease,
    hub_meta,
    hub_oauth_token,
    metadata,
)

ROWS_AT_ONCE = 500
"""Rows read at a time: a quarantined record may have some megabytes."""

_LEFT_OUT = (hub_meta, hub_index_name, hub_lease, hub_budget, hub_breaker, hub_oauth_token)
"""What holds for this database and this moment only."""

TABLES: Sequence[Table] = tuple(t for t in metadata.sorted_tables if t not in _LEFT_OUT)
"""Tables that travel; what others refer to comes first."""


def plain_rows(tx: Connection, table: Table) -> Iterator[list[Row]]:
    """Yield all rows of a table in plain form, some at a time."""
    columns = table.c.keys()
    driver = cast("Any", tx.connection.driver_connection)
    if tx.dialect.name == "sqlite":
        names = ", ".join(f'"{name}"' for name in columns)
        cursor = driver.execute(f'SELECT {names} FROM "{table.name}"')
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield rows
        return
    shown = ", ".join(map(bulk.as_text, table.c))
    # A named cursor stays on the server: without it the driver would fetch the whole table.
    with driver.cursor(name="hrhub_transfer", binary=True) as cursor:
        cursor.itersize = ROWS_AT_ONCE
        cursor.execute(f'SELECT {shown} FROM "{table.name}" t')
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield for_sqlite(table, columns, read_rows(table, columns, rows, "postgresql"))


def load(
    tx: Connection, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> int:
    """Insert rows that are in plain form; return how many."""
    return bulk.insert(
        tx, table, columns, read_rows(table, columns, list(map(tuple, rows)), "sqlite")
    )


def number_on(tx: Connection) -> None:
    """Let PostgreSQL number new rows after those that came with a number."""
    if tx.dialect.name == "sqlite":
        return
    for table in TABLES:
        column = table.autoincrement_column
        if column is not None:
            tx.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{table.name}', '{column.name}'), "
                f'coalesce(max("{column.name}"), 0) + 1, false) FROM "{table.name}"'
            )


def clear(tx: Connection) -> None:
    """Remove all rows that a restored store brings itself, and what goes with them."""
    gone = [t for t in metadata.sorted_tables if t not in (hub_meta, hub_index_name)]
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql(f"TRUNCATE {', '.join(t.name for t in gone)}")
        return
    for table in reversed(gone):
        tx.execute(delete(table))


def count(tx: Connection, table: Table) -> int:
    """Return how many rows a table has."""
    return int(tx.execute(select(func.count()).select_from(table)).scalar_one())


def take_time(tx: Connection) -> None:
    """Let the statements of this transaction take as long as a whole store needs."""
    if tx.dialect.name == "postgresql":
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            tx.exec_driver_sql(f"SET LOCAL {name} = 0")
