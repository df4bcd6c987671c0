"""Rows of the simulated tenant: held once, found by key, chosen by date.

Dates and times are whole milliseconds since 1970 in UTC, as the vendor sends them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from connectors.successfactors.sandbox.edm import EntityType, Nav
from connectors.successfactors.sandbox.schema import TYPES

_EPOCH = date(1970, 1, 1).toordinal()
DAY_MS = 86_400_000


def day_ms(day: date) -> int:
    """Return midnight UTC of a calendar day."""
    return (day.toordinal() - _EPOCH) * DAY_MS


def instant_ms(at: datetime) -> int:
    """Return an instant in whole seconds, which is all that the vendor keeps."""
    return int(at.timestamp()) * 1000


def iso_ms(ms: int) -> str:
    """Return an instant in the form of the vendor's headers."""
    at = datetime.fromtimestamp(ms / 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


class Row:
    """One row: an entity's type and its values by property name."""

    __slots__ = ("kind", "values")

    def __init__(self, kind: EntityType, values: Mapping[str, Any]) -> None:
        self.kind = kind
        self.values = values


class Tables:
    """All rows of a tenant and the one day that counts as today."""

    def __init__(self, rows: Mapping[str, list[Row]], today: date, now: datetime) -> None:
        self.rows = rows
        self._today, self._now = today, now
        self.today_ms = day_ms(today)
        self.now_ms = instant_ms(now)
        self._indexes: dict[tuple[str, tuple[str, ...]], dict[tuple[str, ...], list[Row]]] = {}
        for name in rows:
            self._index(name, TYPES[name].series)

    def having(self, rows: Mapping[str, list[Row]]) -> Tables:
        """Return the same tenant at the same time with other rows."""
        return Tables(rows, self._today, self._now)

    def _index(self, name: str, fields: tuple[str, ...]) -> dict[tuple[str, ...], list[Row]]:
        found = self._indexes.get((name, fields))
        if found is None:
            found = {}
            for row in self.rows[name]:
                key = tuple(str(row.values[f]) for f in fields)
                found.setdefault(key, []).append(row)
            if TYPES[name].dates:
                for slices in found.values():
                    slices.sort(key=_slice_order)
            self._indexes[name, fields] = found
        return found

    def slices(self, row: Row) -> list[Row]:
        """Return all rows that share this row's key without the date, in order of time."""
        kind = row.kind
        key = tuple(str(row.values[f]) for f in kind.series)
        return self._index(kind.name, kind.series)[key]

    def get(self, name: str, key: Mapping[str, Any]) -> Row | None:
        """Return the row with a full key."""
        kind = TYPES[name]
        series = tuple(str(key[f]) for f in kind.series)
        for row in self._index(name, kind.series).get(series, ()):
            if all(row.values[f] == key[f] for f in kind.key):
                return row
        return None

    def follow(self, row: Row, nav: Nav) -> list[Row]:
        """Return the rows that a navigation leads to, every slice of them."""
        key = tuple(str(row.values[ours]) for ours, _ in nav.on)
        return self._index(nav.target, tuple(theirs for _, theirs in nav.on)).get(key, [])

    def follow_on(self, row: Row, nav: Nav, day: int) -> list[Row]:
        """Return the rows that a navigation leads to on a day.

        A base that is itself effective-dated sets the day: its own start (KBA 2853045).
        """
        rows = self.follow(row, nav)
        if not TYPES[nav.target].dates:
            return rows
        return on_day(rows, row.values[row.kind.dates[0]] if row.kind.dates else day)

    def all_on(self, name: str, day: int) -> list[Row]:
        """Return the rows of a set that hold on a day, at most one of each series."""
        return on_day(self.rows[name], day) if TYPES[name].dates else self.rows[name]

    def overlapping(self, name: str, first: int, last: int) -> list[Row]:
        """Return every row of a set that holds on some day of a range."""
        dates = TYPES[name].dates
        if not dates:
            return self.rows[name]
        start, end = dates
        return [r for r in self.rows[name] if r.values[start] <= last and r.values[end] >= first]


def on_day(rows: Iterable[Row], day: int) -> list[Row]:
    """Choose of each series the slice that holds on a day; the highest of several wins."""
    chosen: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        start, end = row.kind.dates or ("", "")
        if row.values[start] <= day <= row.values[end]:
            key = tuple(row.values[f] for f in row.kind.series)
            before = chosen.get(key)
            if before is None or _slice_order(before) < _slice_order(row):
                chosen[key] = row
    return list(chosen.values())


def _slice_order(row: Row) -> tuple[int, int]:
    start, _ = row.kind.dates or ("", "")
    return row.values[start], row.values.get("seqNumber", 0)
