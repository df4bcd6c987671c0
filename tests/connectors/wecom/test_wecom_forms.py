"""Approval forms of WeCom: which are asked for, which again, what becomes of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from connectors.wecom import connector
from connectors.wecom.sandbox import sandbox
from hrhub.errors import ContractChanged

Serve = Callable[..., Any]
LEAVE = connector.stream("leave_requests")


def _asked(served: Any, end: str) -> list[Any]:
    return [r.json() for r in served.running.requests if r.path.endswith(end)]


def _change(served: Any, number: str, **values: Any) -> None:
    (form,) = (f for f in served.running.enterprise.forms if f["sp_no"] == number)
    form.update(values)


def test_a_window_that_holds_too_much_is_halved_until_it_does_not(serve: Serve) -> None:
    served = serve(widest_s="40000")

    docs = served.docs("leave_requests")

    windows = _asked(served, "/getapprovalinfo")
    assert len(docs) == sandbox.truth(served.world)["leave_requests"].pulled
    assert len({d["sp_no"] for d in docs}) == len(docs)
    assert any(int(b["endtime"]) - int(b["starttime"]) <= 40_000 for b in windows)
    assert all(isinstance(b["starttime"], str) for b in windows)


def test_a_window_that_always_holds_too_much_ends_the_reading(serve: Serve) -> None:
    with pytest.raises(ContractChanged) as refused:
        serve(widest_s="1").pages("approvals")

    assert refused.value.context["vendor_code"] == "301112"


def test_another_form_than_the_one_asked_for_is_no_answer(serve: Serve) -> None:
    served = serve()
    enterprise = served.running.enterprise
    enterprise._form = lambda number: {**enterprise.forms[0], "sp_no": "0"}

    with pytest.raises(ContractChanged) as refused:
        served.pages("approvals")

    assert refused.value.code == "vendor.page_loop"
    assert refused.value.context["stream"] == "approvals"


def test_short_pages_are_read_to_the_end(serve: Serve) -> None:
    served = serve()

    docs = served.docs("leave_requests", page_size=4)

    assert len(docs) == sandbox.truth(served.world)["leave_requests"].pulled
    assert len(_asked(served, "/getapprovalinfo")) > 4


def test_a_quiet_past_is_no_circle(serve: Serve) -> None:
    served = serve()

    pages = served.pages("leave_requests", history_from=date(2026, 1, 1))

    assert len(_asked(served, "/getapprovalinfo")) > 10
    assert all(LEAVE.records.split(page.body) for page in pages)
    late = {"until": "2026-11-20T11:50:00+00:00", "watched": []}
    (quiet,) = served.pages("leave_requests", late, lookback_days=0)
    assert quiet.cursor["until"] > late["until"]


def test_what_may_still_change_is_asked_for_again_and_nothing_else(serve: Serve) -> None:
    served = serve()
    forms = [f for f in served.running.enterprise.forms if f["record_type"] == "1"]
    cursor = served.pages("leave_requests")[-1].cursor
    later = {**cursor, "until": "2026-11-20T11:50:00+00:00"}

    again = served.docs("leave_requests", later, lookback_days=0)

    # Open ones, and approved leave that is to come; rejected and withdrawn ones are settled.
    expected = {f["sp_no"] for f in forms if f["sp_status"] in (1, 2)}
    assert {d["sp_no"] for d in again} == expected == set(cursor["watched"])
    assert 0 < len(expected) < len(forms)


def test_leave_that_is_revoked_after_approval_is_told_and_then_left_alone(serve: Serve) -> None:
    served = serve()
    cursor = served.pages("leave_requests")[-1].cursor
    later = {**cursor, "until": "2026-11-20T11:50:00+00:00"}
    number = next(
        f["sp_no"]
        for f in served.running.enterprise.forms
        if f["sp_no"] in cursor["watched"] and f["sp_status"] == 2
    )
    _change(served, number, sp_status=6)

    pages = served.pages("leave_requests", later, lookback_days=0)

    docs = [LEAVE.records.decode(r, {}) for p in pages for r in LEAVE.records.split(p.body)]
    assert {d["sp_no"]: d["sp_status"] for d in docs}[number] == 6
    assert number not in pages[-1].cursor["watched"]


def test_leave_arrives_as_it_was_asked_for(serve: Serve) -> None:
    served = serve()

    mapped = [one.values for one in served.mapped("leave_requests")]

    forms = [f for f in served.running.enterprise.forms if f["record_type"] == "1"]
    assert len(mapped) == len(forms)
    assert Counter(m["status"] for m in mapped) == Counter(
        {2: "approved", 1: "pending", 3: "rejected", 4: "cancelled", 6: "revoked"}[f["sp_status"]]
        for f in forms
    )
    assert {(str(m["amount"]), m["unit"]) for m in mapped} == {("0.5", "day"), ("2", "hour")}
    assert {"annual", "sick", "other"} <= {m["type"] for m in mapped}


def test_steps_say_who_decided_what_on_which_kind_of_form(serve: Serve) -> None:
    served = serve()

    mapped = [one.values for one in served.mapped("approvals")]

    kinds = Counter(m["approved_kind"] for m in mapped)
    assert kinds.keys() == {"leave", "overtime", "punch_correction", "other"}
    assert all((m["leave_request"] is not None) is (m["approved_kind"] == "leave") for m in mapped)
    assert {m["action"] for m in mapped} == {"approve", "reject", None}
    assert all((m["action"] is None) is (m["acted_at"] is None) for m in mapped)
    # Who is only told of a form decides nothing.
    assert {m["seq"] for m in mapped} == {1}


def test_the_older_list_of_steps_says_the_same_as_the_newer_one(serve: Serve) -> None:
    stream = connector.stream("approvals")
    served = serve()
    form = next(f for f in served.running.enterprise.forms if "process_list" in f)
    page = served.pages("approvals")[0]
    older = {name: value for name, value in form.items() if name != "process_list"}
    bodies = [json.dumps({"forms": [f]}).encode() for f in (form, older)]

    one, other = (stream.records.split(replace(page, body=body).body) for body in bodies)

    assert [stream.records.decode(r, {}) for r in one] == [
        stream.records.decode(r, {}) for r in other
    ]
