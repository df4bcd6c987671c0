"""Employment spells and job slices of generated people."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hrhub.sandbox.organisation import COMPANIES, Department, Post
from hrhub.sandbox.records import OPEN_END, JobEvent, JobSlice, Spell

_REASONS: dict[JobEvent, tuple[str, ...]] = {
    "hire": ("HIRNEW", "HIRREH"),
    "transfer": ("TRADEP",),
    "promotion": ("PROGRD",),
    "data_change": ("DATACHG",),
    "leave": ("LOAUNP", "LOAPAI"),
    "return": ("RTNLOA",),
    "exit": ("TERRES", "TEREXP", "TERDIS"),
}
_CHANGES: tuple[JobEvent, ...] = ("transfer", "promotion", "data_change")
_FULL, _HALF = Decimal("1"), Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Frame:
    """What all careers share.

    Attributes:
        by_company: Indexes of the departments of each company.
        cutoff: No record of the base world was changed after this instant.
    """

    departments: Sequence[Department]
    by_company: Sequence[Sequence[int]]
    as_of: date
    cutoff: datetime

    def recorded(self, rng: random.Random, day: date) -> datetime:
        """Return when something that holds from a day on was entered: about then."""
        entered = datetime(day.year, day.month, day.day, 1, tzinfo=UTC) + timedelta(
            seconds=int(rng.random() * 400_000)
        )
        if entered < self.cutoff:
            return entered
        return self.cutoff - timedelta(seconds=1 + int(rng.random() * 80_000))

    def manager(self, department: int, *, of_head: bool) -> str | None:
        """Return the manager's work number: the head here, or of the unit above for the head.

        The heads of top departments report to the head of the company's first department, those
        of companies to the head of the first company: the line has no loop at any time.
        """
        if not of_head:
            return self.departments[department].head_user_id
        here = self.departments[department]
        above = here.parent
        if above is None:
            above = self.by_company[here.company][0]
        if above == department:
            above = 0
        return self.departments[above].head_user_id if above != department else None


@dataclass(slots=True)
class _State:
    """What a person does at one point of the career."""

    department: int
    post: Post
    grade: int
    location: str
    status: str = "A"


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a spell starts; ``head`` marks the head of the department, who never moves."""

    department: int
    post: Post
    head: bool


def spell(
    rng: random.Random,
    frame: Frame,
    *,
    person_id: str,
    user_id: str,
    seat: Seat,
    employment_type: str,
    hire: date,
    end: date | None,
    first_hire: date | None = None,
) -> Spell:
    """Draw one employment; ``first_hire`` is the start of an earlier one of the same person."""
    company = COMPANIES[frame.departments[seat.department].company][0]
    contract_type, contract_start, contract_end = _contract(hire, end or frame.as_of)
    return Spell(
        user_id=user_id,
        person_id=person_id,
        employer_code=company,
        hire_date=hire,
        original_hire_date=first_hire or hire,
        seniority_date=hire,
        probation_end=hire + timedelta(days=(89, 181)[rng.random() < 0.6]),
        end_date=end,
        last_working_date=end
        and end - timedelta(days=int(rng.random() * min(6, (end - hire).days))),
        contract_type=contract_type,
        contract_start=contract_start,
        contract_end=contract_end,
        modified_at=frame.recorded(rng, end or contract_start),
        jobs=_jobs(rng, frame, company, seat, employment_type, hire, end, first_hire is not None),
    )


def _contract(hire: date, until: date) -> tuple[str, date, date | None]:
    """Return type, start and end of the contract: two of three years, then without a term.

    After two fixed terms the employee may ask for an open-ended contract (Labour Contract Law
    Art. 14).
    """
    start = hire
    for _ in range(2):
        following = _years_later(start, 3)
        if until < following:
            return "fixed_term", start, following - timedelta(days=1)
        start = following
    return "open_ended", start, None


def _years_later(day: date, years: int) -> date:
    if (day.month, day.day) == (2, 29):
        return date(day.year + years, 3, 1)
    return day.replace(year=day.year + years)


