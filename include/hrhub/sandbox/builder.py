"""Build the sandbox company from a seed."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from hrhub.errors import ConfigError
from hrhub.sandbox import careers, names, national_ids, organisation
from hrhub.sandbox.careers import Frame, Seat
from hrhub.sandbox.records import Edit, Spell, WorldPerson
from hrhub.sandbox.world import World

SMALLEST = 40
_ADULT_DAYS = 6576
"""Days of eighteen years: nobody is hired younger (minors under 16 may not work at all)."""
_MOBILE_PREFIXES = tuple(f"{n}" for n in (134, 135, 136, 138, 139, 150, 158, 159, 176, 186, 188))


@dataclass(frozen=True, slots=True)
class _Cast:
    """Who plays which part, by index of the person."""

    heads: dict[int, int]
    rehired: frozenset[int]
    leavers: frozenset[int]
    namesake_of: dict[int, int]
    spouse_of: dict[int, int]
    wed: frozenset[int]
    rare: frozenset[int]


def build(size: int, seed: int, as_of: date, edits: int, faulty: int, punch_days: int) -> World:
    """Build the company; see :func:`hrhub.sandbox.world.build_world`."""
    if size < SMALLEST:
        raise ConfigError("sandbox.too_small", size=size, least=SMALLEST)
    rng = random.Random(seed)
    cutoff = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC)
    departments = organisation.draw_departments(rng, size)
    cast = _cast(rng, size, len(departments))
    user_ids = [
        # A number of equal digits tells nobody apart from a placeholder: it is never given as such.
        f"{10_000 + n:07d}" if rng.random() < 0.4 or n == 1_111 else str(10_000 + n)
        for n in range(size + len(cast.rehired))
    ]
    for person, department in cast.heads.items():
        departments[department].head_user_id = user_ids[person]
    by_company: list[list[int]] = [[] for _ in organisation.COMPANIES]
    for index, department_ in enumerate(departments):
        by_company[department_.company].append(index)
    frame = Frame(departments, by_company, as_of, cutoff)

    taken_mobiles: set[str] = set()
    people = _people(rng, frame, cast, size, user_ids, taken_mobiles)
    holders = Counter(
        job.position_code
        for p in people
        for s in p.spells
        if s.employed_on(as_of) and (job := s.job_on(as_of))
    )
    movable = _movable(people, frozenset(cast.heads), as_of)
    if edits + faulty > len(movable):
        raise ConfigError("sandbox.too_many_changes", size=size, most=len(movable))
    bad = set(_shuffled(movable, f"{seed}/faulty")[:faulty])
    for index in bad:
        people[index] = replace(
            people[index],
            national_id=national_ids.broken(people[index].national_id),
            faulty=True,
        )
    start = cutoff + timedelta(hours=12)
    changed = [i for i in _shuffled(movable, f"{seed}/edits") if i not in bad][:edits]
    log = _edit(people, changed, frame, seed, start, taken_mobiles)
    return World(
        size=size,
        seed=seed,
        as_of=as_of,
        now=log[-1].at if log else start,
        punch_days=punch_days,
        companies=tuple(organisation.company_units(departments, cutoff - timedelta(days=900))),
        departments=tuple(organisation.department_units(rng, departments, cutoff)),
        positions=tuple(organisation.position_records(rng, departments, holders, cutoff)),
        people=tuple(people),
        edits=tuple(log),
    )


def _cast(rng: random.Random, size: int, departments: int) -> _Cast:
    """Deal the parts: about 8 % leavers, 1.5 % rehired, a few namesakes and couples."""
    order = rng.sample(range(size), size)

    def take(count: int) -> list[int]:
        taken = order[:count]
        del order[:count]
        return taken

    heads = {person: department for department, person in enumerate(take(departments))}
    rehired = frozenset(take(max(1, round(size * 0.015))))
    leavers = frozenset(take(max(1, round(size * 0.08))))
    namesakes = [sorted(take(2)) for _ in range(1 + size // 500)]
    couples = [sorted(take(2)) for _ in range(1 + size // 400)]
    return _Cast(
        heads=heads,
        rehired=rehired,
        leavers=leavers,
        namesake_of={b: a for a, b in namesakes},
        spouse_of={b: a for a, b in couples},
        wed=frozenset(i for pair in couples for i in pair),
        rare=frozenset(take(2)),
    )


def _people(
    rng: random.Random,
    frame: Frame,
    cast: _Cast,
    size: int,
    user_ids: list[str],
    taken_mobiles: set[str],
) -> list[WorldPerson]:
    """Draw all people in order of their ids."""
    taken_numbers: set[str] = set()
    second_ids = iter(user_ids[size:])
    moved_on = cast.leavers | cast.rehired
    people: list[WorldPerson] = []
    drawn: list[names.Name] = []
    for index in range(size):
        namesake = cast.namesake_of.get(index)
        spouse = cast.spouse_of.get(index)
        gender: names.Gender = "male" if rng.random() < 0.55 else "female"
        if namesake is not None:
            gender = people[namesake].gender
        elif spouse is not None:
            gender = "female" if people[spouse].gender == "male" else "male"
        name = names.draw(rng, gender) if namesake is None else drawn[namesake]
        if index in cast.rare:
            name = names.with_rare_sign(rng, name)
        drawn.append(name)
        youngest = 29 if index in cast.heads else 22 if index in moved_on else 0
        least = max(_ADULT_DAYS + 40, youngest * 366)
        birth = frame.as_of - timedelta(days=least + int(rng.random() * (22_900 - least)))
        person_id = f"P{index + 1:06d}"
        users = [user_ids[index]]
        if index in cast.rehired:
            users.append(next(second_ids))
        spells = _spells(rng, frame, cast, index, person_id, users, birth)
        people.append(
            WorldPerson(
                person_id=person_id,
                family_name=name.family,
                given_name=name.given,
                display_name=name.family + name.given,
                latin_name=name.latin,
                gender=gender,
                birth_date=birth,
                national_id=national_ids.draw(rng, birth, gender == "male", taken_numbers),
                mobile=_mobile(rng, taken_mobiles) if spouse is None else people[spouse].mobile,
                work_email=f"{name.mail_part}{index + 1}@huayuan.example",
                personal_email=f"{name.mail_part}.{birth.year % 100:02d}{index + 1}@mail.example",
                nationality="CHN",
                married=index in cast.wed or rng.random() < 0.5,
                modified_at=frame.recorded(rng, spells[-1].hire_date),
                spells=spells,
            )
        )
    return people


def _spells(
    rng: random.Random,
    frame: Frame,
    cast: _Cast,
    index: int,
    person_id: str,
    users: list[str],
    birth: date,
) -> tuple[Spell, ...]:
    """Draw when somebody was employed: once until now, once until some day, or twice."""
    earliest = max(organisation.FOUNDED + timedelta(days=30), birth + timedelta(days=_ADULT_DAYS))
    span = (frame.as_of - earliest).days - 7
    kind = _employment_type(rng, (frame.as_of - birth).days // 366)

    def draw(
        user_id: str, start: float, end: float | None = None, first: date | None = None
    ) -> Spell:
        return careers.spell(
            rng,
            frame,
            person_id=person_id,
            user_id=user_id,
            seat=_seat(rng, frame, cast.heads.get(index)),
            employment_type=kind,
            hire=earliest + timedelta(days=int(start)),
            end=None if end is None else earliest + timedelta(days=int(end)),
            first_hire=first,
        )

    luck = rng.random()
    if index in cast.rehired:
        left = span * (0.45 + 0.3 * rng.random())
        first = draw(users[0], span * 0.4 * luck, left)
        again = left + 40 + (span * 0.9 - left - 40) * rng.random()
        return first, draw(users[1], again, None, first.hire_date)
    start = span * luck**0.6
    if index in cast.leavers:
        start = span * 0.9 * luck
        return (draw(users[0], start, start + 20 + (span - start - 20) * rng.random()),)
    return (draw(users[0], start),)


def _seat(rng: random.Random, frame: Frame, heads: int | None) -> Seat:
    """Choose where a spell starts: the head's post of ``heads``, or any other post."""
    if heads is not None:
        post = frame.departments[heads].head_post
        assert post is not None
        return Seat(heads, post, True)
    department = int(rng.random() * len(frame.departments))
    posts = frame.departments[department].posts
    return Seat(department, posts[int(rng.random() * len(posts))], False)


