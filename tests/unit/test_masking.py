"""Masks show what their rule says and never more."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrhub.model import ENTITIES, Privacy
from hrhub.model.masking import STARS, MaskRule, mask, rule_of

REVEALED = {
    MaskRule.NAME: 1,
    MaskRule.NUMBER: 4,
    MaskRule.HIDDEN: 0,
}
"""Characters of a value that a rule may show."""
FIELDS = [
    (entity.name, field.name)
    for entity in ENTITIES.values()
    for field in entity.fields
    if field.privacy is not Privacy.OPEN
]
VALUES = st.one_of(
    st.text(st.characters(exclude_characters="*"), max_size=40),
    st.integers(),
    st.booleans(),
    st.dates(),
    st.decimals(allow_nan=False),
    st.lists(st.text(max_size=5), max_size=3),
)


@pytest.mark.parametrize(
    ("path", "value", "shown"),
    [
        ("person.display_name", "测试甲", "测***"),
        ("person.display_name", "测", "***"),
        ("person.birth_date", "1990-01-31", "***"),
        ("person_contact.value", "+8613800000012", "138***12"),
        ("person_contact.value", "+4915112345678", "+49***78"),
        ("person_contact.value", "1234567", "***"),
        ("person_contact.value", "test.person@example.com", "t***@example.com"),
        ("person_contact.value", "t@example.com", "***@example.com"),
        ("person_contact.value", "1 Test Road, Testville", "***"),
        ("person_contact.value", "a@b@c", "***"),
        ("person_identifier.number", "11010519491231002X", "110***X"),
        ("person_identifier.number", "1234567", "***"),
        ("person_bank.account", "6222020000000000000", "***"),
        ("person_bank.holder", "测试甲", "***"),
        ("pay_item.amount", 12_345, "***"),
        ("interview.overall_score", "71.5", "***"),
        ("employee.status", "active", "active"),
        ("employee.work_no", "", "***"),
    ],
)
def test_a_value_is_masked_by_the_rule_of_its_field(path: str, value: object, shown: str) -> None:
    assert mask(*path.split("."), value) == shown


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FIELDS), VALUES)
def test_a_mask_never_shows_more_than_its_rule_says(field: tuple[str, str], value: object) -> None:
    rule = rule_of(ENTITIES[field[0]].by_name[field[1]])
    shown = mask(*field, value)
    rest = shown.replace(STARS, "")

    assert shown.count(STARS) == 1
    if rule is MaskRule.CONTACT:
        _, _, domain = rest.partition("@")
        assert len(rest) - len(domain) <= (2 if domain else 5)
    else:
        assert len(rest) <= REVEALED[rule]
        assert isinstance(value, str) or not rest


@settings(max_examples=100, deadline=None)
@given(st.integers(8, 15), st.data())
def test_of_a_telephone_number_five_digits_are_shown_at_most(
    size: int, data: st.DataObject
) -> None:
    number = data.draw(st.text("0123456789", min_size=size, max_size=size))

    assert mask("person_contact", "value", number) == f"{number[:3]}***{number[-2:]}"


def test_the_length_of_a_value_does_not_show() -> None:
    assert len({mask("person", "display_name", "测" * n) for n in range(2, 9)}) == 1
    assert len({mask("person_identifier", "number", "1" * n) for n in range(8, 20)}) == 1


def test_sensitive_values_are_hidden_but_for_numbers_of_documents() -> None:
    shown = [
        f"{e.name}.{f.name}"
        for e in ENTITIES.values()
        for f in e.of(Privacy.SENSITIVE)
        if rule_of(f) is not MaskRule.HIDDEN
    ]

    assert shown == ["person_identifier.number"]
