"""What every check works with: the hub, the report, and tables read page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Table, literal, select, tuple_

from hrhub.pipeline.verify.report import Report

if TYPE_CHECKING:
    from hrhub.pipeline.hub import Hub

PAGE_ROWS = 2_000

Progress = Callable[[str, int], None]
"""Told what is being read and how many of it were checked so far."""

Visit = Callable[[Connection, Sequence[Any]], None]


class Work:
    """One verification of one tenant's data.

    Args:
        hub: The hub.
        progress: Told how far it is.
    """

    def __init__(self, hub: Hub, progress: Progress | None) -> None:
        self.hub = hub
        self.keys = hub.keys
        self.tenant = hub.keys.tenant
        self.report = Report()
        self._progress = progress

    def note(self, what: str, many: int) -> None:
        """Count what was checked."""
        self.report.checked[what] += many
        if self._progress:
            self._progress(what, self.report.checked[what])

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Read in a transaction that sees one state of the store, whatever syncs do meanwhile."""
        with self.hub.store.read() as tx:
            if tx.dialect.name == "postgresql":
                tx.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield tx

    def pages(
        self,
        table: Table,
        columns: Sequence[str],
        by: Sequence[str],
        visit: Visit,
        *where: ColumnElement[bool],
        rows: int = PAGE_ROWS,
    ) -> None:
        """Visit this tenant's rows of a table, each page in a snapshot of its own.

        Args:
            table: The table.
            columns: Columns to read; those of ``by`` among them.
            by: Columns that order the rows and are unique together.
            visit: Gets the open transaction and the rows of a page.
            *where: Further conditions.
            rows: Rows of a page.
        """
        keys = [table.c[name] for name in by]
        query = select(*(table.c[name] for name in columns)).where(*where)
        if "tenant" in table.c:
            query = query.where(table.c.tenant == self.tenant)
        query = query.order_by(*keys).limit(rows)
        page = query
        while True:
            with self.snapshot() as tx:
                found = tx.execute(page).all()
                if found:
                    visit(tx, found)
            self.note(table.name, len(found))
            if len(found) < rows:
                return
            last = [literal(found[-1]._mapping[key.name], key.type) for key in keys]
            page = query.where(tuple_(*keys) > tuple_(*last))
