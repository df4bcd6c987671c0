"""Weaver: requests of workflows read back, with all that was done with them; failures first."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from connectors.weaver import connector
from connectors.weaver.requests import ENTRIES, PAGE, ByRest
from connectors.weaver.sandbox import sandbox
from hrhub.connector import Write
from hrhub.errors import ConfigError, ContractChanged, HrHubError
from hrhub.mapping import Mapped

Serve = Callable[..., Any]


def test_requests_need_the_application(serve: Serve) -> None:
    with pytest.raises(ConfigError) as refused:
        serve().pages("requests", app_id="")

    assert refused.value.code == "weaver.application_missing"


def test_a_user_whom_the_oa_does_not_know_sees_nothing(serve: Serve) -> None:
    with pytest.raises(HrHubError) as refused:
        serve().pages("requests", user_id="99")

    assert refused.value.code == "weaver.user_unknown"


@pytest.mark.parametrize("dead", ["json", "html"])
def test_a_token_that_dies_in_the_middle_loses_no_step(serve: Serve, dead: str) -> None:
    served = serve(dead_token=dead)
    reading = connector.stream("requests").read(served.session(), None)
    pages = [next(reading)]
    served.running.office.expire_tokens()
    pages += reading

    records = connector.stream("requests").records
    assert (
        sum(len(records.split(page.body)) for page in pages) == served.running.office.flow.steps()
    )


@pytest.mark.parametrize("said", [{"code": "SUCCESS"}, {"data": []}, [1], "none"])
def test_an_answer_of_another_form_is_told(
    serve: Serve, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = serve()
    monkeypatch.setattr(served.running.office.flow, "listed", lambda *_: said)

    with pytest.raises(ContractChanged) as refused:
        served.pages("requests")

    assert refused.value.code == "vendor.records_missing"


def test_a_page_that_repeats_itself_is_told(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    served = serve()
    flow = served.running.office.flow
    _fill(served, PAGE)
    first = flow.listed({"archivestatus": "2"}, 1, PAGE)
    monkeypatch.setattr(flow, "listed", lambda *_: first)

    with pytest.raises(ContractChanged) as refused:
        served.pages("requests")

    assert refused.value.code == "vendor.page_loop"


def test_a_log_that_goes_round_is_told(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    served = serve()
    _fill(served, 1, entries=ENTRIES)
    entries = served.running.office.flow.rows[0]["log"]
    monkeypatch.setattr(served.running.office.flow, "entries", lambda *_: entries[:ENTRIES])

    with pytest.raises(ContractChanged) as refused:
        served.pages("requests")

    assert refused.value.code == "vendor.page_loop"


def test_the_log_of_another_request_is_told(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    served = serve()
    log = served.running.office.flow.rows[0]["log"]
    monkeypatch.setattr(served.running.office.flow, "entries", lambda *_: log)

    with pytest.raises(ContractChanged) as refused:
        served.pages("requests")

    assert refused.value.code == "vendor.page_loop"


def test_all_steps_come_once_and_in_order(serve: Serve) -> None:
    served = serve()
    _fill(served, PAGE + 1)
    _fill(served, 1, entries=2 * ENTRIES + 1)

    docs = served.docs("requests")

    keys = [(doc["requestId"], doc["seq"]) for doc in docs]
    assert len(set(keys)) == len(keys) == served.running.office.flow.steps()
    longest = [doc for doc in docs if doc["requestId"] == max(keys)[0]]
    assert [doc["seq"] for doc in longest] == list(range(1, 2 * ENTRIES + 4))
    assert [doc["operated"] is None for doc in longest] == [False] * (2 * ENTRIES + 2) + [True]


def test_the_truth_is_what_is_read(serve: Serve) -> None:
    served = serve()
    mapped = served.mapped("requests")

    assert len(mapped) == sandbox.truth(served.world)["requests"].pulled
    assert all(isinstance(one, Mapped) for one in mapped)
    assert {m.values["action"] for m in mapped} == {None, "approve", "return"}
    kinds = {m.values["approved_kind"] for m in mapped}
    assert kinds == {"leave", "overtime", "exit", "other"}


def test_everybody_in_a_request_is_one_of_the_people(serve: Serve) -> None:
    served = serve()
    people = {doc["id"] for doc in served.docs("people")}

    steps = served.mapped("requests")

    assert {step.values["employee"] for step in steps} <= people
    assert {step.values["approver"] for step in steps} - {None} <= people


def test_handing_in_again_is_no_approval(serve: Serve) -> None:
    steps = serve().mapped("requests")

    own = [s for s in steps if s.values["approver"] == s.values["employee"]]
    assert len(own) > 3
    assert {step.values["action"] for step in own} == {None}


def test_only_chosen_workflows_are_asked_about(serve: Serve) -> None:
    served = serve()
    docs = served.docs("requests", workflows=["231"])

    assert {doc["workflow"] for doc in docs} == {"请假申请"}
    asked = [r for r in served.running.requests if r.path.endswith("/getWorkflowRequestLogs")]
    assert len(asked) == len({doc["requestId"] for doc in docs})


def test_a_second_reading_asks_for_what_was_done_since_the_day_before(serve: Serve) -> None:
    served = serve()
    cursor = served.pages("requests")[-1].cursor
    flow = served.running.office.flow
    day = (served.world.as_of - timedelta(days=1)).isoformat()
    recent = {r["requestId"] for r in flow.rows if r["lastOperateTime"] >= day}

    docs = served.docs("requests", cursor)

    assert {doc["requestId"] for doc in docs} == recent
    assert len(recent) < len(flow.rows)


def test_a_plan_of_the_hub_waits_and_its_decision_takes_that_place(serve: Serve) -> None:
    served = serve()
    cursor = served.pages("requests")[-1].cursor
    plan = Write(key="plan-1", values={"work_no": "0010086", "hire_date": "2026-12-01"})
    (written,) = connector.sinks[1].write(served.session(), [plan])

    def steps() -> list[dict[str, Any]]:
        number = written.vendor_id
        mapped = served.mapped("requests", cursor)
        return [m.values for m in mapped if m.values["approved_key"] == number]

    made, waiting = steps()
    served.running.office.flow.decide(written.vendor_id, "7")
    _, decided = steps()

    assert (made["action"], made["seq"]) == (None, 1)
    assert (waiting["action"], waiting["seq"], waiting["acted_at"]) == (None, 2, None)
    assert (decided["action"], decided["seq"], decided["approver"]) == ("approve", 2, "7")
    assert decided["acted_at"] is not None


def test_spans_of_days_follow_each_other_and_a_cursor_that_is_none_is_told(serve: Serve) -> None:
    served = serve()
    served.running.office.flow.rows.clear()
    served.pages("requests", requests_from=served.world.as_of - timedelta(days=70))
    asked = [dict(r.form)["conditions"] for r in served.running.requests if r.form]
    spans = [(c["operatedatefrom"], c["operatedateto"]) for c in map(json.loads, asked)][::2]

    days = [date.fromisoformat(day) for span in spans for day in span]
    assert (days[0], days[-1]) == (served.world.as_of - timedelta(days=70), served.world.as_of)
    assert [b - a for a, b in pairwise(days)][1::2] == [timedelta(days=1)] * 2
    with pytest.raises(ContractChanged) as refused:
        served.pages("requests", "yesterday")
    assert refused.value.code == "cursor.unreadable"


def test_a_day_without_requests_moves_the_cursor_on_with_one_page(serve: Serve) -> None:
    served = serve()
    served.running.office.flow.rows.clear()

    (page,) = served.pages("requests")

    assert page.cursor
    assert connector.stream("requests").records.split(page.body) == []


def test_the_user_is_named_to_the_log_and_nowhere_in_an_address(serve: Serve) -> None:
    served = serve()
    session = served.session()
    road = ByRest(session, session.config.user_id)
    (request, *_) = served.running.office.flow.rows

    assert road.entries(request, "")
    assert "?" not in served.running.requests[-1].path


def _fill(served: Any, requests: int, *, entries: int = 0) -> None:
    """Hand in requests, with remarks of the superior's in each."""
    flow = served.running.office.flow
    for _ in range(requests):
        row = flow.start("12", "231", "请假申请")
        for _ in range(entries):
            flow.remark(row["requestId"], "7")
