"""A wrong mapping is refused with every place and a suggestion; nothing of YAML surprises."""

from __future__ import annotations

from pathlib import Path

import pytest

from hrhub.errors import ConfigError, MappingError
from hrhub.mapping import compile_mapping, find_mapping, load_mapping
from hrhub.messages import explain

GOOD = """\
stream: demo.rows
to: device_user
key: id
fields:
  work_no: id
"""


def test_all_problems_of_a_file_are_told_at_once_with_places_and_suggestions(problems):
    assert problems("""\
        stream: demo.rows
        to: employee
        key: id
        fields:
          dispaly_name: name
          work_no: {form: id}
          hire_date: {from: d, formats: ["%Y-%m-%q"]}
          gender: {from: g, codes: {M: mail}}
          punched: x
        """) == [
        '4:1: feed employee requires the field "display_name"',
        '5:3: unknown field "dispaly_name" in feed employee; did you mean "display_name"?',
        '6:12: the rule of "work_no" needs exactly one of from, const, concat, first, split',
        '6:13: unknown key "form" in the rule of "work_no"; did you mean "from"?',
        '7:34: "%Y-%m-%q" is not a date format: unknown directive %q; '
        "known are %Y %y %m %b %d %H %I %p %M %S %f %z",
        '8:32: "gender" has no code "mail"; did you mean "male"?',
        '9:3: unknown field "punched" in feed employee; known are display_name, family_name, '
        "given_name, latin_name, former_names, gender, birth_date, nationality, marital_status, "
        "national_id, mobile, work_email, …",
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a: {from: x, as: date}", 'unknown field "a" in feed device_user'),
        ("display_name: {from: x, as: date}", '"display_name" is text in the model, not date'),
        ("display_name: {from: x, zone: UTC}", '"zone" is for dates and timestamps'),
        ("display_name: {from: x, unit: h->min}", '"unit" is for numbers'),
        ("display_name: {from: x, else: y}", '"else" is for rules with "codes"'),
        ("display_name: {from: x, with: y}", '"with" is for rules with "concat"'),
        ("display_name: {from: x, clean: nam}", 'did you mean "name"?'),
        ("display_name: {from: x, const: y}", "needs exactly one of"),
        ("display_name: {const: y, clean: name}", "means nothing for a constant"),
        ("display_name: {from: x, codes: {}}", "codes needs at least one code"),
        ("display_name: {concat: x}", "concat must be a list of paths"),
        ("display_name: {split: {from: x, by: '-', part: a}}", "part must be a whole number"),
        ("display_name: {split: {from: x, part: 1}}", 'split needs "by"'),
        ("display_name: a..b", '"a..b" is not a path'),
        ("display_name: '[0]'", "is not a path"),
        ("display_name: [a]", "must be a table"),
        ("display_name: ~", "a path must be a text"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(problems, line, message):
    (found,) = problems(GOOD + f"  {line}\n")

    assert message in found
    assert found.startswith("6:")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("a: 1\na: 2\n", 'key "a" is given twice'),
        ("a: &x 1\n", "anchors and tags"),
        ("a: !!python/name:os.system x\n", "anchors and tags"),
        ("a: *x\n", "aliases"),
        ("--- 1\n--- 2\n", "one document per file"),
        ("[a, b]: 1\n", "a key must be a single word"),
        ("a: [\n", "not YAML"),
        ("a: \x07\n", "not YAML"),
        ("[" * 500 + "]" * 500, "too large or too deeply nested"),
        ("- a\n", "must be a table"),
        ("to: employee\n", 'a mapping needs "fields"'),
    ],
)
def test_what_is_no_small_plain_yaml_is_refused(problems, text, message):
    assert message in problems(text)[0]


def test_a_file_that_is_not_utf8_or_too_long_is_refused(write):
    path = write(GOOD)
    path.write_bytes(b"stream: x\nto: \xff\n")
    with pytest.raises(MappingError) as caught:
        load_mapping(path)
    assert caught.value.context["problems"] == [f"{path}:2:1: not UTF-8"]

    path.write_bytes(b"#" * 600_000)
    with pytest.raises(MappingError, match="larger than"):
        load_mapping(path)


def test_constants_that_depend_on_the_person_are_refused(problems):
    text = GOOD.replace("device_user", "person").replace("work_no: id", "display_name: {const: x}")

    assert "is checked per person" in problems(text)[0]


def test_a_child_list_among_the_fields_is_pointed_to_its_place(problems):
    text = GOOD.replace("device_user", "person").replace("work_no: id", "display_name: n")

    assert 'it belongs under "each"' in problems(text + "  contact: phones\n")[0]


