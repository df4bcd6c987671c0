"""Labelled resumes with their contribution records: honest ones, hard ones, and false ones.

Written from what payrolls do and what people claim, before the rules that are judged by it. Every
case says which differences are really there (``expected``). An honest case has none, however odd
its records look: whatever is found in it beyond a remark is a mistake of the rules.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

from hrhub.pipeline.verification.employers import Employer
from hrhub.pipeline.verification.facts import Claim, Facts, Month

PER_KIND = 30
UNTIL = 2026 * 12 + 9
"""October 2026, the last month that records hold."""

_BRANDS = (
    "云禾 瑞泽 启明 华辰 远桥 海岳 博砚 新澜 恒石 朗川 天枢 鼎和 卓越佳 金穗 蓝湾 东篱 "
    "北辰星 万象汇 百川 立信达 思源 沐光 森海 明德 同舟 长青藤 宏图 安行 易达 优诺"
)
_TRADES = ("信息技术", "科技", "智能装备", "商贸", "生物科技", "网络科技", "供应链管理", "文化传媒")
_CITIES = {
    "上海": "310115",
    "北京": "110105",
    "深圳": "440305",
    "杭州": "330106",
    "成都": "510104",
    "武汉": "420106",
}
_FORMS = ("有限公司", "有限公司", "有限公司", "股份有限公司", "有限责任公司")
_AGENCIES = ("上海外服人力资源有限公司", "中智人力资源管理咨询有限公司", "易才劳务派遣有限公司")
_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True)
class Company:
    """A company with its parts, so that resumes can shorten it."""

    city: str
    brand: str
    trade: str
    form: str
    code: str

    @property
    def name(self) -> str:
        return f"{self.city}{self.brand}{self.trade}{self.form}"

    def employer(self, name: str | None = None) -> Employer:
        return Employer(name or self.name, self.code)


@dataclass
class Job:
    """A job as it was: months worked, who paid in which, and what the resume makes of it."""

    company: Company
    first: int
    last: int
    payer: Employer
    name: str
    months: dict[int, Month] = field(default_factory=dict)
    claim_first: int = 0
    claim_last: int | None = 0
    city: str | None = None
    code: str | None = None
    pay: Decimal | None = None
    slack: int = 0


@dataclass(frozen=True)
class Case:
    """One labelled case.

    Attributes:
        kind: What it is an example of.
        expected: Codes of the differences that are really there.
        allowed: Codes that another reader of the same papers might note too.
        honest: Whether the person has told the truth.
    """

    number: int
    kind: str
    facts: Facts
    expected: frozenset[str]
    allowed: frozenset[str]
    honest: bool


class Town:
    """Draws companies and careers."""

    def __init__(self, seed: str) -> None:
        self.rng = random.Random(seed)
        self._brands = _BRANDS.split()
        self.rng.shuffle(self._brands)
        self._rows = 0

    def company(self, brand: str | None = None, trade: str | None = None) -> Company:
        rng = self.rng
        code = "91" + "".join(rng.choice(_DIGITS) for _ in range(16))
        return Company(
            rng.choice(tuple(_CITIES)),
            brand or self._brands.pop(),
            trade or rng.choice(_TRADES),
            rng.choice(_FORMS),
            code,
        )

    def row_id(self) -> str:
        self._rows += 1
        return f"row-{self._rows:04d}"

    def careers(self, count: int, gap: Callable[[], int] = lambda: 0) -> list[Job]:
        """Draw jobs that follow each other, told as they were."""
        rng = self.rng
        jobs: list[Job] = []
        last = UNTIL
        for number in range(count):
            first = last - rng.randrange(9, 40)
            company = self.company()
            jobs.append(Job(company, first, last, company.employer(), self.shortened(company)))
            last = first - 1 - (gap() if number < count - 1 else 0)
        jobs.reverse()
        for job in jobs:
            self.pay(job)
            self.tell(job)
        jobs[-1].claim_last = None
        return jobs

    def shortened(self, company: Company) -> str:
        """Return a name as resumes write it: in full, or without form, city or both."""
        way = self.rng.random()
        if way < 0.4:
            return company.name
        if way < 0.6:
            return f"{company.city}{company.brand}{company.trade}"
        if way < 0.75:
            return f"{company.brand}（{company.city}）{company.trade}{company.form}"
        return f"{company.brand}{company.trade}"

    def pay(self, job: Job, state: str = "paid") -> None:
        """Pay for the months of a job; newcomers and leavers of mid-month may lack one."""
        late, early = self.rng.random() < 0.3, self.rng.random() < 0.25
        first, last = job.first + late, job.last - (early and job.last < UNTIL)
        base = Decimal(5_000 + 100 * self.rng.randrange(200))
        region = _CITIES[job.company.city]
        for number in range(first, last + 1):
            job.months[number] = Month(
                self.row_id(), number, job.payer, state, "pension", region, base
            )

    def tell(self, job: Job) -> None:
        """Claim a job as it was."""
        job.claim_first, job.claim_last = job.first, job.last
        job.city = job.company.city if self.rng.random() < 0.6 else None


Told = tuple[list[Job], set[str], set[str], bool, list[Month], int | None]
"""Jobs, expected codes, allowed codes, honesty, further months, first month asked for."""
_START = "START_EARLIER_THAN_RECORD"


def _honest(town: Town) -> Told:
    return town.careers(town.rng.randrange(1, 5)), set(), set(), True, [], None


def _gap_told(town: Town) -> Told:
    jobs = town.careers(3, lambda: town.rng.randrange(2, 10))
    return jobs, set(), set(), True, [], None


def _one_month_off(town: Town) -> Told:
    jobs = town.careers(2, lambda: town.rng.randrange(3, 6))
    jobs[0].claim_last = jobs[0].last + 1
    jobs[1].claim_first = jobs[1].first - 1
    for job in jobs:  # so that rounding and the offset do not add up to two
        for number in (job.first, job.last):
            job.months.setdefault(number, replace(next(iter(job.months.values())), number=number))
    return jobs, set(), set(), True, [], None


def _year_only(town: Town) -> Told:
    jobs = town.careers(2, lambda: town.rng.randrange(3, 6))
    for job in jobs:
        job.slack = 11
    return jobs, set(), set(), True, [], None


def _abbreviated(town: Town) -> Told:
    jobs = town.careers(2)
    for job in jobs:
        job.name = job.company.brand
    return jobs, set(), {"PAYER_AFFILIATE"}, True, [], None


def _acronym(town: Town) -> Told:
    """上汽 for 上海汽车: first characters of the words, which no rule of prefixes finds."""
    jobs = town.careers(2)
    job = jobs[0]
    job.name = f"{job.company.city[0]}{job.company.brand[0]}{job.company.trade[0]}"
    return jobs, set(), {"PAYER_AFFILIATE"}, True, [], None


def _renamed(town: Town) -> Told:
    """The record has today's name; half of the resumes do not give it away."""
    jobs = town.careers(2)
    job = jobs[0]
    old = town.company()
    job.name = old.name
    way = town.rng.random()
    if way < 0.25:
        job.code = job.company.code
    elif way < 0.5:
        job.name = f"{old.name}（原{job.company.name}）"
    return jobs, set(), set(), True, [], None


