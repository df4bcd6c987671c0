"""The sandbox company is whole, repeatable and strange in the ways that real ones are."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrhub.errors import ConfigError
from hrhub.sandbox.records import OPEN_END
from hrhub.sandbox.truth import expected_people, expected_store
from hrhub.sandbox.world import World, build_world

MASTER = ("successfactors", "zkteco")


@pytest.fixture(scope="module", params=[50, 2000])
def world(request: pytest.FixtureRequest) -> World:
    return build_world(request.param)


@pytest.fixture(scope="module")
def large() -> World:
    return build_world(2000)


def has_valid_check_digit(number: str) -> bool:
    """Check by the other definition: weights are 2^(18-i), the sum is 1 modulo 11."""
    total = sum((10 if c == "X" else int(c)) * pow(2, 17 - i, 11) for i, c in enumerate(number))
    return total % 11 == 1


def test_a_world_too_small_for_its_heads_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        build_world(39)

    assert caught.value.code == "sandbox.too_small"


def test_more_edits_than_people_are_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        build_world(50, edits=50)

    assert caught.value.code == "sandbox.too_many_changes"


def test_the_same_seed_gives_the_same_world() -> None:
    first, second = build_world(60, 7), build_world(60, 7)

    assert first == second
    assert list(first.punches()) == list(second.punches())


def test_another_seed_gives_other_people() -> None:
    first, second = build_world(60, 7), build_world(60, 8)

    assert not {p.national_id for p in first.people} & {p.national_id for p in second.people}


def test_only_faulty_people_have_a_wrong_check_digit(world: World) -> None:
    wrong = {p.person_id for p in world.people if not has_valid_check_digit(p.national_id)}

    assert wrong == {p.person_id for p in world.people if p.faulty}
    assert len(wrong) == 2


def test_faulty_people_differ_from_a_good_world_in_the_check_digit_only() -> None:
    good, bad = build_world(60, faulty=0), build_world(60, faulty=3)

    for a, b in zip(good.people, bad.people, strict=True):
        assert a.national_id[:17] == b.national_id[:17]
        assert (a.national_id == b.national_id) is not b.faulty
        assert a.spells == b.spells


def test_national_ids_agree_with_birth_date_and_gender(world: World) -> None:
    for person in world.people:
        assert person.national_id[6:14] == person.birth_date.strftime("%Y%m%d")
        assert (int(person.national_id[16]) % 2 == 1) is (person.gender == "male")


def test_keys_are_unique(world: World) -> None:
    for keys in (
        [p.person_id for p in world.people],
        [p.national_id for p in world.people],
        [p.work_email for p in world.people],
        [p.personal_email for p in world.people],
        [int(s.user_id) for p in world.people for s in p.spells],
        [u.code for u in world.org_units],
        [p.code for p in world.positions],
    ):
        assert len(keys) == len(set(keys))


def test_some_work_numbers_begin_with_zeros_and_some_do_not(world: World) -> None:
    zeros = Counter(user_id.startswith("0") for user_id in world.spell_by_user)

    assert zeros[True] and zeros[False]


def test_everybody_is_of_working_age_and_was_hired_as_an_adult(world: World) -> None:
    for person in world.people:
        age = (world.as_of - person.birth_date).days / 365.25
        assert 18 <= age < 63
        for spell in person.spells:
            assert (spell.hire_date - person.birth_date).days / 365.25 >= 17.99


def test_slices_of_a_spell_follow_each_other_without_gap_or_overlap(world: World) -> None:
    for person in world.people:
        for spell in person.spells:
            assert spell.jobs[0].start == spell.hire_date
            assert spell.jobs[0].event == "hire"
            assert spell.jobs[-1].end == OPEN_END
            for before, after in pairwise(spell.jobs):
                if after.start == before.start:
                    assert (before.end, after.seq) == (before.start, before.seq + 1)
                else:
                    assert (before.end + timedelta(days=1), 1) == (after.start, after.seq)


def test_ended_spells_close_with_an_exit_on_the_next_day(world: World) -> None:
    for person in world.people:
        for spell in person.spells:
            last = spell.jobs[-1]
            assert (last.event == "exit") is (spell.end_date is not None)
            if spell.end_date is not None:
                assert last.start == spell.end_date + timedelta(days=1) <= world.as_of
                assert last.status == "T"
                assert spell.last_working_date is not None
                assert spell.hire_date <= spell.last_working_date <= spell.end_date


def test_a_rehire_has_a_new_work_number_after_the_first_spell(world: World) -> None:
    rehired = [p for p in world.people if len(p.spells) == 2]

    assert rehired
    for person in rehired:
        first, second = person.spells
        assert first.end_date is not None and first.end_date < second.hire_date
        assert second.hire_date <= world.as_of and second.end_date is None
        assert second.original_hire_date == first.hire_date
        assert second.jobs[0].event_reason == "HIRREH"


def test_about_one_in_twelve_has_left(world: World) -> None:
    assert len(world.employed) / world.size == pytest.approx(0.92, abs=0.005)


def test_people_refer_to_units_positions_and_managers_that_exist(world: World) -> None:
    for spell in world.spell_by_user.values():
        for job in spell.jobs:
            position = world.position_by_code[job.position_code]
            assert position.slices[-1].department_code == job.department_code
            assert world.unit_by_code[job.department_code].kind == "department"
            assert world.unit_by_code[job.company_code].kind == "company"
            assert job.manager_user_id is None or job.manager_user_id in world.spell_by_user


def test_managers_end_at_one_head_without_a_loop_and_are_employed(world: World) -> None:
    boss = {s.user_id: s.job_on(world.as_of) for _, s in world.employed}
    tops = set()
    for user_id in boss:
        seen = []
        while True:
            assert user_id not in seen
            seen.append(user_id)
            job = boss[user_id]
            assert job is not None
            if job.manager_user_id is None:
                break
            user_id = job.manager_user_id
        tops.add(user_id)

    assert len(tops) == 1


def test_nobody_depends_on_a_faulty_person(world: World) -> None:
    faulty = {s.user_id for p in world.people if p.faulty for s in p.spells}
    heads = {s.head_user_id for u in world.org_units for s in u.slices}
    managers = {j.manager_user_id for s in world.spell_by_user.values() for j in s.jobs}

    assert faulty
    assert not faulty & (heads | managers)


def test_departments_hang_below_three_companies_four_levels_deep(world: World) -> None:
    depth: dict[str, int] = {}
    for unit in world.org_units:
        parent = unit.slices[-1].parent_code
        depth[unit.code] = 0 if parent is None else depth[parent] + 1
        for slice_ in unit.slices:
            assert slice_.parent_code is None or slice_.parent_code in world.unit_by_code

    assert Counter(depth.values())[0] == 3
    assert max(depth.values()) == 4


def test_units_and_positions_have_gapless_histories_and_some_changed(large: World) -> None:
    for things in (large.org_units, large.positions):
        assert any(len(thing.slices) > 1 for thing in things)
        for thing in things:
            assert thing.slices[-1].end == OPEN_END
            for before, after in pairwise(thing.slices):
                assert before.end + timedelta(days=1) == after.start

    renamed = [u for u in large.departments if len({s.name for s in u.slices}) > 1]
    moved = [u for u in large.departments if len({s.parent_code for s in u.slices}) > 1]
    closed = [u for u in large.departments if u.slices[-1].status == "I"]
    assert renamed and moved and closed


def test_headcount_covers_the_holders(world: World) -> None:
    holders = Counter(
        job.position_code for _, s in world.employed if (job := s.job_on(world.as_of))
    )

    for position in world.positions:
        assert position.slices[-1].headcount >= holders[position.code]


def test_a_larger_world_has_every_awkward_case(large: World) -> None:
    names = [p.display_name for p in large.people]
    mobiles = Counter(p.mobile for p in large.people)
    jobs = [j for s in large.spell_by_user.values() for j in s.jobs]

    assert max(Counter(names).values()) > 1
    assert sorted(set(mobiles.values())) == [1, 2]
    assert any("·" in name for name in names)
    assert any(ord(sign) > 0xFFFF for name in names for sign in name)
    assert any(len(p.family_name) == 2 for p in large.people)
    assert any(j.seq == 2 for j in jobs)
    assert any(j.start > large.as_of for j in jobs)
    assert {j.event for j in jobs} == {
        "hire", "transfer", "promotion", "data_change", "leave", "return", "exit",
    }  # fmt: skip
    assert {j.status for j in jobs} == {"A", "P", "U", "T"}
    on_leave = [s for _, s in large.employed if (j := s.job_on(large.as_of)) and j.status in "PU"]
    assert on_leave


def test_names_are_family_name_then_given_name(world: World) -> None:
    for person in world.people:
        assert person.display_name == person.family_name + person.given_name
        assert person.display_name and person.latin_name.isascii() | ("ü" in person.latin_name)


def test_edits_touch_exactly_the_people_they_name() -> None:
    base, later = build_world(2000), build_world(2000, edits=20)

    changed = {b.person_id for a, b in zip(base.people, later.people, strict=True) if a != b}

    assert changed == set(later.edited)
    assert len(later.edited) == 20
    assert (base.org_units, base.positions) == (later.org_units, later.positions)
    assert list(base.punches()) == list(later.punches())


def test_each_edit_changes_what_its_kind_says_and_is_dated_after_everything_else() -> None:
    base, later = build_world(2000), build_world(2000, edits=6)
    newest = max(
        max(
            p.modified_at, *(max(s.modified_at, *(j.modified_at for j in s.jobs)) for s in p.spells)
        )
        for p in base.people
    )

    assert Counter(e.kind for e in later.edits) == {"mobile": 2, "transfer": 2, "name": 2}
    for edit in later.edits:
        before, after = (w.person_by_id[edit.person_id] for w in (base, later))
        assert newest < base.now < edit.at <= later.now
        assert (before.mobile != after.mobile) is (edit.kind == "mobile")
        assert (before.display_name != after.display_name) is (edit.kind == "name")
        assert (before.spells != after.spells) is (edit.kind == "transfer")
        if edit.kind == "transfer":
            added = after.spells[0].jobs[-1]
            assert (added.start, added.event, added.modified_at) == (
                later.as_of, "transfer", edit.at,
            )  # fmt: skip
            assert added.department_code != before.spells[0].jobs[-1].department_code
            assert after.spells[0].jobs[-2].end == later.as_of - timedelta(days=1)
        else:
            assert after.modified_at == edit.at


@settings(max_examples=8, deadline=None)
@given(fewer=st.integers(0, 10), more=st.integers(0, 10))
def test_the_first_edits_of_a_longer_list_are_those_of_a_shorter_one(fewer: int, more: int) -> None:
    short, long = build_world(60, edits=fewer), build_world(60, edits=fewer + more)

    assert long.edits[:fewer] == short.edits
    assert all(e.at >= short.now for e in long.edits[fewer:])


def test_punches_come_from_people_at_work_on_working_days_without_duplicates(world: World) -> None:
    log = list(world.punches())
    days = {p.at.date() for p in log}

    assert days == {date(2026, 11, d) for d in (16, 17, 18, 19, 20)}
    assert len({(p.user_id, p.at, p.state) for p in log}) == len(log)
    assert [p.seq for p in log] == list(range(1, len(log) + 1))
    assert [p.at for p in log] == sorted(p.at for p in log)
    assert {p.state for p in log} == {0, 1, 2, 3}
    for punch in log:
        job = world.spell_by_user[punch.user_id].job_on(punch.at.date())
        assert job is not None and job.status == "A"


def test_some_days_lack_a_stamp(world: World) -> None:
    stamps = Counter((p.user_id, p.at.date()) for p in world.punches())

    assert 1 in stamps.values() and 2 in stamps.values()


def test_the_store_is_expected_to_hold_the_good_people_and_what_hangs_on_them() -> None:
    good, bad = build_world(60, faulty=0), build_world(60, faulty=2)
    whole, partial = expected_store(good, MASTER), expected_store(bad, MASTER)
    lost = [p for p in bad.people if p.faulty]
    lost_users = {s.user_id for p in lost for s in p.spells}

    assert whole["person"] == 60
    assert whole["employee"] == whole["employment"] == len(good.spell_by_user) > 60
    assert whole["attendance_punch"] == len(list(good.punches()))
    assert whole["person"] - partial["person"] == 2
    assert whole["person_contact"] - partial["person_contact"] == 6
    assert whole["assignment"] - partial["assignment"] == sum(
        len(s.jobs) for p in lost for s in p.spells
    )
    assert whole["attendance_punch"] - partial["attendance_punch"] == sum(
        p.user_id in lost_users for p in bad.punches()
    )
    assert (whole["org_unit"], whole["position"]) == (partial["org_unit"], partial["position"])


def test_expected_people_are_the_good_ones_in_canonical_form(world: World) -> None:
    people = list(expected_people(world))

    assert [p["person_id"] for p in people] == [p.person_id for p in world.people if not p.faulty]
    for person in people:
        assert person["mobile"].startswith("+861") and len(person["mobile"]) == 14
        for spell in person["spells"]:
            gone = spell["end_date"] is not None
            assert (spell["status"] == "terminated") is gone
            assert spell["jobs"][-1]["valid_to"] == OPEN_END


def test_the_text_form_of_a_person_shows_ids_only(world: World) -> None:
    person = world.people[0]

    text = repr(person) + repr(world)

    for value in (person.display_name, person.national_id, person.mobile, person.work_email):
        assert value not in text


def test_of_several_clocks_each_site_has_one_and_together_they_have_every_stamp() -> None:
    whole = build_world(200, punch_days=2)
    divided = whole.with_clocks(["wecom", "zkteco", "hikvision"])

    stamps = {clock: list(divided.punches(clock)) for clock in divided.clocks}

    assert sorted((p.at, p.user_id) for some in stamps.values() for p in some) == sorted(
        (p.at, p.user_id) for p in whole.punches()
    )
    people = [{p.user_id for p in some} for some in stamps.values()]
    assert all(people)
    assert sum(map(len, people)) == len(set().union(*people))
    assert [p.seq for p in stamps["wecom"]] == list(range(1, len(stamps["wecom"]) + 1))
    assert list(divided.punches()) == list(whole.punches("wecom"))
