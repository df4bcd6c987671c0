"""Education checks: refusals, what becomes of a code, what a report says; failures first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.chsi import connector
from connectors.chsi.orders import doubts_of
from connectors.chsi.sandbox import KEY
from hrhub.ambient import FakeClock
from hrhub.connector import OrderService, OrderStatus
from hrhub.errors import AuthError, ConfigError, ConsentError, RowRejected, Throttled
from hrhub.mapping import Mapped, find_mapping, run_cases
from hrhub.pipeline import open_hub
from hrhub.pipeline.orders import give
from hrhub.settings import Settings
from tests.support.vendor import introduced

Serve = Callable[..., Any]
MAPPINGS = Path(__file__).parents[3] / "mappings"


def test_a_wrong_key_is_told_as_such(serve: Serve) -> None:
    with pytest.raises(AuthError) as refused:
        connector.check(serve().session(api_key="another"))

    assert refused.value.code == "auth.refused"


@pytest.mark.parametrize("lacking", ["display_name", "national_id", "mobile"])
def test_who_lacks_something_is_refused_before_anything_is_sent(
    serve: Serve, service: OrderService, lacking: str
) -> None:
    served = serve()

    with pytest.raises(RowRejected) as refused:
        service.place(served.session(), served.request(served.person(), **{lacking: None}))

    assert refused.value.field_path == lacking
    assert served.running.requests == []


def test_a_person_whom_the_checker_refuses_is_not_checked(
    serve: Serve, service: OrderService
) -> None:
    served = serve()

    with pytest.raises(RowRejected) as refused:
        service.place(
            served.session(), served.request(served.person(), national_id="110105194912310021")
        )

    assert refused.value.rule == "chsi.person"
    assert served.running.desk.checks == {}


def test_a_missing_consent_and_a_report_that_is_not_covered_are_told_apart(
    serve: Serve, service: OrderService
) -> None:
    served = serve()
    request = served.request(served.person())

    with pytest.raises(ConsentError) as unasked:
        service.place(served.session(), replace(request, consent=None))
    with pytest.raises(ConfigError) as unknown:
        service.place(served.session(), replace(request, package="FOREIGN"))

    assert (unasked.value.code, unknown.value.code) == ("chsi.consent", "chsi.not_covered")


def test_a_captcha_is_waited_for_and_told(serve: Serve, service: OrderService) -> None:
    served = serve(limit="1")
    service.place(served.session(), served.request(served.person()))

    with pytest.raises(Throttled) as stopped:
        service.place(served.session(), served.request(served.person(), key="order-2"))

    assert stopped.value.code == "chsi.captcha"
    assert len(served.running.desk.checks) == 1


@pytest.mark.parametrize(
    ("codes", "days", "status"),
    [
        ("idle", 29, OrderStatus.AWAITING_SUBJECT),
        ("idle", 30, OrderStatus.EXPIRED),
        ("expired", 2, OrderStatus.EXPIRED),
        ("closed", 2, OrderStatus.FAILED),
        ("issued", 1, OrderStatus.IN_PROGRESS),
        ("issued", 2, OrderStatus.COMPLETED),
    ],
)
def test_an_order_ends_as_its_code_does(
    serve: Serve, service: OrderService, codes: str, days: int, status: OrderStatus
) -> None:
    served = serve(codes=codes)
    placed = service.place(served.session(), served.request(served.person()))
    served.advance(days)

    assert service.status(served.session(), placed.vendor_id).status is status


def _result(served: Any, service: OrderService, request: Any) -> tuple[dict[str, Any], Any]:
    session = served.session()
    placed = service.place(session, request)
    served.advance(2)
    (record,) = served.result_docs(service, placed.vendor_id)
    (mapped,) = served.result(service, placed.vendor_id)
    assert isinstance(mapped, Mapped)
    return record, {**mapped.values, **mapped.children}


def test_a_report_of_the_person_is_a_match(serve: Serve, service: OrderService) -> None:
    served = serve()
    person = served.person()

    record, values = _result(served, service, served.request(person))

    (item,) = values["item"]
    assert (values["overall"], item["kind"], item["verdict"]) == ("clear", "education", "match")
    assert item["detail"]["graduateDate"] == f"{person.birth_date.year + 22}-06-30"
    assert "certificateDoubts" not in item["detail"]
    # Whoever has the code can open the report, and what is known is not kept twice.
    assert not {"verifyCode", "name", "idNoMasked"} & record["findings"].keys()


def test_a_report_under_another_name_waits_for_a_person(
    serve: Serve, service: OrderService
) -> None:
    served = serve()

    _, values = _result(served, service, served.request(served.person(), display_name="甲某某"))

    assert (values["overall"], values["item"][0]["verdict"]) == ("review", "mismatch")


def test_a_diploma_from_before_the_register_is_no_mismatch(
    serve: Serve, service: OrderService
) -> None:
    served = serve()

    _, values = _result(served, service, served.request(served.person(diploma=False)))

    assert (values["overall"], values["item"][0]["verdict"]) == ("incomplete", "unable")
    assert values["item"][0].get("detail") is None


@pytest.mark.parametrize(
    ("number", "graduated", "doubts"),
    [
        ("100011201605000001", "2016-06-30", []),
        ("100011201605000001", None, []),
        (None, "2016-06-30", []),
        ("100011201505000001", "2016-06-30", ["year"]),
        ("10001120160500001", "2016-06-30", ["form"]),
        ("10001120160500000X", "2016-06-30", ["form"]),
        (100011201605000001, "2016-06-30", ["form"]),
    ],
)
def test_an_odd_certificate_number_is_kept_with_a_word_on_it(
    number: Any, graduated: Any, doubts: list[str]
) -> None:
    assert doubts_of(number, graduated) == doubts


def test_a_check_whose_code_has_come_goes_on_when_it_is_cancelled(
    serve: Serve, service: OrderService
) -> None:
    served = serve()
    placed = service.place(served.session(), served.request(served.person()))
    served.advance(1)

    state = service.cancel(served.session(), placed.vendor_id)

    assert state.status is OrderStatus.IN_PROGRESS


def test_golden_cases_hold() -> None:
    results = run_cases(find_mapping(MAPPINGS, "chsi", "reports"), today=date(2026, 11, 20))

    assert len(results) >= 4
    assert [r for r in results if not r.passed] == []


def test_the_key_does_not_show(serve: Serve) -> None:
    session = serve().session()
    assert connector.auth is not None

    assert KEY not in repr(connector.auth(session.config)) + repr(session)


def test_a_hub_orders_with_consent_and_takes_the_report_in(
    serve: Serve, tmp_path: Path, store_url: str
) -> None:
    served = serve()
    home = tmp_path / "hub"
    settings = Settings(
        home=home,
        store_url=store_url,
        keyring=home / "keyring.json",
        landing=home / "landing",
        mappings=MAPPINGS,
    )
    config = served.session().config
    clock = FakeClock(served.running.desk.now)
    with open_hub(settings, create=True, clock=clock) as hub:
        person = introduced(hub, served.world, served.person().national_id)
        with pytest.raises(ConsentError):
            hub.orders.place(
                connector, config, "edu", "reports", "XUELI", person=person, actor="test"
            )
        assert served.running.desk.checks == {}
        give(hub, person, "background_check", recipients=["chsi"], evidence="file 7", actor="test")
        order = hub.orders.place(
            connector, config, "edu", "reports", "XUELI", person=person, actor="test"
        )
        for _ in range(2):
            served.advance(1)
            clock.sleep(timedelta(days=1).total_seconds())
            hub.orders.poll(connector, config, "edu", holder="test")
        again = hub.orders.fetch(connector, config, order.id, holder="test")
        done = hub.orders.get(order.id)
        report = hub.verify()

    assert (done.status, done.result) == ("completed", "full")
    assert (again.stopped, again.failed) == (None, {})
    assert report.ok
    with sa.create_engine(settings.store_url).connect() as database:
        rows = database.execute(
            sa.text("select count(*) from background_item where removed_at is null")
        ).scalar()
    assert rows == 1
