"""Bulk work on thousands of rows: the drivers' fast ways under one face.

PostgreSQL takes rows by binary COPY, into the table itself or into a temporary one that a single
statement then merges; SQLite takes them by ``executemany``.

All functions work inside the caller's transaction and never commit. Rows are tuples in the order
of ``columns``; values are those of ``hrhub.store.types`` on both databases.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any, cast

from sqlalchemy import Column, Connection, Table

from hrhub.store import copying
from hrhub.store.codec import Row, for_sqlite, read_rows
from hrhub.store.types import Key, RowId

_SQLITE_PARAMETERS = 30_000
"""Values per SQLite statement; its limit is 32,766."""
_BY_KEY = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
"""Without statistics the planner would read the whole table to change a few of its rows."""
_AS_USUAL = "SET LOCAL enable_hashjoin TO DEFAULT; SET LOCAL enable_mergejoin TO DEFAULT"
_CONVERTED_AT_ONCE = 256
"""Rows converted for a driver at a time; few enough to stay in the processor's cache."""


def insert(tx: Connection, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """Insert rows; return how many.

    Raises:
        StorageError: ``store.conflict`` (on leaving the transaction) when a row is there already.
    """
    count = 0

    def counted() -> Iterator[Sequence[Row]]:
        nonlocal count
        for part in _parts(rows):
            count += len(part)
            yield part

    parts = counted()
    first = next(parts, None)
    if first is None:
        return 0
    parts = chain((first,), parts)
    if _is_sqlite(tx):
        converted = (for_sqlite(table, columns, part) for part in parts)
        with _cursor(tx) as cursor:
            cursor.executemany(_insert_sql(table, columns), chain.from_iterable(converted))
    else:
        _copy(tx, _name(table.name), table, columns, parts)
    return count


def insert_ignore(
    tx: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Iterable[Row],
    conflict: Sequence[str],
) -> int:
    """Insert the rows that are not there yet, judged by the ``conflict`` columns.

    Returns:
        How many were new. Rows that repeat inside ``rows`` count once.
    """
    keep = f" ON CONFLICT ({_names(conflict)}) DO NOTHING"
    if _is_sqlite(tx):
        sql = _insert_sql(table, columns) + keep
        return _executemany(tx, sql, for_sqlite(table, columns, rows))
    return _merge(
        tx,
        table,
        columns,
        rows,
        f"INSERT INTO {_name(table.name)} ({_names(columns)}) "
        f"SELECT {_names(columns)} FROM {{stage}}{keep}",
    )


def update(
    tx: Connection, table: Table, key: str, columns: Sequence[str], rows: Iterable[Row]
) -> int:
    """Update rows found by ``key``; each tuple is the key's value, then one per column.

    Keys must differ from one another. Returns how many rows were found.
    """
    every = (key, *columns)
    if _is_sqlite(tx):
        sets = ", ".join(f"{_name(c)} = ?{i}" for i, c in enumerate(columns, 2))
        sql = f"UPDATE {_name(table.name)} SET {sets} WHERE {_name(key)} = ?1"
        return _executemany(tx, sql, for_sqlite(table, every, rows))
    sets = ", ".join(f"{_name(c)} = s.{_name(c)}" for c in columns)
    return _merge(
        tx,
        table,
        every,
        rows,
        f"UPDATE {_name(table.name)} t SET {sets} FROM {{stage}} s "
        f"WHERE t.{_name(key)} = s.{_name(key)}",
    )


def add(tx: Connection, table: Table, key: str, column: str, rows: Iterable[Row]) -> int:
    """Add to a column of rows found by ``key``; each tuple is the key's value and the summand.

    Keys must differ from one another. Returns how many rows were found.
    """
    sum_ = f"{_name(column)} + "
    if _is_sqlite(tx):
        sql = f"UPDATE {_name(table.name)} SET {_name(column)} = {sum_}?2 WHERE {_name(key)} = ?1"
        return _executemany(tx, sql, for_sqlite(table, (key, column), rows))
    return _merge(
        tx,
        table,
        (key, column),
        rows,
        f"UPDATE {_name(table.name)} t SET {_name(column)} = t.{sum_}s.{_name(column)} "
        f"FROM {{stage}} s WHERE t.{_name(key)} = s.{_name(key)}",
    )


def fetch_by(
    tx: Connection,
    table: Table,
    by: str | Sequence[str],
    values: Iterable[Any],
    select: Sequence[str],
    where: Mapping[str, object] | None = None,
) -> list[Row]:
    """Read the rows whose ``by`` column has one of the values, in one round trip, in no order.

    Args:
        tx: The transaction.
        table: Where to look.
        by: One column, or several; then each value is a tuple. Values must not be None.
        values: What to look for; repeated values count once.
        select: Columns to return.
        where: Further columns and what they must equal; None means NULL.
    """
    keys = (by,) if isinstance(by, str) else tuple(by)
    wanted = list(dict.fromkeys(values))
    if not wanted:
        return []
    rows = [(v,) for v in wanted] if isinstance(by, str) else [tuple(v) for v in wanted]
    conditions, fixed = _equalities(tx, table, where or {})
    if _is_sqlite(tx):
        head = f"SELECT {_names(select)} FROM {_name(table.name)} WHERE {conditions} AND "
        found = _sqlite_chunks(tx, head, keys, for_sqlite(table, keys, rows), fixed)
        return read_rows(table, select, found, "sqlite")
    shown = ", ".join(as_text(table.c[name]) for name in select)
    sql, arrays = _postgresql_search(tx, table, keys, rows, shown, conditions)
    with _cursor(tx, binary=True) as cursor:
        cursor.execute(sql, (*arrays, *fixed), prepare=False)
        return read_rows(table, select, cursor.fetchall(), "postgresql")


def delete_by(tx: Connection, table: Table, by: str, values: Iterable[Any]) -> int:
    """Delete the rows whose ``by`` column has one of the values; return how many.

    For rows that are only ever inserted and deleted: one that another transaction changes at the
    same moment would be passed over.
    """
    rows = [(v,) for v in dict.fromkeys(values)]
    if not rows:
        return 0
    if _is_sqlite(tx):
        sql = f"DELETE FROM {_name(table.name)} WHERE {_name(by)} = ?"
        return _executemany(tx, sql, for_sqlite(table, (by,), rows))
    search, arrays = _postgresql_search(tx, table, (by,), rows, "t.ctid", "true")
    sql = f"DELETE FROM {_name(table.name)} WHERE ctid = ANY(ARRAY({search}))"
    with _cursor(tx) as cursor:
        cursor.execute(sql, arrays, prepare=False)
        return int(cursor.rowcount)


def _is_sqlite(tx: Connection) -> bool:
    return tx.dialect.name == "sqlite"


@contextmanager
def _cursor(tx: Connection, **options: bool) -> Iterator[Any]:
    """Open the driver's own cursor on the transaction's connection."""
    cursor = cast("Any", tx.connection.driver_connection).cursor(**options)
    try:
        yield cursor
    finally:
        cursor.close()


def _name(name: str) -> str:
    return f'"{name}"'


def _names(names: Sequence[str]) -> str:
    return ", ".join(map(_name, names))


def _insert_sql(table: Table, columns: Sequence[str]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {_name(table.name)} ({_names(columns)}) VALUES ({marks})"


def _executemany(tx: Connection, sql: str, rows: list[Row]) -> int:
    if not rows:
        return 0
    with _cursor(tx) as cursor:
        cursor.executemany(sql, rows)
        return int(cursor.rowcount)


def _parts(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield stretches of rows: what is converted for a driver is a second copy of them."""
    every = iter(rows)
    while part := list(islice(every, _CONVERTED_AT_ONCE)):
        yield part


def _copy(
    tx: Connection,
    target: str,
    table: Table,
    columns: Sequence[str],
    parts: Iterable[Sequence[Row]],
) -> None:
    """Copy rows into ``target``, a table with columns like those of ``table``."""
    sql = f"COPY {target} ({_names(columns)}) FROM STDIN (FORMAT BINARY)"
    with _cursor(tx) as cursor, cursor.copy(sql) as copy:
        copy.write(copying.START)
        for part in parts:
            copy.write(copying.block(table, columns, part))
        copy.write(copying.END)


def _merge(
    tx: Connection, table: Table, columns: Sequence[str], rows: Iterable[Row], sql: str
) -> int:
    """Bring rows into a temporary table of this session and run one statement over them."""
    parts = _parts(rows)
    first = next(parts, None)
    if first is None:
        return 0
    shape = ", ".join(f"{_name(c)} {_type(tx, table.c[c])}" for c in columns)
    stage = _name(f"hub_stage_{zlib.crc32(f'{table.name}({shape})'.encode()):08x}")
    with _cursor(tx) as cursor:
        # Kept for the session: making one for every batch would bloat the server's catalogue.
        cursor.execute(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {stage} ({shape}) ON COMMIT DELETE ROWS"
        )
        _copy(tx, stage, table, columns, chain((first,), parts))
        cursor.execute(_BY_KEY)
        cursor.execute(sql.format(stage=stage))
        count = int(cursor.rowcount)
        cursor.execute(f"TRUNCATE {stage}; {_AS_USUAL}")
    return count


def _type(tx: Connection, column: Column[Any]) -> str:
    return column.type.compile(dialect=tx.dialect)


def as_text(column: Column[Any]) -> str:
    """Return how PostgreSQL is asked for a column of table ``t``: ids as text, as they are here."""
    cast = "::text" if isinstance(column.type, RowId) else ""
    return f"t.{_name(column.name)}{cast}"


def _equalities(
    tx: Connection, table: Table, where: Mapping[str, object]
) -> tuple[str, list[object]]:
    parts, fixed = ["1 = 1"], []
    given = {name: value for name, value in where.items() if value is not None}
    parts += [f"{_name(name)} IS NULL" for name in where if name not in given]
    if given:
        if _is_sqlite(tx):
            parts += [f"{_name(name)} = ?" for name in given]
            fixed = list(for_sqlite(table, tuple(given), [tuple(given.values())])[0])
        else:
            parts += [f"t.{_name(n)} = %s::{_type(tx, table.c[n])}" for n in given]
            fixed = list(given.values())
    return " AND ".join(parts), fixed


def _sqlite_chunks(
    tx: Connection, head: str, keys: Sequence[str], rows: list[Row], fixed: list[object]
) -> list[Row]:
    size = _SQLITE_PARAMETERS // len(keys)
    found: list[Row] = []
    with _cursor(tx) as cursor:
        for start in range(0, len(rows), size):
            chunk = rows[start : start + size]
            if len(keys) == 1:
                test = f"{_name(keys[0])} IN ({', '.join('?' * len(chunk))})"
            else:
                marks = f"({', '.join('?' * len(keys))})"
                test = f"({_names(keys)}) IN (VALUES {', '.join([marks] * len(chunk))})"
            cursor.execute(head + test, [*fixed, *(v for row in chunk for v in row)])
            found += cursor.fetchall()
    return found


def _postgresql_search(
    tx: Connection,
    table: Table,
    keys: Sequence[str],
    rows: list[Row],
    shown: str,
    conditions: str,
) -> tuple[str, list[object]]:
    """Return the query that looks each row of values up in the table ``t``, and their arrays.

    ``OFFSET 0`` keeps the planner from turning look-ups into a join: on a table without statistics
    it would read all of it, or all that equals ``conditions``, for every batch.
    """
    arrays = [_array(table.c[k], v) for k, v in zip(keys, zip(*rows, strict=True), strict=True)]
    marks = [
        f"%s::text::{_type(tx, table.c[k])}[]"
        if isinstance(a, str)
        else f"%s::{_type(tx, table.c[k])}[]"
        for k, a in zip(keys, arrays, strict=True)
    ]
    tests = " AND ".join(f"t.{_name(k)} = v.k{i}" for i, k in enumerate(keys))
    names = ", ".join(f"k{i}" for i in range(len(keys)))
    sql = (
        f"SELECT found.* FROM unnest({', '.join(marks)}) AS v({names}), LATERAL (SELECT {shown} "
        f"FROM {_name(table.name)} t WHERE {tests} AND {conditions} OFFSET 0) found"
    )
    return sql, arrays


def _array(column: Column[Any], values: Sequence[Any]) -> object:
    """Return values as an array; ids and bytes as its text, which the driver sends faster."""
    if isinstance(column.type, RowId):
        return f"{{{','.join(values)}}}"
    if isinstance(column.type, Key):
        return "{" + ",".join(f'"\\\\x{value.hex()}"' for value in values) + "}"
    return list(values)
