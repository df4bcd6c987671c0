"""The stored formats, byte by byte: these answers never change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hrhub.crypto import (
    GENESIS,
    BlindIndexer,
    DataKey,
    DekRecord,
    KeyCommitmentError,
    TenantKeys,
    audit_linker,
)
from hrhub.crypto.keys import TenantKey
from hrhub.crypto.suites import GM, INTERNATIONAL, SUITES

TWK = bytes.fromhex("0a9d2c38c9a186861ee69f2dc0eca9c56d30f9772228a3b7f8853d97f0691a75")
TWK_ID = bytes.fromhex("77bcea697a5e04e34142219c09fa3181")
DEK = bytes.fromhex("0ca8e884391d5aff481c201d0a86cc4daf980256f792cf929862d8d8215cf922")
DEK_ID = bytes.fromhex("e784b3fbc2114df3526388ea9e46b385")
BIK = bytes.fromhex("ba8d4976b3bf681a3ae7fc6e0803dc9c7564c9eb91b1a31cc639bf130e729604")
AUK = bytes.fromhex("03b46b81a648deadb734568f00c1a10a67de6da40b3a253dbefe4e55b6e755e0")
WRAPPED = bytes.fromhex(
    "555a813dde655a6b3b72b22ad5f737f509098a6ffe1b666e70508478a15304e4"
    "2b03d99319f0d03ebbac47249d804fc7b13fcdfa6d6449955ba32fad"
)
COMMITS = {
    1: bytes.fromhex("2892c3984244e6d3fa340213c70a85e4918a96201cdec090dba862b7d618f0c8"),
    2: bytes.fromhex("72a48d813462dce6706e15e937ce415687b4827d72fb4916c80907edda7e243f"),
}
ENVELOPES = {
    1: "c1010100e784b3fbc2114df3526388ea9e46b38554192d4f0fbcee8e65746fbe"
    "b169ca1a45c704310412229e0245a72d6a2e2342f93a3422c7ac8cac11cf91996819bb",
    2: "c1010200e784b3fbc2114df3526388ea9e46b38554192d4f0fbcee8e65746fbe"
    "d861c4a574ddf929b94ad732c5a2582ead51e84369210bf86c6855dff64c13739345b6",
}
RECORD = DekRecord(
    dek_id=DEK_ID,
    tenant="acme",
    owner="01JD3W6R7Q0000000000000001",
    purpose="subject",
    profile=1,
    twk_id=TWK_ID,
    wrapped=WRAPPED,
    commit=COMMITS[1],
    state="active",
    uses=0,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)
PLACE = {
    "entity": "employee",
    "field_path": "national_id",
    "row_uid": "01JD3W6R7Q0000000000000002",
}
VALUE = b"11010519491231002X"


@pytest.fixture
def keys() -> TenantKeys:
    return TenantKeys(
        "acme",
        [
            TenantKey("twk", 1, TWK_ID, INTERNATIONAL, TWK),
            TenantKey("bik", 1, bytes(16), INTERNATIONAL, BIK),
            TenantKey("auk", 1, bytes(16), INTERNATIONAL, AUK),
        ],
    )


def test_the_commitment_of_a_data_key_is_the_published_one(profile: int) -> None:
    key = DataKey(DEK, DEK_ID, "acme", SUITES[profile])

    assert key.commitment() == COMMITS[profile]


def test_a_wrapped_data_key_opens_to_the_published_key(keys: TenantKeys) -> None:
    loaded = keys.load_dek(RECORD)

    assert loaded.derive(b"any") == DataKey(DEK, DEK_ID, "acme", INTERNATIONAL).derive(b"any")


def test_wrapping_gives_the_published_bytes(
    keys: TenantKeys, fixed_nonce: Callable[[str], None]
) -> None:
    fixed_nonce("555a813dde655a6b3b72b22a")

    assert keys.rewrap_dek(RECORD) == RECORD


def test_a_record_of_another_owner_is_refused(keys: TenantKeys) -> None:
    with pytest.raises(KeyCommitmentError):
        keys.load_dek(replace(RECORD, owner="01JD3W6R7Q0000000000000003"))


def test_sealing_gives_the_published_envelope(
    profile: int, fixed_nonce: Callable[[str], None]
) -> None:
    fixed_nonce("54192d4f0fbcee8e65746fbe")
    key = DataKey(DEK, DEK_ID, "acme", SUITES[profile])

    sealed = key.seal(VALUE, **PLACE, type_byte=1, padded=False)

    assert sealed.hex() == ENVELOPES[profile]


def test_the_published_envelope_opens(profile: int) -> None:
    key = DataKey(DEK, DEK_ID, "acme", SUITES[profile])

    assert key.open(bytes.fromhex(ENVELOPES[profile]), **PLACE) == (1, VALUE)


def test_the_blind_index_of_a_mail_address_is_the_published_one(keys: TenantKeys) -> None:
    index = BlindIndexer(keys).eq("employee", "work_email", "email")

    assert index(" Alice.Wang@Example.COM ") == bytes.fromhex("1ba2ca630af1234f22491e1441a7bc0a")
    assert index.version == 1


def test_the_first_audit_link_is_the_published_one(keys: TenantKeys) -> None:
    event: dict[str, object] = {
        "act": "sync.apply",
        "actor": "sync:beisen-emp",
        "n": 2,
        "obj": "employee",
        "rows": ["01JD3W6R7Q0000000000000002"],
        "run": "r1",
        "seq": 1,
        "tenant": "acme",
        "ts": datetime(2026, 11, 22, tzinfo=UTC),
    }

    mac = audit_linker(keys)(GENESIS, event)

    assert mac.hex() == "c0a72a29e6a4f09d30fa26d6215f37f8f4d75b14a6a24c4ccd05c692a6124f1f"


def test_sm4_gcm_gives_the_answer_of_rfc_8998() -> None:
    cipher = GM.aead(bytes.fromhex("0123456789abcdeffedcba9876543210"))
    nonce = bytes.fromhex("00001234567800000000abcd")
    aad = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plain = bytes.fromhex("aa" * 8 + "bb" * 8 + "cc" * 8 + "dd" * 8 + "ee" * 8 + "ff" * 8)
    plain += bytes.fromhex("ee" * 8 + "aa" * 8)

    sealed = cipher.encrypt(nonce, plain, aad)

    assert sealed.hex() == (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    )
