"""Who is recognised as whom: the tiers one by one, what contradicts, what humans are asked."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from hrhub.identity import MergePersons, UnmergePersons, members_of, resolve_id, reviews
from hrhub.identity.report import reports
from hrhub.sandbox.national_ids import draw
from hrhub.store.schema import ENTITY_TABLES, hub_match_review, hub_merge
from tests.support.crowd import Telling, Town

BIRTH = date(1990, 5, 6)
ID, OTHER_ID = (draw(random.Random(i), BIRTH, True, set()) for i in range(2))
MOBILE, MAIL = "+8613912345601", "wei.zhang@corp.test"


def core(key: str = "c1", **values: Any) -> Telling:
    given = {"display_name": "张伟", "work_no": "0042", "hire_date": date(2020, 1, 1)}
    return Telling("core", key, given | values)


def directory(key: str = "d1", **values: Any) -> Telling:
    given = {"display_name": "张伟", "work_no": "0042", "hire_date": date(2020, 1, 1)}
    return Telling("directory", key, given | values)


def board(key: str = "b1", **values: Any) -> Telling:
    return Telling("board", key, {"display_name": "张伟", **values})


def assessed(key: str = "a1", **values: Any) -> Telling:
    return Telling("tests", key, {"display_name": "张伟", **values})


def one(town: Town, *tellings: Telling) -> bool:
    for telling in tellings:
        town.tell(telling)
    return len(town.partition(*tellings)) == 1


def questions(town: Town) -> list[reviews.Review]:
    return reviews.listed(town.tx, town.keys.tenant, town.desk().keys, state=None)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(core(mobile=MOBILE), board(mobile=MOBILE, display_name="李娜"), id="mobile"),
        pytest.param(core(), board(), id="name"),
        pytest.param(
            core(mobile="+8613800138000"), board(mobile="+8613800138000"), id="placeholder"
        ),
        pytest.param(
            core(work_email="hr@corp.test"), assessed(work_email="hr@corp.test"), id="role mailbox"
        ),
        pytest.param(
            core(national_id=ID, mobile=MOBILE),
            board(national_id=OTHER_ID, mobile=MOBILE),
            id="two resident numbers",
        ),
        pytest.param(
            core(end_date=date(2021, 1, 1), display_name="李娜"),
            directory(hire_date=date(2024, 1, 1)),
            id="re-used work number",
        ),
    ],
)
def test_what_proves_nothing_joins_nobody_and_asks_nobody(
    town: Town, first: Telling, second: Telling
) -> None:
    assert not one(town, first, second)
    assert not questions(town)


@pytest.mark.parametrize(
    ("first", "second", "tier", "differ"),
    [
        pytest.param(
            core(national_id=ID, mobile=MOBILE),
            board(national_id=ID, mobile=MOBILE, birth_date=date(1991, 1, 1)),
            1,
            {"claim", "birth_date"},
            id="birth date against the number",
        ),
        pytest.param(
            core(national_id=ID),
            board(national_id=ID, gender="female"),
            1,
            {"claim", "gender"},
            id="gender against the number",
        ),
        pytest.param(
            core(end_date=date(2021, 1, 1)),
            directory(hire_date=date(2021, 6, 1)),
            2,
            set(),
            id="work number after 90 days",
        ),
        pytest.param(
            core(), directory(display_name="李娜"), 2, {"name"}, id="work number, another name"
        ),
        pytest.param(
            core(mobile=MOBILE, gender="male"),
            board(mobile=MOBILE, gender="male", display_name="张玮"),
            4,
            set(),
            id="mobile, near name: brothers may share it",
        ),
        pytest.param(
            board(personal_email="a@mail.test"),
            assessed(personal_email="a@mail.test", display_name="张玮"),
            5,
            set(),
            id="personal address, near name",
        ),
        pytest.param(
            core(work_email=MAIL, end_date=date(2021, 1, 1)),
            core(
                "c2", display_name="张玮", work_email=MAIL, work_no="9", hire_date=date(2024, 1, 1)
            ),
            3,
            set(),
            id="work address that was given out again",
        ),
        pytest.param(
            core(mobile=MOBILE, birth_date=BIRTH),
            board(mobile=MOBILE, birth_date=date(1992, 7, 6)),
            4,
            {"birth_date"},
            id="birth dates two years apart",
        ),
        pytest.param(
            core(national_id=ID),
            board(national_id=ID, birth_date=date(1990, 5, 7)),
            1,
            {"claim", "birth_date"},
            id="slipped birth date, no contact outweighs it",
        ),
    ],
)
def test_what_may_be_or_not_be_one_person_is_asked_and_blocks_nothing(
    town: Town, first: Telling, second: Telling, tier: int, differ: set[str]
) -> None:
    assert not one(town, first, second)

    [question] = questions(town)
    assert (question.tier, question.state, set(question.differ)) == (tier, "open", differ)
    assert None not in town.person_of(first, second)


@pytest.mark.parametrize(
    ("first", "second", "tier"),
    [
        pytest.param(core(national_id=ID), board(national_id=ID, display_name="Z"), 1, id="number"),
        pytest.param(
            core(national_id=ID.translate({ord("1"): "１"})),
            board(national_id=ID, birth_date=BIRTH, gender="male"),
            1,
            id="full-width digits",
        ),
        pytest.param(
            core(national_id=ID), board(national_id=ID[:6] + ID[8:17]), 1, id="number of 15 digits"
        ),
        pytest.param(core(), directory(display_name="张伟(研发)"), 2, id="work number, name"),
        pytest.param(core(), directory(display_name="Zhang Wei"), 2, id="work number, latin name"),
        pytest.param(
            core(end_date=date(2021, 1, 1)),
            directory(hire_date=date(2021, 3, 1)),
            2,
            id="work number within 90 days",
        ),
        pytest.param(
            core(work_email=MAIL), assessed(work_email=MAIL.upper()), 3, id="work address, name"
        ),
        pytest.param(
            core(work_email="na.li@corp.test"),
            assessed(work_email="na.li@corp.test"),
            3,
            id="work address that begins like no address",
        ),
        pytest.param(
            core(work_email=MAIL),
            assessed(work_email=MAIL, display_name="张玮"),
            3,
            id="work address, near name",
        ),
        pytest.param(core(mobile=MOBILE), board(mobile=MOBILE), 4, id="mobile, name"),
        pytest.param(
            core(mobile=MOBILE, birth_date=BIRTH),
            board(mobile=MOBILE, birth_date=BIRTH, display_name="张玮"),
            4,
            id="mobile, near name, birth date",
        ),
        pytest.param(
            core(mobile=MOBILE, birth_date=BIRTH),
            board(mobile=MOBILE, birth_date=date(1990, 6, 5)),
            4,
            id="mobile, name, birth date with day and month changed over",
        ),
        pytest.param(
            core(national_id=ID, mobile=MOBILE),
            board(national_id=ID, mobile=MOBILE, birth_date=date(1990, 5, 7)),
            1,
            id="number, name, mobile, birth date of the next day",
        ),
        pytest.param(
            board(personal_email="a@mail.test"),
            assessed(personal_email="A@mail.test"),
            5,
            id="personal address, name",
        ),
    ],
)
def test_each_tier_joins_and_the_run_counts_it(
    town: Town, first: Telling, second: Telling, tier: int
) -> None:
    assert one(town, first, second)

    [found] = [r for r in reports(town.tx, "default") if r.run_id == town.run_id(second.system)]
    assert found.counts[f"tier{tier}"] == 1
    assert found.rate == 1.0


def test_a_number_on_three_names_joins_nobody_and_parts_who_was_joined(town: Town) -> None:
    first, second = core(mobile=MOBILE), board(mobile=MOBILE)
    assert one(town, first, second)

    town.tell(board("b2", mobile=MOBILE, display_name="李娜"))
    assert len(town.partition(first, second)) == 1, "a couple shares it"
    town.tell(board("b3", mobile=MOBILE, display_name="王强"))

    assert len(town.partition(first, second)) == 2
    log = town.tx.execute(select(hub_merge)).all()
    assert [bool(row.undone_at) for row in log] == [True], "the log keeps what was taken back"
    assert [q.tier for q in questions(town)] == [4]


def test_an_address_of_two_names_joins_nobody_and_parts_who_was_joined(town: Town) -> None:
    first, second = (t(personal_email="a@mail.test") for t in (board, assessed))
    assert one(town, first, second)

    town.tell(board("b2", personal_email="a@mail.test", display_name="李娜"))

    assert len(town.partition(first, second)) == 2
    assert [q.tier for q in questions(town)] == [5]


def test_a_birth_date_joins_on_a_number_of_three_names_but_never_two_documents(town: Town) -> None:
    desk: dict[str, Any] = {"mobile": MOBILE, "birth_date": BIRTH}
    first, second = core(**desk), board(**desk)
    for place, name in enumerate(("李娜", "王强", "Z")):
        town.tell(board(f"b{place + 2}", mobile=MOBILE, display_name=name))
    assert one(town, first, second)

    other = board("b9", **desk, national_id=OTHER_ID)
    town.tell(core(**desk, national_id=ID), other)

    assert frozenset({"c1", "b9"}) not in town.partition(first, other)
    assert len(town.partition(core(), other)) == 2


@pytest.mark.parametrize("latin_first", [True, False])
def test_a_latin_name_is_joined_by_mobile_address_and_birth_date_at_once(
    town: Town, latin_first: bool
) -> None:
    facts = {"mobile": MOBILE, "personal_email": "w@mail.test", "birth_date": BIRTH}
    latin, han = board(display_name="Wei Zhang", **facts), core(**facts)

    assert one(town, *((latin, han) if latin_first else (han, latin)))


@pytest.mark.parametrize("left_out", ["mobile", "personal_email", "birth_date", "the name"])
def test_two_of_the_three_or_another_name_of_one_script_join_nobody(
    town: Town, left_out: str
) -> None:
    facts = {"mobile": MOBILE, "personal_email": "w@mail.test", "birth_date": BIRTH}
    some = {name: value for name, value in facts.items() if name != left_out}
    name = "李娜" if left_out == "the name" else "Wei Zhang"

    assert not one(town, core(**facts), board(display_name=name, **some))


@pytest.mark.parametrize("later", ["b1", "b2"])
def test_who_claimed_a_number_by_a_slip_holds_it_once_joined(town: Town, later: str) -> None:
    slipped = board("b1", national_id=ID, mobile=MOBILE, birth_date=date(1990, 5, 7))
    tellings = [core(national_id=ID, mobile=MOBILE), slipped, board("b2", national_id=ID)]

    assert one(town, *sorted(tellings, key=lambda t: t.key == later))
    assert not questions(town)


def test_a_record_that_bridges_two_people_makes_them_one_under_the_older_id(town: Town) -> None:
    by_number, by_mail = board("b1", national_id=ID), assessed(work_email=MAIL)
    town.tell(by_number)
    town.tell(by_mail)
    [older], [younger] = town.person_of(by_number), town.person_of(by_mail)
    assert older and younger and older != younger

    town.tell(core(national_id=ID, work_email=MAIL))

    assert town.person_of(by_number, by_mail) == [older, older]
    assert resolve_id(town.tx, younger) == older
    assert members_of(town.tx, [younger]) == {younger: {older, younger}}


def test_a_name_that_a_known_person_is_told_to_have_joins_who_waited_for_it(town: Town) -> None:
    by_mobile = board("b2", mobile=MOBILE)
    town.tell(core(national_id=ID, mobile=MOBILE, display_name="Wei Zhang"))
    town.tell(by_mobile)
    assert len(town.partition(core(), by_mobile)) == 2

    town.tell(board("b1", national_id=ID))

    assert len(town.partition(core(), by_mobile)) == 1


@pytest.mark.parametrize(
    ("before", "after", "other"),
    [
        pytest.param(
            core(mobile=MOBILE, display_name="李娜"),
            core(mobile=MOBILE),
            board(mobile=MOBILE),
            id="name",
        ),
        pytest.param(
            core(end_date=date(2021, 1, 1)),
            core(end_date=date(2023, 12, 1)),
            directory(hire_date=date(2024, 1, 1)),
            id="end of a spell",
        ),
    ],
)
def test_a_correction_at_the_source_joins_who_was_kept_apart(
    town: Town, before: Telling, after: Telling, other: Telling
) -> None:
    assert not one(town, before, other)

    town.tell(after)

    assert len(town.partition(after, other)) == 1


def test_a_contradicting_third_record_is_left_out_and_the_first_two_stay_one(town: Town) -> None:
    known, mail = core(national_id=ID, mobile=MOBILE), board("b1", mobile=MOBILE)
    wrong = board("b2", mobile=MOBILE, birth_date=date(1991, 1, 1))
    for telling in (wrong, mail, known):
        town.tell(telling)

    assert town.partition(known, mail, wrong) == {frozenset({"c1", "b1"}), frozenset({"b2"})}
    assert [set(q.differ) for q in questions(town)] == [{"birth_date"}]


def test_a_namesake_between_two_known_people_is_asked_about(town: Town) -> None:
    town.tell(core("c1", national_id=ID, mobile=MOBILE))
    town.tell(core("c2", national_id=OTHER_ID, mobile=MOBILE, work_no="0043"))
    town.tell(board(mobile=MOBILE))

    assert len(town.partition(core("c1"), core("c2"), board())) == 3
    assert len(questions(town)) == 2


def test_operations_say_what_they_do_and_can_be_reversed(town: Town) -> None:
    town.tell(core(national_id=ID))
    town.tell(board("b1"))
    [a], [b] = town.person_of(core()), town.person_of(board("b1"))
    assert a and b
    merge = MergePersons(a, b)
    assert a in merge.describe() and b in merge.describe()
    assert merge.plan(town.tx) == sorted((a, b))
    people = ENTITY_TABLES["person"].c
    before = town.tx.execute(select(people.id, people.link_id).order_by(people.id)).all()

    merge.apply(town.tx, town.desk(), town.act())
    assert resolve_id(town.tx, b) == a
    assert merge.plan(town.tx) == ()
    undo = merge.reverse()
    assert undo == UnmergePersons(a, b)
    undo.apply(town.tx, town.desk(), town.act())

    assert resolve_id(town.tx, b) == b
    after = town.tx.execute(select(people.id, people.link_id).order_by(people.id)).all()
    assert after == before, "rows stay where they are"


def test_the_questions_of_a_store_hold_no_value_in_clear(town: Town) -> None:
    one(town, core(display_name="王小明"), directory(display_name="李小娜"))

    [row] = town.tx.execute(select(hub_match_review)).all()
    assert "王小明".encode() not in row.sealed_evidence
    assert b"work_no" not in row.sealed_evidence
