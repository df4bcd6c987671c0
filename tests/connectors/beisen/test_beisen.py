"""Beisen: token calls, windows and scrolls, what is in force, masked values; failures first."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from connectors.beisen import connector
from connectors.beisen.sandbox import APP_SECRET
from connectors.beisen.windows import CurrentRows, EmployeeRows
from connectors.beisen.words import code_of
from hrhub.errors import AuthError, ConfigError, ContractChanged, ScopeError, Transient
from hrhub.http.answer import Answer, Headers

Serve = Callable[..., Any]
SIGN_INS = ["app_key", "app_id"]


@pytest.mark.parametrize("sign_in", SIGN_INS)
def test_wrong_credentials_are_told_whatever_the_way_to_sign_in(serve: Serve, sign_in: str) -> None:
    with pytest.raises(AuthError) as refused:
        connector.check(serve(sign_in=sign_in).session(app_secret="another"))

    assert refused.value.code == "auth.refused"


def test_another_tenant_is_refused_by_name_of_its_code(serve: Serve) -> None:
    with pytest.raises(AuthError) as refused:
        connector.check(serve(sign_in="app_id").session(tenant_id="1"))

    assert refused.value.context["vendor_code"] == "invalid_tenantid"


def test_the_older_form_asks_for_a_tenant(serve: Serve) -> None:
    with pytest.raises(ConfigError) as refused:
        serve(sign_in="app_id").session(tenant_id="")

    assert refused.value.code == "beisen.tenant_missing"


@pytest.mark.parametrize("sign_in", SIGN_INS)
def test_a_dead_token_is_renewed_once_and_credentials_do_not_show(
    serve: Serve, sign_in: str
) -> None:
    served = serve(sign_in=sign_in)
    session = served.session()
    connector.check(session)
    served.running.tenant.tokens.revoke()

    assert connector.check(session).vendor == "Beisen iTalent"
    assert sum(r.path.lower().endswith("/token") for r in served.running.requests) == 2
    assert connector.auth is not None
    assert APP_SECRET not in repr(connector.auth(session.config)) + repr(session)


def test_a_token_is_trusted_for_two_hours_whatever_the_older_form_says(serve: Serve) -> None:
    served = serve(sign_in="app_id")
    session = served.session()
    connector.check(session)
    session.clock.sleep(7200)

    connector.check(session)

    assert sum(r.path.endswith("/OAuth/Token") for r in served.running.requests) == 2


def test_an_interface_that_is_not_granted_is_told_as_such(serve: Serve) -> None:
    served = serve()
    served.running.tenant.closed.add("Position")

    with pytest.raises(ScopeError) as refused:
        served.pages("positions")

    assert refused.value.code == "beisen.interface_closed"


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, {"code": "417", "message": "x"}, "417"),
        (200, {"code": 500}, "500"),
        (200, {"Code": 417, "Message": "x"}, "417"),
        (200, {"code": "200", "data": []}, None),
        (200, {"Code": 200, "Message": None}, None),
        (200, [], None),
        (400, {"error": "invalid_tenantid"}, "invalid_tenantid"),
        (403, {"message": "x"}, "403"),
    ],
)
def test_a_refusal_is_found_as_text_or_number_in_either_case(
    status: int, body: Any, code: str | None
) -> None:
    assert code_of(Answer(status, Headers({}), json.dumps(body).encode(), True)) == code


def test_a_forgotten_scroll_reads_its_window_again_and_loses_nothing(serve: Serve) -> None:
    served = serve()
    served.running.tenant.forgetful = 1

    docs = served.docs("employees", page_size=7)

    assert len({d["userID"] for d in docs}) == len(served.world.people)


def test_a_scroll_that_is_always_forgotten_is_told(serve: Serve) -> None:
    served = serve()
    served.running.tenant.forgetful = 100

    with pytest.raises(Transient) as lost:
        served.pages("employees", page_size=7)

    assert (lost.value.code, lost.value.context["stream"]) == ("beisen.scroll_lost", "employees")


def test_no_window_is_longer_than_ninety_days(serve: Serve) -> None:
    served = serve()
    served.pages("organizations", history_from="2025-01-01")

    windows = [
        (datetime.fromisoformat(b["startTime"]), datetime.fromisoformat(b["stopTime"]))
        for b in served.asked("Organization")
    ]
    assert max(stop - start for start, stop in windows) == timedelta(days=90)
    assert min(start for start, _ in windows).year == 2025


def test_a_body_without_rows_is_no_empty_window(serve: Serve) -> None:
    served = serve()
    served.running.tenant._window = lambda name, given: {"code": "200", "data": None}

    with pytest.raises(ContractChanged):
        served.pages("organizations")


def test_who_will_leave_is_still_here(serve: Serve) -> None:
    served = serve()
    leaving = {
        row["recordInfo"]["jobNumber"]
        for row in served.running.tenant.rows.latest
        if row["recordInfo"]["employeeStatus"] == 8 and not row["recordInfo"]["isCurrentRecord"]
    }

    here = {d["jobNumber"] for d in served.docs("employees") if d["standing"] in (2, 3)}

    assert leaving
    assert leaving <= here


def test_a_new_hire_is_known_before_the_first_day_and_one_who_returns_is_not(serve: Serve) -> None:
    served = serve()
    rows = served.running.tenant.rows
    for number, kind in ((1, "1"), (2, "2")):
        one = rows.employees[0]
        record = {**one["recordInfo"], "employeeStatus": 1, "changeTypeOID": kind}
        info = {**one["employeeInfo"], "userID": number}
        rows.latest.append({**one, "employeeInfo": info, "recordInfo": record})

    standing = {d["userID"]: d["standing"] for d in served.docs("employees")}

    assert standing[1] == 1
    assert 2 not in standing


def test_masked_numbers_are_absent_not_wrong(serve: Serve) -> None:
    for doc in serve(masked="yes").docs("employees"):
        assert not {"mobilePhone", "iDNumber"} & doc["employeeInfo"].keys()
        assert "residentId" not in doc


def test_another_document_is_no_identity_card() -> None:
    row = {"employeeInfo": {"userID": 1, "iDType": 4, "iDNumber": "E12345678"}}

    assert "residentId" not in EmployeeRows().decode(json.dumps(row).encode(), {})


def test_rows_of_the_past_are_left_out_and_deleted_ones_say_so() -> None:
    rows = [
        {"oId": 1, "isCurrentRecord": False, "status": 1},
        {"oId": 1, "isCurrentRecord": True, "status": 1, "stdIsDeleted": True},
    ]
    records = CurrentRows()

    kept = records.split(json.dumps({"data": rows}).encode())

    assert [records.decode(raw, {})["standing"] for raw in kept] == ["deleted"]


@pytest.mark.parametrize(("by", "everybody"), [("row", True), ("business", False)])
def test_a_nightly_recalculation_brings_everybody_only_by_row(
    serve: Serve, by: str, everybody: bool
) -> None:
    served = serve(flood="yes")
    yesterday = (served.world.now - timedelta(hours=20)).isoformat()

    docs = served.docs("employees", yesterday, changes_by=by, lookback_days=1)

    assert (len(docs) == len(served.world.people)) is everybody


def test_the_cursor_stands_for_the_vendors_clock(serve: Serve) -> None:
    served = serve()
    pages = served.pages("employees", page_size=20)

    assert pages[0].cursor is None
    assert pages[-1].cursor == (served.world.now - timedelta(seconds=60)).isoformat(
        timespec="milliseconds"
    )
