"""Cleaners: what they accept, what it becomes, and why they refuse."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrhub.mapping import clean
from hrhub.mapping.convert import Reject

TODAY = date(2026, 11, 24)
CLEANERS = clean.text_cleaners(TODAY)
resident_id = CLEANERS["cn_resident_id"]


def refusal(cleaner, value):
    with pytest.raises(Reject) as caught:
        cleaner(value)
    return caught.value.reason, caught.value.rule


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ("11010519491231002", ("type", "cn_resident_id.form")),
        ("A10105194912310021", ("type", "cn_resident_id.form")),
        ("1" * 500, ("type", "cn_resident_id.form")),
        ("110105194912310021", ("range", "cn_resident_id.checksum")),
        (
            "11010519490230003" + clean.check_digit("11010519490230003"),
            ("date", "cn_resident_id.birth_date"),
        ),
        (
            "11010520270101001" + clean.check_digit("11010520270101001"),
            ("range", "cn_resident_id.range"),
        ),
        (
            "11010520150101001" + clean.check_digit("11010520150101001"),
            ("policy", "cn_resident_id.under_16"),
        ),
        ("1101051949123100\0X", ("nul_or_surrogate", "text.characters")),
        (["1"], ("type", "text")),
        (True, ("type", "text")),
    ],
)
def test_a_wrong_resident_id_is_refused(value, verdict):
    assert refusal(resident_id, value) == verdict


@pytest.mark.parametrize(
    "value",
    [
        "11010519491231002X",
        "11010519491231002x",
        " 110105 19491231 002X ",
        "１１０１０５19491231002Ｘ",
        "110105491231002",
    ],
)
def test_resident_ids_come_to_one_form(value):
    """The number is the example that GB 11643 prints."""
    assert resident_id(value) == "11010519491231002X"


def test_a_number_instead_of_text_is_read_as_digits():
    assert resident_id(110101199003070468) == "110101199003070468"


@settings(max_examples=80, deadline=None)
@given(
    st.integers(110000, 659999),
    st.dates(date(1900, 1, 1), date(2010, 1, 1)),
    st.integers(0, 999),
    st.integers(0, 17),
    st.integers(1, 9),
)
def test_any_changed_digit_breaks_the_checksum(region, born, serial, place, shift):
    first = f"{region}{born:%Y%m%d}{serial:03}"
    number = first + clean.check_digit(first)
    assert resident_id(number) == number

    if place < 17:
        digit = (int(number[place]) + shift) % 10
        assert clean.check_digit(f"{first[:place]}{digit}{first[place + 1 :]}") != number[17]


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("13800138000", "+8613800138000"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("0086 13800138000", "+8613800138000"),
        ("8613800138000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("（+86）138 0013 8000", "+8613800138000"),
        (13800138000, "+8613800138000"),
        ("+852 5123 4567", "+85251234567"),
        ("0044 7911 123456", "+447911123456"),
        ("", None),
        ("  ", None),
        (None, None),
    ],
)
def test_mobile_numbers_come_to_e164(value, number):
    assert clean.mobile(value) == number


@pytest.mark.parametrize(
    "value",
    [
        "12800138000",
        "1380013800",
        "138001380000",
        "010-88886666",
        "51234567",
        "+86 10888866",
        "13800138000/13900139000",
        "+1234567890123456",
        "abc",
        "1" * 1000,
        [],
        True,
    ],
)
def test_what_is_no_mobile_number_is_refused(value):
    assert refusal(clean.mobile, value)[0] == "type"


def test_a_foreign_number_is_no_chinese_one():
    assert refusal(clean.cn_mobile, "+85251234567") == ("type", "cn_mobile")


@pytest.mark.parametrize(
    ("value", "address"),
    [
        (" A.B+Tag@Example.COM ", "a.b+tag@example.com"),
        ("ａ＠example.com", "a@example.com"),
        ("x@sub.例子.cn", "x@sub.例子.cn"),
        ("", None),
        (" ", None),
    ],
)
def test_mail_addresses_come_to_one_form(value, address):
    assert clean.email(value) == address


@pytest.mark.parametrize(
    "value",
    [
        "a",
        "a@b",
        "a@@b.cn",
        "a b@c.cn",
        "a@b.cn;c@d.cn",
        "a@-b.cn",
        "@b.cn",
        "a@b..cn",
        "a..b@c.cn",
        "x" * 65 + "@b.cn",
        "a@" + "b" * 300 + ".cn",
        "<a@b.cn>",
        "a@b.cn\n@",
        "无",
    ],
)
def test_what_is_no_mail_address_is_refused(value):
    assert refusal(clean.email, value)[0] == "type"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("  欧阳\u3000测试 ", "欧阳 测试"),
        ("Ｔｅｓｔ", "Test"),
        ("买买提·测试", "买买提·测试"),
        ("䶮\ue000", "䶮\ue000"),
        ("\ufeff测\u200b试", "测试"),
        ("𠮷测", "𠮷测"),
        (" ", None),
    ],
)
def test_names_are_kept_as_written_but_for_width_and_fill(value, name):
    assert clean.name(value) == name


@pytest.mark.parametrize("value", ["a\tb", "a\nb", "a\u202eb", "a\x7f", "a\u2028b"])
def test_control_characters_in_a_name_are_refused(value):
    assert refusal(clean.name, value) == ("encoding", "name.control")


def test_gaps_close_between_chinese_characters_only():
    assert clean.cn_name("欧阳 测试") == "欧阳测试"
    assert clean.cn_name("Test Ouyang 测试") == "Test Ouyang 测试"


def test_text_is_trimmed_and_ends_lines_one_way():
    assert clean.text(" a\r\nb\rc ") == "a\nb\nc"
    assert refusal(clean.text, "a\x07") == ("encoding", "text.control")


@pytest.mark.parametrize(
    ("born", "reason"),
    [(date(1899, 12, 31), "range"), (date(2026, 11, 25), "range"), (date(2010, 11, 25), "policy")],
)
def test_births_that_cannot_be_are_refused(born, reason):
    assert refusal(clean.birth_date_cleaner(TODAY), born)[0] == reason


def test_the_sixteenth_birthday_counts_and_so_does_a_leap_day():
    assert clean.birth_date_cleaner(TODAY)(date(2010, 11, 24)) == date(2010, 11, 24)
    on_leap_day = clean.birth_date_cleaner(date(2116, 2, 29))
    assert on_leap_day(date(2100, 2, 28)) == date(2100, 2, 28)
    assert refusal(on_leap_day, date(2100, 3, 1))[0] == "policy"
    assert refusal(clean.birth_date_cleaner(date(2024, 2, 28)), date(2008, 2, 29))[0] == "policy"


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(CLEANERS)),
    st.text(max_size=30)
    | st.from_regex(r"\+?[0-9 ]{5,18}|[a-zA-Zİ.]{1,5}@[a-zß]{1,5}\.(cn|com)", fullmatch=True),
)
def test_cleaners_are_idempotent_or_refuse(name, value):
    try:
        once = CLEANERS[name](value)
    except Reject:
        return
    assert once is None or CLEANERS[name](once) == once


def test_every_documented_cleaner_exists():
    assert set(clean.TEXT_CLEANERS) == set(CLEANERS)
