"""Framing and canonical JSON stand for exactly one thing."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from hrhub.crypto.errors import UnsealableValue
from hrhub.crypto.framing import CanonicalFields, canonical_json, lp
from hrhub.model.types import Privacy

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        Decimal("NaN"),
        Decimal("-Infinity"),
        datetime(2026, 1, 1),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=8))),
        "\ud800",
        b"bytes",
        {1: "a number as key"},
        {"\udfff": 1},
        object(),
        {"a set"},
    ],
    ids=lambda v: type(v).__name__,
)
def test_what_has_no_canonical_form_is_refused_at_any_depth(value: object) -> None:
    for place in ({"f": value}, {"f": [1, {"g": value}]}):
        with pytest.raises(UnsealableValue) as caught:
            canonical_json(place)
        assert caught.value.__cause__ is None
        assert set(caught.value.context) == {"type"}


def test_a_part_too_long_to_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="65535"):
        lp("a", "b" * 65_536)


@settings(max_examples=100)
@given(
    st.dictionaries(
        st.sampled_from(["name", "born", "class", "a-b", "Ä", "n"]),
        json_values
        | st.dates()
        | st.datetimes(timezones=st.just(UTC))
        | st.decimals(allow_nan=False, allow_infinity=False)
        | st.integers(),
    )
)
def test_known_fields_are_written_as_any_object_is(given_: dict[str, object]) -> None:
    fields = CanonicalFields(["n", "name", "born", "class", "a-b", "Ä"], absent=UNSET)

    assert fields.json([given_.get(n, UNSET) for n in fields.names]) == canonical_json(given_)


def test_known_fields_that_are_never_null_leave_none_out() -> None:
    fields = CanonicalFields(["b", "a"], absent=None)

    assert fields.json([None, 0]) == b'{"b":0}'
    assert fields.json(fields.absent) == b"{}"


@pytest.mark.parametrize("value", [float("nan"), datetime(2026, 1, 1), "\ud800", b"x", object()])
def test_known_fields_without_canonical_form_are_refused(value: object) -> None:
    with pytest.raises(UnsealableValue):
        CanonicalFields(["f"], absent=UNSET).json([value])


@settings(max_examples=200)
@given(st.lists(st.text("|ab\0", max_size=3), max_size=4), st.lists(st.text("|ab\0", max_size=3)))
def test_two_lists_of_parts_frame_alike_only_if_they_are_the_same(
    one: list[str], other: list[str]
) -> None:
    assert (lp(*one) == lp(*other)) == (one == other)


@settings(max_examples=60)
@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), json_values, max_size=5))
def test_canonical_json_is_sorted_compact_utf_8(value: dict[str, object]) -> None:
    expected = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    assert canonical_json(value) == expected.encode()


def test_the_order_of_keys_and_the_kind_of_mapping_do_not_matter() -> None:
    one = {"b": 1, "a": {"d": None, "c": "x"}}
    other = MappingProxyType({"a": MappingProxyType({"c": "x", "d": None}), "b": 1})

    assert canonical_json(one) == canonical_json(other) == b'{"a":{"c":"x","d":null},"b":1}'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (date(2026, 1, 2), b'"2026-01-02"'),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), b'"2026-01-02T03:04:05.000000Z"'),
        (
            datetime(2026, 1, 2, 8, 0, 0, 7, tzinfo=timezone(timedelta(hours=8))),
            b'"2026-01-02T00:00:00.000007Z"',
        ),
        (Decimal("12.50"), b'"12.50"'),
        (2**53 - 1, b"9007199254740991"),
        (2**53, b'"9007199254740992"'),
        (-(2**53), b'"-9007199254740992"'),
        (True, b"true"),
        (None, b"null"),
        (Privacy.OPEN, b'"open"'),
        ((1, "a"), b'[1,"a"]'),
    ],
    ids=str,
)
def test_each_kind_of_value_has_one_text(value: object, text: bytes) -> None:
    assert canonical_json({"f": value}) == b'{"f":' + text + b"}"
