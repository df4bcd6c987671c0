"""Several sources, one row: the policy decides, never the order of arrival."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrhub.errors import MappingError
from hrhub.pipeline.survivorship import MANUAL, Contribution, Policy, load_policy


def told(source: str, version: str = "", tie: bytes = b"", **values: Any) -> Contribution:
    """Return what a source tells; its link is named after it."""
    return Contribution(
        f"link-{source}-{tie.hex()}", source, version, tie or source.encode(), values
    )


ORDER = Policy(["hr", "oa"], {"person.latin_name": ["im"]})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("default: hr: x", "survivorship.yaml:1:"),
        ("defalt: [hr]", 'did you mean "default"?'),
        ("fields: {person.displayname: [hr]}", 'did you mean "person.display_name"?'),
        ("default: [hr, {a: b}]", "must be a text"),
    ],
)
def test_a_wrong_policy_is_refused_with_place_and_suggestion(
    tmp_path: Path, text: str, problem: str
) -> None:
    (tmp_path / "survivorship.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(MappingError) as raised:
        load_policy(tmp_path)

    assert problem in "\n".join(raised.value.context["problems"])  # type: ignore[arg-type]


def test_without_a_policy_the_newest_wins(tmp_path: Path) -> None:
    survivor = load_policy(tmp_path).survive(
        "person", [told("a", "2026-01-02", gender="male"), told("b", "2026-01-03", gender="other")]
    )

    assert survivor.values == {"gender": "other"}


def test_a_lower_source_fills_a_null_and_never_replaces_a_value() -> None:
    survivor = ORDER.survive(
        "person",
        [
            told("oa", "2026-09-09", gender="other", nationality="CHN"),
            told("hr", "2026-01-01", gender="male", nationality=None),
        ],
    )

    assert survivor.values == {"gender": "male", "nationality": "CHN"}
    assert survivor.origins == {"gender": "link-hr-", "nationality": "link-oa-"}


def test_a_part_of_a_name_is_never_taken_from_another_source_than_the_other_part() -> None:
    survivor = ORDER.survive(
        "person",
        [
            told("oa", family_name="Doe", given_name="Jo"),
            told("hr", family_name="阿依·古丽", given_name=None),
        ],
    )

    assert survivor.values == {"family_name": "阿依·古丽", "given_name": None}
    assert survivor.origins == {"family_name": "link-hr-"}


def test_a_field_nobody_has_a_value_for_is_null_and_one_nobody_speaks_of_is_absent() -> None:
    survivor = ORDER.survive("person", [told("hr", gender=None), told("oa")])

    assert survivor.values == {"gender": None}
    assert survivor.origins == {}


def test_a_field_of_its_own_order_follows_that() -> None:
    survivor = ORDER.survive("person", [told("hr", latin_name="A"), told("im", latin_name="B")])

    assert survivor.values == {"latin_name": "B"}


def test_a_correction_by_hand_beats_every_source() -> None:
    survivor = ORDER.survive(
        "person", [told("hr", "2026-09-09", gender="male"), told(MANUAL, "", gender="female")]
    )

    assert survivor.values == {"gender": "female"}


_VALUE = st.one_of(st.none(), st.sampled_from(["x", "y", "z"]))
_TOLD = st.builds(
    lambda source, version, values, tie: told(source, version, bytes([tie]), **values),
    st.sampled_from(["hr", "oa", "im", MANUAL]),
    st.sampled_from(["", "2026-01-01", "2026-01-02"]),
    st.dictionaries(st.sampled_from(["gender", "latin_name", "nationality"]), _VALUE),
    st.integers(0, 255),
)


@given(st.lists(_TOLD, max_size=5, unique_by=lambda c: c.tie), st.randoms())
def test_the_order_of_arrival_does_not_matter(items: list[Contribution], random: Any) -> None:
    shuffled = list(items)
    random.shuffle(shuffled)

    first, second = ORDER.survive("person", items), ORDER.survive("person", shuffled)

    assert (first.values, first.origins) == (second.values, second.origins)
