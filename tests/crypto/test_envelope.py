"""Envelopes open where they were sealed, and nowhere else."""

from __future__ import annotations

import copy
import os
import pickle
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hrhub.ambient import random_bytes
from hrhub.crypto import DataKey, EnvelopeError, UnsealableValue, decode_value, encode_value
from hrhub.crypto import errors as crypto_errors
from hrhub.crypto.envelope import MAX_BODY_BYTES, OVERHEAD_BYTES, dek_id_of
from hrhub.crypto.errors import KeyCommitmentError
from hrhub.crypto.framing import lp
from hrhub.crypto.nonces import Nonces, nonces
from hrhub.crypto.suites import GM, INTERNATIONAL
from hrhub.errors import KeysUnavailable, RowRejected

PLACE = {"entity": "person", "field_path": "note", "row_uid": "row-1"}
same_fixture = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


def seal(key: DataKey, body: bytes = b"value", *, padded: bool = True) -> bytes:
    return key.seal(body, **PLACE, type_byte=1, padded=padded)


@pytest.mark.parametrize("padded", [False, True])
def test_every_single_flipped_bit_is_refused(data_key: DataKey, padded: bool) -> None:
    sealed = seal(data_key, padded=padded)

    for bit in range(8 * len(sealed)):
        broken = bytearray(sealed)
        broken[bit // 8] ^= 1 << bit % 8
        with pytest.raises(EnvelopeError):
            data_key.open(bytes(broken), **PLACE)


def test_every_cut_and_every_added_byte_is_refused(data_key: DataKey) -> None:
    sealed = seal(data_key)

    for length in range(len(sealed)):
        with pytest.raises(EnvelopeError):
            data_key.open(sealed[:length], **PLACE)
    with pytest.raises(EnvelopeError):
        data_key.open(sealed + b"\0", **PLACE)


@pytest.mark.parametrize("moved", ["entity", "field_path", "row_uid"])
def test_an_envelope_moved_to_another_place_is_refused(data_key: DataKey, moved: str) -> None:
    sealed = seal(data_key)

    with pytest.raises(EnvelopeError):
        data_key.open(sealed, **{**PLACE, moved: "other"})


def test_an_envelope_moved_to_another_tenant_is_refused() -> None:
    key, dek_id = random_bytes(32), random_bytes(16)
    sealed = seal(DataKey(key, dek_id, "acme", INTERNATIONAL))

    with pytest.raises(EnvelopeError):
        DataKey(key, dek_id, "emca", INTERNATIONAL).open(sealed, **PLACE)


def test_shifting_text_between_the_parts_of_the_place_is_refused(data_key: DataKey) -> None:
    sealed = data_key.seal(b"", entity="ab", field_path="c", row_uid="d", type_byte=0, padded=False)

    for entity, path, row in (("a", "bc", "d"), ("ab", "", "cd"), ("abc", "", "d")):
        with pytest.raises(EnvelopeError):
            data_key.open(sealed, entity=entity, field_path=path, row_uid=row)


def test_another_suite_under_the_same_key_is_refused() -> None:
    key, dek_id = random_bytes(32), random_bytes(16)
    sealed = seal(DataKey(key, dek_id, "acme", INTERNATIONAL))

    with pytest.raises(EnvelopeError):
        DataKey(key, dek_id, "acme", GM).open(sealed, **PLACE)


def test_all_refusals_look_alike_and_only_a_metric_knows_why(data_key: DataKey) -> None:
    sealed = seal(data_key)
    before = crypto_errors.refusals.total()
    seen = set()

    for broken in (b"", b"\0" * 60, sealed[:-1], sealed[:40] + bytes(len(sealed) - 40)):
        with pytest.raises(EnvelopeError) as caught:
            data_key.open(broken, **PLACE)
        seen.add((str(caught.value), caught.value.__cause__))

    assert seen == {("seal.unreadable", None)}
    assert crypto_errors.refusals.total() == before + 4


def seal_raw(key: DataKey, flags: int, typed: bytes) -> bytes:
    """Seal any plaintext under valid authentication, as a writer with a defect would."""
    header = bytes((0xC1, 1, key.suite.number, flags)) + key.dek_id
    info = b"HIHK1 " + key.suite.label.encode()
    cipher = key.suite.aead(key.derive(info, key.suite.key_bytes))
    nonce = random_bytes(12)
    aad = b"HIHF1" + lp("acme", "person", "note", "row-1") + header
    return header + nonce + cipher.encrypt(nonce, typed, aad)


@pytest.mark.parametrize(
    "typed",
    [
        b"",
        b"\x01value",
        b"\0" * 32,
        b"\x80" + bytes(31),
        b"\x01value\x80" + bytes(41),
        b"\x01value\x80" + bytes(24),
        b"\x01" + b"v" * 31 + b"\x80" + bytes(31),
        b"\x01value\x81" + bytes(25),
    ],
    ids=["empty", "none", "zeros", "no type", "too long", "not 16", "a block more", "no mark"],
)
def test_padding_that_no_writer_makes_is_refused(data_key: DataKey, typed: bytes) -> None:
    with pytest.raises(EnvelopeError):
        data_key.open(seal_raw(data_key, 1, typed), **PLACE)


@pytest.mark.parametrize("type_byte", [0x09, 0x7F, 0xFF])
def test_an_unknown_type_is_refused(data_key: DataKey, type_byte: int) -> None:
    with pytest.raises(EnvelopeError):
        data_key.open(seal_raw(data_key, 0, bytes((type_byte,)) + b"x"), **PLACE)


@pytest.mark.parametrize("flags", [0x02, 0x03, 0x80])
def test_reserved_flags_are_refused(data_key: DataKey, flags: int) -> None:
    with pytest.raises(EnvelopeError):
        data_key.open(seal_raw(data_key, flags, b"\x01x"), **PLACE)


def test_a_value_beyond_64_kib_is_rejected_with_its_field_path(data_key: DataKey) -> None:
    with pytest.raises(RowRejected) as caught:
        seal(data_key, bytes(MAX_BODY_BYTES + 1))

    assert (caught.value.reason, caught.value.field_path) == ("too_large", "person.note")


@pytest.mark.parametrize("padded", [False, True])
def test_a_value_of_64_kib_fits(data_key: DataKey, padded: bool) -> None:
    body = bytes(MAX_BODY_BYTES)

    assert data_key.open(seal(data_key, body, padded=padded), **PLACE) == (1, body)


def test_a_key_that_was_used_too_often_seals_no_more_but_opens() -> None:
    key = DataKey(bytes(32), bytes(16), "acme", INTERNATIONAL, uses=(1 << 24) - 2)
    first = seal(key)
    seal(key)

    assert key.exhausted
    with pytest.raises(KeysUnavailable) as caught:
        seal(key)
    assert caught.value.code == "keys.used_up"
    assert key.open(first, **PLACE) == (1, b"value")


def test_a_key_of_the_wrong_size_is_refused() -> None:
    for key, dek_id in ((bytes(31), bytes(16)), (bytes(32), bytes(15))):
        with pytest.raises(KeyCommitmentError):
            DataKey(key, dek_id, "acme", INTERNATIONAL)


def test_a_key_is_neither_printed_nor_pickled_nor_copied() -> None:
    key = DataKey(b"secret-secret-secret-secret-key!", bytes(16), "acme", INTERNATIONAL)

    assert "secret" not in f"{key!r} {key} {[key]}"
    for leak in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError):
            leak(key)


