"""Decoding no more of a record than a mapping looks at: smaller, and never another outcome."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrhub.connector import JsonRecords
from hrhub.errors import RowRejected
from hrhub.mapping import compile_mapping, load_mapping

TODAY = date(2026, 11, 24)
ROOT = Path(__file__).parents[2]
EXAMPLE = load_mapping(ROOT / "tests" / "mapping" / "data" / "employees.yaml")
COMPILED = compile_mapping(EXAMPLE, today=TODAY)
WHOLE = JsonRecords()
NARROW = WHOLE.narrowed(EXAMPLE.paths)

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "a", "2026-01-31"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=4,
)


def read(raw: bytes, *paths: tuple[str | int, ...]) -> dict[str, Any]:
    return JsonRecords(facts=["order"]).narrowed(paths).decode(raw, {"order": "7"})


def test_what_no_path_takes_is_left_out() -> None:
    raw = b'{"a": {"b": 1.50, "c": 2}, "d": [{"e": 3}], "f": null, "g": 4}'

    assert read(raw, ("a", "b"), ("d", 0, "e"), ("f", "x"), ("h",)) == {
        "a": {"b": Decimal("1.50")},
        "d": [{"e": 3}],
        "f": None,
        "order": "7",
    }


def test_a_path_to_the_whole_wins_over_one_into_it() -> None:
    assert read(b'{"a": {"b": 1, "c": 2}}', ("a", "b"), ("a",))["a"] == {"b": 1, "c": 2}
    assert read(b'{"a": 1, "b": 2}', ("a",), ())["b"] == 2


@pytest.mark.parametrize("written", ["工号", "\\u5de5\\u53f7"])
def test_a_name_in_chinese_is_found_however_it_is_written(written: str) -> None:
    raw = f'{{"a": {{"{written}": 1}}, "b": 2}}'.encode()

    assert read(raw, ("a", "工号"))["a"] == {"工号": 1}


def test_of_a_repeated_name_the_last_value_counts_as_everywhere() -> None:
    assert read(b'{"a": 1, "b": 0, "a": 2}', ("a",))["a"] == 2


@pytest.mark.parametrize("inner", [b"5", b'""', b"[]", b"true"])
def test_where_a_path_leads_into_no_object_the_record_is_decoded_whole(inner: bytes) -> None:
    found = read(b'{"a": ' + inner + b', "b": 2}', ("a", "x"))

    assert found["a"] == json.loads(inner) and found["b"] == 2


@pytest.mark.parametrize("raw", [b'{"z": "\xff"}', b'{"z": 01}', b'{"z": 1', b"[]", b"5", b"nul"])
def test_a_record_that_is_broken_where_nobody_looks_is_refused_all_the_same(raw: bytes) -> None:
    with pytest.raises(RowRejected) as caught:
        read(raw, ("a",))

    assert caught.value.reason == "parse"


@pytest.mark.parametrize("path", sorted(ROOT.glob("mappings/*/*.yaml")), ids=lambda p: p.stem)
def test_no_mapping_sees_a_difference_in_its_golden_cases(path: Path) -> None:
    mapping = load_mapping(path, modules=("pay", "bank"))
    compiled = compile_mapping(mapping, today=TODAY, zone="Asia/Shanghai")
    narrow = WHOLE.narrowed(mapping.paths)
    for case in mapping.cases:
        raw = json.dumps(case.given, default=str).encode()

        assert compiled.map([narrow.decode(raw, {})]) == compiled.map([WHOLE.decode(raw, {})])


@given(st.dictionaries(st.sampled_from(sorted({p[0] for p in EXAMPLE.paths if p})), ANYTHING))
def test_no_record_is_mapped_in_another_way(record: dict[str, Any]) -> None:
    raw = json.dumps(record).encode()

    assert COMPILED.map([NARROW.decode(raw, {})]) == COMPILED.map([WHOLE.decode(raw, {})])
