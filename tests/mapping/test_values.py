"""What becomes of a vendor's values: absent, null, converted, or refused with a reason."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from hrhub.mapping import Mapped, Rejected, compile_mapping


def test_absent_and_null_are_told_apart(bench):
    for rule in (
        "location: a.b",
        "fte: a.b",
        "gender: a.b",
        "end_date: a.b",
        "location: {concat: [a.b, c]}",
        "location: {first: [a.b, c]}",
        "location: {split: {from: a.b, by: x, part: 0}}",
        "work_email: a.b",
    ):
        assert bench.value(rule, {}) == "absent"
        assert bench.value(rule, {"a": {}}) == "absent"
        assert bench.value(rule, {"a": {"b": None}}) is None
        assert bench.value(rule, {"a": None}) is None
        assert bench.value(rule, {"a": {"b": ""}}) is None


def test_a_path_leads_through_tables_and_lists(bench):
    record = {"a": {"b c": [{"x.y": "1"}, {"x.y": "2"}]}}

    assert bench.value("""location: 'a.b c[1]["x.y"]'""", record) == "2"
    assert bench.value("""location: 'a.b c[2]["x.y"]'""", record) == "absent"
    assert bench.reject("location: a.b c.d", record) == ("type", "path", "a.b c.d")
    assert bench.reject("location: 'a[0]'", record) == ("type", "path", "a[0]")
    assert bench.reject("location: a.b c", record)[:2] == ("type", "text")


def test_a_broken_path_is_charged_to_the_field_that_takes_it(bench):
    outcome = bench.result("location: a.b", {"a": "text"})

    assert isinstance(outcome, Rejected)
    assert (outcome.key, outcome.field, outcome.field_path) == (("1",), "location", "a.b")


@pytest.mark.parametrize(
    ("value", "text"),
    [(7, "7"), (Decimal("1.50"), "1.50"), (Decimal("1E+2"), "100"), (0.5, "0.5"), (" a", " a")],
)
def test_numbers_become_plain_text(bench, value, text):
    assert bench.value("location: x", {"x": value}) == text


@pytest.mark.parametrize("value", [True, {}, []])
def test_other_values_are_no_text(bench, value):
    assert bench.reject("location: x", {"x": value}) == ("type", "text", "x")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("a\0b", "nul_or_surrogate"),
        ("\ud800", "nul_or_surrogate"),
        ("中" * 21846, "too_large"),
        ("a" * 65537, "too_large"),
        (10**90, "too_large"),
        (Decimal("1E+99999999"), "range"),
        (Decimal("1E-99999999"), "range"),
        (Decimal("NaN"), "type"),
    ],
)
def test_what_no_store_can_hold_is_refused(bench, value, reason):
    assert bench.reject("location: x", {"x": value})[0] == reason
    assert bench.value("location: x", {"x": "a" * 65536}) == "a" * 65536


@pytest.mark.parametrize(
    "rule",
    [
        "work_email: x",
        "mobile: x",
        "display_name: x",
        "gender: x",
        "national_id: x",
        "hire_date: x",
        "fte: x",
        "location: {from: x, clean: text}",
        "location: {split: {from: x, by: '-', part: 0}}",
    ],
)
def test_a_nul_is_named_as_such_whatever_the_field(bench, rule):
    assert bench.reject(rule, {"x": "1\x000"})[0] == "nul_or_surrogate"


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("1.50", "1.50"),
        (" -3 ", "-3"),
        (2, "2"),
        (Decimal("0.1"), "0.1"),
        (0.1, "0.1"),
        ("1e2", "1E+2"),
    ],
)
def test_decimals_are_exact(bench, value, number):
    assert bench.value("fte: x", {"x": value}) == Decimal(number)


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ("1,5", ("type", "number", "x")),
        ("1_0", ("type", "number", "x")),
        ("١", ("type", "number", "x")),
        (True, ("type", "number", "x")),
        ("1e999", ("range", "number.size", "x")),
        (10**18, ("range", "number.size", "x")),
        ("inf", ("type", "number", "x")),
        ([], ("type", "number", "x")),
    ],
)
def test_what_is_no_everyday_number_is_refused(bench, value, verdict):
    assert bench.reject("fte: x", {"x": value}) == verdict


def test_units_change(bench):
    assert bench.value("fte: {from: x, unit: percent->ratio}", {"x": 80}) == Decimal("0.8")
    assert bench.value("fte: {from: x, unit: min->h}", {"x": 20}) == Decimal("0.3333333333")


def test_integers_change_unit_and_round(load, today):
    mapping = load("""\
        stream: demo.rows
        to: assignment
        key: id
        fields:
          employment: id
          valid_from: {const: 2020-01-01}
          seq: {from: h, as: integer, unit: h->min}
        """)
    run = compile_mapping(mapping, today=today).map

    def seq(value):
        (outcome,) = run([{"id": 1, "h": value}])
        return outcome.values["seq"] if isinstance(outcome, Mapped) else outcome.reason

    assert [seq(v) for v in ("1.5", Decimal("0.325"), 8, None, "x")] == [90, 20, 480, None, "type"]


def test_codes_translate_reject_or_default(bench):
    rule = "gender: {from: x, codes: {M: male, F: female, '': other, 0: null}%s}"

    assert [bench.value(rule % "", {"x": v}) for v in ("M", " F ", "", None, 0)] == [
        "male",
        "female",
        "other",
        "other",
        None,
    ]
    assert bench.reject(rule % "", {"x": "Z"}) == ("enum", "codes", "x")
    assert bench.reject(rule % ", else: reject", {"x": "Z"})[0] == "enum"
    assert bench.value(rule % ", else: null", {"x": "Z"}) is None
    assert bench.value(rule % ", else: undisclosed", {"x": 9}) == "undisclosed"
    assert bench.reject(rule % ", else: null", {"x": []})[0] == "type"


def test_the_model_closes_codes_that_a_mapping_does_not_translate(bench):
    assert bench.value("gender: x", {"x": "male"}) == "male"
    assert bench.reject("gender: x", {"x": "man"}) == ("enum", "codes", "x")


def test_first_concat_split_and_empty(bench):
    assert bench.value("location: {first: [a, b, {const: z}]}", {"a": None, "b": "B"}) == "B"
    assert bench.value("location: {first: [a, b, {const: z}]}", {}) == "z"
    assert bench.value("location: {concat: [a, b], with: '-'}", {"a": 1, "b": "x"}) == "1-x"
    assert bench.value("location: {concat: [a, b], with: '-'}", {"a": None, "b": "x"}) == "x"
    joined = "location: {concat: [{const: N}, a]}"
    assert [bench.value(joined, r) for r in ({}, {"a": None}, {"a": 5})] == ["absent", None, "N5"]
    split = "location: {split: {from: a, by: '-', part: %s}}"
    assert bench.value(split % 1, {"a": "P- 6 -x"}) == "6"
    assert bench.value(split % -1, {"a": "P-6-x"}) == "x"
    assert bench.value(split % 3, {"a": "P-6-x"}) is None
    assert bench.value("location: {from: a, empty: ['-', 无]}", {"a": "无"}) is None


def test_required_fields_and_keys_are_required(bench):
    assert bench.reject("work_no: x", {"x": None}) == ("required", "required", "x")
    assert bench.reject("work_no: x", {}) == ("required", "required", "x")
    for key in (None, "", [], True, "a\x1fb", "k" * 600, "\0"):
        outcome = bench.result("", {"id": key})
        assert isinstance(outcome, Rejected)
        assert (outcome.key, outcome.field, outcome.field_path) == (None, "key", "id")


def test_a_key_can_have_several_parts_and_numbers(load, today):
    mapping = load("""\
        stream: demo.rows
        to: device_user
        key: [meta.serial, uid]
        fields: {work_no: uid}
        """)
    good, bad = compile_mapping(mapping, today=today).map(
        [{"meta": {"serial": "S1"}, "uid": 7}, {"uid": 7}]
    )

    assert good == Mapped(("S1", "7"), {"work_no": "7"}, {})
    assert bad == Rejected(None, "required", "meta.serial,uid", "key", "key")


@pytest.mark.parametrize("record", [None, [], "x", 5])
def test_what_is_no_record_is_rejected(bench, record):
    (outcome,) = bench.compile().map([record])

    assert isinstance(outcome, Rejected)
    assert outcome.reason == "type"


def test_one_bad_record_does_not_touch_its_neighbours(bench):
    run = bench.compile("hire_date: d").map
    outcomes = run(
        [
            {"id": i, "name": "N", "d": d}
            for i, d in enumerate(["2020-01-01", "2020-02-30", "2020-03-01"])
        ]
    )

    assert [type(o).__name__ for o in outcomes] == ["Mapped", "Rejected", "Mapped"]


def test_what_the_program_did_not_foresee_is_a_reject_without_words_of_it(bench):
    class Odd:
        def __eq__(self, other):
            raise RuntimeError("secret")

        __hash__ = None

    outcome = bench.result("location: a.b", {"a": Odd()})

    assert isinstance(outcome, Rejected)
    assert (outcome.reason, outcome.rule, outcome.field) == (
        "mapping_error",
        "internal",
        "location",
    )


def test_no_repr_shows_a_value(bench):
    good = bench.result("location: x", {"id": "KEY", "x": "SECRET"})
    bad = bench.result("gender: x", {"id": "KEY", "x": "SECRET"})

    assert "SECRET" not in repr((good, bad))
    assert "KEY" not in repr((good, bad))


CONTACTS = """\
each:
  contact:
    - from: nav.results
      where: {type: [B, C], number: {not: null}}
      fields:
        kind: {const: mobile}
        use: {from: type, codes: {B: work, C: personal}}
        value: {concat: [area, number], clean: mobile}
        is_primary: primary
    - where: {wx: {not: null}}
      fields: {kind: {const: wechat}, use: {const: personal}, value: wx}
