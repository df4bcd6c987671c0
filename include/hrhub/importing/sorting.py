"""Bring the rows of one series together without writing anything down.

History feeds take whole series, and files are in any order. The usual external sort writes runs to
disk, and runs would be personal values outside the landing zone. So the file is read several times
instead: first to weigh 1,024 buckets of keys, then once for every lot of buckets that fits the
memory allowed. A file within the allowance is read twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import blake2b

from hrhub.errors import ConfigError
from hrhub.importing.rows import Row, RowRecords

BUDGET_BYTES = 64 << 20
"""Bytes of rows held at once."""

_BUCKETS = 1_024
_ROW_OVERHEAD_BYTES = 200

Rows = Callable[[], Iterator[Row]]


def by_series(rows: Rows, records: RowRecords, *, budget: int = BUDGET_BYTES) -> Iterator[Row]:
    """Yield all rows, those of one series one after the other, in file order inside a series.

    Raises:
        ConfigError: ``import.series_too_large``: one bucket alone is beyond the budget.
    """
    weights = [0] * _BUCKETS
    for row in rows():
        weights[_bucket(records.group_key(row.raw))] += len(row.raw) + _ROW_OVERHEAD_BYTES
    for first, last in _lots(weights, budget):
        kept = []
        for row in rows():
            key = records.group_key(row.raw)
            if first <= _bucket(key) < last:
                kept.append((key, row.number, row.raw))
        kept.sort(key=lambda entry: entry[:2])
        yield from (Row(number, raw) for _, number, raw in kept)


def _lots(weights: list[int], budget: int) -> Iterator[tuple[int, int]]:
    start = held = 0
    for at, weight in enumerate(weights):
        if weight > budget:
            raise ConfigError("import.series_too_large", bytes=weight, limit=budget)
        if held + weight > budget:
            yield start, at
            start, held = at, 0
        held += weight
    if held:
        yield start, len(weights)


def _bucket(key: str) -> int:
    digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(digest, "big") % _BUCKETS
