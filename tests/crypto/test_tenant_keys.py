"""Tenant keys and data keys: made once, bound to their place, never replaced in silence."""

from __future__ import annotations

import pickle
import threading
from dataclasses import replace

import pytest

from hrhub.ambient import FakeClock, random_bytes
from hrhub.crypto import (
    DataKeyCache,
    DekRecord,
    EnvelopeError,
    FileKeyring,
    KeyCommitmentError,
    OpenTenants,
    TenantKeys,
    WrappedKey,
    dek_id_of,
    new_tenant_key,
    open_tenant,
    rewrap,
)
from hrhub.errors import ConfigError, KeysUnavailable

from .conftest import MemoryKeyTable

PLACE = {"entity": "person", "field_path": "note", "row_uid": "row-1"}


def one(keys: TenantKeys, owner: str = "subject-1") -> DekRecord:
    """Return the record of one new data key."""
    return keys.create_deks("subject", [owner])[0][0]


class TestOpening:
    def test_a_tenant_that_lost_one_key_is_not_given_a_new_one(
        self, keyring: FileKeyring, table: MemoryKeyTable
    ) -> None:
        open_tenant(keyring, table, "acme")
        del table.rows["acme", "bik", 1]

        with pytest.raises(KeysUnavailable) as caught:
            open_tenant(keyring, table, "acme")

        assert caught.value.code == "keys.unknown"
        assert len(table.rows) == 3

    @pytest.mark.parametrize("state", ["disabled", "destroyed"])
    def test_a_retired_key_is_not_used(
        self, keyring: FileKeyring, table: MemoryKeyTable, state: str
    ) -> None:
        open_tenant(keyring, table, "acme")
        table.replace(replace(table.rows["acme", "auk", 1], state=state))

        with pytest.raises(KeysUnavailable):
            open_tenant(keyring, table, "acme")

    @pytest.mark.parametrize(
        "change",
        [
            {"purpose": "bik", "version": 7},
            {"version": 2},
            {"key_id": bytes(16)},
            {"tenant": "other"},
            {"blob": b""},
            {"blob": b"\x01" + bytes(60)},
        ],
        ids=lambda c: "+".join(c),
    )
    def test_a_changed_or_moved_row_does_not_open(
        self, keyring: FileKeyring, table: MemoryKeyTable, change: dict[str, object]
    ) -> None:
        open_tenant(keyring, table, "acme")
        row = replace(table.rows["acme", "twk", 1], **change)  # type: ignore[arg-type]
        if row.tenant == "other":
            open_tenant(keyring, table, "other")
        table.replace(row)

        with pytest.raises(KeysUnavailable) as caught:
            open_tenant(keyring, table, row.tenant)
        assert caught.value.code == "keys.refused"

    def test_the_profile_of_a_row_cannot_be_switched(
        self, keyring: FileKeyring, table: MemoryKeyTable
    ) -> None:
        open_tenant(keyring, table, "acme", profile=2)
        row = table.rows["acme", "twk", 1]
        table.replace(replace(row, blob=b"\x01" + row.blob[1:]))

        with pytest.raises(KeysUnavailable):
            open_tenant(keyring, table, "acme")

    def test_another_profile_than_the_tenants_is_refused(
        self, keyring: FileKeyring, table: MemoryKeyTable
    ) -> None:
        open_tenant(keyring, table, "acme", profile=2)

        assert open_tenant(keyring, table, "acme").profile == 2
        for wrong in (1, 3):
            with pytest.raises(ConfigError):
                open_tenant(keyring, table, "acme", profile=wrong)

    def test_an_unknown_profile_makes_no_keys(
        self, keyring: FileKeyring, table: MemoryKeyTable
    ) -> None:
        with pytest.raises(ConfigError):
            open_tenant(keyring, table, "acme", profile=3)

        assert not table.rows

    def test_keys_of_another_ring_do_not_open(
        self, keyring: FileKeyring, table: MemoryKeyTable, tmp_path: object
    ) -> None:
        open_tenant(keyring, table, "acme")
        other = FileKeyring.create(keyring._path.with_name("other.json"))

        with pytest.raises(KeysUnavailable) as caught:
            open_tenant(other, table, "acme")
        assert caught.value.code == "keys.unknown"

    def test_two_processes_that_open_a_new_tenant_get_the_same_keys(
        self, keyring: FileKeyring, table: MemoryKeyTable
    ) -> None:
        barrier = threading.Barrier(4)

        class Racing(MemoryKeyTable):
            rows = table.rows

            def __init__(self) -> None:
                self._lock = table._lock

            def add_tenant_keys(self, rows: object) -> None:
                barrier.wait(5)
                table.add_tenant_keys(rows)  # type: ignore[arg-type]

        found: list[bytes] = []

        def run() -> None:
            found.append(open_tenant(keyring, Racing(), "acme").fingerprint_key("x"))

        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(found) == 4
        assert len(set(found)) == 1
        assert len(table.rows) == 4

    def test_nothing_of_a_key_is_printed_or_pickled(self, tenant_keys: TenantKeys) -> None:
        for key in (tenant_keys, tenant_keys.key("bik")):
            assert repr(tenant_keys.key("bik").key) not in repr(key)
            with pytest.raises(TypeError):
                pickle.dumps(key)


