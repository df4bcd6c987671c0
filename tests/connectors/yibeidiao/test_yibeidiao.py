"""Yibeidiao: signatures, refusals, orders that are paid once, reports; failures first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from connectors.yibeidiao import connector
from connectors.yibeidiao.sandbox import KEY, TOKEN
from connectors.yibeidiao.signing import sign_of
from hrhub.ambient import FakeClock
from hrhub.connector import OrderService, OrderStatus
from hrhub.errors import AuthError, ConfigError, ContractChanged, RowRejected
from hrhub.http.testing import Reply, ScriptedServer
from hrhub.mapping import Mapped
from hrhub.pipeline import open_hub
from hrhub.pipeline.orders import give
from hrhub.settings import Settings
from tests.support.vendor import introduced

Serve = Callable[..., Any]
MAPPINGS = Path(__file__).parents[3] / "mappings"


def test_the_platforms_own_example_is_signed_alike() -> None:
    signed = sign_of(
        "CF6BF781AB82FEF5BFDF96B054ECEB15",
        "20190102145555",
        "N123456",
        "8FD2867925098ECFA5DC1DB15B5A3E79",
    )

    assert signed == "65F3CB60DDEA32F61A0AA3D06D5AC348"


@pytest.mark.parametrize("wrong", [{"key": "A" * 32}, {"token": "A" * 32}])
def test_a_wrong_key_or_token_is_told_as_such(serve: Serve, wrong: dict[str, str]) -> None:
    with pytest.raises(AuthError) as refused:
        connector.check(serve().session(**wrong))

    assert refused.value.code == "auth.refused"


def test_a_clock_that_is_far_off_is_told_as_such(serve: Serve) -> None:
    session = serve().session()
    session.clock.sleep(timedelta(days=2).total_seconds())

    with pytest.raises(ConfigError) as refused:
        connector.check(session)

    assert refused.value.code == "yibeidiao.clock"


@pytest.mark.parametrize("change", [{"sign": "0" * 32}, {"key": "A" * 32}, {"seq": "another"}])
def test_an_answer_that_is_not_signed_with_our_token_is_not_used(
    serve: Serve, service: OrderService, change: dict[str, str]
) -> None:
    ts, seq = "20260302152645", "n1"
    good = {"code": "0", "key": KEY, "ts": ts, "seq": seq, "sign": sign_of(KEY, ts, seq, TOKEN)}
    record = {"recordNo": "1", "status": 45}

    with ScriptedServer(lambda _: Reply.json({**good, **change, "data": record})) as stranger:
        session = serve().session(url=stranger.url)
        with pytest.raises(ContractChanged) as refused:
            service.status(session, "1")

    assert refused.value.code == "yibeidiao.unsigned"


@pytest.mark.parametrize("line", ["12", "=Name", "12="])
def test_a_package_without_code_or_name_is_refused(line: str) -> None:
    with pytest.raises(ValidationError):
        connector.config(url="https://a.example", key=KEY, token=TOKEN, packages=(line,))


@pytest.mark.parametrize("lacking", ["display_name", "national_id", "mobile"])
def test_who_lacks_something_is_refused_before_anything_is_sent(
    serve: Serve, service: OrderService, lacking: str
) -> None:
    served = serve()

    with pytest.raises(RowRejected) as refused:
        service.place(served.session(), served.request(**{lacking: None}))

    assert refused.value.field_path == lacking
    assert served.asked() == []


def test_a_person_whom_the_platform_refuses_is_neither_ordered_nor_paid(
    serve: Serve, service: OrderService
) -> None:
    served = serve()

    with pytest.raises(RowRejected) as refused:
        service.place(served.session(), served.request(national_id="110105194912310021"))

    assert refused.value.rule == "yibeidiao.person_2002"
    assert served.asked() == ["order/single"]


def test_an_order_that_could_not_be_paid_is_paid_when_it_is_found(
    serve: Serve, service: OrderService
) -> None:
    served = serve(balance="0")
    with pytest.raises(ConfigError) as poor:
        service.place(served.session(), served.request())
    served.running.platform._balance = 1

    found = service.find(served.session(), "order-1")

    assert poor.value.code == "yibeidiao.balance"
    assert found is not None
    assert found.status is OrderStatus.AWAITING_SUBJECT
    assert len(served.running.platform.orders) == 1


def test_the_same_key_is_one_order_paid_once(serve: Serve, service: OrderService) -> None:
    served = serve(balance="1")

    first = service.place(served.session(), served.request())
    again = service.place(served.session(), served.request())

    assert first.vendor_id == again.vendor_id
    assert served.asked().count("order/pay") == 1


def test_a_person_who_never_consents_is_not_looked_into(
    serve: Serve, service: OrderService
) -> None:
    served = serve(people="idle")
    placed = service.place(served.session(), served.request())
    served.advance(9)

    state = service.status(served.session(), placed.vendor_id)

    assert state.status is OrderStatus.AWAITING_SUBJECT


@pytest.mark.parametrize(
    ("package", "kinds"),
    [
        ("12", ["identity", "education", "employment", "litigation"]),
        ("1:1,14:1", ["identity", "litigation"]),
    ],
)
@pytest.mark.parametrize(
    ("name", "overall", "verdict"), [(None, "clear", "match"), ("甲某某", "review", "mismatch")]
)
def test_an_order_goes_its_way_to_a_report_that_maps(
    serve: Serve,
    service: OrderService,
    package: str,
    kinds: list[str],
    name: str | None,
    overall: str,
    verdict: str,
) -> None:
    served = serve()
    told_name = {"display_name": name} if name else {}
    state = service.place(served.session(), served.request(package=package, **told_name))
    seen = [state.status]
    for _ in range(2):
        served.advance()
        seen.append(service.status(served.session(), state.vendor_id).status)

    (mapped,) = served.result(service, state.vendor_id)

    assert seen == [
        OrderStatus.AWAITING_SUBJECT,
        OrderStatus.IN_PROGRESS,
        OrderStatus.COMPLETED,
    ]
    assert isinstance(mapped, Mapped)
    assert (mapped.values["order"], mapped.values["overall"]) == (state.vendor_id, overall)
    items = mapped.children["item"]
    assert [item["kind"] for item in items] == kinds
    assert items[0]["verdict"] == verdict


def test_the_token_does_not_show(serve: Serve) -> None:
    session = serve().session()
    assert connector.auth is not None

    assert TOKEN not in repr(connector.auth(session.config)) + repr(session)


def test_a_hub_orders_pays_once_after_a_lost_payment_and_takes_the_report_in(
    serve: Serve, tmp_path: Path, store_url: str
) -> None:
    served = serve(balance="0")
    home = tmp_path / "hub"
    settings = Settings(home, store_url, home / "keyring.json", home / "landing", MAPPINGS)
    config = served.session().config
    clock = FakeClock(served.now)
    with open_hub(settings, create=True, clock=clock) as hub:
        number = served.request().subject["national_id"]
        person = introduced(hub, served.world, number)
        give(hub, person, "background_check", ["yibeidiao"], evidence="file 7", actor="test")
        with pytest.raises(ConfigError):
            hub.orders.place(connector, config, "bg", "checks", "12", person=person, actor="test")
        served.running.platform._balance = 9
        order = hub.orders.place(
            connector, config, "bg", "checks", "12", person=person, actor="test"
        )
        for _ in range(2):
            served.advance()
            clock.sleep(timedelta(days=1).total_seconds())
            hub.orders.poll(connector, config, "bg", holder="test")
        done = hub.orders.get(order.id)
        report = hub.verify()

    assert (done.status, done.result) == ("completed", "full")
    assert report.ok
    assert len(served.running.platform.orders) == 1
    assert served.running.platform._balance == 8
    with sa.create_engine(settings.store_url).connect() as database:
        items = database.execute(
            sa.text("select count(*) from background_item where removed_at is null")
        ).scalar()
    assert items == 4