def _dispatched(town: Town) -> Told:
    jobs = town.careers(2)
    job = jobs[town.rng.randrange(2)]
    job.payer = Employer(town.rng.choice(_AGENCIES), "91310000MA1AGENCY0")
    job.months.clear()
    town.pay(job)
    return jobs, {"PAYER_IS_AGENCY"}, set(), True, [], None


def _affiliate(town: Town) -> Told:
    jobs = town.careers(2)
    job = jobs[0]
    other = town.company(job.company.brand, "投资管理")
    job.payer = other.employer()
    job.months.clear()
    town.pay(job)
    return jobs, {"PAYER_AFFILIATE"}, {"REGION_DIFFERS"}, True, [], None


def _moved(town: Town) -> Told:
    jobs = town.careers(2)
    job = jobs[0]
    half = (job.first + job.last) // 2
    region = next(r for c, r in _CITIES.items() if c != job.company.city)
    job.months = {n: replace(m, region=region) if n > half else m for n, m in job.months.items()}
    return jobs, set(), set(), True, [], None


def _paid_later(town: Town) -> Told:
    jobs = town.careers(2)
    job = jobs[0]
    start = min(job.months) + 1
    for number in range(start, start + town.rng.randrange(3, 6)):
        job.months[number] = replace(job.months[number], state="back_paid")
    return jobs, {"BACK_PAID_BLOCK"}, set(), True, [], None


