"""The sealed groups of a row and the seal over the row."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from hrhub.ambient import random_bytes
from hrhub.crypto import (
    NO_FIELDS,
    DataKey,
    EnvelopeError,
    RowSealer,
    UnsealableValue,
    open_group,
    row_seal,
    row_seal_holds,
    seal_group,
)
from hrhub.crypto.framing import canonical_json
from hrhub.crypto.suites import INTERNATIONAL
from hrhub.errors import RowRejected

PERSONAL, SENSITIVE = "sealed_personal", "sealed_sensitive"


@pytest.mark.parametrize(
    "moved", [(1, "candidate"), (2, SENSITIVE), (3, "row-2")], ids=["entity", "group", "row"]
)
def test_a_group_moved_elsewhere_is_refused(data_key: DataKey, moved: tuple[int, str]) -> None:
    place = ["acme", "person", PERSONAL, "row-1"]
    sealed = seal_group(data_key, *place, {"f": "x"})
    place[moved[0]] = moved[1]

    with pytest.raises(EnvelopeError):
        open_group(data_key, *place, sealed)


def test_a_group_is_neither_sealed_nor_opened_for_another_tenant(data_key: DataKey) -> None:
    sealed = seal_group(data_key, "acme", "person", PERSONAL, "row-1", {"f": "x"})

    with pytest.raises(EnvelopeError):
        open_group(data_key, "other", "person", PERSONAL, "row-1", sealed)
    with pytest.raises(EnvelopeError):
        seal_group(data_key, "other", "person", PERSONAL, "row-1", {"f": "x"})


def test_a_sensitive_group_without_padding_is_refused(data_key: DataKey) -> None:
    place = {"entity": "person", "field_path": SENSITIVE, "row_uid": "row-1"}
    bare = data_key.seal(b'{"f":"x"}', **place, type_byte=7, padded=False)

    with pytest.raises(EnvelopeError):
        open_group(data_key, "acme", "person", SENSITIVE, "row-1", bare)


@pytest.mark.parametrize(("type_byte", "body"), [(1, b"{}"), (7, b"[]"), (7, b"{"), (7, b"\xff")])
def test_what_is_not_an_object_is_refused(data_key: DataKey, type_byte: int, body: bytes) -> None:
    place = {"entity": "person", "field_path": PERSONAL, "row_uid": "row-1"}
    sealed = data_key.seal(body, **place, type_byte=type_byte, padded=False)

    with pytest.raises(EnvelopeError):
        open_group(data_key, "acme", "person", PERSONAL, "row-1", sealed)


def test_a_value_without_a_form_is_refused_without_showing_it(data_key: DataKey) -> None:
    with pytest.raises(UnsealableValue) as caught:
        seal_group(data_key, "acme", "person", PERSONAL, "row-1", {"f": "private\ud800"})

    assert "private" not in f"{caught.value} {caught.value.context} {caught.value.__cause__}"


def test_a_group_beyond_64_kib_is_rejected_by_its_name(data_key: DataKey) -> None:
    with pytest.raises(RowRejected) as caught:
        seal_group(data_key, "acme", "resume", PERSONAL, "row-1", {"text": "x" * 70_000})

    assert caught.value.field_path == "resume.sealed_personal"


@pytest.mark.parametrize("group", [PERSONAL, SENSITIVE])
def test_a_group_comes_back_as_json_and_keeps_null_and_absent_apart(
    data_key: DataKey, group: str
) -> None:
    fields = {
        "name": "测试",
        "birth_date": date(1990, 2, 28),
        "seen_at": datetime(2026, 1, 2, tzinfo=UTC),
        "pay": Decimal("12000.00"),
        "count": 3,
        "agreed": True,
        "middle_name": None,
        "extra": {"b": [1, "x"], "a": None},
    }

    sealed = seal_group(data_key, "acme", "person", group, "row-1", fields)

    assert open_group(data_key, "acme", "person", group, "row-1", sealed) == {
        "name": "测试",
        "birth_date": "1990-02-28",
        "seen_at": "2026-01-02T00:00:00.000000Z",
        "pay": "12000.00",
        "count": 3,
        "agreed": True,
        "middle_name": None,
        "extra": {"a": None, "b": [1, "x"]},
    }


def test_a_sensitive_group_hides_the_length_of_its_value(data_key: DataKey) -> None:
    lengths = {
        len(seal_group(data_key, "acme", "p", SENSITIVE, "row-1", {"n": "9" * digits}))
        for digits in range(1, 22)
    }

    assert len(lengths) == 1


ROW = ("person", "row-1", 3)


@pytest.mark.parametrize(
    ("entity", "row", "version", "columns", "envelopes"),
    [
        ("other", "row-1", 3, {"s": "active"}, {"a": b"1", "b": b"2"}),
        ("person", "row-2", 3, {"s": "active"}, {"a": b"1", "b": b"2"}),
        ("person", "row-1", 2, {"s": "active"}, {"a": b"1", "b": b"2"}),
        ("person", "row-1", 3, {"s": "left"}, {"a": b"1", "b": b"2"}),
        ("person", "row-1", 3, {}, {"a": b"1", "b": b"2"}),
        ("person", "row-1", 3, {"s": "active"}, {"a": b"0", "b": b"2"}),
        ("person", "row-1", 3, {"s": "active"}, {"a": b"2", "b": b"1"}),
        ("person", "row-1", 3, {"s": "active"}, {"a": b"1"}),
    ],
)
def test_the_row_seal_shows_any_change(
    data_key: DataKey,
    entity: str,
    row: str,
    version: int,
    columns: dict[str, object],
    envelopes: dict[str, bytes],
) -> None:
    seal = row_seal(data_key, *ROW, {"s": "active"}, {"a": b"1", "b": b"2"})

    assert not row_seal_holds(seal, data_key, entity, row, version, columns, envelopes)


def test_the_row_seal_of_another_key_or_tenant_does_not_hold() -> None:
    key, dek_id = random_bytes(32), random_bytes(16)
    args = (*ROW, {"s": "active"}, {"a": b"1"})
    seal = row_seal(DataKey(key, dek_id, "acme", INTERNATIONAL), *args)

    for other in (
        DataKey(key, dek_id, "other", INTERNATIONAL),
        DataKey(random_bytes(32), dek_id, "acme", INTERNATIONAL),
    ):
        assert not row_seal_holds(seal, other, *args)


def test_the_row_seal_ignores_order_and_columns_that_are_null(data_key: DataKey) -> None:
    seal = row_seal(data_key, *ROW, {"a": "1", "b": "2"}, {"x": b"1", "y": b"2"})

    assert len(seal) == 16
    assert row_seal_holds(
        seal, data_key, *ROW, {"b": "2", "c": None, "a": "1"}, {"y": b"2", "x": b"1"}
    )


def test_a_row_sealer_refuses_the_key_of_another_tenant(data_key: DataKey) -> None:
    with pytest.raises(EnvelopeError):
        RowSealer("other", "person").seal(data_key, "row-1", 1, NO_FIELDS, b'{"f":"x"}')


def test_a_row_sealer_refuses_a_group_that_is_too_long(data_key: DataKey) -> None:
    with pytest.raises(RowRejected) as refused:
        long = canonical_json({"f": "x" * 70_000})
        RowSealer("acme", "person").seal(data_key, "row-1", 1, NO_FIELDS, long)

    assert refused.value.field_path == "person.sealed_personal"


def test_a_row_sealer_seals_as_the_single_functions_do(data_key: DataKey) -> None:
    columns = {"status": "active", "since": date(2026, 1, 2)}
    personal, sensitive = {"name": "x", "born": date(1990, 5, 6)}, {"number": "1"}

    first, second, seal = RowSealer("acme", "person").seal(
        data_key, "row-1", 3, *map(canonical_json, (columns, personal, sensitive))
    )

    assert first and second
    place = ("acme", "person")
    assert open_group(data_key, *place, PERSONAL, "row-1", first) == {
        "name": "x",
        "born": "1990-05-06",
    }
    assert open_group(data_key, *place, SENSITIVE, "row-1", second) == sensitive
    envelopes = {PERSONAL: first, SENSITIVE: second}
    assert row_seal_holds(seal, data_key, "person", "row-1", 3, columns, envelopes)


def test_a_row_without_sealed_values_still_has_its_seal(data_key: DataKey) -> None:
    first, second, seal = RowSealer("acme", "person").seal(data_key, "row-1", 1, b'{"a":1}')

    assert (first, second) == (None, None)
    assert row_seal_holds(seal, data_key, "person", "row-1", 1, {"a": 1}, {})
