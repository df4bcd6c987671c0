"""Orders on the page: how many stand where, the oldest, what to do; nothing of anybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from hrhub.pipeline.orders import give
from hrhub.store.schema import ENTITY_TABLES, hub_order
from tests.orders.conftest import add_person
from tests.page.test_pages import ZH, text
from tests.pipeline.conftest import Bench
from tests.support.bureau import CONNECTION, Bureau, connector

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("airflow")]


@pytest.fixture
def ordered(bench: Bench) -> Iterator[Bench]:
    """A hub with one open order."""
    vendor = Bureau()
    person = add_person(bench.hub, bench.shelf.parent)
    give(bench.hub, person, "background_check", ["bureau"], actor="test", evidence="7")
    bench.hub.orders.place(
        connector, vendor.config, CONNECTION, "checks", "basic", person, actor="test"
    )
    yield bench
    vendor.stop()


def test_open_orders_are_counted_by_status_with_nothing_to_do(
    viewer: TestClient, ordered: Bench
) -> None:
    shown = text(viewer.get("/hub/").text)
    source = text(viewer.get("/hub/source", params={"connection": CONNECTION}).text)

    for page in (shown, source):
        assert "Orders" in page
        assert "1 waiting for the person" in page
        assert "Nothing" in page
    assert "hrhub orders list" not in shown


def test_late_and_failing_orders_are_told_with_the_command_that_shows_them(
    viewer: TestClient, ordered: Bench
) -> None:
    now = ordered.hub.clock.now()
    with ordered.hub.store.write() as tx:
        tx.execute(update(hub_order).values(error_code="order.status_unknown"))
        tx.execute(update(ENTITY_TABLES["service_order"]).values(due_at=now - timedelta(days=1)))

    page = text(viewer.get("/hub/").text)
    chinese = text(viewer.get("/hub/", params=ZH).text)

    assert f"hrhub orders list {CONNECTION} --service checks --overdue" in page
    assert "The last look at one failed" in page
    assert "1 个已逾期" in chinese


def test_nothing_of_the_person_or_the_vendors_number_is_on_the_page(
    viewer: TestClient, ordered: Bench
) -> None:
    html = viewer.get("/hub/").text

    assert "测试" not in html
    assert "B0001" not in html