"""


@pytest.mark.parametrize(
    ("record", "children"),
    [
        ({}, {}),
        ({"nav": {"results": None}}, {"contact": []}),
        ({"nav": {"results": []}}, {"contact": []}),
        ({"wx": None}, {"contact": []}),
        ({"wx": "w"}, {"contact": [{"kind": "wechat", "use": "personal", "value": "w"}]}),
        ({"nav": {"results": [None, {"type": "X"}, {"type": "B", "number": ""}]}}, {"contact": []}),
        (
            {"nav": {"results": {"type": "B", "number": "13800000000", "primary": "1"}}},
            {
                "contact": [
                    {"kind": "mobile", "use": "work", "value": "+8613800000000", "is_primary": True}
                ]
            },
        ),
    ],
)
def test_child_lists_are_filled_filtered_and_told_from_silence(bench, record, children):
    outcome = bench.result("", record, each=CONTACTS)

    assert isinstance(outcome, Mapped)
    assert outcome.children == children


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        ("x", ("type", "nav.results", "contact", "list")),
        (["x"], ("type", "nav.results", "contact", "item")),
        (
            [{"type": "B", "number": "12"}],
            ("type", "nav.results[].area,nav.results[].number", "contact.value", "mobile"),
        ),
        ([{"type": {}}], ("type", "nav.results", "contact", "where")),
        ([{}] * 1001, ("too_large", "nav.results", "contact", "list.items")),
    ],
)
def test_a_bad_item_rejects_its_record_and_says_where(bench, results, verdict):
    outcome = bench.result("", {"nav": {"results": results}}, each=CONTACTS)

    assert isinstance(outcome, Rejected)
    assert (outcome.reason, outcome.field_path, outcome.field, outcome.rule) == verdict


def test_a_list_of_bare_values_is_read_by_a_dot(bench):
    each = """\
