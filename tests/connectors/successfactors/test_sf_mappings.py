"""The shipped mappings: golden cases, and the whole world through them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.successfactors import connector
from connectors.successfactors.sandbox import sandbox
from hrhub.mapping import Mapped, Mapping, Rejected, compile_mapping, find_mapping, run_cases
from hrhub.sandbox.truth import expected_people
from hrhub.sandbox.world import build_world
from tests.connectors.successfactors.conftest import Tenant

ROOT = Path(__file__).parents[3] / "mappings"
STREAMS = [s.name for s in connector.streams]


def mapping(stream: str) -> Mapping:
    return find_mapping(ROOT, "successfactors", stream)


@pytest.mark.parametrize("stream", STREAMS)
def test_every_golden_case_holds(stream: str) -> None:
    results = run_cases(mapping(stream), today=date(2026, 11, 20))

    assert len(results) >= 2
    assert [r.diffs for r in results if not r.passed] == []


@pytest.mark.parametrize("stream", STREAMS)
def test_a_mapping_targets_its_streams_feed_and_key(stream: str) -> None:
    found, declared = mapping(stream), connector.stream(stream)

    assert found.feed.name == declared.feed
    assert tuple(p.text for p in found.key) == declared.key


@pytest.mark.parametrize("stream", STREAMS)
def test_no_mapping_leans_on_the_id_of_a_picklist_option(stream: str) -> None:
    found = mapping(stream)
    rules = [*found.rules, *(rule for block in found.blocks for rule in block.rules)]
    conditions = [c.path for block in found.blocks for c in block.where]

    used = {path.steps[-1] for rule in rules for path in rule.vendor_paths}
    used |= {path.steps[-1] for path in conditions}

    assert not used & {"emailType", "phoneType", "emplStatus", "event", "employmentType",
                       "contractType", "maritalStatus"}  # fmt: skip


Results = dict[str, list[Mapped | Rejected]]


@pytest.fixture
def mapped(tenant: Tenant) -> Results:
    """Every record of every stream, mapped."""
    out: Results = {}
    for stream in connector.in_order():
        rows = tenant.rows(stream)
        out[stream.name] = compile_mapping(mapping(stream.name), today=date(2026, 11, 20)).map(rows)
    return out


def test_only_the_faulty_people_are_refused(mapped: Results, tenant: Tenant) -> None:
    refused = {
        name: [r for r in results if isinstance(r, Rejected)] for name, results in mapped.items()
    }
    faulty = {(p.person_id,) for p in tenant.world.people if p.faulty}

    assert {r.key for r in refused.pop("people")} == faulty
    assert refused == {name: [] for name in STREAMS if name != "people"}
    assert faulty


def test_what_the_hub_gets_is_what_is_true(mapped: Results, tenant: Tenant) -> None:
    people = {r.key: r for r in mapped["people"] if isinstance(r, Mapped)}
    spells = {r.key: r for r in mapped["employments"] if isinstance(r, Mapped)}
    jobs: dict[Any, list[Mapped]] = {}
    for record in mapped["jobs"]:
        assert isinstance(record, Mapped)
        jobs.setdefault(record.key, []).append(record)

    expected = list(expected_people(tenant.world))

    assert len(expected) == len(people)
    for true in expected:
        got = people[(true["person_id"],)]
        for name in ("display_name", "family_name", "given_name", "gender", "birth_date",
                     "nationality"):  # fmt: skip
            assert got.values[name] == true[name]
        assert {(c["kind"], c["use"], c["value"]) for c in got.children["contact"]} == {
            ("mobile", "personal", true["mobile"]),
            ("email", "work", true["work_email"]),
            ("email", "personal", true["personal_email"]),
        }
        assert [(i["kind"], i["number"]) for i in got.children["identifier"]] == [
            ("cn_resident_id", true["national_id"])
        ]
        for spell in true["spells"]:
            _compare_spell(spell, spells[(spell["work_no"],)], true["person_id"])
            _compare_jobs(spell["jobs"], jobs[(spell["work_no"],)])


def _compare_spell(true: dict[str, Any], got: Mapped, person_id: str) -> None:
    # SuccessFactors has no standard field for the day on which a contract begins.
    unknown = {"jobs", "contract_start"}
    assert got.values == {"person": person_id} | {
        name: value for name, value in true.items() if name not in unknown
    }


def _compare_jobs(true: list[dict[str, Any]], got: list[Mapped]) -> None:
    assert len(true) == len(got)
    for slice_, record in zip(true, got, strict=True):
        # The store's end is the first day after; the vendor's is the last day.
        ends = {"valid_to", "valid_from"}
        for name, value in slice_.items():
            if name not in ends:
                assert record.values[name] == value
        assert record.values["valid_from"] == slice_["valid_from"]


def test_the_truth_of_the_sandbox_counts_what_the_streams_yield(
    mapped: Results, tenant: Tenant
) -> None:
    truth = sandbox.truth(tenant.world)

    for name, results in mapped.items():
        assert len({r.key for r in results}) == truth[name].pulled


def test_another_tenants_option_ids_map_to_the_same_people(
    mapped: Results, start: Callable[..., Tenant]
) -> None:
    other = start(build_world(60, seed=7))

    rows = other.rows("employments")

    results = compile_mapping(mapping("employments"), today=date(2026, 11, 20)).map(rows)
    assert {r.values["status"] for r in results if isinstance(r, Mapped)} >= {
        "active",
        "terminated",
    }
