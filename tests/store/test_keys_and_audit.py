"""Wrapped keys and the audit chain at rest."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import threading
from collections.abc import Mapping
from datetime import datetime

import msgspec
import pytest
from sqlalchemy import func, select, update

from hrhub.ambient import FakeClock, random_bytes
from hrhub.crypto.audit import AuditBroken, verify_links
from hrhub.crypto.records import DekRecord, WrappedKey
from hrhub.errors import StorageError
from hrhub.store import Store, audit
from hrhub.store.keys import StoredKeys, insert_deks, load_deks, load_deks_by_id
from hrhub.store.schema import hub_audit, hub_audit_head


def wrapped(version: int = 1, purpose: str = "twk") -> WrappedKey:
    return WrappedKey("default", purpose, version, random_bytes(16), "file:1", random_bytes(61))


def dek(owner: str, at: datetime, **changes: object) -> DekRecord:
    record = DekRecord(
        random_bytes(16),
        "default",
        owner,
        "subject",
        1,
        bytes(16),
        random_bytes(60),
        random_bytes(32),
        "active",
        0,
        at,
    )
    return dataclasses.replace(record, **changes)


def link(prev: bytes, event: Mapping[str, object]) -> bytes:
    body = msgspec.json.encode(event, order="deterministic")
    return hmac.new(b"auk", b"HIHA1" + prev + body, hashlib.sha256).digest()


def test_of_two_processes_that_add_the_same_key_one_wins_for_both(store: Store) -> None:
    table = StoredKeys(store, FakeClock())
    ours, theirs = wrapped(), wrapped()

    table.add_tenant_keys([ours, wrapped(purpose="bik")])
    table.add_tenant_keys([theirs, wrapped(2)])

    found = {(k.purpose, k.version): k for k in table.load_tenant_keys("default")}
    assert set(found) == {("bik", 1), ("twk", 1), ("twk", 2)}
    assert found["twk", 1] == ours
    assert table.load_tenant_keys("other") == []


def test_an_owner_has_one_active_key_per_purpose(store: Store, at: datetime) -> None:
    with pytest.raises(StorageError) as caught, store.write() as tx:
        insert_deks(tx, [dek("p1", at), dek("p1", at)])

    assert caught.value.code == "store.conflict"


def test_data_keys_are_loaded_by_owner_when_active_and_by_id_always(
    store: Store, at: datetime
) -> None:
    old = dek("p1", at, state="decrypt_only")
    now, second = dek("p1", at), dek("p2", at)
    batch = dek("p2", at, purpose="batch")

    with store.write() as tx:
        assert insert_deks(tx, [old, now, second, batch]) == 4
        by_owner = load_deks(tx, "default", ["p1", "p2", "p3"])
        by_id = load_deks_by_id(tx, [old.dek_id, b"?" * 16])

        assert sorted(by_owner, key=lambda k: k.owner) == [now, second]
        assert by_id == [old]
        assert load_deks(tx, "other", ["p1"]) == []
        assert load_deks(tx, "default", ["p2"], purpose="batch") == [batch]


def write_chain(store: Store, at: datetime, count: int = 3) -> None:
    for number in range(count):
        with store.write() as tx:
            audit.append(
                tx,
                link,
                "default",
                at=at,
                actor="sync:a",
                action="sync.apply",
                object_="employee",
                n=number,
                rows=["r"],
            )


def check(store: Store) -> tuple[int, bytes]:
    with store.read() as tx:
        return verify_links(link, audit.links(tx, "default"))


def test_the_known_first_link_of_the_security_design_is_what_is_stored(
    store: Store,
) -> None:
    auk = bytes.fromhex("03b46b81a648deadb734568f00c1a10a67de6da40b3a253dbefe4e55b6e755e0")
    at = datetime.fromisoformat("2026-11-22T00:00:00Z")

    def known(prev: bytes, event: Mapping[str, object]) -> bytes:
        body = msgspec.json.encode(event, order="deterministic")
        return hmac.new(auk, b"HIHA1" + prev + body, hashlib.sha256).digest()

    with store.write() as tx:
        event = {"rows": ["01JD3W6R7Q0000000000000002"], "n": 2, "run": "r1"}
        audit.append(
            tx,
            known,
            "acme",
            at=at,
            actor="sync:beisen-emp",
            action="sync.apply",
            object_="employee",
            **event,
        )
        assert audit.head(tx, "acme")[1].hex() == (
            "c0a72a29e6a4f09d30fa26d6215f37f8f4d75b14a6a24c4ccd05c692a6124f1f"
        )


def test_a_chain_verifies_and_its_head_is_the_last_link(store: Store, at: datetime) -> None:
    write_chain(store, at)

    with store.read() as tx:
        assert check(store) == audit.head(tx, "default")
        assert audit.head(tx, "nobody") == (0, bytes(32))


@pytest.mark.parametrize(
    "change", [{"actor": "user:x"}, {"action": "sync.other"}, {"mac": bytes(32)}, {"seq": 9}]
)
def test_a_changed_link_breaks_the_chain(
    store: Store, at: datetime, change: dict[str, object]
) -> None:
    write_chain(store, at)
    with store.write() as tx:
        tx.execute(update(hub_audit).where(hub_audit.c.seq == 2).values(change))

    with pytest.raises(AuditBroken) as caught:
        check(store)
    assert caught.value.context["seq"] == 2


def test_links_of_a_transaction_that_was_rolled_back_leave_no_gap(
    store: Store, at: datetime
) -> None:
    write_chain(store, at, 1)
    with pytest.raises(KeyError), store.write() as tx:
        audit.append(tx, link, "default", at=at, actor="a", action="b", object_="c")
        raise KeyError
    write_chain(store, at, 1)

    assert check(store)[0] == 2


def test_writers_at_the_same_time_make_one_chain(store: Store, at: datetime) -> None:
    threads = [threading.Thread(target=write_chain, args=(store, at, 5)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert check(store)[0] == 15
    with store.read() as tx:
        assert tx.execute(select(func.count()).select_from(hub_audit_head)).scalar() == 1
