"""Blind indexes and the normalisers behind them."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrhub.crypto import BlindIndexer, FileKeyring, TenantKeys, new_tenant_key, open_tenant
from hrhub.crypto.framing import lp
from hrhub.crypto.normalise import cn_id, cn_id_check, normaliser, normaliser_for, phone
from hrhub.crypto.suites import SUITES
from hrhub.errors import ConfigError
from hrhub.model import ENTITIES

from .conftest import MemoryKeyTable


def test_an_unknown_normaliser_is_refused(tenant_keys: TenantKeys) -> None:
    with pytest.raises(ConfigError) as caught:
        BlindIndexer(tenant_keys).eq("person", "display_name", "nmae")

    assert caught.value.context == {"normaliser": "nmae"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("email", "  "),
        ("name", "\u3000"),
        ("code", ""),
        ("document", " - "),
        ("phone", "n/a"),
        ("phone", "110"),
        ("phone", "010-62780000转12"),
        ("phone", "1" * 16),
        ("cn_id", "11010519491231002x "[:-2]),
        ("cn_id", "110105194912310021"),
        ("cn_id", "x"),
        ("cn_id", "1" * 19),
        ("code", "x" * 70_000),
    ],
)
def test_a_value_without_comparable_form_gets_no_entry(
    tenant_keys: TenantKeys, name: str, value: str
) -> None:
    assert BlindIndexer(tenant_keys).eq("e", "f", name)(value) is None


@pytest.mark.parametrize("bits", [0, 129])
def test_a_bucket_of_no_size_is_refused(tenant_keys: TenantKeys, bits: int) -> None:
    with pytest.raises(ConfigError):
        BlindIndexer(tenant_keys).bucket("e", "f", "name", bits)


def test_the_same_value_looks_different_in_every_place(
    keyring: FileKeyring, table: MemoryKeyTable
) -> None:
    acme = BlindIndexer(open_tenant(keyring, table, "acme"))
    other = BlindIndexer(open_tenant(keyring, table, "other"))

    entries = {
        acme.eq("person", "name", "code")("x"),
        acme.eq("person", "code", "code")("x"),
        acme.eq("employee", "name", "code")("x"),
        acme.bucket("person", "name", "code", 128)("x"),
        other.eq("person", "name", "code")("x"),
    }

    assert len(entries) == 5


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("email", ["a.b@example.com", " A.B@EXAMPLE.com", "ａ.b@example.com"]),
        ("name", ["Anna Maria Li", "anna  maria\tLI ", "ＡＮＮＡ maria　li"]),
        ("code", ["E001", " E001\n", "Ｅ001"]),
        ("document", ["E12345678", "e1234 5678", "E-12345678"]),
        ("cn_id", ["11010519491231002X", " 11010519491231002x", "110105491231002"]),
        (
            "phone",
            [
                "13800138000",
                "+86 138 0013 8000",
                "0086-138-0013-8000",
                "8613800138000",
                "（+86）13800138000"[5:],
                "＋86 138–0013–8000",
            ],
        ),
        ("phone", ["010-62780000", "+86 10 6278 0000", "(010) 6278 0000", "+86 (0)10 62780000"]),
        ("phone", ["+44 20 7946 0958", "0044 (0)20 7946-0958", "442079460958"]),
    ],
)
def test_values_that_mean_the_same_have_the_same_entry(
    tenant_keys: TenantKeys, name: str, values: list[str]
) -> None:
    index = BlindIndexer(tenant_keys).eq("e", "f", name)

    entries = {index(value) for value in values}

    assert len(entries) == 1
    assert len(entries.pop() or b"") == 16


def test_numbers_that_differ_have_different_forms() -> None:
    forms = [phone(v) for v in ("13800138000", "13800138001", "02162780000", "+1 3800138000")]

    assert forms == ["8613800138000", "8613800138001", "862162780000", "13800138000"]


@given(st.from_regex(r"[1-9][0-9]{5}(19|20)[0-9]{9}", fullmatch=True), st.integers(0, 16))
@settings(max_examples=60)
def test_one_wrong_digit_in_a_resident_id_is_noticed(first: str, at: int) -> None:
    right = first + cn_id_check(first)
    wrong = right[:at] + str((int(right[at]) + 1) % 10) + right[at + 1 :]

    assert cn_id(right) == right
    assert cn_id(wrong) is None


@pytest.mark.parametrize("bits", [1, 7, 8, 9, 12, 16, 128])
def test_a_bucket_keeps_the_leading_bits_and_zeros_the_rest(
    tenant_keys: TenantKeys, bits: int
) -> None:
    indexer = BlindIndexer(tenant_keys)
    full = indexer.bucket("person", "name", "name", 128)
    index = indexer.bucket("person", "name", "name", bits)
    size = (bits + 7) // 8

    for value in ("a", "b", "c"):
        entry, whole = index(value), full(value)
        assert entry is not None
        assert whole is not None
        shift = 8 * size - bits
        assert len(entry) == size
        expected = int.from_bytes(whole[:size], "big") >> shift << shift
        assert int.from_bytes(entry, "big") == expected


def test_a_compound_never_mixes_up_its_parts(tenant_keys: TenantKeys) -> None:
    index = BlindIndexer(tenant_keys).compound("person", "name+birth", ["name", "code"])

    entries = [index(values) for values in (("ab", "c"), ("a", "bc"), ("c", "ab"))]

    assert len(set(entries)) == 3
    assert index(("ab", " ")) is None
    assert index((" AB ", "c")) == entries[0]
    with pytest.raises(ValueError, match="shorter"):
        index(("ab",))


def test_both_versions_of_a_rotated_index_key_can_be_searched(
    keyring: FileKeyring, table: MemoryKeyTable
) -> None:
    old = BlindIndexer(open_tenant(keyring, table, "acme")).eq("e", "f", "code")
    table.add_tenant_keys([new_tenant_key(keyring, "acme", "bik", version=2)])
    keys = open_tenant(keyring, table, "acme")

    kept = BlindIndexer(keys, bik_version=1).eq("e", "f", "code")
    new = BlindIndexer(keys).eq("e", "f", "code")

    assert (kept("x"), kept.version) == (old("x"), 1)
    assert new("x") != old("x")
    assert new.version == 257


def test_an_index_is_made_once(tenant_keys: TenantKeys) -> None:
    indexer = BlindIndexer(tenant_keys)

    assert indexer.eq("e", "f", "code") is indexer.eq("e", "f", "code")
    assert indexer.eq("e", "f", "code") is not indexer.eq("e", "f", "name")


@pytest.mark.parametrize(
    ("declared", "kind", "expected"),
    [
        ("contact", "mobile", "phone"),
        ("contact", "email", "email"),
        ("contact", "address", None),
        ("cn_id", "cn_resident_id", "cn_id"),
        ("cn_id", "passport", "document"),
        ("cn_id", None, "cn_id"),
        ("name", None, "name"),
    ],
)
def test_the_kind_of_a_row_decides_on_the_normaliser(
    declared: str, kind: str | None, expected: str | None
) -> None:
    assert normaliser_for(declared, kind) == expected


def test_a_kind_nobody_knows_is_refused() -> None:
    with pytest.raises(ConfigError):
        normaliser_for("contact", "pigeon")


def test_every_normaliser_the_model_names_exists() -> None:
    declared = {f.index for e in ENTITIES.values() for f in e.fields if f.index} - {"contact"}

    assert {normaliser(name).name for name in declared} == declared


@given(st.binary(min_size=1, max_size=100), st.binary(max_size=8), st.binary(max_size=200))
@settings(max_examples=60)
def test_the_quick_keyed_hash_is_hmac(key: bytes, prefix: bytes, message: bytes) -> None:
    for suite, name in ((SUITES[1], "sha256"), (SUITES[2], "sm3")):
        assert suite.keyed(key, prefix)(message) == suite.hmac(key, prefix + message)
        if name in hashlib.algorithms_available:
            assert suite.hmac(key, message) == hmac.digest(key, message, name)


def test_framing_is_part_of_the_entry(tenant_keys: TenantKeys) -> None:
    bik = tenant_keys.key("bik")
    kf = bik.suite.hkdf(bik.key, b"HIHB1" + lp("acme", "e", "f", "eq", "1"))

    entry = BlindIndexer(tenant_keys).eq("e", "f", "code")("x")

    assert entry == bik.suite.hmac(kf, b"HIHB1\x00\x01x")[:16]
