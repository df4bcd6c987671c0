"""What a simulated platform knows, in no dialect's words: packages, orders, scores."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hrhub.ambient import SystemClock
from hrhub.sandbox.world import World

STEPS = ("invited", "begun", "taken", "scored")
"""How an order goes on, a step a day; it ends as ``scored``, ``expired`` or ``cancelled``."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale of an instrument; ``top`` is the largest score that is drawn."""

    code: str
    name: str
    kind: str
    top: int
    parent: str | None = None
    corrected: bool | None = None


@dataclass(frozen=True, slots=True)
class Instrument:
    """A test with its norm group."""

    code: str
    version: str
    norm: tuple[str, str]
    scales: tuple[Scale, ...]
    validity: tuple[Scale, ...] = ()
    clinical: bool = False


@dataclass(frozen=True, slots=True)
class Package:
    """What can be ordered; ``overall`` tells whether there is one score over all."""

    code: str
    name: str
    instruments: tuple[Instrument, ...]
    overall: bool = False


_PERSONALITY = Instrument(
    "OPQ32r",
    "2024.1",
    ("CN-GEN-2022", "国内通用常模"),
    (
        Scale("REL", "人际", "sten", 10),
        Scale("REL.LEAD", "领导他人", "sten", 10, "REL"),
        Scale("THK", "思维", "sten", 10),
    ),
    (Scale("CONS", "一致性", "sten", 10),),
)
_ABILITY = Instrument(
    "VERIFY-N",
    "3.0",
    ("CN-GRAD-2021", "应届毕业生常模"),
    (Scale("NUM", "数字推理", "pct", 99), Scale("SPEED", "作答数", "raw", 40)),
)
_NINE = Instrument(
    "TB-POTENTIAL",
    "3.2",
    ("CN-MGR-2024", "国内管理者常模"),
    (Scale("LEARN", "学习力", "stanine", 9), Scale("DRIVE", "驱动力", "t", 80)),
    (Scale("SD", "社会称许性", "t", 60),),
)
_CLINICAL = Instrument(
    "MMPI-2",
    "2011",
    ("CN-F-2020", "女性常模"),
    (
        Scale("Hs", "疑病", "t", 80, corrected=False),
        Scale("Hs", "疑病", "t", 80, corrected=True),
        Scale("D", "抑郁", "t", 80),
        # Nobody answered enough of it: no score.
        Scale("Mf", "男女性化", "t", 0),
        Scale("Si", "社会内向", "t", 80),
    ),
    (
        Scale("?", "疑问", "raw", 30),
        Scale("L", "说谎", "t", 70),
        Scale("F", "诈病", "t", 110),
        Scale("K", "修正", "t", 70),
        Scale("VRIN", "答题矛盾", "t", 90),
    ),
    clinical=True,
)
PACKAGES = {
    package.code: package
    for package in (
        Package("PKG-SEL", "选拔", (_PERSONALITY, _ABILITY)),
        Package("PKG-POT", "潜力", (_NINE,), overall=True),
        Package("PKG-CLIN", "临床", (_CLINICAL,)),
    )
}


@dataclass(slots=True)
class Order:
    """One person's order."""

    number: str
    key: str
    package: Package
    state: str
    at: datetime
    revision: int = 1
    doubt: bool = False
    asked: Mapping[str, object] = field(default_factory=dict, repr=False)


class Platform:
    """One platform.

    Attributes:
        orders: Orders by number.
        now: Its clock.
        mails: Mail addresses of the people it would invite.
    """

    def __init__(self, world: World, options: Mapping[str, str]) -> None:
        self._idle = options.get("people") == "idle"
        self._numbers = itertools.count(1)
        self.left = int(options.get("limit", "100000"))
        self.now = max(SystemClock().now(), world.now)
        self.mails = {p.personal_email for p in world.people}
        self.orders: dict[str, Order] = {}

    def place(self, key: str, package: str, prefix: str) -> Order:
        """Make an order; one key given twice makes two."""
        number = f"{prefix}{next(self._numbers):08d}"
        order = Order(number, key, PACKAGES[package], STEPS[0], self.now)
        self.orders[number] = order
        return order

    def by_key(self, key: str) -> Order | None:
        """Return the order of a key."""
        return next((o for o in self.orders.values() if o.key == key), None)

    def since(self, moment: datetime) -> list[Order]:
        """Return the orders that moved since a time, the oldest first."""
        return sorted(
            (o for o in self.orders.values() if o.at >= moment), key=lambda o: (o.at, o.number)
        )

    def cancel(self, order: Order) -> bool:
        """Cancel an order that nobody has begun."""
        if order.state == STEPS[0]:
            self._move(order, "cancelled")
        return order.state == "cancelled"

    def advance(self) -> None:
        """Let a day pass: people begin, finish, and are scored; or nobody begins."""
        self.now += timedelta(days=1)
        for order in self.orders.values():
            if order.state in STEPS[:-1]:
                following = STEPS[STEPS.index(order.state) + 1]
                self._move(order, "expired" if self._idle else following)

    def revise(self, number: str) -> None:
        """Score an order anew, against other norms."""
        order = self.orders[number]
        order.revision += 1
        order.at = self.now

    def _move(self, order: Order, state: str) -> None:
        order.state, order.at = state, self.now


def draw(order: Order, scale: Scale) -> int | None:
    """Return a score, always the same for one revision of an order; None: there is none."""
    if not scale.top:
        return None
    rng = random.Random(f"{order.number}/{order.revision}/{scale.code}/{scale.corrected}")
    return rng.randint(1, scale.top)


def invalid(order: Order) -> bool:
    """Tell whether a profile is not to be interpreted: F or VRIN is far too high."""
    high = {"F": 90, "VRIN": 80}
    return any(
        (draw(order, s) or 0) >= high.get(s.code, 1000)
        for i in order.package.instruments
        for s in i.validity
    )