def test_a_condition_and_a_child_field_are_checked(problems):
    found = problems("""\
        stream: demo.rows
        to: person
        key: id
        fields: {display_name: n}
        each:
          contact:
            from: phones
            where: {type: []}
            fields: {kind: {const: mobil}, use: {const: work}, valeu: number}
          contracts: {fields: {}}
        """)

    assert len(found) == 5
    assert 'did you mean "mobile"?' in "".join(found)
    assert 'did you mean "value"?' in "".join(found)
    assert 'child contact requires the field "value"' in "".join(found)


def test_an_unknown_zone_is_refused(problems):
    text = GOOD.replace("device_user", "punch").replace("work_no: id", "employee: id")
    found = problems(text + "  punched_at: {from: t, zone: Asia/Shanghay}\n")

    assert "unknown zone" in found[0]


def test_the_version_is_of_the_content_not_of_comments_order_or_cases(load):
    version = load(GOOD).version

    assert len(version) == 12
    assert int(version, 16) >= 0
    assert load("# hello\n" + GOOD).version == version
    assert load(GOOD + "cases:\n  - {in: {id: A}, out: {work_no: A}}\n").version == version
    assert load(GOOD.replace("key: id\n", "") + "key: id\n").version == version
    assert load(GOOD.replace("work_no: id", "work_no: no")).version != version


def test_a_code_keeps_its_spelling_and_no_is_a_word(bench):
    rule = "contract_type: {from: x, codes: {01: one, 1: other, no: never, true: sure}}"

    assert bench.value(rule, {"x": "01"}) == "one"
    assert bench.value(rule, {"x": 1}) == "other"
    assert bench.value(rule, {"x": "no"}) == "never"
    assert bench.value(rule, {"x": True}) == "sure"


def test_a_mapping_is_found_by_connector_and_stream(write):
    path = write(GOOD)

    assert find_mapping(path.parent.parent, "demo", "rows").path == path
    for connector, stream in (("demo", "other"), ("..", "rows"), ("demo", "../demo/rows")):
        with pytest.raises(ConfigError) as caught:
            find_mapping(path.parent.parent, connector, stream)
        assert caught.value.code == "mapping.missing"


def test_a_file_that_speaks_of_another_stream_is_refused(write):
    path = write(GOOD.replace("demo.rows", "demo.others"))

    with pytest.raises(MappingError, match=r'is for stream "demo.rows"'):
        find_mapping(path.parent.parent, "demo", "rows")


def test_the_message_lists_one_problem_a_line(write):
    path = write(GOOD + "  displayname: n\n")

    with pytest.raises(MappingError) as caught:
        load_mapping(path)

    problem = f'{path}:6:3: unknown field "displayname" in feed device_user; did you mean '
    assert problem + '"display_name"?' in explain(caught.value).what.splitlines()


def test_a_missing_file_is_missing(tmp_path: Path):
    with pytest.raises(ConfigError) as caught:
        load_mapping(tmp_path / "none.yaml")

    assert caught.value.code == "mapping.missing"


def test_what_an_author_writes_never_becomes_source(load, today):
    hostile = "x'] or __import__('os').abort() or d['\\u000a import os"
    mapping = load(f"""\
        stream: demo.rows
        to: device_user
        key: id
        fields:
          work_no: "{hostile.split("[")[0].split("]")[0]}"
          display_name: {{concat: [{{const: "{hostile}"}}, name], with: "'''\\"\\"\\""}}
        """)
    compiled = compile_mapping(mapping, today=today)

    code = [line for line in compiled.source.splitlines() if not line.startswith("#")]
    assert "import" not in "\n".join(code)
    assert compile(compiled.source, "x", "exec")


PAY = """
stream: demo.rows
to: pay_item
key: id
fields: {employee: id, period: month, code: item, amount: amount}
"""


def test_a_feed_of_a_module_that_is_off_is_refused_with_the_switch(problems):
    assert problems(PAY) == [
        '3:5: feed "pay_item" belongs to the module "pay", which is off; '
        "set HRHUB_MODULES=pay to switch it on"
    ]


def test_a_feed_of_a_module_that_is_on_is_mapped(write, load, monkeypatch):
    assert load_mapping(write(PAY), modules={"pay"}).feed.name == "pay_item"
    monkeypatch.setenv("HRHUB_MODULES", "bank,pay")
    assert load(PAY).feed.name == "pay_item"


def test_a_module_that_does_not_exist_is_refused(write, monkeypatch):
    monkeypatch.setenv("HRHUB_MODULES", "payroll")
    with pytest.raises(ConfigError, match=r"settings\.module"):
        load_mapping(write(GOOD))