def _in_arrears(town: Town) -> Told:
    jobs = town.careers(2)
    job = jobs[0]
    for number in sorted(job.months)[-3:]:
        job.months[number] = replace(job.months[number], state="arrears")
    return jobs, set(), set(), True, [], None


def _unpaid_leave(town: Town) -> Told:
    """Nothing was paid in a leave without pay: a hole in the record, and nothing untrue."""
    jobs = town.careers(2)
    job = jobs[0]
    start = min(job.months) + 3
    for number in range(start, start + town.rng.randrange(2, 4)):
        del job.months[number]
    return jobs, set(), set(), True, [], None


def _self_employed(town: Town) -> Told:
    jobs = town.careers(3)
    job = jobs[1]
    job.name = town.rng.choice(("自由职业", "个人工作室", "自主创业"))
    job.payer = Employer("灵活就业人员", None)
    job.months.clear()
    town.pay(job, "flexible")
    job.city = None
    return jobs, {"FLEXIBLE_PAYER"}, set(), True, [], None


def _side_job_told(town: Town) -> Told:
    jobs = town.careers(2)
    side = town.company()
    main = jobs[1]
    job = Job(side, main.first + 2, main.first + 7, side.employer(), town.shortened(side))
    town.pay(job)
    town.tell(job)
    return [*jobs, job], {"CONCURRENT_PAYERS"}, set(), True, [], None


def _thin(town: Town) -> Told:
    """Only the last year was asked for: nothing can be said about what came before."""
    jobs = town.careers(4)
    since = UNTIL - 11
    for job in jobs:
        job.months = {n: m for n, m in job.months.items() if n >= since}
    return jobs, set(), set(), True, [], since


def _stretched_start(town: Town) -> Told:
    jobs = town.careers(2, lambda: town.rng.randrange(10, 14))
    job = jobs[town.rng.randrange(2)]
    job.claim_first -= town.rng.randrange(3, 8)
    return jobs, {_START}, set(), False, [], min(j.first for j in jobs) - 24


def _stretched_end(town: Town) -> Told:
    jobs = town.careers(2, lambda: town.rng.randrange(9, 14))
    jobs[0].claim_last = jobs[0].last + town.rng.randrange(3, 8)
    return jobs, {"END_DIFFERS"}, set(), False, [], None


def _hidden_gap(town: Town) -> Told:
    jobs = town.careers(2, lambda: town.rng.randrange(4, 10))
    before, after = jobs
    expected = {"GAP_HIDDEN"}
    if town.rng.random() < 0.5:
        before.claim_last = after.first - 1
        expected.add("END_DIFFERS")
    else:
        after.claim_first = before.last + 1
        expected.add(_START)
    return jobs, expected, set(), False, [], None


def _invented(town: Town) -> Told:
    """A job that never was, in a time without any record."""
    jobs = town.careers(3)
    jobs[1].name = town.company().name
    jobs[1].months.clear()
    return jobs, {"EMPLOYER_NOT_FOUND"}, {"GAP_HIDDEN"}, False, [], None


def _better_name(town: Town) -> Told:
    """A better-known employer is named in place of the one that paid; dates are the same."""
    jobs = town.careers(3)
    jobs[1].name = town.company().name
    jobs[1].city = None
    return jobs, {"EMPLOYER_NOT_FOUND"}, {"EMPLOYER_UNDECLARED"}, False, [], None


