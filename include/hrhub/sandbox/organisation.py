"""Companies, departments and positions of the sandbox company.

The tree is drawn first, people are hired into it, and then units and positions become records:
heads and headcounts are known only then.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hrhub.sandbox.records import OPEN_END, OrgSlice, OrgUnit, Position, PositionSlice

FOUNDED = date(2005, 1, 1)
"""First day of every unit and position."""

COMPANIES = (
    ("1000", "华远制造（集团）有限公司", "SHA"),
    ("2000", "华远精密科技（苏州）有限公司", "SUZ"),
    ("3000", "华远商贸（深圳）有限公司", "SZX"),
)
_FUNCTION_NAMES = (
    "研发 生产 质量 销售 市场 财务 采购 物流 人力资源 信息 法务 客服 设备 仓储 工艺 安全"
)
_FUNCTIONS = tuple(_FUNCTION_NAMES.split())
_JOBS = (
    ("J110", "工程师"),
    ("J120", "高级工程师"),
    ("J210", "操作工"),
    ("J220", "班组长"),
    ("J310", "专员"),
    ("J320", "主管"),
    ("J410", "客户经理"),
    ("J510", "质检员"),
)
_HEAD_JOB = ("J900", "负责人")
_NUMERALS = "一二三四五六七八九十"


@dataclass(slots=True)
class Post:
    """A position before it becomes a record."""

    code: str
    department: int
    job_code: str
    title: str
    grade: int


@dataclass(slots=True)
class Department:
    """A department before it becomes a record; ``parent`` is an index, None below the company."""

    code: str
    company: int
    level: int
    parent: int | None
    name: str
    cost_center: str
    location: str
    head_post: Post | None = None
    posts: list[Post] = field(default_factory=list)
    head_user_id: str | None = None


def draw_departments(rng: random.Random, size: int) -> list[Department]:
    """Draw a tree of about ``size / 30`` departments, four levels deep in each company."""
    departments: list[Department] = []
    per_company = max(4, round(size / 30 / len(COMPANIES)))
    for company, (code, _, place) in enumerate(COMPANIES):
        tops = max(1, min(12, per_company // 16))
        seconds = max(1, per_company // 5)
        thirds = max(1, per_company * 3 // 8)
        above: list[int] = []
        for level, count in enumerate(
            (tops, seconds, thirds, per_company - tops - seconds - thirds), start=1
        ):
            here: list[int] = []
            for i in range(count):
                here.append(len(departments))
                parent = above[i % len(above)] if above else None
                departments.append(
                    Department(
                        code=f"D{len(departments) + 1:05d}",
                        company=company,
                        level=level,
                        parent=parent,
                        name=_name(level, i, "" if parent is None else departments[parent].name),
                        cost_center=f"{code}{len(departments) + 1:05d}",
                        location=f"{place}{1 + i % 3:02d}",
                    )
                )
            above = here
    _add_posts(rng, departments)
    return departments


def _name(level: int, i: int, parent: str) -> str:
    if level == 1:
        return f"{_FUNCTIONS[i - 1]}中心" if i else "总经理办公室"
    turn, which = divmod(i, len(_FUNCTIONS))
    number = _NUMERALS[turn] if turn < len(_NUMERALS) else str(turn + 1)
    if level == 2:
        return f"{_FUNCTIONS[which]}{number if turn else ''}部"
    return f"{parent}{i + 1}{'科' if level == 3 else '组'}"


def _add_posts(rng: random.Random, departments: list[Department]) -> None:
    """Give every department one post for its head and two to four others."""
    number = 0
    for index, department in enumerate(departments):
        jobs = [_HEAD_JOB, *rng.sample(_JOBS, 2 + int(rng.random() * 3))]
        for job_code, title in jobs:
            number += 1
            grade = 13 - 2 * department.level if job_code == "J900" else 1 + int(rng.random() * 4)
            post = Post(f"POS{number:06d}", index, job_code, title, grade)
            if job_code == "J900":
                department.head_post = post
            else:
                department.posts.append(post)


def company_units(departments: Sequence[Department], modified_at: datetime) -> list[OrgUnit]:
    """Return the three companies; the head of a company heads its first department."""
    units = []
    for index, (code, name, _) in enumerate(COMPANIES):
        head = next(d.head_user_id for d in departments if d.company == index)
        units.append(
            OrgUnit(
                code,
                "company",
                (OrgSlice(FOUNDED, OPEN_END, name, None, head, f"{code}00000", "A", modified_at),),
            )
        )
    return units


def department_units(
    rng: random.Random, departments: Sequence[Department], cutoff: datetime
) -> list[OrgUnit]:
    """Return the departments with their past: some were renamed, some moved, three are closed."""
    units = []
    for index, department in enumerate(departments):
        company = COMPANIES[department.company][0]
        parent = department.parent
        now = OrgSlice(
            FOUNDED,
            OPEN_END,
            department.name,
            company if parent is None else departments[parent].code,
            department.head_user_id,
            department.cost_center,
            "A",
            _some_time_before(rng, cutoff),
        )
        slices: tuple[OrgSlice, ...] = (now,)
        luck = rng.random()
        if luck < 0.10 or index == 1:
            slices = _cut(rng, now, cutoff, name=f"{department.name}（筹）")
        elif luck < 0.16 or index == 2:
            others = [
                d.code
                for d in departments
                if d.company == department.company
                and d.level == department.level - 1
                and d.code != now.parent_code
            ]
            if others:
                slices = _cut(rng, now, cutoff, parent_code=rng.choice(others))
        units.append(OrgUnit(department.code, "department", slices))
    for index, (company, _, _) in enumerate(COMPANIES):
        closed_on = FOUNDED + timedelta(days=2000 + 500 * index)
        row = (f"原项目部{index + 1}", company, None, f"{company}99999")
        units.append(
            OrgUnit(
                f"D{99001 + index}",
                "department",
                (
                    OrgSlice(FOUNDED, closed_on - timedelta(days=1), *row, "A", _noon(FOUNDED)),
                    OrgSlice(closed_on, OPEN_END, *row, "I", _noon(closed_on)),
                ),
            )
        )
    return units


def _cut(
    rng: random.Random,
    now: OrgSlice,
    cutoff: datetime,
    *,
    name: str | None = None,
    parent_code: str | None = None,
) -> tuple[OrgSlice, OrgSlice]:
    """Return the slice before a change and the one after it."""
    days = (cutoff.date() - FOUNDED).days
    changed = FOUNDED + timedelta(days=365 + int(rng.random() * (days - 400)))
    before = OrgSlice(
        now.start,
        changed - timedelta(days=1),
        name or now.name,
        parent_code or now.parent_code,
        now.head_user_id,
        now.cost_center,
        now.status,
        _noon(FOUNDED),
    )
    after = OrgSlice(
        changed,
        now.end,
        now.name,
        now.parent_code,
        now.head_user_id,
        now.cost_center,
        now.status,
        min(_noon(changed), cutoff),
    )
    return before, after


def position_records(
    rng: random.Random,
    departments: Sequence[Department],
    holders: Mapping[str, int],
    cutoff: datetime,
) -> list[Position]:
    """Return the positions; their headcount covers the holders, with some vacancies."""
    positions = []
    for department in departments:
        assert department.head_post is not None
        above = department.parent
        if above is None:
            first = next(d for d in departments if d.company == department.company)
            chief = first.head_post if first is not department else None
        else:
            chief = departments[above].head_post
        for post in (department.head_post, *department.posts):
            head = post is department.head_post
            boss = chief if head else department.head_post
            vacancies = 0 if head else int(rng.random() * 3)
            count = Decimal(max(1, holders.get(post.code, 0) + vacancies))
            row = (department.code, post.job_code, f"G{post.grade:02d}")
            tail = (boss.code if boss else None, "A")
            modified = _some_time_before(rng, cutoff)
            if not head and rng.random() < 0.06:
                changed = min(modified.date(), cutoff.date()) - timedelta(days=1)
                if changed > FOUNDED:
                    slices: tuple[PositionSlice, ...] = (
                        PositionSlice(FOUNDED, changed - timedelta(days=1), f"{post.title}（旧）",
                                      *row, Decimal(1), *tail, _noon(FOUNDED)),
                        PositionSlice(changed, OPEN_END, post.title, *row, count, *tail, modified),
                    )  # fmt: skip
                    positions.append(Position(post.code, slices))
                    continue
            slices = (PositionSlice(FOUNDED, OPEN_END, post.title, *row, count, *tail, modified),)
            positions.append(Position(post.code, slices))
    return positions


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def _some_time_before(rng: random.Random, cutoff: datetime) -> datetime:
    return cutoff - timedelta(seconds=int(rng.random() * 3000 * 86400))
