"""Looking after open orders: words nobody knows, vendors that are away, consents that are gone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hrhub.errors import Busy, ConfigError, Refused
from hrhub.pipeline import open_hub
from hrhub.pipeline.orders import withdraw
from hrhub.pipeline.orders.states import LATEST, SOONEST, next_look
from hrhub.pipeline.orders.turns import turn
from hrhub.store import orders
from tests.orders.conftest import Office, add_person
from tests.support.bureau import CONNECTION, connector


def test_a_word_that_nobody_knows_leaves_the_order_as_it_was(office: Office) -> None:
    office.agree()
    order = office.place()
    office.bureau.move("pending_review_x")

    polled = office.poll()

    now = office.again(order)
    assert polled.failed == {"order.status_unknown": 1}
    assert (now.status, now.vendor_status) == ("awaiting_subject", "new")
    assert (now.error_code, now.failures) == ("order.status_unknown", 1)
    assert now.error_context and now.error_context["vendor_code"] == "pending_review_x"

    office.bureau.move("working")
    office.poll()

    assert office.again(order).status == "in_progress"
    assert office.again(order).error_code is None


def test_one_order_that_fails_does_not_hold_up_the_others(office: Office) -> None:
    office.agree()
    first, second = office.place("basic"), office.place("deep")
    office.bureau.move("nonsense", "B0001")
    office.bureau.move("working", "B0002")

    polled = office.poll()

    assert (polled.looked, polled.moved) == (2, {"in_progress": 1})
    assert office.again(first).status == "awaiting_subject"
    assert office.again(second).status == "in_progress"


def test_a_vendor_that_is_away_is_left_alone_and_orders_stay_due(office: Office) -> None:
    office.agree()
    order = office.place()
    office.bureau.down = 1_000

    polled = office.poll()
    assert sum(polled.failed.values()) == 1
    assert office.again(order).failures == 1
    assert office.again(order).status == "awaiting_subject"

    office.bureau.down = 0
    office.bureau.move("working")
    assert office.poll().moved == {"in_progress": 1}


def test_an_order_never_goes_back(office: Office) -> None:
    office.agree()
    order = office.place()
    office.bureau.move("working")
    office.poll()
    office.bureau.move("new")

    office.poll()

    assert office.again(order).status == "in_progress"


def test_what_is_not_due_is_not_asked_for(office: Office) -> None:
    office.agree()
    office.place()
    asked = len(office.bureau.asked)

    assert office.poll(later=timedelta(seconds=30)).looked == 0
    assert len(office.bureau.asked) == asked
    assert office.poll(later=timedelta(seconds=31)).looked == 1


def test_patience_grows_with_age_and_failures() -> None:
    assert next_look(timedelta()) == SOONEST
    assert next_look(timedelta(hours=1)) == timedelta(minutes=6)
    assert next_look(timedelta(hours=1), failures=2) == timedelta(minutes=24)
    assert next_look(timedelta(days=30)) == LATEST
    assert next_look(timedelta(), failures=1_000) == LATEST


def test_two_looks_at_once_do_not_ask_for_the_same_order(office: Office) -> None:
    office.agree()
    office.place()
    office.clock.sleep(86_400)
    now = office.clock.now()
    order = office.place()
    with office.hub.store.write() as tx:
        first = orders.take_due(
            tx, order.sync_id, now=now, until=now + timedelta(minutes=10), limit=10
        )
    with office.hub.store.write() as tx:
        second = orders.take_due(
            tx, order.sync_id, now=now, until=now + timedelta(minutes=10), limit=10
        )

    assert (first, second) == ([order.id], [])


def test_a_look_that_died_is_made_up_for(office: Office) -> None:
    office.agree()
    order = office.place()
    office.clock.sleep(86_400)
    now = office.clock.now()
    with office.hub.store.write() as tx:
        orders.take_due(tx, order.sync_id, now=now, until=now + timedelta(minutes=10), limit=10)

    assert office.poll(later=timedelta(minutes=9)).looked == 0
    assert office.poll(later=timedelta(minutes=1)).looked == 1


def test_an_order_that_should_have_ended_is_overdue(office: Office) -> None:
    office.agree()
    order = office.place()
    office.clock.sleep(15 * 86_400)
    now = office.clock.now()

    with office.hub.store.read() as tx:
        (late,) = orders.listed(tx, "default", overdue_at=now)
        (counted,) = orders.tally(tx, "default", now)

    assert late.id == order.id and late.overdue(now)
    assert (counted.count, counted.overdue, counted.service) == (1, 1, "checks")


def test_a_withdrawal_stops_the_open_order_at_the_vendor(office: Office) -> None:
    agreed = office.agree()
    order = office.place()
    office.clock.sleep(60)
    _, stopped = withdraw(office.hub, agreed.id, reason="person_asked", actor="test")
    assert stopped == 1

    polled = office.poll(later=timedelta())

    assert polled.moved == {"cancelled": 1}
    assert office.bureau.orders["B0001"]["status"] == "void"
    now = office.again(order)
    assert (now.status, now.error_code, now.next_at) == ("cancelled", "consent.withdrawn", None)
    assert office.acts()[-1] == "order.stop"


def test_after_a_withdrawal_no_result_is_taken_in_even_if_the_vendor_goes_on(
    office: Office,
) -> None:
    agreed = office.agree()
    order = office.place()
    office.bureau.cancels = False
    office.bureau.move("done")
    office.clock.sleep(60)
    withdraw(office.hub, agreed.id, reason="person_asked", actor="test")

    office.poll()

    now = office.again(order)
    assert (now.status, now.error_code) == ("cancelled", "consent.vendor_goes_on")
    assert office.count("background_check") == 0
    assert not any("report" in asked for asked in office.bureau.asked)
    assert office.hub.orders.event(CONNECTION, "checks", "B0001") is False


def test_a_withdrawal_is_tried_again_when_the_vendor_was_away(office: Office) -> None:
    agreed = office.agree()
    order = office.place()
    office.clock.sleep(60)
    withdraw(office.hub, agreed.id, reason="person_asked", actor="test")
    office.bureau.down = 1_000
    office.poll()
    assert office.again(order).status == "awaiting_subject"

    office.bureau.down = 0
    office.poll()

    assert office.again(order).status == "cancelled"


def test_cancelling_is_for_good_and_late_words_change_nothing(office: Office) -> None:
    office.agree()
    order = office.place()

    cancelled = office.cancel(order)
    office.bureau.move("working")
    assert office.hub.orders.event(CONNECTION, "checks", "B0001") is False
    office.poll()

    assert cancelled.status == "cancelled"
    assert office.again(order).status == "cancelled"
    assert office.cancel(order).status == "cancelled"


def test_an_order_that_the_vendor_will_not_cancel_goes_on(office: Office) -> None:
    office.agree()
    order = office.place()
    office.bureau.move("working")
    office.bureau.cancels = False

    assert office.cancel(order).status == "in_progress"


def test_a_vendor_without_cancellations_is_refused_in_words(office: Office) -> None:
    office.agree()
    order = office.place()
    service = type(connector.orders[0])
    kept = service.cancel
    del service.cancel
    try:
        with pytest.raises(Refused) as refused:
            office.cancel(order)
    finally:
        service.cancel = kept  # type: ignore[method-assign]

    assert refused.value.code == "order.cancel_unsupported"


def test_an_event_makes_its_order_due_under_any_of_its_names(office: Office) -> None:
    office.agree()
    office.place()
    office.bureau.move("working")

    assert office.hub.orders.event(CONNECTION, "checks", "nobody") is False
    assert office.hub.orders.event("another", "checks", "B0001") is False
    assert office.hub.orders.event(CONNECTION, None, "file-B0001") is True
    assert office.poll(later=timedelta()).moved == {"in_progress": 1}


def test_an_unknown_order_is_refused_in_words(office: Office) -> None:
    for wrong in ("nonsense", "01933c5a-7d2e-7000-8000-0123456789ab"):
        with pytest.raises(ConfigError) as refused:
            office.hub.orders.get(wrong)
        assert refused.value.code == "order.unknown"


def test_an_order_that_somebody_is_placing_is_busy_and_free_again_when_they_die(
    office: Office,
) -> None:
    office.agree()
    office.bureau.lose = 1
    with pytest.raises(Exception):  # noqa: B017
        office.place()
    with office.hub.store.read() as tx:
        (order,) = orders.listed(tx, "default")

    with turn(office.hub, order.id):
        with pytest.raises(Busy):
            office.place()
        with pytest.raises(Busy):
            office.cancel(order)
        assert office.poll().looked == 1
        assert office.again(order).status == "requested"

    assert office.cancel(order).status == "cancelled"
    assert office.bureau.orders["B0001"]["status"] == "void"


def test_many_orders_are_looked_at_in_bulk(office: Office, tmp_path: object) -> None:
    people = [add_person(office.hub, tmp_path, n) for n in range(2, 62)]  # type: ignore[arg-type]
    for person in people:
        office.person = person
        office.agree()
        office.place()
    office.bureau.move("working")

    polled = office.poll()

    assert polled.moved == {"in_progress": 60}
    with open_hub(office.hub.settings) as other, other.store.read() as tx:
        assert {o.status for o in orders.listed(tx, "default")} == {"in_progress"}
