"""Times: days and instants arrive as the company knows them, impossible ones are refused."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hrhub.conformance.lab import Lab
from hrhub.conformance.law import NotApplicable, check, demand
from hrhub.conformance.samples import bench
from hrhub.connector import Stream
from hrhub.mapping import Mapped
from hrhub.model import Kind
from hrhub.sandbox.world import World

_ZONE = ZoneInfo("Asia/Shanghai")
_YEAR_MS = 365 * 86_400_000
_IMPOSSIBLE = ("2026-02-30", "0000-00-00", "2026-13-01", "2026-02-30T09:00:00", "2026-04-31 09:00")
_MIDNIGHTS = ("2026-03-01T24:00:00", "2026-03-01 24:00:00", "2026-03-01 24:00", "20260301240000")
_NUMBERS = (0, -1, 10**17, -(10**14), 253_402_300_799_999, Decimal("1e30"))
_ODATA = ("/Date(253402300799999)/", "/Date(-62135596800001)/", "/Date(9e99)/", "/Date()/")
_TEXTS = ("", " ", "-", "１２月", "9999-12-31", "99999999999999999999", "T", "２０２６-０３-０１")
_OPEN_ENDED = ("hire_date", "valid_from", "assigned_from", "end_date", "contract_end")
"""Days that may lie in the future."""


@check(
    "time.true",
    scope="stream",
    means="Days and instants arrive as the company knows them: no hour and no day is shifted.",
    hint="Look at format and zone: local times without zone, seconds or milliseconds, /Date()/.",
)
def true(lab: Lab, stream: Stream) -> str:
    """Compare mapped days and instants with the company's own."""
    known = _known(lab.site.world)
    seen = 0
    for outcome in lab.mapped(stream).map(lab.whole(stream).docs):
        if not isinstance(outcome, Mapped):
            continue
        for name, allowed in known.items():
            value = outcome.values.get(name)
            if value is None:
                continue
            seen += 1
            demand(value in allowed, f"{name}: a value that nobody of the company has")
    if not seen:
        raise NotApplicable("no day or instant of the company is mapped")
    return f"{seen} days and instants agree"


@check(
    "time.odd",
    scope="stream",
    means="Impossible times are refused, 24:00 is the next midnight, the future is not dropped.",
    hint="Leave times as the vendor writes them to the mapping; do not parse them in `decode`.",
)
def odd(lab: Lab, stream: Stream) -> str:
    """Exchange the times of a real record for odd ones."""
    work = bench(lab, stream)
    tried = 0
    for rule in work.rules():
        name, kind = rule.target.name, rule.target.field.kind
        if kind not in (Kind.DATE, Kind.TIMESTAMP):
            continue
        doc = work.sample(rule)
        if doc is None:
            continue
        given = work.value(doc, rule)
        for value in _odd_ones(given):
            tried += 1
            outcome = work.with_value(doc, rule, value)
            got = outcome.values.get(name) if isinstance(outcome, Mapped) else None
            if value in _IMPOSSIBLE:
                demand(got is None, f"{name}: a day that does not exist is taken")
            if value in _MIDNIGHTS and got is not None:
                demand(_next_day(got), f"{name}: 24:00 is taken for the start of the same day")
        later = _a_year_later(given) if name in _OPEN_ENDED else None
        if later is not None:
            outcome = work.with_value(doc, rule, later)
            got = outcome.values.get(name) if isinstance(outcome, Mapped) else None
            demand(got is not None, f"{name}: a day in the future is refused or dropped")
    if not tried:
        raise NotApplicable("no single value of a record is a time")
    return f"{tried} odd times"


def _known(world: World) -> dict[str, set[Any]]:
    spells = [s for p in world.people for s in p.spells]
    far = {date(9999, 12, 31)}
    return {
        "birth_date": {p.birth_date for p in world.people},
        "hire_date": {s.hire_date for s in spells},
        "end_date": {s.end_date for s in spells if s.end_date} | far,
        "punched_at": {p.at.replace(tzinfo=_ZONE).astimezone(UTC) for p in world.punches()},
    }


def _odd_ones(given: Any) -> tuple[Any, ...]:
    """Return odd values of the kind that the vendor sends."""
    if isinstance(given, str) and given.startswith("/Date("):
        return _ODATA
    if isinstance(given, str):
        return (*_IMPOSSIBLE, *_MIDNIGHTS, *_TEXTS)
    return _NUMBERS


def _a_year_later(given: Any) -> Any:
    """Return the same kind of value, with a time that lies ahead; None if the kind is unknown."""
    if isinstance(given, str):
        stamp = re.fullmatch(r"/Date\((-?\d+)([+-]\d{4})?\)/", given)
        if stamp:
            return f"/Date({4_102_444_800_000 + _YEAR_MS}{stamp[2] or ''})/"
        found = re.match(r"(19|20)\d\d(?=\D|\d{4}(\D|$))", given)
        return f"2031{given[4:]}" if found and "-02-29" not in given else None
    if isinstance(given, int) and not isinstance(given, bool):
        return 1_930_003_200 if abs(given) < 10**11 else 1_930_003_200_000
    return None


def _next_day(got: date | datetime) -> bool:
    """Tell whether an instant is past the midnight that the day began with; days may stay."""
    return not isinstance(got, datetime) or got >= datetime(2026, 3, 1, 24 - 14, tzinfo=UTC)
