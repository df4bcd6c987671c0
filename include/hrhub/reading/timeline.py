"""What happened to a person at work, day by day, and who told it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection

from hrhub.reading import provenance
from hrhub.reading.provenance import Told
from hrhub.reading.rows import Assignment, Employment, Event

_FACTS = (
    "org_unit_id",
    "position_id",
    "job_code",
    "job_title",
    "grade",
    "manager_employee_id",
    "location",
    "cost_center",
    "fte",
    "employment_type",
    "status",
)
"""What may change from one slice to the next."""
_OF_SPELLS = frozenset({"hire", "exit"})
"""Events of slices that the spell itself tells."""
_ORDER = {"hire": 0, "rehire": 0, "exit": 2}


@dataclass(frozen=True, slots=True)
class _Found:
    """An event, and where to look for who told it."""

    day: date
    kind: str
    told: Told
    told_by: str
    facts: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


def timeline(
    tx: Connection,
    employments: Sequence[Employment],
    spells: Mapping[str, Told],
    assignments: Iterable[Assignment],
) -> list[Event]:
    """Return the events of a person's spells and jobs, by day.

    Slices tell an event where their source does; else the change tells it: another unit is a
    ``transfer``, anything else a ``data_change``.

    Args:
        tx: The transaction.
        employments: The person's spells.
        spells: What their rows say about where they come from, by id.
        assignments: The person's slices, as believed.
    """
    found = [*_of_spells(employments, spells), *_of_jobs(assignments)]
    origins = provenance.origins(tx, [one.told for one in found])
    events = [
        Event(
            day=one.day,
            kind=one.kind,
            entity=one.told.entity,
            row_id=one.told.row_id,
            origin=origin.get(one.told_by),
            facts=one.facts,
        )
        for one, origin in zip(found, origins, strict=True)
    ]
    return sorted(events, key=lambda e: (e.day, _ORDER.get(e.kind, 1), e.row_id))


def _of_spells(employments: Sequence[Employment], spells: Mapping[str, Told]) -> Iterator[_Found]:
    ordered = sorted(employments, key=lambda e: (e.hire_date, e.id))
    for number, spell in enumerate(ordered):
        kind = "rehire" if number else "hire"
        yield _Found(spell.hire_date, kind, spells[spell.id], "hire_date")
        if spell.end_date is not None:
            yield _Found(spell.end_date, "exit", spells[spell.id], "end_date")


def _of_jobs(assignments: Iterable[Assignment]) -> Iterator[_Found]:
    series: dict[str, list[Assignment]] = defaultdict(list)
    for piece in assignments:
        series[piece.series_id].append(piece)
    for pieces in series.values():
        pieces.sort(key=lambda p: (p.valid_from, p.seq, p.id))
        for before, after in pairwise(pieces):
            facts = {
                n: (getattr(before, n), getattr(after, n))
                for n in _FACTS
                if getattr(before, n) != getattr(after, n)
            }
            kind = after.event or ("transfer" if "org_unit_id" in facts else "data_change")
            if kind not in _OF_SPELLS and (facts or after.event):
                at = after.recorded_at
                told = Told("assignment", after.id, after.link_id, None, at, dated=True)
                yield _Found(after.valid_from, kind, told, "employment_id", facts)
