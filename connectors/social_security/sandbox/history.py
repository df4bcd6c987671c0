"""Contributions of the world's people: what employers paid, month by month, and what went wrong.

Every person has worked for others before the company. Among the people are some with gaps, with two
payers in one month, with months in arrears or paid later, with payers that are staffing agencies,
with months paid by themselves, and some who moved to another city on the way.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from hrhub.sandbox.world import World, WorldPerson

SCHEMES = ("110", "210", "310", "410")
"""Pension, unemployment, medical (maternity is part of it), work injury."""

REGIONS = {
    "310115": "上海市浦东新区",
    "110105": "北京市朝阳区",
    "440305": "深圳市南山区",
    "330106": "杭州市西湖区",
    "510104": "成都市锦江区",
}
_BRANDS = ("云禾", "瑞泽", "启明", "华辰", "远桥", "海岳", "博砚", "新澜", "恒石", "朗川")
_TRADES = ("信息技术", "智能装备", "商贸", "生物科技", "网络科技", "供应链管理")
_CITIES = ("上海", "北京", "深圳", "杭州", "成都")
_AGENCY = "人力资源服务"
_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays; people who pay for themselves have no credit code."""

    name: str
    credit_code: str | None


@dataclass(frozen=True, slots=True)
class Month:
    """One month owed, for all schemes alike; ``number`` counts months from year 0."""

    number: int
    payer: Payer
    region: str
    base: int
    status: str = "PAID"
    kind: str = "NORMAL"
    paid: int | None = None


SELF = Payer("灵活就业人员", None)


def history(world: World, person: WorldPerson) -> list[Month]:
    """Return a person's months, oldest first."""
    rng = random.Random(f"{world.seed}/{person.person_id}/contributions")
    region = _region(rng)
    months: list[Month] = []
    for spell in person.spells:
        payer = employer_of(world, spell.employer_code)
        last = min(_number(spell.end_date or world.as_of), _number(world.as_of) - 1)
        here = _region(random.Random(spell.employer_code))
        months += _stretch(rng, payer, here, _number(spell.hire_date), last)
        region = here
    first = _number(person.spells[0].hire_date)
    youngest = _number(date(person.birth_date.year + 22, 7, 1))
    earlier = _earlier(rng, first - 1, youngest, region)
    return sorted(earlier + months, key=lambda m: (m.number, m.payer.name))


def _earlier(rng: random.Random, last: int, youngest: int, region: str) -> list[Month]:
    """Draw what came before the company, from the newest job back."""
    found: list[Month] = []
    for _ in range(rng.randrange(4)):
        if last - youngest < 6:
            break
        overlap = rng.randrange(2, 7) if rng.random() < 0.06 else 0
        gap = 0 if overlap or rng.random() < 0.6 else rng.randrange(1, 6)
        if gap and rng.random() < 0.3:
            found += _stretch(rng, SELF, region, last - gap + 1, last)
        end = last - gap + overlap
        start = max(youngest, last - gap - rng.randrange(6, 48))
        if rng.random() < 0.2:
            region = _region(rng)
        found += _stretch(rng, _employer(rng, region), region, start, end)
        last = start - 1
    return found


def _stretch(rng: random.Random, payer: Payer, region: str, first: int, last: int) -> list[Month]:
    base = 4_500 + 100 * rng.randrange(160)
    months = [
        Month(n, payer, region, base + 300 * ((n - first) // 12)) for n in range(first, last + 1)
    ]
    if payer is SELF or len(months) < 6:
        return months
    if rng.random() < 0.05:
        months[-1] = replace(months[-1], status="UNPAID")
    if rng.random() < 0.05:
        for place in range(2, 5):
            late = months[place]
            months[place] = replace(late, kind="BACKPAY", paid=late.number + 3)
    if rng.random() < 0.05:
        moved = rng.randrange(2, len(months))
        other = _region(rng)
        months[moved:] = [replace(m, region=other) for m in months[moved:]]
    return months


def records(world: World, person: WorldPerson) -> Iterator[dict[str, Any]]:
    """Yield a person's records as the gateway answers them, oldest month first."""
    for month in history(world, person):
        paid = month.status == "PAID"
        for scheme in ("110", "310") if month.payer is SELF else SCHEMES:
            share = {"110": (8, 16), "210": (1, 1), "310": (2, 9), "410": (0, 1)}[scheme]
            yield {
                "areaCode": month.region,
                "employerName": month.payer.name,
                "employerUscc": month.payer.credit_code,
                "insuranceType": scheme,
                "month": _text(month.number),
                "baseAmount": f"{month.base}.00",
                "personalAmount": f"{month.base * share[0] / 100:.2f}",
                "employerAmount": f"{month.base * share[1] / 100:.2f}",
                "payStatus": month.status,
                "payDate": f"{_text(month.paid or month.number)}15" if paid else None,
                "payType": month.kind,
            }


def employer_of(world: World, code: str) -> Payer:
    """Return a company of the world as a payer."""
    name = world.unit_by_code[code].slices[-1].name
    return Payer(name, credit_code(f"9131011500{code:0>7}"[-17:].upper()))


def _employer(rng: random.Random, region: str) -> Payer:
    city = REGIONS[region][:2]
    trade = _AGENCY if rng.random() < 0.08 else rng.choice(_TRADES)
    brand = rng.choice(_BRANDS)
    name = (
        f"{city}{brand}{trade}有限公司"
        if rng.random() < 0.6
        else f"{brand}（{city}）{trade}有限公司"
    )
    number = random.Random(f"{city}{brand}{trade}").randrange(10**9)
    return Payer(name, credit_code(f"91{region}{number:09d}"))


def credit_code(first17: str) -> str:
    """Return a unified social credit code with its check character (GB 32100-2015)."""
    digits = "".join(c if c in _DIGITS else "0" for c in first17)
    total = sum(w * _DIGITS.index(c) for w, c in zip(_WEIGHTS, digits, strict=True))
    return digits + _DIGITS[(31 - total % 31) % 31]


def _region(rng: random.Random) -> str:
    return rng.choice(tuple(REGIONS))


def _number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _text(number: int) -> str:
    return f"{number // 12:04d}{number % 12 + 1:02d}"
