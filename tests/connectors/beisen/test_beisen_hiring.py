"""Resumes, interviews and offers at Beisen; failures first."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.beisen.hiring import Resumes
from hrhub.errors import ContractChanged
from hrhub.mapping import Mapped, Rejected, compile_mapping, find_mapping

Serve = Callable[..., Any]
MAPPINGS = Path(__file__).parents[3] / "mappings"


def modules(**items: Any) -> dict[str, Any]:
    raw = json.dumps({"applicantId": "a", "modules": items}).encode()
    return Resumes().decode(raw, {})


@pytest.mark.parametrize("stream", ["interviews", "offers", "resumes"])
def test_an_answer_without_a_list_is_no_empty_one(serve: Serve, stream: str) -> None:
    served = serve()
    of = {
        "interviews": "Interview/GetInterviewListByApplyIds",
        "offers": "RecruitOnBoarding/GetOfferInfos",
        "resumes": "Applicant/GetPersonProfileList",
    }
    recruiting = served.running.tenant.recruiting
    recruiting.calls = {**recruiting.calls, of[stream]: lambda given: None}

    with pytest.raises(ContractChanged) as changed:
        served.pages(stream)

    assert changed.value.code == "vendor.records_missing"


def test_applications_without_an_offer_carry_the_cursor_on(serve: Serve) -> None:
    served = serve()
    served.running.tenant.recruiting.offers.clear()

    pages = served.pages("offers")

    assert [p.cursor is not None for p in pages] == [True]


@pytest.mark.parametrize(
    ("said", "day", "precision"),
    [
        ("2019", "2019-01-01", "year"),
        ("2019-07", "2019-07-01", "month"),
        ("2019/07", "2019-07-01", "month"),
        ("2019-07-15", "2019-07-15", "day"),
        ("2019-07-15 00:00:00", "2019-07-15 00:00:00", "day"),
        ("soon", "soon", None),
        (None, None, None),
    ],
)
def test_a_day_is_told_with_its_precision(said: Any, day: Any, precision: Any) -> None:
    (job,) = modules(WorkExperience=[{"StartDate": said}])["WorkExperience"]

    assert (job["StartDate"], job["StartDatePrecision"]) == (day, precision)


def test_what_goes_on_has_no_end_and_unread_numbers_have_their_words() -> None:
    item = {"EndDate": "至今", "Salary": -32767, "OgSalary": "面议", "Level": 3}

    (job,) = modules(WorkExperience=[item])["WorkExperience"]

    assert (job["IsCurrent"], job["EndDate"], job["Salary"], job["Level"]) == (
        True,
        None,
        "面议",
        3,
    )


def test_a_profile_without_modules_says_nothing_of_work() -> None:
    raw = b'{"applicantId":"a","modules":null}'

    assert Resumes().decode(raw, {}) == {"applicantId": "a"}


def test_every_stream_brings_what_the_tenant_has_and_nobody_scored_is_null(serve: Serve) -> None:
    served = serve()
    recruiting = served.running.tenant.recruiting

    docs = {s: served.docs(s) for s in ("resumes", "interviews", "offers")}

    assert len(docs["resumes"]) == len(recruiting.people)
    assert len(docs["interviews"]) == len(recruiting.interviews) > 0
    assert len(docs["offers"]) == len(recruiting.offers) > 0
    plan = find_mapping(MAPPINGS, "beisen", "interviews")
    outcomes = compile_mapping(plan, today=served.world.as_of).map(docs["interviews"])
    assert not [o for o in outcomes if isinstance(o, Rejected)]
    scores = [
        a["score"]
        for o in outcomes
        if isinstance(o, Mapped)
        for a in o.children["ability"]
        if a["ability"] == "COMM"
    ]
    assert scores
    assert set(scores) == {None}
