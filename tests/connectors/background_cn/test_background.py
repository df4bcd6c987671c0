"""Background checks: signatures, refusals, orders, reports, callbacks; failures first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.background_cn import connector
from connectors.background_cn.sandbox import SECRET, sandbox
from connectors.background_cn.signing import md5_of
from hrhub.ambient import FakeClock
from hrhub.connector import OrderService, OrderStatus
from hrhub.errors import AuthError, ConfigError, ConsentError, ContractChanged, RowRejected
from hrhub.mapping import Mapped, find_mapping, run_cases
from hrhub.pipeline import open_hub
from hrhub.pipeline.orders import give
from hrhub.settings import Settings
from tests.support.vendor import introduced

Serve = Callable[..., Any]
MAPPINGS = Path(__file__).parents[3] / "mappings"
KINDS = ["HMAC-SHA256", "RSA2", "SM2", "MD5"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_that_the_platform_does_not_know_is_refused(serve: Serve, kind: str) -> None:
    served, other = serve(sign_type=kind), serve(sign_type=kind)
    wrong = sandbox.connection(other.world, other.running)
    # Anybody can make the key of the standard's example; another valid pair is not at hand.
    keys = {"app_id": "another"} if kind == "SM2" else {"private_key": wrong["private_key"]}
    keys |= {"secret": "another"}

    with pytest.raises(AuthError) as refused:
        connector.check(served.session(**keys))

    assert refused.value.context["vendor_code"] == "1001"


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_kind_of_signature_needs_is_asked_for(serve: Serve, kind: str) -> None:
    with pytest.raises(ConfigError) as refused:
        serve(sign_type=kind).session(secret="", private_key="")

    assert refused.value.code == "background.key_missing"


def test_an_sm2_pair_that_does_not_belong_together_signs_nothing(serve: Serve) -> None:
    served = serve(sign_type="SM2")

    with pytest.raises(ConfigError) as refused:
        connector.check(served.session(private_key="1" * 64))

    assert refused.value.code == "auth.key_unusable"
    assert served.running.requests == []


def test_a_clock_that_is_far_off_is_told_as_such(serve: Serve) -> None:
    session = serve().session()
    session.clock.sleep(timedelta(days=2).total_seconds())

    with pytest.raises(ConfigError) as refused:
        connector.check(session)

    assert refused.value.code == "background.clock"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sealed", ["no", "yes"])
def test_every_kind_of_signature_orders_with_and_without_sealed_fields(
    serve: Serve, service: OrderService, kind: str, sealed: str
) -> None:
    served = serve(sign_type=kind, sealed=sealed)

    state = service.place(served.session(), served.request())

    assert state.status is OrderStatus.AWAITING_SUBJECT
    numbers = served.request().subject["national_id"].encode()
    sent = b"".join(r.body for r in served.running.requests)
    assert (numbers in sent) == (sealed == "no")


@pytest.mark.parametrize("lacking", ["display_name", "national_id", "mobile"])
def test_who_lacks_something_is_refused_before_anything_is_sent(
    serve: Serve, service: OrderService, lacking: str
) -> None:
    served = serve()

    with pytest.raises(RowRejected) as refused:
        service.place(served.session(), served.request(**{lacking: None}))

    assert refused.value.field_path == lacking
    assert served.running.requests == []


def test_a_number_that_the_platform_refuses_orders_nothing(
    serve: Serve, service: OrderService
) -> None:
    served = serve()

    with pytest.raises(RowRejected) as refused:
        service.place(served.session(), served.request(national_id="110105194912310021"))

    assert refused.value.rule == "background.person_2002"
    assert served.running.platform.orders == {}


def test_an_empty_balance_and_a_missing_consent_are_told_apart(
    serve: Serve, service: OrderService
) -> None:
    with pytest.raises(ConfigError) as poor:
        served = serve(balance="0")
        service.place(served.session(), served.request())
    with pytest.raises(ConsentError) as unasked:
        served = serve()
        service.place(served.session(), replace(served.request(), consent=None))

    assert (poor.value.code, unasked.value.code) == ("background.balance", "background.consent")


def test_a_report_that_is_not_there_is_an_error(serve: Serve, service: OrderService) -> None:
    served = serve()
    state = service.place(served.session(), served.request())

    with pytest.raises(ContractChanged):
        service.result(served.session(), state.vendor_id)


def test_an_order_goes_its_way_to_a_report_that_maps(serve: Serve, service: OrderService) -> None:
    served = serve()
    session = served.session()
    state = service.place(session, served.request())
    seen = [state.status]
    for _ in range(4):
        served.advance()
        seen.append(service.status(served.session(), state.vendor_id).status)

    (mapped,) = served.result(service, state.vendor_id)

    assert seen == [
        OrderStatus.AWAITING_SUBJECT,
        OrderStatus.IN_PROGRESS,
        OrderStatus.IN_PROGRESS,
        OrderStatus.PARTIAL,
        OrderStatus.COMPLETED,
    ]
    assert isinstance(mapped, Mapped)
    assert mapped.values["order"] == state.vendor_id
    assert mapped.values["overall"] in ("clear", "review")


def test_nobody_who_never_consents_is_looked_into(serve: Serve, service: OrderService) -> None:
    served = serve(people="idle")
    state = service.place(served.session(), served.request())
    served.advance(8)

    assert service.status(served.session(), state.vendor_id).status is OrderStatus.EXPIRED


def test_an_order_is_found_among_many_by_its_key(serve: Serve, service: OrderService) -> None:
    served = serve()
    session = served.session()
    made = {k: service.place(session, served.request(k)) for k in map(str, range(120))}

    found = service.find(session, "115")

    assert found is not None
    assert found.vendor_id == made["115"].vendor_id
    assert service.find(session, "nobody") is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_callback_of_somebody_else_is_refused(serve: Serve, kind: str) -> None:
    served, other = serve(sign_type=kind), serve(sign_type=kind)
    (callback,) = connector.events
    now = served.running.platform.now
    config = served.session().config
    genuine = served.running.report("callback", now)
    callback.verify(config, genuine, now)

    forged = [
        replace(genuine, body=genuine.body.replace(b"report.ready", b"report.gone!")),
        replace(genuine, headers={**genuine.headers, "X-Timestamp": "1"}),
        replace(genuine, headers={}),
    ]
    if kind == "RSA2":
        forged.append(other.running.report("callback", now))
    for received in forged:
        with pytest.raises(AuthError):
            callback.verify(config, received, now)


def test_without_a_secret_no_callback_is_taken(serve: Serve) -> None:
    served = serve()
    (callback,) = connector.events
    now = served.running.platform.now
    config = served.session().config.model_copy(update={"secret": type(_secret(served))("")})

    with pytest.raises(AuthError):
        callback.verify(config, served.running.report("callback", now), now)


def _secret(served: Any) -> Any:
    return served.session().config.secret


def test_a_callback_names_its_order(serve: Serve, service: OrderService) -> None:
    served = serve()
    state = service.place(served.session(), served.request())
    (callback,) = connector.events
    config = served.session().config

    (event,) = callback.parse(config, served.running.report("c", served.running.platform.now))

    assert event.order == state.vendor_id
    assert state.vendor_id not in repr(event)


def test_parameters_are_signed_by_name_without_the_empty_ones() -> None:
    # Worked out apart: printf 'a=1&b=2&key=key' | md5sum
    expected = "735A0BAFC42420A9B223CE31415E043A"

    assert md5_of({"b": "2", "a": "1", "c": "", "d": None}, "key") == expected


def test_golden_cases_hold() -> None:
    results = run_cases(find_mapping(MAPPINGS, "background_cn", "checks"), today=date(2026, 11, 20))

    assert len(results) >= 3
    assert [r for r in results if not r.passed] == []


def test_credentials_do_not_show(serve: Serve) -> None:
    session = serve().session()
    assert connector.auth is not None

    assert SECRET not in repr(connector.auth(session.config)) + repr(session)


def test_a_hub_orders_with_consent_and_takes_the_report_in(serve: Serve, tmp_path: Path) -> None:
    served = serve()
    home = tmp_path / "hub"
    settings = Settings(
        home=home,
        store_url=f"sqlite:///{home}/store.db",
        keyring=home / "keyring.json",
        landing=home / "landing",
        mappings=MAPPINGS,
    )
    config = served.session().config
    clock = FakeClock(served.running.platform.now)
    with open_hub(settings, create=True, clock=clock) as hub:
        person = introduced(hub, served.world, served.request().subject["national_id"])
        with pytest.raises(ConsentError):
            hub.orders.place(
                connector, config, "bg", "checks", "BASIC-01", person=person, actor="test"
            )
        assert served.running.platform.orders == {}
        give(
            hub,
            person,
            "background_check",
            recipients=["background_cn"],
            evidence="file 7",
            actor="test",
        )
        order = hub.orders.place(
            connector, config, "bg", "checks", "BASIC-01", person=person, actor="test"
        )
        for _ in range(4):
            served.advance()
            clock.sleep(timedelta(days=1).total_seconds())
            hub.orders.poll(connector, config, "bg", holder="test")
        done = hub.orders.get(order.id)
        report = hub.verify()

    assert (done.status, done.result) == ("completed", "full")
    assert report.ok
    with sa.create_engine(settings.store_url).connect() as database:
        items = database.execute(
            sa.text("select count(*) from background_item where removed_at is null")
        ).scalar()
    assert items == 2