class TestDataKeys:
    @pytest.mark.parametrize("part", ["dek_id", "twk_id", "wrapped", "commit"])
    def test_every_flipped_bit_of_a_record_is_refused(
        self, tenant_keys: TenantKeys, part: str
    ) -> None:
        record = one(tenant_keys)

        for bit in range(8 * len(getattr(record, part))):
            broken = bytearray(getattr(record, part))
            broken[bit // 8] ^= 1 << bit % 8
            with pytest.raises((KeyCommitmentError, KeysUnavailable)):
                tenant_keys.load_dek(replace(record, **{part: bytes(broken)}))  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "change",
        [
            {"owner": "subject-2"},
            {"purpose": "batch"},
            {"tenant": "other"},
            {"profile": 2},
            {"wrapped": bytes(59)},
            {"commit": bytes(16)},
        ],
        ids=lambda c: "+".join(c),
    )
    def test_a_record_moved_elsewhere_is_refused(
        self, keyring: FileKeyring, table: MemoryKeyTable, change: dict[str, object]
    ) -> None:
        keys = open_tenant(keyring, table, "acme")
        record = replace(one(keys), **change)  # type: ignore[arg-type]

        with pytest.raises(KeyCommitmentError):
            keys.load_dek(record)

    def test_two_records_that_swap_their_keys_are_refused(self, tenant_keys: TenantKeys) -> None:
        (a, _), (b, _) = tenant_keys.create_deks("subject", ["subject-1", "subject-2"])

        for swapped in (
            replace(a, wrapped=b.wrapped),
            replace(a, commit=b.commit),
            replace(a, wrapped=b.wrapped, commit=b.commit, dek_id=b.dek_id),
        ):
            with pytest.raises(KeyCommitmentError):
                tenant_keys.load_dek(swapped)

    def test_an_erased_key_says_that_it_was_erased(self, tenant_keys: TenantKeys) -> None:
        record = replace(one(tenant_keys), state="destroyed", wrapped=bytes(60), commit=bytes(32))

        with pytest.raises(KeysUnavailable) as caught:
            tenant_keys.load_dek(record)
        assert caught.value.code == "keys.erased"

    def test_a_retired_data_key_opens_but_does_not_seal(self, tenant_keys: TenantKeys) -> None:
        record, key = tenant_keys.create_deks("subject", ["subject-1"])[0]
        sealed = key.seal(b"x", **PLACE, type_byte=1, padded=False)

        retired = tenant_keys.load_dek(replace(record, state="decrypt_only"))

        assert retired.open(sealed, **PLACE) == (1, b"x")
        with pytest.raises(KeysUnavailable):
            retired.seal(b"x", **PLACE, type_byte=1, padded=False)

    def test_a_batch_of_keys_comes_in_order_and_each_loads(self, tenant_keys: TenantKeys) -> None:
        owners = [f"subject-{n}" for n in range(50)]

        made = tenant_keys.create_deks("subject", owners)

        assert [record.owner for record, _ in made] == owners
        assert len({record.dek_id for record, _ in made}) == 50
        assert len({record.wrapped[:12] for record, _ in made}) == 50
        for record, key in made:
            assert len(record.wrapped) == 60
            sealed = key.seal(b"x", **PLACE, type_byte=1, padded=True)
            assert tenant_keys.load_dek(record).open(sealed, **PLACE) == (1, b"x")
        assert tenant_keys.create_deks("subject", []) == []

    def test_keys_survive_a_new_process(
        self, keyring: FileKeyring, table: MemoryKeyTable, profile: int
    ) -> None:
        first = open_tenant(keyring, table, "acme", profile=profile)
        record, key = first.create_deks("subject", ["subject-1"])[0]
        sealed = key.seal(b"x", **PLACE, type_byte=1, padded=True)

        again = open_tenant(FileKeyring(keyring._path), table, "acme")

        assert again.load_dek(record).open(sealed, **PLACE) == (1, b"x")
        assert record.profile == profile

    def test_after_rotation_old_records_load_and_move_to_the_new_key(
        self, keyring: FileKeyring, table: MemoryKeyTable
    ) -> None:
        old = one(open_tenant(keyring, table, "acme"))
        table.add_tenant_keys([new_tenant_key(keyring, "acme", "twk", version=2)])
        keys = open_tenant(keyring, table, "acme")

        moved = keys.rewrap_dek(old)
        table.replace(replace(table.rows["acme", "twk", 1], state="destroyed"))
        after = open_tenant(keyring, table, "acme")

        assert keys.load_dek(old).commitment() == old.commit
        assert replace(moved, twk_id=old.twk_id, wrapped=old.wrapped) == old
        assert after.load_dek(moved).commitment() == old.commit
        with pytest.raises(KeysUnavailable):
            after.load_dek(old)

    def test_a_new_ring_key_takes_the_tenant_keys_over_and_the_old_one_can_go(
        self, keyring: FileKeyring, table: MemoryKeyTable, profile: int
    ) -> None:
        record = one(open_tenant(keyring, table, "acme", profile=profile))
        old = keyring.current()
        keyring.rotate()

        for row in list(table.rows.values()):
            table.replace(rewrap(keyring, row))
        keyring.destroy(old)

        assert open_tenant(keyring, table, "acme").load_dek(record).commitment() == record.commit