def _namesake(town: Town) -> Told:
    """A company of the same brand in another trade that has nothing to do with the claim."""
    jobs = town.careers(3)
    job = jobs[1]
    job.name = f"{job.company.brand}{'科技' if job.company.trade != '科技' else '商贸'}有限公司"
    job.city = None
    return jobs, {"EMPLOYER_NOT_FOUND"}, {"EMPLOYER_UNDECLARED", "PAYER_AFFILIATE"}, False, [], None


def _omitted(town: Town) -> Told:
    jobs = town.careers(3)
    gone = jobs.pop(1)
    return jobs, {"EMPLOYER_UNDECLARED"}, set(), False, list(gone.months.values()), None


def _omitted_and_covered(town: Town) -> Told:
    """A short job is left out, and the one before stretched over it."""
    jobs = town.careers(3)
    gone = jobs.pop(1)
    jobs[0].claim_last = gone.last
    expected = {"EMPLOYER_UNDECLARED", "END_DIFFERS"}
    return jobs, expected, set(), False, list(gone.months.values()), None


def _side_job_hidden(town: Town) -> Told:
    jobs = town.careers(2)
    side = town.company()
    main = jobs[1]
    job = Job(side, main.first + 2, main.first + 7, side.employer(), "")
    town.pay(job)
    expected = {"CONCURRENT_PAYERS", "EMPLOYER_UNDECLARED"}
    return jobs, expected, set(), False, list(job.months.values()), None


def _understated(town: Town) -> Told:
    jobs = town.careers(2, lambda: town.rng.randrange(1, 3))
    jobs[1].claim_first = jobs[1].first + town.rng.randrange(3, 6)
    return jobs, {"START_LATER_THAN_RECORD"}, set(), False, [], None


def _elsewhere(town: Town) -> Told:
    jobs = town.careers(2)
    jobs[0].city = next(c for c in _CITIES if c != jobs[0].company.city)
    return jobs, {"REGION_DIFFERS"}, set(), False, [], None


def _pay_inflated(town: Town) -> Told:
    jobs = town.careers(2)
    base = next(iter(jobs[0].months.values())).base
    assert base is not None
    jobs[0].pay = base * town.rng.randrange(3, 6)
    jobs[1].pay = next(iter(jobs[1].months.values())).base
    return jobs, {"BASE_FAR_FROM_CLAIMED_PAY"}, set(), False, [], None


def _nothing(town: Town) -> Told:
    jobs = town.careers(2)
    for job in jobs:
        job.months.clear()
    return jobs, {"NO_RECORD_AT_ALL"}, set(), False, [], UNTIL - 83


KINDS: dict[str, Callable[[Town], Told]] = {
    name.removeprefix("_"): make
    for name, make in list(globals().items())
    if name.startswith("_") and getattr(make, "__annotations__", {}).get("return") == "Told"
}


def cases(seed: int = 1, per_kind: int = PER_KIND) -> Iterator[Case]:
    """Yield the cases of every kind."""
    number = 0
    for kind, make in KINDS.items():
        for nth in range(per_kind):
            town = Town(f"{seed}/{kind}/{nth}")
            jobs, expected, allowed, honest, further, since = make(town)
            claims = [
                Claim(
                    f"claim-{n}",
                    Employer(job.name, job.code),
                    job.claim_first - (job.claim_first % 12 if job.slack else 0),
                    job.claim_last
                    if job.claim_last is None or not job.slack
                    else job.claim_last - job.claim_last % 12 + 11,
                    job.slack,
                    job.slack if job.claim_last is not None else 0,
                    job.city,
                    job.pay,
                )
                for n, job in enumerate(jobs)
            ]
            months = [m for job in jobs for m in job.months.values()] + further
            town.rng.shuffle(months)
            facts = Facts(claims, months, since, UNTIL)
            yield Case(number, kind, facts, frozenset(expected), frozenset(allowed), honest)
            number += 1
