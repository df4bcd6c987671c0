"""Assessments at Beisen: one key is one order, refusals, reports with their scales."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.beisen import connector
from connectors.beisen.assessments import ReportRecords
from hrhub.ambient import FakeClock
from hrhub.connector import OrderRequest, OrderService, OrderStatus
from hrhub.errors import ContractChanged, RowRejected
from hrhub.mapping import Mapped
from hrhub.pipeline import open_hub
from hrhub.pipeline.orders import give
from hrhub.reading import By, Reader
from hrhub.settings import Settings

Serve = Callable[..., Any]
MAPPINGS = Path(__file__).parents[3] / "mappings"


@pytest.fixture
def service() -> OrderService:
    return connector.order_service("assessments")


def request(world: Any, key: str = "k1", package: str = "A2026001") -> OrderRequest:
    person = world.people[0]
    subject = {"display_name": person.display_name, "mobile": f"+86{person.mobile}"}
    return OrderRequest(key=key, package=package, subject=subject)


@pytest.mark.parametrize("name", ["display_name", "mobile"])
def test_a_person_who_lacks_something_is_not_sent(
    serve: Serve, service: OrderService, name: str
) -> None:
    served = serve()
    asked = request(served.world)

    with pytest.raises(RowRejected) as refused:
        service.place(served.session(), replace(asked, subject={**asked.subject, name: ""}))

    assert refused.value.field_path == name
    assert served.asked("AddTestee") == []


def test_a_refused_person_is_no_order(serve: Serve, service: OrderService) -> None:
    served = serve()
    asked = request(served.world)

    with pytest.raises(RowRejected) as refused:
        service.place(served.session(), replace(asked, subject={**asked.subject, "mobile": "123"}))

    assert refused.value.rule == "beisen.testee_refused"
    assert service.find(served.session(), "k1") is None


def test_one_key_is_one_testee_although_beisen_would_take_two(
    serve: Serve, service: OrderService
) -> None:
    served = serve()

    first, again = (service.place(served.session(), request(served.world)) for _ in range(2))

    assert first.vendor_id == again.vendor_id
    assert len(served.running.tenant.assessing.testees) == 1
    assert str(first.invite_url) not in repr(first)


def test_a_status_that_nobody_knows_stops(serve: Serve, service: OrderService) -> None:
    served = serve()
    state = service.place(served.session(), request(served.world))
    served.running.tenant.assessing.testees[state.vendor_id]["status"] = 9

    with pytest.raises(ContractChanged) as changed:
        service.status(served.session(), state.vendor_id)

    assert (changed.value.code, changed.value.context["vendor_code"]) == (
        "order.status_unknown",
        "9",
    )


def test_who_never_begins_lets_the_order_expire(serve: Serve, service: OrderService) -> None:
    served = serve(people="idle")
    state = service.place(served.session(), request(served.world))
    served.running.advance()

    assert service.status(served.session(), state.vendor_id).status is OrderStatus.EXPIRED


def test_no_report_is_no_empty_result() -> None:
    with pytest.raises(ContractChanged):
        ReportRecords().split(b'{"code":200,"data":null}')


def test_reports_of_two_products_are_two_results() -> None:
    body = json.dumps({"data": [{"productCode": "a"}, {"productCode": "b"}]}).encode()

    docs = [ReportRecords().decode(raw, {"order": "T1"}) for raw in ReportRecords().split(body)]

    assert [(d["order"], d["productCode"]) for d in docs] == [("T1", "a"), ("T1", "b")]


def test_a_report_keeps_every_kind_of_score_and_its_norm_group(
    serve: Serve, service: OrderService
) -> None:
    served = serve()
    kinds: dict[str, str] = {}
    for package in ("A2026001", "A2026002"):
        state = service.place(served.session(), request(served.world, package, package))
        for _ in range(3):
            served.running.advance()
        (mapped,) = served.result(service, state.vendor_id)
        assert isinstance(mapped, Mapped)
        assert mapped.values["norm_group"] == "2025 中国企业员工"
        kinds |= {s["scale_code"]: s["standard_kind"] for s in mapped.children["scale"]}

    assert kinds == {"E": "sten", "E1": "sten", "C": "t", "V": "pct", "N": "pct"}


def test_a_hub_orders_and_takes_the_scales_in(serve: Serve, tmp_path: Path) -> None:
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
    clock = FakeClock(served.world.now)
    with open_hub(settings, create=True, clock=clock) as hub:
        for stream in ("organizations", "positions", "employees"):
            hub.sync(connector, config, "beisen", stream, holder="test")
        number = next(p.national_id for p in served.world.people if not p.faulty)
        (found,) = Reader(hub.store, hub.keys).find(By.NATIONAL_ID, number, actor="test")
        give(hub, found.id, "assessment", recipients=["beisen"], evidence="file 7", actor="test")
        order = hub.orders.place(
            connector, config, "beisen", "assessments", "A2026001", person=found.id, actor="test"
        )
        for _ in range(4):
            served.running.advance()
            clock.sleep(86_400)
            hub.orders.poll(connector, config, "beisen", holder="test")
        done = hub.orders.get(order.id)

    assert (done.status, done.result) == ("completed", "full")
    with sa.create_engine(settings.store_url).connect() as database:
        scales = database.execute(sa.text("select count(*) from assessment_scale")).scalar()
    assert scales == 3