class TestOtherUses:
    def test_fingerprint_keys_differ_by_purpose_and_tenant(
        self, keyring: FileKeyring, table: MemoryKeyTable
    ) -> None:
        acme, other = (open_tenant(keyring, table, t) for t in ("acme", "other"))

        keys = {acme.fingerprint_key("gate"), acme.fingerprint_key("source"),
                other.fingerprint_key("gate")}  # fmt: skip

        assert {len(key) for key in keys} == {32}
        assert len(keys) == 3
        assert acme.fingerprint_key("gate") in keys

    def test_a_cursor_opens_with_the_key_it_names_after_rotation(
        self, keyring: FileKeyring, table: MemoryKeyTable
    ) -> None:
        first = open_tenant(keyring, table, "acme")
        sealed = first.cursor_key().seal(b"next", **PLACE, type_byte=8, padded=True)
        table.add_tenant_keys([new_tenant_key(keyring, "acme", "cuk", version=2)])
        keys = open_tenant(keyring, table, "acme")

        assert keys.cursor_key(dek_id_of(sealed)).open(sealed, **PLACE) == (8, b"next")
        with pytest.raises(EnvelopeError):
            keys.cursor_key().open(sealed, **PLACE)
        with pytest.raises(KeysUnavailable):
            keys.cursor_key(random_bytes(16))

    def test_an_idempotency_key_changes_with_each_part_and_with_nothing_else(
        self, tenant_keys: TenantKeys
    ) -> None:
        base = tenant_keys.idempotency_key("erp", "hire", "row-1", 1)
        others = {
            tenant_keys.idempotency_key("oa", "hire", "row-1", 1),
            tenant_keys.idempotency_key("erp", "leave", "row-1", 1),
            tenant_keys.idempotency_key("erp", "hire", "row-11", 1),
            tenant_keys.idempotency_key("erp", "hire", "row-1", 11),
        }

        assert tenant_keys.idempotency_key("erp", "hire", "row-1", 1) == base
        assert len(base) == 32
        assert len(others | {base}) == 5


class TestCaching:
    def test_a_key_is_forgotten_when_its_time_is_over(self, tenant_keys: TenantKeys) -> None:
        clock = FakeClock()
        cache = DataKeyCache(ttl_s=300, clock=clock)
        _, key = tenant_keys.create_deks("subject", ["subject-1"])[0]
        cache.put(key)

        clock.sleep(299)
        assert cache.get(key.dek_id) is key
        clock.sleep(1)
        assert cache.get(key.dek_id) is None
        assert len(cache) == 0

    def test_the_least_recently_used_key_goes_first(self, tenant_keys: TenantKeys) -> None:
        cache = DataKeyCache(max=2)
        a, b, c = (k for _, k in tenant_keys.create_deks("subject", ["a", "b", "c"]))
        cache.put(a)
        cache.put(b)
        cache.get(a.dek_id)

        cache.put(c)

        assert cache.get(b.dek_id) is None
        assert cache.get(a.dek_id) is a

    def test_a_destroyed_key_is_not_served_from_memory(self, tenant_keys: TenantKeys) -> None:
        cache = DataKeyCache()
        record = one(tenant_keys)
        assert cache.load(record, tenant_keys) is cache.load(record, tenant_keys)

        with pytest.raises(KeysUnavailable):
            cache.load(replace(record, state="destroyed"), tenant_keys)
        cache.drop(record.dek_id)
        assert cache.get(record.dek_id) is None
        cache.load(record, tenant_keys)
        cache.clear()
        assert len(cache) == 0

    def test_while_the_provider_is_down_keys_serve_until_their_time_is_over(
        self, keyring: FileKeyring, table: MemoryKeyTable
    ) -> None:
        clock = FakeClock()
        tenants = OpenTenants(keyring, table, ttl_s=300, clock=clock)
        keys = tenants.get("acme")
        keyring._path.unlink()

        clock.sleep(299)
        assert tenants.get("acme") is keys
        clock.sleep(1)
        with pytest.raises(KeysUnavailable):
            tenants.get("acme")

    def test_a_row_without_a_key_is_refused(self, keyring: FileKeyring) -> None:
        row = WrappedKey("acme", "twk", 1, bytes(16), keyring.current(), b"")

        with pytest.raises(KeysUnavailable):
            rewrap(keyring, row)
