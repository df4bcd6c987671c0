"""A realistic mapping: its cases, its explanation, its schema, and random records."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrhub.errors import REJECT_REASONS
from hrhub.mapping import (
    Mapped,
    compile_mapping,
    explain,
    load_mapping,
    mapping_schema,
    run_cases,
)
from hrhub.mapping.check import RULE_KEYS, TOP_KEYS
from hrhub.model import FEEDS

TODAY = date(2026, 11, 24)
EXAMPLE = Path(__file__).parent / "data" / "employees.yaml"
MAPPING = load_mapping(EXAMPLE)
COMPILED = compile_mapping(MAPPING, today=TODAY)
FRESH = compile_mapping(load_mapping(EXAMPLE), today=TODAY)


@pytest.mark.parametrize("result", run_cases(MAPPING, today=TODAY), ids=lambda r: r.name)
def test_the_golden_cases_pass(result):
    assert result.passed, result.diffs


def test_a_wrong_case_shows_each_difference(load):
    mapping = load("""\
        stream: demo.rows
        to: device_user
        key: id
        fields: {work_no: id, display_name: n}
        cases:
          - {in: {id: 7, n: A}, out: {work_no: 7, display_name: B}, key: 8}
          - {in: {id: 7}, out: {work_no: "07", display_name: null}}
          - {in: {id: 7, n: null}, out: {work_no: 7}}
          - {in: {n: A}, out: {}}
          - {in: {id: 7}, rejects: {reason: required}}
          - {in: {}, rejects: {reason: type, field: work_no}}
        """)

    assert [r.diffs for r in run_cases(mapping, today=TODAY)] == [
        ("key: expected ['8'], got ['7']", "display_name: expected 'B', got 'A'"),
        ("work_no: expected '07', got '7'", "display_name: expected null, but it is absent"),
        ("display_name: not expected, got null",),
        ("rejected: required at id (field key, rule key)",),
        ("expected a reject (required), but it was mapped",),
        ("rejects.reason: expected type, got required", "rejects.field: expected work_no, got key"),
    ]


def test_the_explanation_tells_source_treatment_class_and_place():
    stories = {s.field: s for s in explain(MAPPING, unmapped=True)}

    gender = stories["gender"]
    assert gender.source == "sex"
    assert gender.how == (
        "codes 1 -> male, 2 -> female, 9 -> other",
        "another code becomes undisclosed",
    )
    assert (gender.privacy, gender.stored) == ("personal", "person.sealed_personal")
    assert stories["national_id"].stored == "person_identifier.sealed_sensitive + index"
    assert stories["hire_date"].stored == "employment.hire_date"
    assert stories["org_unit"].stored == "reference to org_unit"
    assert stories["contact.value"].source.endswith("wechat")
    assert stories["assigned_from"].line == 0
    feed = FEEDS["employee"]
    assert {f.name for f in feed.fields} <= set(stories)


def test_the_schema_is_json_and_knows_the_whole_language():
    schema = json.loads(json.dumps(mapping_schema()))

    assert list(schema["properties"]) == list(TOP_KEYS)
    rules = {
        key
        for branch in schema["allOf"]
        for field in branch["then"]["properties"]["fields"]["properties"].values()
        for key in field["anyOf"][1]["properties"]
    }
    assert rules == set(RULE_KEYS)
    assert {b["if"]["properties"]["to"]["const"] for b in schema["allOf"]} == set(FEEDS)


def test_the_generated_source_is_readable_and_names_its_version():
    assert COMPILED.source.startswith(
        "# oa.employees -> employee, mapping version " + MAPPING.version
    )
    assert "s_jobNumber" in COMPILED.source
    assert max(map(len, COMPILED.source.splitlines())) < 400


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals()
    | st.text(max_size=8)
    | st.sampled_from(
        [
            "2026-02-30",
            "13800138000",
            "110101199003070468",
            "\ud800",
            "\0",
            "H",
            "2",
            "3",
            "2020-07-01",
            "80",
            "1e999",
            "/Date(1)/",
        ]
    )
    | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "number", "area", "no", "paper", "empId", "begin"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=6,
)
NAMES = sorted(MAPPING.cases[0].given)
RECORDS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=12)


@settings(max_examples=150, deadline=None)
@given(RECORDS)
def test_no_record_makes_it_raise_and_the_same_record_gives_the_same(changes):
    record = {**MAPPING.cases[0].given, **changes}
    (one,) = COMPILED.map([record])
    (two,) = FRESH.map([record])

    assert one == two
    if isinstance(one, Mapped):
        json.dumps(one.values, default=str).encode()
        assert all(
            v is None or not isinstance(v, Decimal) or v.is_finite() for v in one.values.values()
        )
    else:
        assert one.reason in REJECT_REASONS
        assert one.reason != "mapping_error"


@settings(max_examples=60, deadline=None)
@given(
    st.sets(st.sampled_from(["city", "jobTitle", "email", "sex", "birthday", "workload"])),
    st.sets(st.sampled_from(["costCenter", "rank", "empType", "lastDay", "mobile"])),
)
def test_absent_fields_stay_out_and_nulls_stay_in(absent, null):
    record = {k: v for k, v in MAPPING.cases[0].given.items() if k not in absent}
    record |= dict.fromkeys(null)
    (outcome,) = COMPILED.map([record])

    assert isinstance(outcome, Mapped)
    fields = {",".join(p.text for p in r.vendor_paths): r.target.name for r in MAPPING.rules}
    assert not {fields[n] for n in absent} & set(outcome.values)
    assert all(outcome.values[fields[n]] is None for n in null)


def test_the_mapping_in_the_documentation_works(load):
    page = Path(__file__).parents[2] / "docs" / "mappings.md"
    text = page.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]

    results = run_cases(load(text), today=TODAY)

    assert len(results) == 2
    assert [r.diffs for r in results] == [(), ()]
