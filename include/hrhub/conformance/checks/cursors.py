"""Cursors: what changed is found, boundaries are kept, a crash loses nothing."""

from __future__ import annotations

import json
from typing import Any

from hrhub.conformance.lab import Lab
from hrhub.conformance.law import NotApplicable, check, demand
from hrhub.conformance.reading import Reading
from hrhub.connector import Cursor, Mode, Stream

_EVERY = 6
"""So many pages are tried one by one; of more, the ends and the middle."""

_EDITS = 6
"""Changes between two readings: each kind of change of the world comes twice."""


@check(
    "cursor.moves",
    scope="stream",
    means="A cursor is plain JSON, is stored with the last page it covers, and never goes back.",
    hint="Yield the cursor with the page after which it holds; take it from the vendor's clock.",
)
def moves(lab: Lab, stream: Stream) -> str:
    """Read from the start, then from the cursor, in an older and in a younger world."""
    first = lab.whole(stream)
    if stream.mode is Mode.FULL:
        demand(first.cursor is None, "a stream that is read in full has a cursor")
        raise NotApplicable("the stream is read in full")
    demand(first.cursor is not None, "no page brings a cursor")
    for page in first.pages:
        if page.cursor is not None:
            demand(_is_json(page.cursor), "a cursor is no plain JSON value")
    again = lab.read(stream, _stored(first.cursor))
    demand(not _before(again.cursor, first.cursor), "the cursor goes back when nothing changed")
    session = lab.session(lab.after(_EDITS).config)
    later = lab.read(stream, _stored(first.cursor), session=session)
    demand(not _before(later.cursor, first.cursor), "the cursor goes back after changes")
    return f"{len(first.raws)} records from the start, {len(again.raws)} from the cursor"


@check(
    "cursor.boundary",
    scope="stream",
    means="What changed since a cursor is read, and what changed at the cursor is read again.",
    hint="Ask for changes at or after the cursor less an overlap, never strictly after it.",
)
def boundary(lab: Lab, stream: Stream) -> str:
    """Change the company behind the vendor, and read on from the cursor of before."""
    if stream.mode is Mode.FULL:
        raise NotApplicable("the stream is read in full")
    found = 0
    for before, after in ((0, _EDITS), (_EDITS - 1, _EDITS)):
        old, new = lab.whole(stream, before), lab.whole(stream, after)
        changed = _changed(old, new) & lab.settled(stream).keys()
        if not changed:
            continue
        site = lab.session(lab.after(after).config)
        got = lab.read(stream, _stored(old.cursor), session=site).content()
        missed = len(changed - got.keys())
        demand(not missed, f"{missed} of {len(changed)} changed records were not read")
        # The last change stands exactly at the vendor's clock: what was committed in that very
        # second, but after our reading, has the same time stamp.
        again = lab.read(
            stream, _stored(new.cursor), session=lab.session(lab.after(after).config)
        ).content()
        if before:
            missed = len(changed - again.keys())
            demand(not missed, f"{missed} records changed at the cursor were not read again")
        found += len(changed)
    if not found:
        raise NotApplicable("no change of the company touches the stream")
    return f"{found} changed records found"


@check(
    "cursor.resume",
    scope="stream",
    means="A reading that breaks off after any page and goes on from its cursor loses nothing.",
    hint="A page's cursor may cover only that page and those before it.",
)
def resume(lab: Lab, stream: Stream) -> str:
    """Break off after each page, of many pages after some, and go on as the pipeline would."""
    whole = lab.whole(stream)
    last = len(whole.pages) - 1
    if last < 1:
        raise NotApplicable("the stream has one page at this size")
    places = range(1, last + 1) if last <= _EVERY else sorted({1, 2, (last + 1) // 2, last})
    for place in places:
        begun = lab.read(stream, pages=place)
        # Grouped streams keep their cursor until the end: a series may go on on the next page.
        cursor = None if stream.grouped else begun.cursor
        rest = lab.read(stream, _stored(cursor))
        got = begun.content() | rest.content()
        lost = len(whole.content().keys() - got.keys())
        demand(not lost, f"{lost} records are lost after a crash behind page {place}")
        if not stream.grouped:
            changed = sum(got[k] != v for k, v in lab.settled(stream).items())
            demand(not changed, f"{changed} records differ after a crash behind page {place}")
    return f"after pages {', '.join(map(str, places))}"


def _changed(old: Reading, new: Reading) -> set[tuple[str, ...]]:
    before, after = old.content(), new.content()
    return {key for key, said in after.items() if before.get(key) != said}


def _stored(cursor: Cursor) -> Cursor:
    """Return a cursor as the store gives it back."""
    return None if cursor is None else json.loads(json.dumps(cursor))


def _is_json(cursor: Cursor) -> bool:
    try:
        return bool(json.loads(json.dumps(cursor, allow_nan=False)) == cursor)
    except (TypeError, ValueError):
        return False


def _before(one: Any, other: Any) -> bool:
    """Tell whether a cursor surely stands before another of the same form."""
    if one is None:
        return False  # the stored one is kept
    if isinstance(one, dict) and isinstance(other, dict):
        pairs = [(one[k], other[k]) for k in one.keys() & other.keys()]
        return any(_before(a, b) for a, b in pairs) and not any(_before(b, a) for a, b in pairs)
    if type(one) is type(other) and isinstance(one, str | int | float):
        return (
            bool(one < other)
            if not isinstance(one, str)
            else (len(one), one)
            < (
                len(other),
                other,
            )
        )
    return False