each:
  contact:
    from: mobiles
    fields: {kind: {const: mobile}, use: {const: work}, value: {from: ., clean: cn_mobile}}
"""
    outcome = bench.result("", {"mobiles": ["13800000000", None, "13900000000"]}, each=each)

    assert [c["value"] for c in outcome.children["contact"]] == ["+8613800000000", "+8613900000000"]


def test_a_text_of_a_child_that_no_store_can_hold_is_found(bench):
    outcome = bench.result("", {"wx": "a\0"}, each=CONTACTS)

    assert (outcome.reason, outcome.field, outcome.field_path) == (
        "nul_or_surrogate",
        "contact.value",
        "wx",
    )


def test_the_model_checks_whatever_the_mapping_says(bench):
    assert bench.value("mobile: x", {"x": "13800000000"}) == "+8613800000000"
    assert bench.reject("mobile: x", {"x": "12345"}) == ("type", "mobile", "x")
    assert bench.reject("national_id: x", {"x": "1"})[1] == "cn_resident_id.form"
    assert bench.reject("birth_date: x", {"x": "2010-11-25"})[0] == "policy"
    assert bench.value("birth_date: x", {"x": "2010-11-24"}) == date(2010, 11, 24)
    assert bench.reject("mobile: {from: x, clean: cn_mobile}", {"x": "+12025550123"})[0] == "type"
