"""The sandbox company: one seeded world that all vendor simulators serve.

The same arguments always give the same world, so that the same person is in SuccessFactors, in
the directory and at the punch terminal, and a test knows exactly what the hub must hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property

from hrhub.sandbox.records import (
    OPEN_END,
    Edit,
    JobSlice,
    OrgSlice,
    OrgUnit,
    Position,
    PositionSlice,
    Punch,
    Spell,
    WorldPerson,
)

__all__ = [
    "OPEN_END",
    "Edit",
    "JobSlice",
    "OrgSlice",
    "OrgUnit",
    "Position",
    "PositionSlice",
    "Punch",
    "Spell",
    "World",
    "WorldPerson",
    "build_world",
]

AS_OF = date(2026, 11, 20)


@dataclass(frozen=True)
class World:
    """The company on one day.

    Attributes:
        now: The instant at which the world stands still, after its last change (UTC). Simulators
            use it as the vendor's clock wherever the vendor tells the time of a reading, so that
            a cursor taken from one world is right for the next one with more edits.
        edits: Changes on top of the base world, in order of time.
        clocks: Systems that people punch at, by connector: every site has one of them.
            Empty: whichever system is simulated has everybody's stamps.
    """

    size: int
    seed: int
    as_of: date
    now: datetime
    punch_days: int
    companies: tuple[OrgUnit, ...] = field(repr=False)
    departments: tuple[OrgUnit, ...] = field(repr=False)
    positions: tuple[Position, ...] = field(repr=False)
    people: tuple[WorldPerson, ...] = field(repr=False)
    edits: tuple[Edit, ...] = field(repr=False, default=())
    clocks: tuple[str, ...] = ()

    @property
    def org_units(self) -> tuple[OrgUnit, ...]:
        """Companies, then departments, each after its parent."""
        return self.companies + self.departments

    @property
    def edited(self) -> tuple[str, ...]:
        """Ids of the people that the edits touched, in order of time."""
        return tuple(edit.person_id for edit in self.edits)

    @cached_property
    def person_by_id(self) -> dict[str, WorldPerson]:
        """People by person id."""
        return {p.person_id: p for p in self.people}

    @cached_property
    def spell_by_user(self) -> dict[str, Spell]:
        """All spells, ended ones too, by work number."""
        return {s.user_id: s for p in self.people for s in p.spells}

    @cached_property
    def unit_by_code(self) -> dict[str, OrgUnit]:
        """Companies and departments by code."""
        return {u.code: u for u in self.org_units}

    @cached_property
    def position_by_code(self) -> dict[str, Position]:
        """Positions by code."""
        return {p.code: p for p in self.positions}

    @cached_property
    def employed(self) -> tuple[tuple[WorldPerson, Spell], ...]:
        """People employed on ``as_of`` with the spell that covers it, in order of person id."""
        return tuple(
            (person, spell)
            for person in self.people
            for spell in person.spells
            if spell.employed_on(self.as_of)
        )

    def punches(self, clock: str | None = None) -> Iterator[Punch]:
        """Yield the stamps of the last ``punch_days`` working days in the order of the log.

        Args:
            clock: The system they were made at; None for all of them.
        """
        from hrhub.sandbox.punches import punches

        return punches(self, clock)

    def with_clocks(self, clocks: Iterable[str]) -> World:
        """Return the company with its people divided among systems that they punch at."""
        return replace(self, clocks=tuple(sorted(clocks)))


def build_world(
    size: int = 2000,
    seed: int = 1,
    as_of: date = AS_OF,
    *,
    edits: int = 0,
    faulty: int = 2,
    punch_days: int = 5,
) -> World:
    """Build the company.

    Args:
        size: Number of people, leavers included; at least 40.
        seed: Other seeds give other companies.
        as_of: The day that counts as today.
        edits: Number of changes on top of the base world: in turn a new mobile number, a transfer
            from ``as_of`` on, and a corrected name. The first changes of a larger number are
            those of a smaller one, and every change is dated after all of the base.
        faulty: Number of people whose national id has a wrong check digit.
        punch_days: Working days that the terminal's log covers, ``as_of`` included.

    Raises:
        ConfigError: The world is too small for what is asked.
    """
    from hrhub.sandbox.builder import build

    return build(size, seed, as_of, edits, faulty, punch_days)
