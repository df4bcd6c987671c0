"""Single values out of bodies: found in the tail or by reading all, always the same."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrhub.http import lookup
from hrhub.http.lookup import find

NASTY = st.text(st.sampled_from(',":{}[]\\ ne1\n'), max_size=6)
SCALARS = st.none() | st.booleans() | st.integers(-9, 99) | st.just(1.5) | NASTY
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NASTY, inner, max_size=3)
)
NAMES = st.sampled_from(["next", "n", "e", "1"]) | NASTY
BODIES = st.lists(st.tuples(NAMES, VALUES), max_size=6, unique_by=lambda member: member[0])


def expected(value: Any) -> Any:
    return value if isinstance(value, str | bool | int | float) else None


@given(BODIES, st.integers(1, 60), st.sampled_from(["", " ", "\n "]))
def test_wherever_the_tail_is_cut_the_value_is_that_of_the_whole_body(
    members: list[tuple[str, Any]], window: int, blank: str
) -> None:
    inside = f"{blank},{blank}".join(
        f"{json.dumps(k)}{blank}:{json.dumps(v, separators=(',', ':'))}" for k, v in members
    )
    body = f"{{{inside}{blank}}}{blank}".encode()
    whole = json.loads(body)

    with patch.object(lookup, "_TAIL_BYTES", window):
        for name in ("next", "n", "e", "1"):
            assert find(body, name) == expected(whole.get(name))


def test_a_token_behind_the_records_is_found_without_reading_them() -> None:
    body = b'{"list":[' + b"not json " * 1_000 + b'],"code":0,"next":"p2"}'

    assert find(body, "next") == "p2"


@pytest.mark.parametrize("name", ["list", "code.next", "absent"])
def test_what_is_not_in_the_tail_is_looked_for_in_the_whole_body(name: str) -> None:
    body = b'{"first":"a","list":[' + b'{"next":"inner"},' * 500 + b'{"next":"inner"}],"code":0}'

    assert find(body, name) is None
    assert find(body, "first") == "a"
    assert find(body, "next") is None
