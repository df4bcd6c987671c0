"""What the change gate compares with: one keyed hash per record of a stream, 16 bytes each."""

from __future__ import annotations

import sys
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Table

from hrhub.store.schema import hub_source_link

FINGERPRINT_BYTES = 16

Fingerprints = npt.NDArray[np.uint64]
"""Shape (n, 2): both halves of n fingerprints, sorted by the first; the only memory per record."""

_ROWS_AT_ONCE = 65_536
_IN_PARTS = """
SELECT string_agg(fingerprint, ''::bytea)
FROM (SELECT fingerprint, row_number() OVER () / {size} AS part FROM ({rows}) r) p GROUP BY part
"""


def halves(joined: bytearray) -> Fingerprints:
    """Return fingerprints that stand one behind the other as pairs of numbers, in place."""
    words: Fingerprints = np.frombuffer(joined, dtype=np.uint64)
    if sys.byteorder == "little":
        words.byteswap(inplace=True)
    return words.reshape(-1, 2)


def load(tx: Connection, sync_id: int, *, facts: Table | None = None) -> Fingerprints:
    """Return the fingerprints of a sync's records.

    Those of its live links or, for a table of facts, which have no links, those of its rows. A link
    that is not live is left out, and so is one whose record has another form in quarantine: what
    comes back passes the gate.

    Args:
        tx: The transaction.
        sync_id: The sync.
        facts: Table of facts instead of links.
    """
    table = hub_source_link if facts is None else facts
    sqlite = tx.dialect.name == "sqlite"
    mark = "?" if sqlite else "%s"
    live = "state = 'live'" if facts is None else "removed_at IS NULL"
    rows = (
        f'SELECT fingerprint FROM "{table.name}" WHERE sync_id = {mark} AND {live} '
        # What was refused may be taken back: the record then comes in a form that is known.
        "AND source_key NOT IN (SELECT q.source_key FROM hub_quarantine q "
        f"WHERE q.sync_id = {mark} AND q.state = 'open' AND q.source_key IS NOT NULL)"
    )
    joined = bytearray()  # grows where it is: a join at the end would hold everything twice
    driver = cast("Any", tx.connection.driver_connection)
    if sqlite:
        found = driver.execute(rows, (sync_id, sync_id))
        while some := found.fetchmany(_ROWS_AT_ONCE):
            joined += b"".join([row[0] for row in some])
    else:
        with driver.cursor(binary=True) as cursor:
            query = _IN_PARTS.format(rows=rows, size=_ROWS_AT_ONCE)
            for (some,) in cursor.stream(query, (sync_id, sync_id)):
                joined += some
    ordered = np.frombuffer(joined, dtype=f"S{FINGERPRINT_BYTES}")
    ordered.sort()  # by bytes, which is by number once the halves are turned
    return halves(joined)
