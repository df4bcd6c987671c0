"""Placing orders: refused before anything is sent, and placed once whatever fails."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from hrhub.ambient import FakeClock
from hrhub.errors import (
    Busy,
    ConfigError,
    ConsentError,
    HrHubError,
    Refused,
    RowRejected,
    VendorError,
)
from hrhub.http.ports import MemoryPorts
from hrhub.pipeline import open_hub
from hrhub.pipeline.backup import backup, restore
from hrhub.pipeline.orders import consents, withdraw
from hrhub.store.schema import metadata
from tests.orders.conftest import MOBILE, NUMBER, Office, add_person
from tests.support.bureau import CONNECTION, connector


def refusal(office: Office, **how: Any) -> HrHubError:
    """Return why an order is refused, having seen that the vendor was told nothing."""
    with pytest.raises(HrHubError) as refused:
        office.place(**how)
    assert office.bureau.told == []
    assert office.count("service_order") == 0
    return refused.value


def test_without_consent_nothing_is_sent_and_the_refusal_is_on_record(office: Office) -> None:
    error = refusal(office)

    assert isinstance(error, ConsentError)
    assert error.code == "consent.missing"
    assert office.bureau.asked == []
    assert office.acts()[-1] == "order.refused"


def test_a_consent_towards_another_vendor_does_not_do(office: Office) -> None:
    office.agree(recipients=["checkr"])

    assert refusal(office).code == "consent.other_recipient"


def test_a_consent_that_names_nobody_does_not_do(office: Office) -> None:
    with pytest.raises(ConfigError):
        office.agree(recipients=[])


def test_an_expired_consent_does_not_do(office: Office) -> None:
    office.agree(expires_at=office.clock.now() + timedelta(days=1))
    office.clock.sleep(2 * 86_400)

    assert refusal(office).code == "consent.expired"


def test_a_withdrawn_consent_does_not_do(office: Office) -> None:
    withdraw(office.hub, office.agree().id, reason="person_asked", actor="test")

    assert refusal(office).code == "consent.withdrawn"


def test_another_legal_basis_does_not_do_for_a_background_check(office: Office) -> None:
    office.agree(legal_basis="contract_hr")

    assert refusal(office).code == "consent.missing"


def test_a_withdrawal_ends_every_consent_to_the_purpose_given_before_it(office: Office) -> None:
    first, second = office.agree(), office.agree()
    assert first.granted_at == second.granted_at
    office.clock.sleep(60)
    withdraw(office.hub, second.id, reason="person_asked", actor="test")
    assert refusal(office).code == "consent.withdrawn"

    office.clock.sleep(60)
    office.agree()

    assert office.place().status == "awaiting_subject"
    assert len(consents(office.hub, office.person)) == 3


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"package": "none"}, "order.package_unknown"),
        ({"person": "01933c5a-7d2e-7000-8000-0123456789ab"}, "person.unknown"),
        ({"person": "'; drop table person"}, "person.unknown"),
        ({"key": "short"}, "order.key_malformed"),
    ],
)
def test_what_cannot_be_ordered_is_refused_in_words(
    office: Office, how: dict[str, Any], code: str
) -> None:
    office.agree()

    assert refusal(office, **how).code == code


def test_a_person_of_whom_too_little_is_known_is_refused(office: Office, tmp_path: Any) -> None:
    office.person = add_person(office.hub, tmp_path, 2)
    office.agree()

    error = refusal(office, package="deep")

    assert isinstance(error, Refused)
    assert error.context["fields"] == "national_id"


def test_a_key_of_another_order_is_refused(office: Office) -> None:
    office.agree()
    office.place(key="the-same-key")

    with pytest.raises(ConfigError) as refused:
        office.place("deep", key="the-same-key")

    assert refused.value.code == "order.key_taken"
    assert len(office.bureau.told) == 1


def test_the_vendor_is_told_what_the_package_needs_and_no_more(office: Office) -> None:
    office.agree()

    order = office.place()

    (told,) = office.bureau.told
    assert told["who"] == {"display_name": "测试甲", "mobile": f"+86{MOBILE}"}
    assert (order.status, order.vendor_status, order.tries) == ("awaiting_subject", "new", 1)
    assert order.due_at == order.placed_at + timedelta(days=14)  # type: ignore[operator]


def test_what_the_vendor_is_to_be_told_is_kept_sealed_until_it_knows(office: Office) -> None:
    office.agree()
    office.bureau.lose = 1
    with pytest.raises(VendorError):
        office.place()
    table = metadata.tables["hub_order"]

    def sealed() -> Any:
        with office.hub.store.read() as tx:
            return tx.execute(select(table.c.sealed_request)).scalar_one()

    assert MOBILE.encode() not in bytes(sealed())
    office.place()

    assert sealed() is None


def test_nothing_personal_stands_in_open_columns(office: Office) -> None:
    office.agree(evidence="scan 12 in the safe")
    office.place("deep")

    for name in ("hub_order", "service_order", "consent", "hub_audit", "hub_source_link"):
        table = metadata.tables[name]
        with office.hub.store.read() as tx:
            rows = [tuple(row) for row in tx.execute(select(table))]
        text = repr(rows)
        for value in ("测试", MOBILE, NUMBER, "safe", "bureau.example", "B0001"):
            assert value not in text, (name, value)


def test_a_dry_run_shows_names_and_masks_and_writes_nothing(office: Office) -> None:
    agreed = office.agree()

    shown = office.hub.orders.show(
        connector, office.bureau.config, CONNECTION, "checks", "deep", office.person
    )

    assert shown.told == {"display_name": "测***", "national_id": "110***X"}
    assert (shown.vendor, shown.package_name, shown.consent_id) == ("Bureau", "Deep", agreed.id)
    assert office.count("hub_order") == 0
    assert office.bureau.told == []


def test_placing_again_without_a_key_returns_the_unfinished_order(office: Office) -> None:
    office.agree()
    first = office.place()

    assert office.place().id == first.id
    assert office.place("deep").id != first.id
    assert len(office.bureau.told) == 2


def test_a_finished_order_makes_room_for_a_new_one(office: Office) -> None:
    office.agree()
    first = office.place()
    office.bureau.move("done")
    office.poll()

    second = office.place()

    assert second.id != first.id
    assert second.key != first.key


def test_one_key_is_one_order(office: Office) -> None:
    office.agree()
    first = office.place(key="from-a-dag-run")
    office.bureau.move("done")
    office.poll()

    assert office.place(key="from-a-dag-run").id == first.id
    assert len(office.bureau.told) == 1


def test_after_a_lost_answer_the_order_is_found_and_not_placed_again(office: Office) -> None:
    office.agree()
    office.bureau.lose = 1
    with pytest.raises(VendorError):
        office.place()
    (standing,) = [office.hub.orders.get(i) for i in ids(office)]
    assert (standing.status, standing.failures) == ("requested", 1)

    order = office.place()

    assert order.id == standing.id
    assert order.status == "awaiting_subject"
    assert len(office.bureau.told) == 1


def test_an_order_placed_after_a_backup_is_found_after_its_restore(
    office: Office, tmp_path: Any
) -> None:
    office.agree()
    office.bureau.lose = 1
    with pytest.raises(VendorError):
        office.place()
    with office.hub.store.write() as tx:  # as it stood before the first try
        tx.execute(update(metadata.tables["hub_order"]).values(tries=0))
    backup(office.hub, tmp_path / "hub.backup", actor="test")

    restore(office.hub.settings, tmp_path / "hub.backup", actor="test", replace=True)

    assert office.poll().moved == {"awaiting_subject": 1}
    assert len(office.bureau.told) == 1


def test_an_order_whose_answer_was_lost_is_found_by_the_next_look(office: Office) -> None:
    office.agree()
    office.bureau.lose = 1
    with pytest.raises(VendorError):
        office.place()

    polled = office.poll()

    assert polled.moved == {"awaiting_subject": 1}
    assert len(office.bureau.told) == 1


def test_a_vendor_that_refuses_the_persons_data_ends_the_order(office: Office) -> None:
    office.agree()
    office.bureau.refuses = True

    with pytest.raises(RowRejected):
        office.place()

    (order_id,) = ids(office)
    order = office.hub.orders.get(order_id)
    assert (order.status, order.error_code, order.next_at) == ("failed", "record.policy", None)
    office.bureau.refuses = False
    assert office.place().id != order_id


def test_two_processes_at_once_place_one_order(office: Office) -> None:
    office.agree()
    office.bureau.wait_s = 0.5
    gate = threading.Barrier(4)
    placed: list[str] = []
    refused: list[HrHubError] = []

    def one() -> None:
        clock = FakeClock(office.clock.now())
        with open_hub(office.hub.settings, clock=clock, ports=MemoryPorts(clock)) as own:
            gate.wait(30)
            try:
                placed.append(office.place(hub=own).id)
            except HrHubError as error:
                refused.append(error)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(office.bureau.told) == 1
    assert len(set(placed)) == 1
    assert all(isinstance(error, Busy) for error in refused)
    assert office.count("service_order") == 1


def test_an_order_that_never_reached_the_vendor_ends_with_its_consent(office: Office) -> None:
    agreed = office.agree()
    office.bureau.lose = 1
    with pytest.raises(VendorError):
        office.place()
    office.bureau.orders.clear()  # lost before the vendor knew of it
    office.clock.sleep(60)
    assert withdraw(office.hub, agreed.id, reason="person_asked", actor="test")[1] == 1

    with pytest.raises(ConsentError):
        office.place()

    (order_id,) = ids(office)
    order = office.hub.orders.get(order_id)
    assert (order.status, order.error_code) == ("cancelled", "consent.withdrawn")
    assert len(office.bureau.told) == 1


def test_errors_about_an_order_name_ids_and_codes_only(office: Office) -> None:
    office.agree()
    office.bureau.refuses = True

    with pytest.raises(RowRejected) as refused:
        office.place()

    assert set(refused.value.context) <= {
        "order",
        "vendor",
        "connector",
        "connection",
        "service",
        "field_path",
        "rule",
    }
    assert MOBILE not in json.dumps(refused.value.context)


def ids(office: Office) -> list[str]:
    with office.hub.store.read() as tx:
        return list(tx.execute(select(metadata.tables["hub_order"].c.order_id)).scalars())


def test_a_damaged_request_is_found_by_verification_and_never_sent(office: Office) -> None:
    office.agree()
    office.bureau.lose = 1
    with pytest.raises(VendorError):
        office.place()
    assert office.hub.verify().ok
    table = metadata.tables["hub_order"]
    with office.hub.store.write() as tx:
        sealed = bytearray(tx.execute(select(table.c.sealed_request)).scalar_one())
        sealed[-1] ^= 1
        tx.execute(update(table).values(sealed_request=bytes(sealed)))

    report = office.hub.verify()
    with pytest.raises(HrHubError):
        office.place()

    assert not report.ok
    assert len(office.bureau.told) == 1
