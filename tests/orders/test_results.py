"""Results of orders: refused, replayed, partial, revised; the way of every record."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from hrhub.errors import ConfigError, Refused
from hrhub.pipeline.replay import Wanted
from hrhub.store.schema import metadata
from tests.orders.conftest import Office
from tests.support.bureau import CONNECTION, MAPPING, connector


@pytest.fixture
def ordered(office: Office) -> Office:
    """An office with one order at the vendor."""
    office.agree()
    office.place()
    return office


def the(office: Office) -> str:
    with office.hub.store.read() as tx:
        return str(tx.execute(select(metadata.tables["hub_order"].c.order_id)).scalar_one())


def test_a_finished_order_brings_its_result(ordered: Office) -> None:
    ordered.bureau.reports["B0001"] = {
        "number": "R1",
        "verdict": "green",
        "items": [{"kind": "criminal", "outcome": "match"}],
    }
    ordered.bureau.move("done")

    polled = ordered.poll()

    order = ordered.hub.orders.get(the(ordered))
    assert (polled.results, polled.counts.inserted) == (1, 1)
    assert (order.status, order.result, order.refused, order.next_at) == (
        "completed",
        "full",
        0,
        None,
    )
    assert order.completed_at is not None
    check = metadata.tables["background_check"]
    with ordered.hub.store.read() as tx:
        (row,) = tx.execute(select(check.c.order_id, check.c.subject_id)).all()
    assert tuple(row) == (order.id, ordered.person)
    assert ordered.count("background_item") == 1
    assert ordered.hub.verify().ok


def test_the_vendors_number_of_the_order_does_not_land_in_clear(ordered: Office) -> None:
    ordered.bureau.move("done")
    ordered.poll()

    batch = metadata.tables["hub_landing_batch"]
    with ordered.hub.store.read() as tx:
        (meta,) = tx.execute(select(batch.c.meta).where(batch.c.stream == "checks")).scalars()
    assert meta["order"] == the(ordered)


def test_fetching_the_same_result_again_changes_nothing(ordered: Office) -> None:
    ordered.bureau.move("done")
    ordered.poll()

    again = ordered.hub.orders.fetch(connector, ordered.bureau.config, the(ordered), holder="test")

    assert (again.counts.seen, again.counts.unchanged) == (1, 1)
    assert ordered.count("background_check") == 1


def test_an_order_without_result_has_none_to_fetch(ordered: Office) -> None:
    with pytest.raises(Refused) as refused:
        ordered.hub.orders.fetch(connector, ordered.bureau.config, the(ordered), holder="test")

    assert refused.value.code == "order.no_result"


def test_a_partial_result_is_followed_by_the_full_one(ordered: Office) -> None:
    ordered.bureau.reports["B0001"] = {"number": "R1", "verdict": None, "items": []}
    ordered.bureau.move("some")
    first = ordered.poll()
    assert ordered.hub.orders.get(the(ordered)).result == "partial"

    ordered.bureau.reports["B0001"] = {
        "number": "R1",
        "verdict": "red",
        "items": [{"kind": "education", "outcome": "mismatch"}],
    }
    ordered.bureau.move("done")
    second = ordered.poll()

    assert (first.counts.inserted, second.counts.updated) == (1, 1)
    assert ordered.hub.orders.get(the(ordered)).result == "full"
    assert (ordered.count("background_check"), ordered.count("background_item")) == (1, 1)


def test_a_refused_result_waits_in_quarantine_and_is_replayed(
    ordered: Office, tmp_path: Path
) -> None:
    ordered.bureau.reports["B0001"] = {"number": "R1", "verdict": "amber", "items": []}
    ordered.bureau.move("done")

    polled = ordered.poll()
    order = ordered.hub.orders.get(the(ordered))
    assert (polled.counts.quarantined, order.result, order.refused) == (1, "full", 1)
    assert ordered.count("background_check") == 0

    path = tmp_path / "mappings" / "bureau" / "checks.yaml"
    path.write_text(MAPPING.replace("red: adverse", "red: adverse, amber: review"))
    (done,) = ordered.hub.replay(
        Wanted(connection=CONNECTION),
        holder="test",
        actor="cli:test",
        connectors=lambda _: connector,
    )

    assert done.error is None
    assert done.accepted == 1
    assert ordered.hub.orders.get(the(ordered)).refused == 0
    assert ordered.count("background_check") == 1


def test_a_result_that_is_refused_again_is_one_record_in_quarantine(ordered: Office) -> None:
    ordered.bureau.reports["B0001"] = {"number": "R1", "verdict": "amber", "items": []}
    ordered.bureau.move("done")
    ordered.poll()

    ordered.hub.orders.fetch(connector, ordered.bureau.config, the(ordered), holder="test")

    assert ordered.hub.orders.get(the(ordered)).refused == 1
    assert ordered.count("hub_quarantine") == 1


def test_a_page_that_cannot_be_cut_stops_only_its_own_order(ordered: Office) -> None:
    ordered.place("deep")
    ordered.bureau.move("done")
    ordered.bureau.broken = {"B0001"}

    polled = ordered.poll()

    assert (polled.results, polled.counts.inserted) == (1, 1)
    assert polled.failed == {"vendor.records_missing": 1}
    ordered.bureau.broken = set()
    assert ordered.poll().results == 1


def test_a_missing_mapping_stops_results_and_loses_none(ordered: Office, tmp_path: Path) -> None:
    path = tmp_path / "mappings" / "bureau" / "checks.yaml"
    path.unlink()
    ordered.bureau.move("done")

    with pytest.raises(ConfigError) as refused:
        ordered.poll()
    assert refused.value.code == "mapping.missing"
    assert ordered.hub.orders.get(the(ordered)).status == "completed"

    path.write_text(MAPPING)
    assert ordered.poll(later=timedelta()).results == 1


def test_an_event_after_the_end_lets_a_revised_result_in(ordered: Office) -> None:
    ordered.bureau.move("done")
    ordered.poll()
    ordered.bureau.reports["B0001"] = {"number": "R-B0001", "verdict": "red", "items": []}

    assert ordered.hub.orders.event(CONNECTION, "checks", "B0001") is True
    polled = ordered.poll(later=timedelta())

    assert polled.counts.updated == 1
    assert ordered.hub.orders.get(the(ordered)).status == "completed"
    assert ordered.poll().looked == 0


def test_a_stream_of_that_name_cannot_be_synced(ordered: Office) -> None:
    with pytest.raises(ConfigError) as refused:
        ordered.hub.sync(connector, ordered.bureau.config, CONNECTION, "checks", holder="test")

    assert refused.value.code == "stream.unknown"