def _events(
    rng: random.Random, frame: Frame, hire: date, end: date | None, *, head: bool
) -> list[tuple[date, JobEvent]]:
    """Draw what happened after the hire, in order of time."""
    limit = end or frame.as_of
    tenure = (limit - hire).days
    found: dict[date, list[JobEvent]] = {}
    if tenure > 90:
        for _ in range(int(rng.random() * min(4.0, 1.0 + tenure / 500))):
            day = hire + timedelta(days=30 + int(rng.random() * (tenure - 60)))
            event = _CHANGES[int(rng.random() * 3)]
            found[day] = ["transfer", "promotion"] if rng.random() < 0.04 else [event]
    if head:
        found = {day: ["data_change"] for day in found}
    events = [(day, event) for day in sorted(found) for event in found[day]]
    if end is None and rng.random() < 0.02:
        day = frame.as_of + timedelta(days=5 + int(rng.random() * 60))
        events.append((day, "promotion" if head or rng.random() < 0.5 else "transfer"))
    elif not head and rng.random() < 0.05:
        since = events[-1][0] if events else hire + timedelta(days=30)
        if (room := (limit - since).days) > 10:
            left = since + timedelta(days=1 + int(rng.random() * (room - 2)))
            back = left + timedelta(days=7 + int(rng.random() * 120))
            events.append((left, "leave"))
            if end is None or back < end:
                events.append((back, "return"))
    if end is not None:
        events.append((end + timedelta(days=1), "exit"))
    return events


def _jobs(
    rng: random.Random,
    frame: Frame,
    company: str,
    seat: Seat,
    employment_type: str,
    hire: date,
    end: date | None,
    rehired: bool,
) -> tuple[JobSlice, ...]:
    """Cut a career into slices without gaps."""
    here = frame.departments[seat.department]
    state = _State(seat.department, seat.post, seat.post.grade, here.location)
    events: list[tuple[date, JobEvent]] = [
        (hire, "hire"),
        *_events(rng, frame, hire, end, head=seat.head),
    ]
    fte = _HALF if employment_type == "part_time" else _FULL
    slices = []
    seq = 1
    for index, (day, event) in enumerate(events):
        seq = seq + 1 if index and events[index - 1][0] == day else 1
        reasons = _REASONS[event]
        if event == "hire":
            reason = reasons[rehired]
        else:
            reason = reasons[int(rng.random() * len(reasons))]
            _apply(rng, frame, state, event, reason)
        if index + 1 < len(events):
            last = max(day, events[index + 1][0] - timedelta(days=1))
        else:
            last = OPEN_END
        slices.append(
            JobSlice(
                day,
                last,
                seq,
                event,
                reason,
                company,
                frame.departments[state.department].code,
                state.post.code,
                state.post.job_code,
                state.post.title,
                f"G{state.grade:02d}",
                frame.manager(state.department, of_head=seat.head),
                state.location,
                frame.departments[state.department].cost_center,
                fte,
                employment_type,
                state.status,
                frame.recorded(rng, day),
            )
        )
    return tuple(slices)


def _apply(rng: random.Random, frame: Frame, state: _State, event: JobEvent, reason: str) -> None:
    """Change what a person does by one event."""
    if event == "transfer":
        move(rng, frame, state)
    elif event == "promotion":
        state.grade += 1
    elif event == "data_change":
        state.location = state.location[:3] + f"{int(state.location[3:]) % 9 + 1:02d}"
    elif event == "leave":
        state.status = "P" if reason == "LOAPAI" else "U"
    else:
        state.status = "T" if event == "exit" else "A"


def move(rng: random.Random, frame: Frame, state: _State) -> None:
    """Put a person into another department of the same company."""
    choices = frame.by_company[frame.departments[state.department].company]
    target = state.department
    while target == state.department:
        target = choices[int(rng.random() * len(choices))]
    posts = frame.departments[target].posts
    state.department = target
    state.post = posts[int(rng.random() * len(posts))]
    state.grade = max(state.grade, state.post.grade)
    state.location = frame.departments[target].location


def transferred(
    rng: random.Random, frame: Frame, departments: dict[str, int], base: Spell, at: datetime
) -> Spell:
    """Return a spell with a transfer on ``as_of`` added to its last, open slice."""
    last = base.jobs[-1]
    index = departments[last.department_code]
    state = _State(index, frame.departments[index].posts[0], int(last.grade[1:]), last.location)
    move(rng, frame, state)
    cut = replace(last, end=frame.as_of - timedelta(days=1))
    added = replace(
        last,
        start=frame.as_of,
        seq=1,
        event="transfer",
        event_reason=_REASONS["transfer"][0],
        department_code=frame.departments[state.department].code,
        position_code=state.post.code,
        job_code=state.post.job_code,
        job_title=state.post.title,
        grade=f"G{state.grade:02d}",
        manager_user_id=frame.manager(state.department, of_head=False),
        location=state.location,
        cost_center=frame.departments[state.department].cost_center,
        modified_at=at,
    )
    return replace(base, jobs=(*base.jobs[:-1], cut, added))