def test_padding_hides_the_length_of_short_values(data_key: DataKey) -> None:
    lengths = {len(seal(data_key, bytes(n))) for n in range(31)}

    assert lengths == {OVERHEAD_BYTES + 32}
    assert len(seal(data_key, bytes(31))) == OVERHEAD_BYTES + 48


def test_the_envelope_names_its_key(data_key: DataKey) -> None:
    assert dek_id_of(seal(data_key)) == data_key.dek_id


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"\xc1\x01\x01\x00" + bytes(44),
        b"\xc1\x01\x03\x00" + bytes(45),
        b"\xc1\x01\x01\x02" + bytes(45),
        b"\xc1\x02\x01\x00" + bytes(45),
        b"plain text" * 8,
    ],
    ids=["empty", "no type byte", "suite", "flags", "version", "text"],
)
def test_what_is_no_envelope_names_no_key(junk: bytes) -> None:
    with pytest.raises(EnvelopeError):
        dek_id_of(junk)


values = (
    st.none()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.dates()
    | st.datetimes(timezones=st.just(UTC))
    | st.binary()
    | st.lists(st.integers(-100, 100) | st.text("aé"), max_size=3)
    | st.dictionaries(st.text("abc"), st.none() | st.booleans(), max_size=3)
)


@same_fixture
@given(value=values, padded=st.booleans())
def test_every_type_of_value_comes_back_as_it_went_in(
    data_key: DataKey, value: object, padded: bool
) -> None:
    type_byte, body = encode_value(value)

    sealed = data_key.seal(body, **PLACE, type_byte=type_byte, padded=padded)
    opened = decode_value(*data_key.open(sealed, **PLACE))

    assert opened == value
    assert type(opened) is type(value)


