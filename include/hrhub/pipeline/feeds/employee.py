"""The flat employee record: person, employee, employment and today's assignment in one.

Sources of this kind know only today. An assignment slice is opened when something about it
changes, dated by the source where it says since when, else by the day of the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from hrhub.ambient import new_ids
from hrhub.model import custom
from hrhub.pipeline.batch import Batch
from hrhub.pipeline.feeds.employment import (
    Changed,
    Hired,
    hire,
    spells,
)
from hrhub.pipeline.feeds.person import PersonItem, write_people
from hrhub.pipeline.feeds.series import (
    ASSIGNMENT,
    Series,
    Slice,
    content_of,
    insert_slice,
    resolver,
    write_series,
)
from hrhub.pipeline.links import Link
from hrhub.pipeline.records import Unit
from hrhub.pipeline.writes import shape, stored
from hrhub.store import bulk, schema
from hrhub.store.types import FOREVER

_OPEN = shape("assignment").open
_ASSIGNMENT_FIELDS = (*ASSIGNMENT.fields, *ASSIGNMENT.references)


def apply_employees(batch: Batch) -> None:
    """Write the employee feed."""
    people: dict[str, str] = dict(
        bulk.fetch_by(
            batch.tx,
            schema.ENTITY_TABLES["employee"],
            "id",
            [link.entity_id for _, link in batch.changed],
            select=("id", "person_id"),
        )
    )
    link_ids = new_ids(len(batch.new))
    items = [PersonItem(u, i, None) for u, i in zip(batch.new, link_ids, strict=True)]
    items += [
        PersonItem(u, link.id, people[link.entity_id], is_new=False) for u, link in batch.changed
    ]
    placed = write_people(batch, items)
    changed = _change(batch, batch.changed)
    _hire(batch, [(item, person_id) for item, person_id in placed if item.is_new], changed)


def _hire(batch: Batch, placed: Sequence[tuple[PersonItem, str]], changed: Changed) -> None:
    """Write records not seen before."""
    hired = [Hired(item.unit, item.link_id, person_id) for item, person_id in placed]
    series: list[Series] = []
    for one, (employee_id, employment_id) in zip(hired, hire(batch, hired, changed), strict=True):
        batch.writes.link_unit(one.link_id, "employee", employee_id, one.unit)
        batch.writes.arrived["person"][one.unit.source_key] = one.person_id
        series.append(_first_slice(batch, one.unit, one.link_id, employment_id))
    write_series(batch, ASSIGNMENT, series)


def _change(batch: Batch, changed: Sequence[tuple[Unit, Link]]) -> Changed:
    """Write the assignments of known records that have changed; return what else they tell.

    A record speaks of the spell that began on its hire date; else it corrects the latest one, or,
    when that has ended before, tells of a rehire.
    """
    told = [(unit, link.id, link.entity_id) for unit, link in changed]
    mended = {link.id for unit, link in changed if unit.record.former == link.fingerprint}
    began: dict[tuple[str, date], str] = {}
    latest: dict[str, str] = {}
    for employee_id, day, spell_id in sorted(spells(batch, [e for _, _, e in told])):
        began[employee_id, day] = latest[employee_id] = spell_id
    standing = stored(batch, "employment", list(began.values()))
    open_slices = _open_slices(batch, list(standing))
    series: list[Series] = []
    observed: list[tuple[Observed, OpenSlice]] = []
    fixed: dict[str, dict[str, str]] = {}
    employments: list[tuple[Unit, str, str]] = []
    for unit, link_id, employee_id in told:
        hired = unit.values["hire_date"]
        told_of = began.get((employee_id, hired))
        ended = standing[latest[employee_id]].values.get("end_date")
        if told_of is None and ended is not None and hired > ended:
            employment_id = began[employee_id, hired] = batch.writes.new_id()
            fixed[employment_id] = {"employee_id": employee_id}
            employments.append((unit, link_id, employment_id))
            series.append(_first_slice(batch, unit, link_id, employment_id))
            continue
        spell_id = told_of or latest[employee_id]
        employments.append((unit, link_id, spell_id))
        if (spell_id, link_id) in open_slices:
            seen = Observed(unit, link_id, spell_id, mended=link_id in mended)
            observed.append((seen, open_slices[spell_id, link_id]))
        else:  # another source told of this spell first
            series.append(_first_slice(batch, unit, link_id, spell_id))
    write_series(batch, ASSIGNMENT, series)
    _observe(batch, observed)
    return Changed(told, employments, standing, fixed)


def _values(batch: Batch, unit: Unit) -> dict[str, Any]:
    values = unit.values
    names = (*_ASSIGNMENT_FIELDS, *batch.sync.custom.keys("assignment"))
    return {n: values[n] for n in names if n in values}


def _since(unit: Unit) -> date | None:
    since = unit.values.get("assigned_from")
    return since if isinstance(since, date) else None


def _first_slice(batch: Batch, unit: Unit, link_id: str, employment_id: str) -> Series:
    since = _since(unit)
    piece = Slice(since or unit.values["hire_date"], FOREVER, 1, _values(batch, unit))
    dated_by = "source" if since else "observed"
    series_id = batch.writes.new_id()
    return Series(series_id, link_id, employment_id, [piece], dated_by, is_new=True)


class Observed(NamedTuple):
    """A record that may have changed what is known of an assignment.

    ``mended``: it is the record that the store knows, read by another mapping. Nothing changed at
    the vendor's, so the open slice is corrected.
    """

    unit: Unit
    link_id: str
    employment_id: str
    mended: bool


class OpenSlice(NamedTuple):
    """The slice of an employment that has no end yet."""

    id: str
    series_id: str
    valid_from: date
    seq: int
    content: bytes
    dated_by: str
    values: dict[str, Any]


def _open_slices(batch: Batch, employment_ids: Sequence[str]) -> dict[tuple[str, str], OpenSlice]:
    """Return the open slices by employment and the link that told them."""
    columns = ("id", "link_id", "series_id", "valid_from", "seq", "content", "dated_by", *_OPEN)
    rows = bulk.fetch_by(
        batch.tx,
        schema.ENTITY_TABLES["assignment"],
        "employment_id",
        employment_ids,
        select=columns,
        where={"superseded_at": None, "valid_to": FOREVER},
    )
    found: dict[tuple[str, str], OpenSlice] = {}
    for row in rows:
        named = dict(zip(columns, row, strict=True))
        values = custom.flattened({n: named[n] for n in _OPEN if named[n] is not None})
        found[named["employment_id"], named["link_id"]] = OpenSlice(
            named["id"],
            named["series_id"],
            named["valid_from"],
            named["seq"],
            bytes(named["content"]),
            named["dated_by"],
            values,
        )
    return found


def _observe(batch: Batch, observed: Sequence[tuple[Observed, OpenSlice]]) -> None:
    """Open a new slice where the record differs from the open one, and close that on its eve."""
    moved: list[tuple[Series, Slice, bytes]] = []
    for seen, before in observed:
        piece = Slice(before.valid_from, FOREVER, before.seq, _values(batch, seen.unit))
        if content_of(batch, seen.employment_id, piece) == before.content:
            continue
        since = _since(seen.unit)
        observed_on = before.valid_from if seen.mended else batch.now.date()
        start = since or max(observed_on, before.valid_from)
        batch.writes.supersede("assignment", before.id)
        if start > before.valid_from:
            batch.writes.insert(
                "assignment",
                new_ids(1)[0],
                before.values,
                before.content,
                link_id=seen.link_id,
                extra=batch.writes.slice_of(
                    before.series_id, before.valid_from, start, before.seq, before.dated_by
                ),
            )
        dated_by = "source" if since else before.dated_by if seen.mended else "observed"
        after = Slice(start, FOREVER, 1, piece.values)
        series = Series(before.series_id, seen.link_id, seen.employment_id, [after], dated_by)
        moved.append((series, after, content_of(batch, seen.employment_id, after)))
    resolve = resolver(batch, ASSIGNMENT, [series for series, _, _ in moved])
    for series, after, content in moved:
        insert_slice(batch, ASSIGNMENT, series, after, content, resolve)
