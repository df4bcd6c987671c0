"""The rules of verification by themselves: names, matching, what counts and what does not."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrhub.pipeline.verification.compare import compare
from hrhub.pipeline.verification.employers import (
    Aliases,
    Employer,
    Likeness,
    abbreviates,
    likeness,
    names_of,
    normalised,
)
from hrhub.pipeline.verification.facts import Claim, Facts, Month, Outcome
from hrhub.pipeline.verification.policy import VerificationPolicy
from hrhub.pipeline.verification.regions import of_other_city
from tests.bench.claims import cases

POLICY = VerificationPolicy()
UNTIL = 2026 * 12 + 9
A, B = "上海云禾信息技术有限公司", "北京启明文化传媒有限公司"


def at(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:]) - 1


def claim(name: str, first: str, last: str | None, **more: Any) -> Claim:
    return Claim(f"{name}{first}", Employer(name), at(first), last and at(last), **more)


def months(name: str, first: str, last: str, state: str = "paid", **more: Any) -> list[Month]:
    return [
        Month(f"{name}{n}", n, Employer(name), state, **more)
        for n in range(at(first), at(last) + 1)
    ]


def outcome(
    claims: list[Claim], recorded: list[Month], since: str | None = "2019-11", **limits: Any
) -> Outcome:
    facts = Facts(claims, recorded, at(since) if since else None, UNTIL)
    return compare(facts, VerificationPolicy(**limits))


def told(found: Outcome) -> list[tuple[str, str, int | None]]:
    return [(f.code, f.severity, f.delta_months) for f in found.findings]


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("上海云禾信息技术有限公司", "云禾信息技术"),
        ("云禾（上海）信息技术有限公司", "云禾信息技术"),
        ("云禾(上海)信息技术股份有限公司", "云禾信息技术"),
        ("上海市云禾信息技术有限公司北京分公司", "云禾信息技术"),
        ("ＹＵＮＨＥ Technology Co., Ltd.", "yunhetechnology"),
        ("云禾 信息技术 集团", "云禾信息技术"),
        ("中国平安保险（集团）股份有限公司", "平安保险"),
        ("上海", "上海"),
        ("公司", "公司"),
    ],
)
def test_a_name_is_compared_without_place_form_and_branch(name: str, same: str) -> None:
    assert normalised(name) == same


def test_a_former_name_in_brackets_is_a_name_of_its_own() -> None:
    assert names_of("瑞泽科技（原上海云禾信息技术有限公司）") == ("瑞泽科技", "云禾信息技术")


@pytest.mark.parametrize(
    ("one", "other", "how"),
    [
        (("云禾科技", None), ("上海云禾科技有限公司", None), Likeness.NAME),
        (("云禾", None), ("上海云禾科技有限公司", None), Likeness.BRAND),
        (("云禾科技", None), ("云禾信息技术有限公司", None), Likeness.BRAND),
        (("云", None), ("云禾科技", None), Likeness.NONE),
        (("云禾科技", None), ("启明科技", None), Likeness.NONE),
        (("全然不同", "9" * 18), ("云禾科技", "9" * 18), Likeness.CODE),
        (("云禾科技", "8" * 18), ("云禾科技", "9" * 18), Likeness.BRAND),
        (("小云", None), ("云禾科技", None), Likeness.ALIAS),
    ],
)
def test_the_credit_code_decides_then_the_name_then_the_tenants_list(
    one: tuple[str, str | None], other: tuple[str, str | None], how: Likeness
) -> None:
    aliases = Aliases([["小云", "云禾科技"]])
    assert likeness(Employer(*one), Employer(*other), aliases) is how
    assert likeness(Employer(*other), Employer(*one), aliases) is how


def test_an_abbreviation_is_made_of_characters_in_order() -> None:
    assert abbreviates("上汽", "上海汽车集团股份有限公司")
    assert abbreviates("工商行", "中国工商银行股份有限公司")
    assert not abbreviates("汽上", "上海汽车集团")
    assert not abbreviates("海汽", "上海汽车集团")
    assert not abbreviates("上", "上海汽车集团")


def test_agencies_and_people_who_pay_for_themselves_are_known_by_their_names() -> None:
    assert Employer("上海外服（集团）有限公司").is_agency
    assert Employer("灵活就业人员").is_self
    assert not Employer(A).is_agency and not Employer(A).is_self


def test_a_city_that_is_not_in_the_table_is_never_judged() -> None:
    assert of_other_city("北京", "310115") and of_other_city("北京市朝阳区", "310115")
    assert not of_other_city("上海市", "310115")
    assert not of_other_city("某县", "310115")


def test_a_resume_as_the_records_have_it_is_consistent() -> None:
    found = outcome(
        [claim(A, "2020-01", "2022-06"), claim(B, "2022-07", None)],
        months(A, "2020-02", "2022-06") + months(B, "2022-07", "2026-10"),
    )
    assert (found.verdict, told(found)) == ("consistent", [])
    assert found.coverage == Decimal("0.9878") and found.score == found.coverage


@pytest.mark.parametrize(
    ("first", "severity"), [("2020-02", None), ("2020-03", "low"), ("2020-06", "medium")]
)
def test_a_beginning_beyond_the_tolerance_differs(first: str, severity: str | None) -> None:
    found = outcome([claim(A, "2020-01", None)], months(A, first, "2026-10"))
    wanted = [("START_EARLIER_THAN_RECORD", severity, at(first) - at("2020-01"))]
    assert told(found) == (wanted if severity else [])


def test_a_likeness_of_names_alone_is_never_more_than_low() -> None:
    found = outcome([claim("云禾科技", "2020-01", None)], months(A, "2021-06", "2026-10"))
    assert {code: severity for code, severity, _ in told(found)} == {
        "PAYER_AFFILIATE": "info",
        "START_EARLIER_THAN_RECORD": "low",
    }


def test_what_lies_before_the_time_that_was_asked_for_is_not_judged() -> None:
    claims = [claim(B, "2010-01", "2015-12"), claim(A, "2016-01", None)]
    found = outcome(claims, months(A, "2019-11", "2026-10"))
    assert told(found) == []
    assert found.verdict == "insufficient"
    assert outcome(claims, months(A, "2019-11", "2026-10"), since=None).findings == ()


def test_months_that_records_cannot_hold_yet_are_not_missed() -> None:
    found = outcome([claim(A, "2020-01", "2027-03")], months(A, "2020-01", "2026-10"))
    assert told(found) == []


def test_only_a_year_is_compared_as_a_year() -> None:
    year = claim(A, "2020-01", "2022-12", slack_first=11, slack_last=11)
    assert told(outcome([year], months(A, "2020-09", "2022-03"))) == []
    late = outcome([year], months(A, "2021-04", "2022-03"))
    assert told(late) == [("START_EARLIER_THAN_RECORD", "medium", 4)]


def test_a_gap_that_the_resume_tells_is_not_hidden_and_one_it_covers_is() -> None:
    recorded = months(A, "2020-01", "2021-12") + months(B, "2022-08", "2026-10")
    honest = outcome([claim(A, "2020-01", "2021-12"), claim(B, "2022-08", None)], recorded)
    assert told(honest) == []
    hidden = outcome([claim(A, "2020-01", "2022-07"), claim(B, "2022-08", None)], recorded)
    assert [t for t in told(hidden) if t[0] == "GAP_HIDDEN"] == [("GAP_HIDDEN", "high", 7)]


def test_a_month_in_arrears_was_worked_and_a_month_paid_later_is_a_remark() -> None:
    recorded = months(A, "2020-01", "2021-12") + months(A, "2022-01", "2022-03", "arrears")
    recorded += months(A, "2022-04", "2022-06", "back_paid") + months(A, "2022-07", "2026-10")
    assert told(outcome([claim(A, "2020-01", None)], recorded)) == [("BACK_PAID_BLOCK", "info", 3)]


def test_an_agency_that_pays_in_the_time_of_a_job_stands_for_its_employer() -> None:
    agency = "上海外服人力资源有限公司"
    claims = [claim(A, "2020-01", "2022-06"), claim(B, "2022-07", None)]
    recorded = months(agency, "2020-01", "2022-06") + months(B, "2022-07", "2026-10")
    found = outcome(claims, recorded)
    assert (found.verdict, told(found)) == ("consistent", [("PAYER_IS_AGENCY", "info", None)])


def test_people_who_worked_for_themselves_and_say_so_are_believed() -> None:
    recorded = months("灵活就业人员", "2020-01", "2022-06", "flexible")
    recorded += months(B, "2022-07", "2026-10")
    own = outcome([claim("自由职业", "2020-01", "2022-06"), claim(B, "2022-07", None)], recorded)
    assert told(own) == [("FLEXIBLE_PAYER", "info", None)]
    firm = outcome([claim(A, "2020-01", "2022-06"), claim(B, "2022-07", None)], recorded)
    assert {code for code, *_ in told(firm)} == {"FLEXIBLE_PAYER", "EMPLOYER_NOT_FOUND"}


def test_another_employer_of_the_same_time_is_shown_beside_the_one_that_is_not_found() -> None:
    claims = [claim("瑞泽医药", "2020-01", "2022-06"), claim(B, "2022-07", None)]
    found = outcome(claims, months(A, "2020-01", "2022-06") + months(B, "2022-07", "2026-10"))
    [only] = found.findings
    assert (only.code, only.severity, only.recorded["payer"]) == ("EMPLOYER_NOT_FOUND", "low", A)


def test_two_payers_at_once_are_told_and_weigh_less_where_the_resume_has_both() -> None:
    recorded = months(A, "2020-01", "2026-10") + months(B, "2022-01", "2022-06")
    hidden = outcome([claim(A, "2020-01", None)], recorded)
    assert told(hidden) == [
        ("CONCURRENT_PAYERS", "low", 6),
        ("EMPLOYER_UNDECLARED", "low", 6),
    ]
    told_of = outcome([claim(A, "2020-01", None), claim(B, "2022-01", "2022-06")], recorded)
    assert told(told_of) == [("CONCURRENT_PAYERS", "info", 6)]


def test_one_month_of_two_payers_at_a_change_of_jobs_is_nothing() -> None:
    claims = [claim(A, "2020-01", "2022-06"), claim(B, "2022-06", None)]
    recorded = months(A, "2020-01", "2022-06") + months(B, "2022-06", "2026-10")
    assert told(outcome(claims, recorded)) == []


def test_place_and_pay_are_remarks() -> None:
    recorded = months(A, "2020-01", "2026-10", region="310115", base=Decimal(5000))
    found = outcome([claim(A, "2020-01", None, city="北京", pay=Decimal(30000))], recorded)
    assert told(found) == [
        ("BASE_FAR_FROM_CLAIMED_PAY", "info", None),
        ("REGION_DIFFERS", "info", None),
    ]
    assert found.verdict == "consistent"


def test_without_any_record_nothing_is_said_but_that() -> None:
    found = outcome([claim(A, "2020-01", None)], [])
    assert (found.verdict, told(found)) == ("insufficient", [("NO_RECORD_AT_ALL", "info", None)])


def test_limits_are_the_tenants() -> None:
    claims, recorded = [claim(A, "2020-01", None)], months(A, "2020-05", "2026-10")
    assert told(outcome(claims, recorded, tolerance_months=4)) == []
    assert outcome(claims, recorded, min_coverage=Decimal("0.99")).verdict == "insufficient"


@given(st.integers(0, 869), st.randoms(use_true_random=False))
def test_the_order_of_claims_and_months_changes_nothing(number: int, rng: random.Random) -> None:
    case = CASES[number]
    claims, recorded = list(case.facts.claims), list(case.facts.months)
    rng.shuffle(claims)
    rng.shuffle(recorded)
    again = Facts(claims, recorded, case.facts.since, case.facts.until)
    assert compare(again, POLICY) == compare(case.facts, POLICY)


CASES = list(cases())


def test_findings_of_one_verification_are_told_apart() -> None:
    for case in CASES:
        found = [(f.code, f.about) for f in compare(case.facts, POLICY).findings]
        assert len(set(found)) == len(found)


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_two_texts_can_be_compared(one: str, other: str) -> None:
    a, b = Employer(one), Employer(other)
    assert likeness(a, b, Aliases()) is likeness(b, a, Aliases())
    assert likeness(a, a, Aliases()) is Likeness.NAME