def test_decimals_keep_their_digits_and_times_become_utc() -> None:
    eight = datetime(2026, 1, 2, 8, tzinfo=timezone(timedelta(hours=8)))

    assert str(decode_value(*encode_value(Decimal("1.50E+3")))) == "1.50E+3"
    assert decode_value(*encode_value(eight)) == datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    ["\ud800", Decimal("NaN"), datetime(2026, 1, 1), 1.5, {1, 2}, 10**5000],
    ids=lambda v: type(v).__name__,
)
def test_values_without_a_sealed_form_are_refused(value: object) -> None:
    with pytest.raises(UnsealableValue) as caught:
        encode_value(value)

    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("type_byte", "body"),
    [
        (0, b"x"),
        (1, b"\xff"),
        (2, b"01"),
        (2, b"-0"),
        (2, b"1_000"),
        (2, b" 1"),
        (2, b"9" * 5000),
        (3, b"NaN"),
        (3, b"1,5"),
        (3, b""),
        (4, b"20260101"),
        (4, b"2026-02-30"),
        (5, b"2026-01-01T00:00:00"),
        (5, b"2026-01-01T00:00:00.000000+08:00"),
        (5, b"2026-01-01T25:00:00.000000Z"),
        (6, b"1"),
        (6, b"True"),
        (7, b"{"),
        (7, b""),
        (9, b""),
    ],
)
def test_a_body_that_its_type_does_not_allow_is_refused(type_byte: int, body: bytes) -> None:
    with pytest.raises(EnvelopeError):
        decode_value(type_byte, body)


def test_a_date_is_not_taken_for_a_time() -> None:
    assert encode_value(date(2026, 1, 1))[0] != encode_value(datetime(2026, 1, 1, tzinfo=UTC))[0]


def test_nonces_are_never_given_twice_even_across_threads() -> None:
    source = Nonces(batch=16)
    taken: list[bytes] = []

    def take() -> None:
        mine = [source.take() for _ in range(500)]
        taken.extend(mine)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(taken) == len(set(taken)) == 2000
    assert {len(nonce) for nonce in taken} == {12}


def test_a_forked_child_does_not_reuse_the_nonces_of_its_parent() -> None:
    nonces.take()
    readable, writable = os.pipe()

    child = os.fork()
    if child == 0:
        try:
            os.write(writable, b"".join(nonces.take() for _ in range(100)))
        finally:
            os._exit(0)
    mine = {nonces.take() for _ in range(100)}
    os.close(writable)
    with os.fdopen(readable, "rb") as pipe:
        raw = pipe.read()
    os.waitpid(child, 0)

    theirs = {raw[i : i + 12] for i in range(0, len(raw), 12)}
    assert len(theirs) == 100
    assert not mine & theirs


def test_the_same_value_never_seals_to_the_same_bytes(
    data_key: DataKey, fixed_nonce: Callable[[str], None]
) -> None:
    assert seal(data_key) != seal(data_key)

    fixed_nonce("00" * 12)
    assert seal(data_key) == seal(data_key)