def _employment_type(rng: random.Random, age: int) -> str:
    luck = rng.random()
    if age >= 60:
        return "retired_rehire"
    if age < 23 and luck < 0.3:
        return "intern"
    return "dispatched" if luck > 0.96 else "part_time" if luck > 0.94 else "full_time"


def _mobile(rng: random.Random, taken: set[str]) -> str:
    """Draw a number that nobody has."""
    while True:
        prefix = _MOBILE_PREFIXES[int(rng.random() * len(_MOBILE_PREFIXES))]
        number = f"{prefix}{int(rng.random() * 100_000_000):08d}"
        if number not in taken:
            taken.add(number)
            return number


def _movable(people: list[WorldPerson], heads: frozenset[int], as_of: date) -> list[int]:
    """Return who may be spoilt or edited: at work, no head, nothing dated today or later.

    Heads are left out because others refer to them: a person in quarantine must not take half of
    a department along.
    """
    return [
        index
        for index, person in enumerate(people)
        if index not in heads
        and person.given_name
        and len(person.spells) == 1
        and (last := person.spells[0].jobs[-1]).status == "A"
        and last.start < as_of
    ]


def _shuffled(values: list[int], seed: str) -> list[int]:
    """Return the values in an order that depends on the seed only."""
    copy = list(values)
    random.Random(seed).shuffle(copy)
    return copy


def _edit(
    people: list[WorldPerson],
    changed: list[int],
    frame: Frame,
    seed: int,
    start: datetime,
    taken_mobiles: set[str],
) -> list[Edit]:
    """Change people in place, one second apart, and tell what was done."""
    codes = {d.code: index for index, d in enumerate(frame.departments)}
    log = []
    for number, index in enumerate(changed):
        rng = random.Random(f"{seed}/edit/{number}")
        at = start + timedelta(hours=1, seconds=number)
        person = people[index]
        spell = person.spells[0]
        edit = Edit(person.person_id, spell.user_id, ("mobile", "transfer", "name")[number % 3], at)
        if edit.kind == "mobile":
            people[index] = replace(person, mobile=_mobile(rng, taken_mobiles), modified_at=at)
        elif edit.kind == "transfer":
            moved = careers.transferred(rng, frame, codes, spell, at)
            people[index] = replace(person, spells=(moved,))
        else:
            given = latin = ""
            while given in ("", person.given_name):
                given, latin = names.draw_given(rng, person.gender)
            people[index] = replace(
                person,
                given_name=given,
                display_name=person.family_name + given,
                latin_name=f"{person.latin_name.split()[0]} {latin.capitalize()}",
                modified_at=at,
            )
        log.append(edit)
    return log
