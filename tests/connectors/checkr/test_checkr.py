"""Checkr: what is refused, how an order runs, who may report; failures first."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.checkr import connector
from connectors.checkr.sandbox import API_KEY
from hrhub.connector import OrderService, OrderStatus, Received
from hrhub.errors import AuthError, ConfigError, ContractChanged, RowRejected, Throttled, Transient
from hrhub.mapping import Mapped, compile_mapping, find_mapping, run_cases

MAPPINGS = Path(__file__).parents[3] / "mappings"
TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

Serve = Callable[..., Any]


def test_a_wrong_key_is_said_to_be_wrong(serve: Serve) -> None:
    with pytest.raises(AuthError):
        connector.check(serve().session(api_key="a-publishable-key"))


def test_an_exhausted_limit_waits(serve: Serve) -> None:
    session = serve(limit="0").session()

    with pytest.raises((Throttled, Transient)) as refused:
        connector.check(session)

    assert refused.value.code == "vendor.throttled"


@pytest.mark.parametrize("name", ["王芳", "Wang 芳", "", "Wang;Fang"])
def test_a_name_that_checkr_does_not_accept_is_refused_before_anything_is_sent(
    serve: Serve, service: OrderService, name: str
) -> None:
    served = serve()

    with pytest.raises(RowRejected) as refused:
        service.place(served.session(), served.request(latin_name=name))

    assert refused.value.field_path == "latin_name"
    assert {r.method for r in served.running.requests} == {"GET"}


def test_an_order_without_a_mail_address_is_refused(serve: Serve, service: OrderService) -> None:
    served = serve()

    with pytest.raises(RowRejected) as refused:
        service.place(served.session(), served.request(personal_email=None))

    assert refused.value.field_path == "personal_email"


def test_an_unknown_package_is_the_orders_fault(serve: Serve, service: OrderService) -> None:
    served = serve()
    request = served.request()

    with pytest.raises(RowRejected):
        service.place(served.session(), _with(request, package="no_such_package"))


def test_there_is_no_result_before_the_person_answered(serve: Serve, service: OrderService) -> None:
    served = serve()
    session = served.session()
    placed = service.place(session, served.request())

    with pytest.raises(ContractChanged) as refused:
        service.result(session, placed.vendor_id)

    assert refused.value.code == "checkr.no_report"


def test_an_order_runs_from_invitation_to_report(serve: Serve, service: OrderService) -> None:
    served = serve()
    session = served.session()

    states = [service.place(session, served.request())]
    for _ in range(2):
        served.running.agency.advance()
        states.append(service.status(session, states[0].vendor_id))
    page = service.result(session, states[0].vendor_id)
    docs = [service.records.decode(raw, page.meta) for raw in service.records.split(page.body)]
    mapping = find_mapping(MAPPINGS, "checkr", "screenings")
    (mapped,) = compile_mapping(mapping, today=TODAY).map(docs)

    assert [s.status for s in states] == [
        OrderStatus.AWAITING_SUBJECT,
        OrderStatus.IN_PROGRESS,
        OrderStatus.COMPLETED,
    ]
    assert isinstance(mapped, Mapped)
    assert mapped.values["order"] == states[0].vendor_id
    assert mapped.values["overall"] == "clear"
    assert [item["verdict"] for item in mapped.children["item"]] == ["match", "mismatch", "match"]


def test_an_order_is_found_after_the_vendor_forgot_the_key(
    serve: Serve, service: OrderService
) -> None:
    served = serve()
    first = service.place(served.session(), served.request())
    served.running.agency.now += timedelta(days=3)

    again = service.place(served.session(), served.request())

    assert again.vendor_id == first.vendor_id


def test_an_invitation_that_nobody_answers_expires(serve: Serve, service: OrderService) -> None:
    served = serve()
    session = served.session()
    placed = service.place(session, served.request())
    served.running.agency.now += timedelta(days=8)

    served.running.agency.advance()

    assert service.status(session, placed.vendor_id).status is OrderStatus.EXPIRED


def test_a_report_under_way_cannot_be_cancelled(serve: Serve, service: OrderService) -> None:
    served = serve()
    session = served.session()
    placed = service.place(session, served.request())
    served.running.agency.advance()

    assert service.cancel(session, placed.vendor_id).status is OrderStatus.IN_PROGRESS


def test_candidates_abroad_do_not_show_up_in_lists(serve: Serve) -> None:
    served = serve()
    stream = connector.stream("candidates")

    pages = list(stream.read(served.session(), None))
    docs = [stream.records.decode(r, p.meta) for p in pages for r in stream.records.split(p.body)]
    outcomes = compile_mapping(find_mapping(MAPPINGS, "checkr", "candidates"), today=TODAY).map(
        docs
    )

    assert len(pages) == 2
    assert {doc["work_locations"][0]["country"] for doc in docs} == {"US"}
    assert len(docs) < len(served.world.people)
    assert pages[0].total == len(docs)
    assert all(isinstance(one, Mapped) for one in outcomes)
    assert not [doc for doc in docs if doc["ssn"] and not doc["ssn"].startswith("XXX-XX-")]


@pytest.mark.parametrize("stream", ["candidates", "screenings"])
def test_golden_cases_hold(stream: str) -> None:
    results = run_cases(find_mapping(MAPPINGS, "checkr", stream), today=TODAY)

    assert len(results) >= 3
    assert [r for r in results if not r.passed] == []


def test_a_state_in_other_letters_is_refused() -> None:
    with pytest.raises(ValueError):
        connector.config(api_key="k", work_country="China")


def _received(body: bytes, key: str, **headers: str) -> Received:
    signature = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
    return Received(
        method="POST",
        path="/inbox/checkr/webhook",
        headers={"X-Checkr-Signature": signature, **headers},
        body=body,
    )


def test_the_vendors_own_test_vector_is_what_we_compute() -> None:
    body = b'{"monday":"75F","tuesday":"80F"}'
    signature = "b7412f05e981a473b5ecbdb5393afaea02a679db6d7c8e56803512ec4ba98151"
    config = connector.config(api_key="test-secret")
    received = Received(
        method="POST", path="/", headers={"X-Checkr-Signature": signature}, body=body
    )

    with pytest.raises(AuthError) as refused:
        connector.events[0].verify(config, received, NOW)

    # The signature holds; a body without a time is refused for its age only.
    assert refused.value.context["rule"] == "time"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda r: _with(r, body=json.dumps(json.loads(r.body)).encode()), "signature"),
        (lambda r: _with(r, headers={}), "signature"),
        (lambda r: _with(r, headers={"X-Checkr-Signature": "Please create a key"}), "signature"),
        (lambda r: _with(r, headers={"X-Checkr-Signature": "é"}), "signature"),
        (lambda r: _received(r.body, "another-key"), "signature"),
        (lambda r: _received(r.body.replace(b"2026", b"2020"), API_KEY), "age"),
        (lambda r: _received(r.body.replace(b"2026", b"2036"), API_KEY), "age"),
    ],
)
def test_what_is_not_from_checkr_is_refused(
    serve: Serve, change: Callable[[Received], Received], rule: str
) -> None:
    served = serve()
    genuine = served.running.report("webhook", NOW)

    with pytest.raises(AuthError) as refused:
        connector.events[0].verify(served.session().config, change(genuine), NOW)

    assert refused.value.context["rule"] == rule


@pytest.mark.parametrize("manner", ["in_order", "shuffled", "repeated"])
def test_reports_of_an_order_are_genuine_and_name_it_in_any_order(
    serve: Serve, service: OrderService, manner: str
) -> None:
    served = serve(reports=manner)
    placed = service.place(served.session(), served.request())
    for _ in range(2):
        served.running.agency.advance()
    (webhook,) = connector.events
    config = served.session().config

    events = []
    for received in served.running.hooks.arriving():
        sent_at = datetime.fromisoformat(json.loads(received.body)["created_at"])
        webhook.verify(config, received, sent_at + timedelta(hours=24))
        events += webhook.parse(config, received)

    kinds = {
        "candidate.created",
        "invitation.created",
        "invitation.completed",
        "report.created",
        "report.completed",
    }
    assert {e.type for e in events} == kinds
    assert {e.order for e in events if e.type.startswith("invitation.")} == {placed.vendor_id}
    assert len({e.id for e in events}) == len(kinds)
    assert len(events) == len(kinds) * (2 if manner == "repeated" else 1)


def test_credentials_do_not_show(serve: Serve) -> None:
    session = serve().session()
    assert connector.auth is not None

    assert API_KEY not in repr(connector.auth(session.config)) + repr(session)


def test_a_hostless_connection_is_refused() -> None:
    with pytest.raises((ConfigError, ValueError)):
        connector.config(url="", api_key="k")


def _with(thing: Any, **changes: Any) -> Any:
    from dataclasses import replace

    return replace(thing, **changes)
