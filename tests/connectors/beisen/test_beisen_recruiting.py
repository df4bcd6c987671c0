"""Recruiting at Beisen: batches, details by hundreds, profiles, phases; failures first."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from connectors.beisen.recruiting import Applications, Profiles
from hrhub.errors import ContractChanged

Serve = Callable[..., Any]


@pytest.mark.parametrize(
    "data",
    [
        None,
        {"items": None},
        {"items": [{"applyId": ""}]},
        {"items": [{"applyId": "a"}], "nextBatchId": "1", "isLastBatch": False},
    ],
)
def test_a_list_that_is_none_or_leads_in_circles_stops_the_reading(serve: Serve, data: Any) -> None:
    served = serve()
    calls = dict(served.running.tenant.recruiting.calls)
    calls["Apply/GetApplyListByModifiedTime"] = lambda given: data
    served.running.tenant.recruiting.calls = calls

    with pytest.raises(ContractChanged) as changed:
        served.pages("applications")

    assert changed.value.context["stream"] == "applications"


def test_every_batch_is_read_and_no_call_asks_for_more_than_a_hundred(serve: Serve) -> None:
    served = serve()

    docs = served.docs("applications")

    assert len(docs) == len(served.running.tenant.recruiting.applications)
    assert len({b["batchId"] for b in served.asked("ByModifiedTime")}) > 1
    assert max(len(b["applyIds"]) for b in served.asked("ByApplyId")) <= 100


def test_who_applied_twice_is_asked_for_once(serve: Serve) -> None:
    served = serve()
    recruiting = served.running.tenant.recruiting
    recruiting.applications.append({**recruiting.applications[0], "applyId": "another"})

    served.pages("applicants")

    asked = [i for b in served.asked("GetPersonProfileList") for i in b["applicantIds"]]
    assert len(asked) == len(set(asked)) == len(recruiting.people)


def test_a_profile_says_what_people_read_and_no_masked_value() -> None:
    pairs = [
        {"name": "Gender", "value": "1", "text": "女"},
        {"name": "Name", "value": "测试甲", "text": None},
        {"name": "Mobile", "value": "138****0001"},
        {"value": "nameless"},
        "no pair",
    ]
    raw = json.dumps({"applicantId": "a", "fieldValues": pairs}).encode()

    assert Profiles().decode(raw, {}) == {
        "applicantId": "a",
        "profile": {"Gender": "女", "Name": "测试甲"},
    }


def test_a_profile_without_pairs_is_empty_not_broken() -> None:
    assert Profiles().decode(b'{"applicantId":"a","fieldValues":null}', {})["profile"] == {}


def test_a_deleted_application_says_so_whatever_its_phase() -> None:
    raw = json.dumps({"phaseName": "面试", "isDeleted": True}).encode()

    assert Applications().decode(raw, {})["standing"] == "deleted"
