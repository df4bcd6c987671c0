"""The yardstick: the same pages fetched, decoded and copied as text, and nothing else.

No mapping, no check, no sealing, no index, an unlogged table: about the least that any loader
does. It tells a slow machine from slow code.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import msgspec
import psycopg
from sqlalchemy import make_url

Row = tuple[str | None, ...]


def main(job: dict[str, Any]) -> None:
    """Copy a stream."""
    load = _postgresql if job["store"].startswith("postgresql") else _sqlite
    print(json.dumps({"seen": load(job["store"], _rows(job))}))


def _rows(job: dict[str, Any]) -> Iterator[Row]:
    address = urlsplit(job["address"])
    http = HTTPConnection(address.hostname or "", address.port)
    path = f"/{job['moment']}/{job['stream']}"
    cursor: str | None = "0"
    decode = msgspec.json.Decoder().decode
    while cursor is not None:
        http.request("GET", f"{path}?cursor={cursor}")
        page = decode(http.getresponse().read())
        cursor = page["next"]
        for record in page["data"]["list"]:
            yield tuple(_texts(record))


def _texts(record: dict[str, Any]) -> Iterator[str | None]:
    """Yield the scalars of a record, depth first; lists as they are printed."""
    for value in record.values():
        if value.__class__ is dict:
            yield from _texts(value)
        else:
            yield None if value is None else str(value)


def _postgresql(url: str, rows: Iterator[Row]) -> int:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as connection, connection.cursor() as cursor:
        first = next(rows)
        columns = ", ".join(f"c{i} text" for i in range(len(first)))
        cursor.execute(f"CREATE UNLOGGED TABLE yardstick ({columns})")
        with cursor.copy("COPY yardstick FROM STDIN") as copy:
            copy.write_row(first)
            count = 1
            for row in rows:
                copy.write_row(row)
                count += 1
        connection.commit()
        cursor.execute("DROP TABLE yardstick")
    return count


def _sqlite(url: str, rows: Iterator[Row]) -> int:
    with sqlite3.connect(make_url(url).database or "") as connection:
        first = next(rows)
        connection.execute(
            f"CREATE TABLE yardstick ({', '.join(f'c{i} text' for i in range(len(first)))})"
        )
        insert = f"INSERT INTO yardstick VALUES ({', '.join('?' * len(first))})"
        connection.execute(insert, first)
        count = 1 + connection.executemany(insert, rows).rowcount
        connection.commit()
        connection.execute("DROP TABLE yardstick")
    return count


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
