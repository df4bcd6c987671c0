"""Claims: rows that one worker takes for a while, so that no two work on the same ones.

Only the database's clock counts. A claim runs out unless it is renewed; what its holder writes
after that is refused, because the rows do not name it any more.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from sqlalchemy import ColumnElement, Connection, Table, or_, update

from hrhub.errors import Fenced, StorageError
from hrhub.store.engine import Store
from hrhub.store.lease import now_in

CLAIM_S = 60
RENEW_S = 15.0


class Claim:
    """The rows of a table that name one holder; renewed in the background inside its block.

    Leaving the block gives back what is still claimed. A worker that is killed gives nothing back:
    its rows are free when the claim has run out.

    Args:
        store: The store.
        table: A table with ``holder`` and ``claimed_until``.
        holder: Name of this worker, unlike that of any other.
        renew_s: Seconds between renewals.
    """

    def __init__(
        self, store: Store, table: Table, holder: str, *, renew_s: float = RENEW_S
    ) -> None:
        self.holder = holder
        self._store = store
        self._table = table
        self._renew_s = renew_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="claim", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        try:
            self.give_back()
        except StorageError:
            # It runs out by itself; the error that ended the work must not be replaced.
            if kind is None:
                raise

    def take(self, tx: Connection, numbers: list[int], *, seconds: int = CLAIM_S) -> None:
        """Name the holder in rows that were found free and locked in this transaction."""
        c = self._table.c
        tx.execute(
            update(self._table)
            .where(c.number.in_(numbers))
            .values(holder=self.holder, claimed_until=now_in(tx, seconds))
        )

    def held(self) -> ColumnElement[bool]:
        """Return the condition that a row is this worker's."""
        return self._table.c.holder == self.holder

    def require(self, changed: int, wanted: int) -> None:
        """Refuse a change that did not find all its rows; it must be rolled back.

        Raises:
            Fenced: The claim ran out and others have taken rows over.
        """
        if changed != wanted:
            raise Fenced("claim.lost", rows=wanted - changed)

    def give_back(self) -> None:
        """Free what is still claimed."""
        with self._store.write() as tx:
            tx.execute(
                update(self._table).where(self.held()).values(holder=None, claimed_until=None)
            )

    def _keep(self) -> None:
        while not self._over.wait(self._renew_s):
            try:
                with self._store.write() as tx:
                    tx.execute(
                        update(self._table)
                        .where(self.held())
                        .values(claimed_until=now_in(tx, CLAIM_S))
                    )
            except StorageError:
                # Busy or away for now. Should it stay so, the rows decide, not our clock.
                continue


def is_free(tx: Connection, table: Table) -> ColumnElement[bool]:
    """Return the condition that nobody works on a row."""
    return or_(table.c.holder.is_(None), table.c.claimed_until < now_in(tx))
