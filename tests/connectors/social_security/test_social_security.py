"""Social security: what is refused, how an order runs, what months come; failures first."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from connectors.social_security import connector
from connectors.social_security.envelope import Envelopes, signed_text
from connectors.social_security.sandbox.history import SELF, history, records
from hrhub.connector import OrderService, OrderStatus, Page, Received
from hrhub.errors import (
    AuthError,
    ConfigError,
    ConsentError,
    ContractChanged,
    RowRejected,
    ScopeError,
    Throttled,
)
from hrhub.http.answer import Outgoing
from hrhub.mapping import Mapped, compile_mapping, find_mapping
from hrhub.sandbox.world import World, WorldPerson

MAPPINGS = Path(__file__).parents[3] / "mappings"
DIALECTS = ["sm4_gcm", "sm4_cbc", "sm4_derived", "rsa_aes"]

Serve = Callable[..., Any]


def asked(served: Any) -> list[str]:
    return [r.path.removeprefix("/api/v1/") for r in served.running.requests]


@pytest.mark.parametrize(
    ("setting", "value", "error"),
    [
        ("app_id", "another", AuthError),
        ("app_secret", "another", AuthError),
        ("cipher_key", "00" * 16, AuthError),
        ("cipher_key", "no key", ConfigError),
        ("private_key", "11" * 32, ConfigError),
        ("dialect", "sm4_cbc", AuthError),
    ],
)
def test_wrong_credentials_are_told_apart(
    serve: Serve, setting: str, value: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        connector.check(serve().session(**{setting: value}))


def test_an_answer_that_the_platform_did_not_sign_is_refused(serve: Serve) -> None:
    other = serve().settings()["platform_key"]
    with pytest.raises(ContractChanged) as refused:
        connector.check(serve().session(platform_key=other))
    assert refused.value.code == "social_security.answer_refused"
    assert refused.value.context["rule"] == "signature"


def test_an_answer_to_another_request_is_refused(serve: Serve) -> None:
    served = serve()
    genuine = served.running.desk.answer

    def other(request: Any) -> Any:
        reply = genuine(request)
        fields, data = served.running.platform.open_own(reply.body)
        return replace(reply, body=served.running.platform.write({**fields, "transNo": "0"}, data))

    served.running._answer = other
    with pytest.raises(ContractChanged) as refused:
        connector.check(served.session())
    assert refused.value.context["rule"] == "trans_no"


def test_a_clock_that_is_off_is_told_as_such(serve: Serve) -> None:
    served = serve()
    session = served.session()
    session.clock.sleep(400)
    with pytest.raises(ConfigError) as refused:
        connector.check(session)
    assert refused.value.code == "social_security.clock"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("10005", ScopeError),
        ("30002", ConsentError),
        ("50030", Throttled),
        ("10006", ContractChanged),
    ],
)
def test_codes_of_the_gateway_become_what_to_do(
    serve: Serve, code: str, error: type[Exception]
) -> None:
    assert issubclass(connector.errors[code].error, error)


def test_a_dialect_that_lacks_its_key_is_no_configuration(serve: Serve) -> None:
    given = serve().settings()
    for name in ("cipher_key", "public_key"):
        with pytest.raises(ValueError, match=name):
            connector.config(**{**given, name: ""})


@pytest.mark.parametrize("missing", ["display_name", "national_id", "mobile"])
def test_a_person_of_whom_too_little_is_known_is_refused_before_anything_is_asked(
    serve: Serve, service: OrderService, world: World, missing: str
) -> None:
    served = serve()
    with pytest.raises(RowRejected) as refused:
        service.place(served.session(), served.request(world.people[1], **{missing: None}))
    assert refused.value.field_path == missing
    assert set(asked(served)) == {"si/auth/status"}


def test_a_number_and_a_name_that_do_not_fit_are_the_orders_fault(
    serve: Serve, service: OrderService, world: World
) -> None:
    served = serve()
    person = next(p for p in world.people if not p.faulty)
    wrong = person.national_id[:17] + ("0" if person.national_id[17] != "0" else "1")
    for subject in ({"national_id": wrong}, {"display_name": "测试"}):
        with pytest.raises(RowRejected) as refused:
            service.place(served.session(), served.request(person, **subject))
        assert refused.value.field_path == "national_id"


def test_there_is_no_result_before_the_person_signed(
    serve: Serve, service: OrderService, moved: WorldPerson
) -> None:
    served = serve()
    session = served.session()
    placed = service.place(session, served.request(moved))
    with pytest.raises(ContractChanged) as refused:
        service.result(session, placed.vendor_id)
    assert refused.value.code == "social_security.no_result"


def test_a_closed_source_lets_the_order_wait(
    serve: Serve, service: OrderService, moved: WorldPerson
) -> None:
    served = serve(closed="1")
    placed = service.place(served.session(), served.request(moved))
    served.running.desk.advance()
    with pytest.raises(Throttled) as refused:
        service.status(served.session(), placed.vendor_id)
    assert refused.value.code == "social_security.closed"


def test_whoever_refuses_or_never_answers_ends_the_order(
    serve: Serve, service: OrderService, world: World
) -> None:
    served = serve()
    placed = service.place(served.session(), served.request(world.people[28]))
    served.running.desk.advance()
    assert service.status(served.session(), placed.vendor_id).status is OrderStatus.FAILED

    served = serve(people="idle")
    placed = service.place(served.session(), served.request(world.people[1]))
    for _ in range(3):
        served.running.desk.advance()
    assert service.status(served.session(), placed.vendor_id).status is OrderStatus.EXPIRED


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_order_runs_from_authorisation_to_months_in_every_dialect(
    serve: Serve, service: OrderService, world: World, moved: WorldPerson, dialect: str
) -> None:
    served = serve(dialect=dialect)
    states = [service.place(served.session(), served.request(moved))]
    for _ in range(3):
        served.running.desk.advance()
        states.append(service.status(served.session(), states[0].vendor_id))
    served.running.desk.advance()
    part = service.result(served.session(), states[0].vendor_id)
    states.append(service.status(served.session(), states[0].vendor_id))
    page = service.result(served.session(), states[0].vendor_id)

    assert [s.status for s in states] == [
        OrderStatus.AWAITING_SUBJECT,
        OrderStatus.IN_PROGRESS,
        OrderStatus.IN_PROGRESS,
        OrderStatus.PARTIAL,
        OrderStatus.COMPLETED,
    ]
    assert states[0].invite_url and states[0].invite_url not in repr(states[0])
    assert 0 < part.total <= page.total
    rows = mapped(decoded(service, page))
    assert all(row.values["order"] == states[0].vendor_id for row in rows)
    wanted = {
        (date(m.number // 12, m.number % 12 + 1, 1), m.payer.name, m.region)
        for m in history(world, moved)
    }
    got = {(r.values["month"], r.values["payer_name"], r.values["region_code"]) for r in rows}
    assert got == wanted
    assert len({r.key for r in rows}) == len(rows) == page.total > 200


def decoded(service: OrderService, page: Page) -> list[dict[str, Any]]:
    return [service.records.decode(raw, page.meta) for raw in service.records.split(page.body)]


def mapped(docs: list[dict[str, Any]]) -> list[Mapped]:
    plan = find_mapping(MAPPINGS, "social_security", "contributions")
    rows = list(compile_mapping(plan, today=date(2026, 11, 20)).map(docs))
    assert all(isinstance(row, Mapped) for row in rows)
    return rows


def test_the_company_of_the_world_holds_every_quirk_and_all_of_them_map(
    service: OrderService, world: World
) -> None:
    meta = {"order": "A1", "queried_at": "2026-11-24T20:00:00+08:00"}
    told = [json.dumps(r).encode() for p in world.people for r in records(world, p)]
    rows = mapped([service.records.decode(raw, meta) for raw in told])

    assert {r.values["state"] for r in rows} == {"paid", "back_paid", "arrears", "flexible"}
    months = [history(world, person) for person in world.people]
    assert any(len({m.number for m in h}) < len(h) for h in months), "two payers in one month"
    assert any(b.number - a.number > 1 for h in months for a, b in pairwise(h)), "gaps"
    assert any("人力资源" in m.payer.name for h in months for m in h), "agencies"
    assert any(m.payer is SELF for h in months for m in h), "people who pay themselves"


def test_somebody_without_records_is_an_answer_and_costs_nothing(
    serve: Serve, service: OrderService, stranger: WorldPerson
) -> None:
    served = serve()
    placed = service.place(served.session(), served.request(stranger))
    for _ in range(3):
        served.running.desk.advance()
        state = service.status(served.session(), placed.vendor_id)
    assert (state.status, state.vendor_status) == (OrderStatus.COMPLETED, "NO_DATA")
    assert service.result(served.session(), placed.vendor_id).total == 0
    assert served.running.desk.billed == []


def test_a_query_is_billed_once_however_often_it_is_asked_for(
    serve: Serve, service: OrderService, moved: WorldPerson
) -> None:
    served = serve()
    placed = service.place(served.session(), served.request(moved))
    for _ in range(5):
        served.running.desk.advance()
        for _ in range(2):
            service.status(served.session(), placed.vendor_id)
    service.place(served.session(), served.request(moved))
    assert len(served.running.desk.billed) == 1
    assert asked(served).count("si/query/submit") == 1
    assert asked(served).count("si/auth/create") == 1


def test_an_order_is_found_after_the_gateway_forgot_the_number(
    serve: Serve, service: OrderService, moved: WorldPerson
) -> None:
    served = serve(people="idle")
    first = service.place(served.session(), served.request(moved))
    served.running.desk.now += timedelta(hours=30)
    assert service.place(served.session(), served.request(moved)).vendor_id == first.vendor_id


def test_an_authorisation_that_was_used_cannot_be_revoked(
    serve: Serve, service: OrderService, moved: WorldPerson
) -> None:
    served = serve()
    placed = service.place(served.session(), served.request(moved))
    served.running.desk.advance()
    service.status(served.session(), placed.vendor_id)
    assert service.cancel(served.session(), placed.vendor_id).status is OrderStatus.IN_PROGRESS


def test_months_asked_for_are_those_before_this_one(
    serve: Serve, service: OrderService, moved: WorldPerson
) -> None:
    served = serve()
    service.place(served.session(months=12), served.request(moved))
    _, data = served.running.platform.read(served.running.requests[-1].body)
    assert (data["startMonth"], data["endMonth"]) == ("202511", "202610")
    assert data["mobile"] == moved.mobile


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_sent_shows_no_personal_value(
    serve: Serve, service: OrderService, moved: WorldPerson, dialect: str
) -> None:
    served = serve(dialect=dialect)
    service.place(served.session(), served.request(moved))
    wire = b"".join(r.body for r in served.running.requests)
    for value in (moved.national_id, moved.mobile, moved.display_name):
        assert value.encode() not in wire
        assert json.dumps(value).encode() not in wire


def test_every_message_is_encrypted_anew_where_the_dialect_can(serve: Serve) -> None:
    for dialect in ("sm4_gcm", "sm4_cbc", "rsa_aes"):
        config = connector.config(**serve(dialect=dialect).settings())
        sealing = Envelopes(config).sealing
        assert len({sealing.seal(b"{}", "0")["encData"] for _ in range(5)}) == 5


def test_the_text_that_is_signed_is_the_one_of_the_interface() -> None:
    """The example of the interface specification, with an empty field added at each level."""
    envelope = {
        "appId": "43AF",
        "version": "2.0.1",
        "timestamp": "1772440200000",
        "signType": "SM2",
        "encType": "SM4",
        "encData": "…",
        "extra": "…",
        "message": "",
    }
    data = {"name": "李明", "idNo": "1", "mobile": None, "scope": []}
    assert signed_text(envelope, data, "4117").decode() == (
        'appId=43AF&data={"idNo":"1","name":"李明"}&encType=SM4&signType=SM2'
        "&timestamp=1772440200000&version=2.0.1&key=4117"
    )


def test_a_nested_value_is_sorted_and_emptied_too() -> None:
    data = {"b": {"z": 1, "a": {"x": ""}}, "a": [{"d": None, "c": True}]}
    assert signed_text({}, data, "k").decode() == 'data={"a":[{"c":true}],"b":{"z":1}}&key=k'


def test_a_request_is_sealed_anew_for_every_try(serve: Serve) -> None:
    config = connector.config(**serve().settings())
    envelopes = Envelopes(config)
    body = b'{"transNo":"1","data":{"a":"b"}}'
    requests = [Outgoing("POST", "https://x.example", body=body) for _ in range(2)]
    texts = [envelopes.text(r, "1772440200000", "") for r in requests]
    assert texts[0] == texts[1]
    assert requests[0].body != requests[1].body


def test_a_callback_is_taken_in_both_forms_of_time_and_names_its_order(serve: Serve) -> None:
    served = serve()
    (receiver,) = connector.events
    config = connector.config(**served.settings())
    now = served.world.now
    report = served.running.report("callback", now)
    receiver.verify(config, report, now)
    (event,) = receiver.parse(config, report)
    assert (event.type, event.order) == ("AUTH_CHANGED", "A20261120000000001")
    assert event.at == now.replace(microsecond=0)
    assert receiver.reply(config, report).body == b'{"code":0}'

    stamp = str(int(now.timestamp() * 1000))
    ready = {"event": "RESULT_READY", "taskNo": "T1", "status": "SUCCESS"}
    body = served.running.platform.write({"timestamp": stamp, "transNo": "C2"}, ready)
    report = Received(method="POST", path="/", body=body)
    receiver.verify(config, report, now)
    (event,) = receiver.parse(config, report)
    assert (event.order, event.keys, event.at) == (None, ("T1",), now.replace(microsecond=0))
    with pytest.raises(AuthError):
        receiver.verify(config, report, now + timedelta(hours=33))
    with pytest.raises(AuthError):
        receiver.verify(config, report, now - timedelta(minutes=6))
