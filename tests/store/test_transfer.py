"""Rows in plain form: every type of column keeps its value between the two databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import BigInteger, Boolean, Column, Date, Integer, SmallInteger, select

from hrhub.ambient import new_id
from hrhub.store import bulk, open_store, transfer
from hrhub.store.engine import Store
from hrhub.store.schema import hub_sync
from hrhub.store.types import Exact, JsonText, Key, RowId, UtcTs
from tests.support import postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "sqlite":
        with open_store(f"sqlite:///{tmp_path}/other/store.db", create=True) as opened:
            yield opened
        return
    with postgres.bare_database() as url, open_store(url, create=True) as opened:
        yield opened


def value(column: Column[Any], row: int) -> Any:
    """Return a value at the edge of what a column holds; the second row holds NULL where it may."""
    if column.name == "sync_id" or column is column.table.autoincrement_column:
        return row + 1
    if column.nullable and row == 1:
        return None
    kind = column.type
    for of, found in (
        (RowId, new_id()),
        (UtcTs, datetime(2026, 2, 28, 23, 59, 59, 999_999 - row, UTC)),
        (Exact, Decimal(f"1234567890123456789.12345678901234567{row}0")),
        (JsonText, {"b": [1, None, True], "a": "职"}),
        (Key, bytes(range(256)) + new_id().encode()),
        (Date, date(9999, 12, 31 - row)),
        (Boolean, row == 0),
        (SmallInteger, 32_767 - row),
        (BigInteger, 2**63 - 1 - row),
        (Integer, 2**31 - 1 - row),
    ):
        if isinstance(kind, of):
            return found
    return f"职务 'quoted' \\ {row} {column.name}"


def test_every_column_of_every_table_arrives_as_it_left(store: Store, other: Store) -> None:
    with store.write() as tx:
        for table in transfer.TABLES:
            names = table.c.keys()
            rows = [tuple(value(table.c[n], row) for n in names) for row in (0, 1)]
            assert bulk.insert(tx, table, names, rows) == 2

    with store.read() as source, other.write() as tx:
        for table in transfer.TABLES:
            for rows in transfer.plain_rows(source, table):
                transfer.load(tx, table, table.c.keys(), rows)
        transfer.number_on(tx)

    with store.read() as before, other.read() as after:
        for table in transfer.TABLES:
            told = [
                sorted(map(tuple, tx.execute(select(table))), key=repr) for tx in (before, after)
            ]
            assert told[0] == told[1], table.name
            assert len(told[0]) == 2


def test_clearing_leaves_what_belongs_to_the_database_itself(store: Store) -> None:
    with store.write() as tx:
        bulk.insert(tx, hub_sync, ("id", "tenant", "connection", "stream", "connector"),
                    [(7, "default", "c", "s", "k")])  # fmt: skip
        transfer.number_on(tx)
    with store.write() as tx:
        transfer.clear(tx)
        assert all(transfer.count(tx, table) == 0 for table in transfer.TABLES)

    with store.read() as tx:
        assert tx.exec_driver_sql("SELECT count(*) FROM hub_index_name").scalar()
        assert tx.exec_driver_sql("SELECT count(*) FROM alembic_version").scalar()
