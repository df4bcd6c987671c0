"""Stamps at the punch terminal, drawn day by day while they are read."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from hrhub.sandbox.records import Punch

if TYPE_CHECKING:
    from hrhub.sandbox.world import World

_IN, _OUT, _BREAK_OUT, _BREAK_IN = range(4)
_VERIFY = (15, 15, 15, 1, 1, 2)


def working_days(as_of: date, count: int) -> list[date]:
    """Return the last Mondays to Fridays up to and with ``as_of``, in order of time."""
    days: list[date] = []
    day = as_of
    while len(days) < count:
        if day.weekday() < 5:
            days.insert(0, day)
        day -= timedelta(days=1)
    return days


def punches(world: World, clock: str | None = None) -> Iterator[Punch]:
    """Yield stamps in the order of the log: everybody's, or those made at one clock.

    Edits of the world do not change them: who punches when depends on the seed and the people
    employed only, and where on the clocks too. Each day is drawn when it is reached, so memory is
    bounded by one day.
    """
    rng = random.Random(f"{world.seed}/punches")
    here = _people_of(world, clock)
    seq = 0
    for day in working_days(world.as_of, world.punch_days):
        stamps: list[tuple[int, str, int, int]] = []
        for _, spell in world.employed:
            job = spell.job_on(day)
            if job is None or job.status != "A":
                continue
            luck = rng.random()
            verify = _VERIFY[int(rng.random() * len(_VERIFY))]
            came = 29_400 + int(rng.random() * 3_600)
            left = 61_800 + int(rng.random() * 9_000)
            if luck >= 0.03:
                stamps.append((came, spell.user_id, verify, _IN))
            if luck < 0.95:
                stamps.append((left, spell.user_id, verify, _OUT))
            if 0.5 < luck < 0.55:
                out = 43_200 + int(rng.random() * 1_800)
                stamps.append((out, spell.user_id, verify, _BREAK_OUT))
                stamps.append((out + 2_400, spell.user_id, verify, _BREAK_IN))
        stamps.sort()
        midnight = datetime.combine(day, time())
        for second, user_id, verify, state in stamps:
            if here is not None and user_id not in here:
                continue
            seq += 1
            yield Punch(user_id, midnight + timedelta(seconds=second), verify, state, seq)


def _people_of(world: World, clock: str | None) -> set[str] | None:
    """Return the work numbers of those who punch at a clock; None for everybody.

    A site has one clock; the first clocks have the small sites.
    """
    if clock is None or clock not in world.clocks:
        return None
    # Where somebody was hired: a transfer, which an edit of the world may be, moves no stamps.
    site_of = {spell.user_id: spell.jobs[0].location for _, spell in world.employed}
    sizes = Counter(site_of.values())
    sites = sorted(sizes, key=lambda site: (sizes[site], site))
    share, place = len(sites) / len(world.clocks), world.clocks.index(clock)
    here = set(sites[round(place * share) : round((place + 1) * share)])
    return {user_id for user_id, site in site_of.items() if site in here}
