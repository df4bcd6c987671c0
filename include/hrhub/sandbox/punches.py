"""Stamps at the punch terminal, drawn day by day while they are read."""

from __future__ import annotations

import random
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


def punches(world: World) -> Iterator[Punch]:
    """Yield stamps of everybody at work, in the order of the terminal's log.

    Edits of the world do not change them: who punches when depends on the seed and the people
    employed only. Each day is drawn when it is reached, so memory is bounded by one day.
    """
    rng = random.Random(f"{world.seed}/punches")
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
            seq += 1
            yield Punch(user_id, midnight + timedelta(seconds=second), verify, state, seq)
