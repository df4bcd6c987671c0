"""Generated stamps of attendance terminals, as a time-keeping cloud sends them: flat JSON.

Terminals themselves answer in 40-byte binary records; most companies read them through a cloud or
a middleware, so flat JSON is what is measured.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tests.bench.people import CHANGED_EVERY, work_no

PER_EMPLOYEE = 100
"""Stamps per employee: 25 working days, in and out twice."""
_START = datetime(2026, 10, 12, tzinfo=UTC)
_DEVICES = 60


def staff(count: int) -> int:
    """Return how many employees make so many stamps."""
    return max(1, count // PER_EMPLOYEE)


def punches(count: int, moment: str = "before") -> Iterator[bytes]:
    """Yield raw stamps in the order in which they were made.

    Stamps do not change at a terminal, but clouds correct their direction: ``after`` one in a
    hundred is corrected.
    """
    rng = random.Random(2)
    people = staff(count)
    for index in range(count):
        stamp, person = divmod(index, people)
        day, turn = divmod(stamp, 4)
        second = 28_800 + turn * 10_800 + rng.randrange(1_800)
        at = (_START + timedelta(days=day, seconds=second)).strftime("%Y-%m-%d %H:%M:%S")
        way = "I" if turn % 2 == 0 else "O"
        if moment == "after" and index % CHANGED_EVERY == 7:
            way = "BO" if way == "O" else "BI"
        yield (
            f'{{"recordId":{index + 1},"userId":"{work_no(person)}","checkTime":"{at}",'
            f'"deviceSn":"A{person % _DEVICES:07d}","verifyType":{rng.choice((1, 4, 15))},'
            f'"checkType":"{way}","workCode":"0","temperature":null,"maskFlag":0}}'
        ).encode()
