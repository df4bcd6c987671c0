"""How the sandbox company recruits: its openings, and who of its people applied, once or now.

Everybody here is in the world: those who were hired through an opening, and people at work who
apply for another post. So an applicant and the employee are one person everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from hrhub.sandbox.records import WorldPerson
from hrhub.sandbox.world import World

Stage = Literal["new", "screening", "interview", "offer", "hired", "rejected", "withdrawn"]

_HIRED_EVERY = 3
"""Every third person came through an opening that is on record."""
_APPLIES_EVERY = 10
"""Every tenth applies for another post today, if at work."""
_OPEN_NOW = 6
_WAYS: tuple[tuple[Stage, ...], ...] = (
    ("new",),
    ("new", "screening"),
    ("new", "screening", "interview"),
    ("new", "screening", "interview", "offer"),
    ("new", "screening", "rejected"),
    ("new", "withdrawn"),
)
"""How far applications for what is open now have come, in turn."""
_HIRED_WAY: tuple[tuple[Stage, int], ...] = (
    ("new", 45),
    ("screening", 40),
    ("interview", 30),
    ("offer", 15),
    ("hired", 8),
)
"""Stages of somebody who was hired, and how many days before the first day they began."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A post that somebody is sought for.

    Attributes:
        number: From 1, in order of the people hired and then of the positions.
        closed_on: None while it is open.
    """

    number: int
    title: str
    company_code: str
    department_code: str
    position_code: str
    location: str
    headcount: int
    status: Literal["open", "filled", "cancelled"]
    opened_on: date
    closed_on: date | None
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class Move:
    """The instant at which an application came to a stage."""

    stage: Stage
    at: datetime


@dataclass(frozen=True, slots=True)
class Application:
    """Somebody's application for an opening; ``starts_on`` is the day offered, if one was."""

    number: int
    person: WorldPerson = field(repr=False)
    opening: Opening
    moves: tuple[Move, ...]
    starts_on: date | None

    @property
    def stage(self) -> Stage:
        """The stage it has come to."""
        return self.moves[-1].stage

    @property
    def interview(self) -> tuple[datetime, datetime] | None:
        """Start and end of the interview, if there was or will be one: two days after the move."""
        met = next((move.at for move in self.moves if move.stage == "interview"), None)
        if met is None:
            return None
        start = met + timedelta(days=2)
        return start, start + timedelta(hours=1)

    @property
    def offered_at(self) -> datetime | None:
        """When the offer was made, if one was."""
        return next((move.at for move in self.moves if move.stage == "offer"), None)


@dataclass(frozen=True, slots=True)
class Hiring:
    """All openings and applications; nobody whose national id is spoilt is among them."""

    openings: tuple[Opening, ...]
    applications: tuple[Application, ...]

    @property
    def applicants(self) -> tuple[WorldPerson, ...]:
        """Everybody who applied, each once, in order of person id."""
        people = {a.person.person_id: a.person for a in self.applications}
        return tuple(people[key] for key in sorted(people))


def hiring(world: World) -> Hiring:
    """Return how the company recruits; the same world always recruits in the same way."""
    openings: list[Opening] = []
    applications: list[Application] = []
    for person in world.people[::_HIRED_EVERY]:
        if not person.faulty:
            opening = _filled(len(openings) + 1, person)
            openings.append(opening)
            applications.append(_hired(len(applications) + 1, person, opening))
    first_open = len(openings)
    openings += _open(world, first_open)
    at_work = [p for p, _ in world.employed if not p.faulty][1::_APPLIES_EVERY]
    for turn, person in enumerate(at_work):
        opening = openings[first_open + turn % (len(openings) - first_open)]
        way = _WAYS[turn % len(_WAYS)]
        applications.append(_running(world, len(applications) + 1, person, opening, way))
    return Hiring(tuple(openings), tuple(applications))


def _filled(number: int, person: WorldPerson) -> Opening:
    job = person.spells[0].jobs[0]
    closed = job.start - timedelta(days=8)
    return Opening(
        number=number,
        title=job.job_title,
        company_code=job.company_code,
        department_code=job.department_code,
        position_code=job.position_code,
        location=job.location,
        headcount=1,
        status="filled",
        opened_on=job.start - timedelta(days=60),
        closed_on=closed,
        modified_at=_morning(closed),
    )


def _hired(number: int, person: WorldPerson, opening: Opening) -> Application:
    first_day = person.spells[0].hire_date
    moves = tuple(
        Move(stage, _morning(first_day - timedelta(days=days))) for stage, days in _HIRED_WAY
    )
    return Application(number, person, opening, moves, first_day)


def _open(world: World, before: int) -> Iterator[Opening]:
    """Yield what is sought now, and one opening that was given up."""
    opened = world.as_of - timedelta(days=30)
    for place, position in enumerate(world.positions[: _OPEN_NOW + 1]):
        now = position.slices[-1]
        given_up = place == _OPEN_NOW
        closed = world.as_of - timedelta(days=3) if given_up else None
        yield Opening(
            number=before + place + 1,
            title=now.title,
            company_code=world.companies[0].code,
            department_code=now.department_code,
            position_code=position.code,
            location="SHA01",
            headcount=1 + place % 3,
            status="cancelled" if given_up else "open",
            opened_on=opened,
            closed_on=closed,
            modified_at=_morning(closed or opened),
        )


def _running(
    world: World, number: int, person: WorldPerson, opening: Opening, way: tuple[Stage, ...]
) -> Application:
    began = world.as_of - timedelta(days=20)
    moves = tuple(
        Move(stage, _morning(began + timedelta(days=5 * step))) for step, stage in enumerate(way)
    )
    starts_on = world.as_of + timedelta(days=30) if "offer" in way else None
    return Application(number, person, opening, moves, starts_on)


def _morning(day: date) -> datetime:
    """Return ten o'clock in China."""
    return datetime.combine(day, time(2), UTC)
