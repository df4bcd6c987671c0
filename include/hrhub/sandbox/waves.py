"""In which order the vendors of one company are synced: told by what their streams refer to."""

from __future__ import annotations

from collections.abc import Iterable

from hrhub.connector import Connector, registry

_RECORD = frozenset({"assignment"})
"""Feeds of a system of record: who works where, since when and until when."""
_PEOPLE = frozenset({"person", "employee", "candidate"})
"""Feeds that can tell of people nobody has told of."""


def in_waves(names: Iterable[str]) -> list[list[str]]:
    """Return the connectors with streams: all of one wave may be synced side by side.

    First systems of record, then whoever else tells of people, then those that only refer to
    people: a terminal knows a work number and has to find it known.
    """
    waves: list[list[str]] = [[], [], []]
    for name in names:
        connector = registry.get(name)
        if connector.streams:
            waves[_wave(connector)].append(name)
    return [wave for wave in waves if wave]


def _wave(connector: Connector) -> int:
    feeds = {stream.feed for stream in connector.streams}
    return 0 if feeds & _RECORD else 1 if feeds & _PEOPLE else 2
