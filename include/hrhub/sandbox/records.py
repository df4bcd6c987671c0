"""The records of the sandbox company: people, employment spells, organisation, positions, punches.

They say what is true, in no vendor's words; each simulator turns them into its vendor's form.
All persons are generated. ``repr`` of a person names the ids only, so that a failing test or a
log shows no value that looks personal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

OPEN_END = date(9999, 12, 31)
"""Last day of a slice that nobody has ended yet."""

JobEvent = Literal["hire", "transfer", "promotion", "data_change", "leave", "return", "exit"]


@dataclass(frozen=True, slots=True)
class JobSlice:
    """What somebody does from ``start`` to ``end``, both days included.

    Slices of a spell follow each other without a gap. Of two changes on one day the first has
    ``seq`` 1 and ends on the day it starts; the second has ``seq`` 2 and the same start.

    Attributes:
        employment_type: ``full_time``, ``part_time``, ``intern``, ``dispatched`` or
            ``retired_rehire``.
        status: ``A`` active, ``U`` unpaid leave, ``P`` paid leave, ``T`` terminated (the external
            codes of SuccessFactors' ``emplStatus``).
        manager_user_id: Work number of the manager; None for the head of the group.
    """

    start: date
    end: date
    seq: int
    event: JobEvent
    event_reason: str
    company_code: str
    department_code: str
    position_code: str
    job_code: str
    job_title: str
    grade: str
    manager_user_id: str | None
    location: str
    cost_center: str
    fte: Decimal
    employment_type: str
    status: str
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class Spell:
    """One employment of a person; a rehire opens a new one with a new work number.

    Attributes:
        user_id: The work number: digits, text, leading zeros count.
        end_date: Last day of the employment; the exit slice starts on the day after.
        contract_type: ``fixed_term`` or ``open_ended`` (Labour Contract Law Art. 12).
    """

    user_id: str
    person_id: str
    employer_code: str
    hire_date: date
    original_hire_date: date
    seniority_date: date
    probation_end: date
    end_date: date | None
    last_working_date: date | None
    contract_type: str
    contract_start: date
    contract_end: date | None
    modified_at: datetime
    jobs: tuple[JobSlice, ...] = field(repr=False)

    def job_on(self, day: date) -> JobSlice | None:
        """Return the slice that holds on a day: the last one, if two changes share the day."""
        for job in reversed(self.jobs):
            if job.start <= day:
                return job if day <= job.end else None
        return None

    def employed_on(self, day: date) -> bool:
        """Tell whether the employment covers a day."""
        return self.hire_date <= day and (self.end_date is None or day <= self.end_date)


@dataclass(frozen=True, slots=True)
class WorldPerson:
    """A human being.

    ``family_name + given_name == display_name`` always holds. Names with a middle dot (·) have
    no family name in the Chinese sense: the whole name is in ``family_name`` and ``given_name``
    is empty, which is how Chinese payrolls enter them.

    Attributes:
        mobile: Eleven digits of the mainland numbering plan, without +86.
        nationality: ISO 3166-1 alpha-3.
        modified_at: When names, contacts or documents last changed (UTC).
        spells: In order of time; the last one may be running.
        faulty: The check digit of the national id is wrong on purpose.
    """

    person_id: str
    family_name: str = field(repr=False)
    given_name: str = field(repr=False)
    display_name: str = field(repr=False)
    latin_name: str = field(repr=False)
    gender: Literal["female", "male"] = field(repr=False)
    birth_date: date = field(repr=False)
    national_id: str = field(repr=False)
    mobile: str = field(repr=False)
    work_email: str = field(repr=False)
    personal_email: str = field(repr=False)
    nationality: str = field(repr=False)
    married: bool = field(repr=False)
    modified_at: datetime
    spells: tuple[Spell, ...]
    faulty: bool = False


@dataclass(frozen=True, slots=True)
class OrgSlice:
    """An organisational unit from ``start`` to ``end``, both days included.

    The parent of a company is None, that of a top department its company. ``status`` is ``A``
    (active) or ``I`` (inactive).
    """

    start: date
    end: date
    name: str
    parent_code: str | None
    head_user_id: str | None
    cost_center: str
    status: str
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class OrgUnit:
    """A company or department over time."""

    code: str
    kind: Literal["company", "department"]
    slices: tuple[OrgSlice, ...]


@dataclass(frozen=True, slots=True)
class PositionSlice:
    """A position from ``start`` to ``end``, both days included; ``status`` as in a unit."""

    start: date
    end: date
    title: str
    department_code: str
    job_code: str
    grade: str
    headcount: Decimal
    parent_code: str | None
    status: str
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class Position:
    """A post over time; several people may hold it."""

    code: str
    slices: tuple[PositionSlice, ...]


@dataclass(frozen=True, slots=True)
class Punch:
    """A stamp at the terminal, as the terminal stores it.

    Attributes:
        at: Local time in China, without zone, whole seconds.
        verify: 1 finger, 2 card, 15 face (ZKTeco's numbers).
        state: 0 in, 1 out, 2 break out, 3 break in.
        seq: Place in the log, from 1.
    """

    user_id: str
    at: datetime
    verify: int
    state: int
    seq: int


@dataclass(frozen=True, slots=True)
class Edit:
    """One change made after the base world was built.

    ``mobile`` and ``name`` touch the person's record, ``transfer`` the series of job slices.
    """

    person_id: str
    user_id: str
    kind: Literal["mobile", "transfer", "name"]
    at: datetime
