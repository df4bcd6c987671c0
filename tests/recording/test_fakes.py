"""Fakes keep shape and check digits, say nothing of the original, and are never shared."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrhub.mapping.clean import check_digit, cn_resident_id_cleaner, email, mobile
from hrhub.recording import Fakes
from hrhub.recording.patterns import is_resident_id
from tests.support.persons import mobiles, names, resident_ids

KEY = b"k" * 32
CLEAN_ID = cn_resident_id_cleaner(date(2026, 11, 20))

quick = settings(max_examples=40, deadline=None)


def test_two_runs_do_not_share_fakes() -> None:
    assert Fakes().of("13900001234") != Fakes().of("13900001234")


@quick
@given(resident_ids())
def test_a_resident_id_becomes_another_valid_one(number: str) -> None:
    fake = Fakes(KEY).of(number)

    assert fake != number
    assert is_resident_id(fake)
    assert len(fake) == len(number)
    assert fake[17] == check_digit(fake[:17])
    assert CLEAN_ID(fake) == fake


def test_a_wrong_check_character_stays_wrong() -> None:
    fake = Fakes(KEY).of("110105194912310021")

    assert is_resident_id(fake)
    assert fake[17] != check_digit(fake[:17])


@quick
@given(mobiles())
def test_a_mobile_number_becomes_another_that_the_hub_accepts(number: str) -> None:
    fake = Fakes(KEY).of(number)

    assert fake != number
    assert len(fake) == len(number)
    assert mobile(fake) is not None


@pytest.mark.parametrize("address", ["a.b@example.org", "zhang.wei+hr@corp.com.cn", "x@y.cn"])
def test_a_mail_address_leads_to_nobody(address: str) -> None:
    fake = Fakes(KEY).of(address)

    assert fake.endswith(".example")
    assert email(fake) == fake.lower()
    assert fake.partition("@")[0] != address.partition("@")[0]


@quick
@given(st.lists(names(), min_size=2, max_size=30, unique=True))
def test_names_keep_their_length_and_share_no_fake(people: list[str]) -> None:
    fakes = Fakes(KEY)
    for name in people:
        fakes.see(name)

    given_out = [fakes.of(name) for name in people]

    assert [len(fake) for fake in given_out] == [len(name) for name in people]
    assert len(set(given_out)) == len(people)
    assert not set(given_out) & set(people)
    assert [fakes.of(name) for name in people] == given_out


@pytest.mark.parametrize(
    "day", ["1994-05-06", "1994/5/6", "19940506", "1994年05月06日", "1994.05.06"]
)
def test_days_move_and_keep_their_spelling(day: str) -> None:
    fake = Fakes(KEY).of(day)

    assert fake != day
    assert [c for c in fake if not c.isdigit()] == [c for c in day if not c.isdigit()]


def test_all_days_move_alike() -> None:
    fakes = Fakes(KEY)
    born, hired = (date.fromisoformat(fakes.of(d)) for d in ("1994-05-06", "2020-07-01"))

    assert hired - born == date(2020, 7, 1) - date(1994, 5, 6)


def test_a_day_of_no_calendar_is_no_day() -> None:
    assert Fakes(KEY).of("1994-02-30") != "1994-02-30"


def test_dates_of_odata_and_times_move_by_whole_days() -> None:
    fakes = Fakes(KEY)

    moved = int(fakes.of("/Date(1104537600000)/")[6:-2])
    at = fakes.of("1994-05-06T08:15:30Z")

    assert (1104537600000 - moved) % 86_400_000 == 0
    assert moved != 1104537600000
    assert at.endswith("T08:15:30Z")


@pytest.mark.parametrize(
    "day", ["9999-12-31", "99991231", "9999-12-31T00:00:00Z", "/Date(253402214400000)/"]
)
def test_a_day_that_never_comes_stays(day: str) -> None:
    assert Fakes(KEY).of(day) == day


def test_blank_texts_stay() -> None:
    assert Fakes(KEY).of("") == ""
    assert Fakes(KEY).of("  ") == "  "


def test_nothing_shows_in_the_repr() -> None:
    fakes = Fakes(KEY)
    fakes.of("13900001234")

    assert "139" not in repr(fakes)
