"""Verification in the store: whose, with what, what a person decides, and what survives a rerun."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hrhub.ambient import new_id
from hrhub.errors import ConfigError, MappingError
from hrhub.pipeline import Hub, open_hub
from hrhub.pipeline.verification import Verification, decide, verification, verifications
from hrhub.settings import Settings
from hrhub.store.schema import hub_audit, metadata
from tests.support.papers import CODE, EMPLOYER, PERSON, Papers, job, put_mappings
from tests.support.reading import rows

OTHER = "北京启明文化传媒有限公司"


@pytest.fixture
def hub(store_url: str, tmp_path: Path) -> Iterator[Hub]:
    home = tmp_path / "home"
    mappings = put_mappings(tmp_path / "mappings")
    settings = Settings(home, store_url, home / "keyring.json", home / "landing", mappings)
    with open_hub(settings, create=True) as opened:
        yield opened


@pytest.fixture
def papers(hub: Hub, tmp_path: Path) -> Papers:
    return Papers(hub, tmp_path / "pages")


@pytest.fixture
def person(papers: Papers) -> str:
    """Somebody whose resume stretches a job by half a year, and hides another."""
    person_id = papers.candidate()
    papers.resume(
        job(EMPLOYER, "2020-01", "2023-06", city="上海"), job("云禾科技", "2024-01", None)
    )
    papers.order(person_id)
    papers.months("2020-07", "2023-06")
    papers.months("2024-01", "2026-10")
    papers.months("2023-07", "2023-12", OTHER, code=None)
    return person_id


def seen(hub: Hub, reveal: bool = True) -> Verification:
    [one] = verifications(hub, undecided=False)
    return verification(hub, one.id, actor="test", reveal=reveal, reason="recruiting")


def codes(hub: Hub) -> list[tuple[str, str]]:
    return [(d.code, d.severity) for d in seen(hub).differences]


def audited(hub: Hub) -> list[dict[str, Any]]:
    with hub.store.read() as tx:
        return [json.loads(e) for (e,) in tx.execute(select(hub_audit.c.event).order_by("seq"))]


NOBODY = "01a20f2f-861c-7000-8106-bbf5b06823c3"


@pytest.mark.parametrize("wanted", ["nobody", "", NOBODY, NOBODY.upper()])
def test_whoever_is_not_known_is_not_verified(hub: Hub, wanted: str) -> None:
    with pytest.raises(ConfigError) as refused:
        hub.verify_employment(wanted, actor="test")
    assert refused.value.code == "person.unknown"


def test_a_person_without_papers_is_no_bad_person(hub: Hub, papers: Papers) -> None:
    done = hub.verify_employment(papers.candidate(), actor="test")

    assert done.found == 0
    assert (seen(hub).status, seen(hub).verdict) == ("needs_input", "insufficient")


def test_a_resume_without_records_asks_for_more(hub: Hub, papers: Papers) -> None:
    person_id = papers.candidate()
    papers.resume(job(EMPLOYER, "2020-01", None))

    hub.verify_employment(person_id, actor="test")

    assert codes(hub) == [("NO_RECORD_AT_ALL", "info")]
    assert (seen(hub).status, seen(hub).verdict) == ("needs_input", "insufficient")


def test_what_differs_is_found_with_both_sides(hub: Hub, person: str) -> None:
    done = hub.verify_employment(person, actor="test")

    assert (done.found, done.new) == (3, 3)
    found = {d.code: d for d in seen(hub).differences}
    assert set(found) == {"START_EARLIER_THAN_RECORD", "EMPLOYER_UNDECLARED", "PAYER_AFFILIATE"}
    start = found["START_EARLIER_THAN_RECORD"]
    assert start.claimed["first"] == "2020-01" and start.recorded["first"] == "2020-07"
    assert start.claimed["employer"] == EMPLOYER
    assert (start.delta_months, start.severity) == (6, "medium")
    refs = {r["id"] for r in rows(hub, "social_security_month", "subject_id")}
    assert set(start.record_refs) <= refs and start.record_refs
    assert found["EMPLOYER_UNDECLARED"].recorded["payer"] == OTHER
    assert seen(hub).verdict == "inconsistent"


def test_a_second_run_changes_nothing(hub: Hub, person: str) -> None:
    hub.verify_employment(person, actor="test")
    before = [dict(r) for r in rows(hub, "employment_discrepancy", "subject_id")]

    done = hub.verify_employment(person, actor="test")

    assert (done.new, done.changed, done.gone, done.outdated) == (0, 0, 0, 0)
    after = [dict(r) for r in rows(hub, "employment_discrepancy", "subject_id")]
    assert sorted(before, key=lambda r: r["id"]) == sorted(after, key=lambda r: r["id"])
    assert len(list(rows(hub, "employment_verification", "person_id"))) == 1


def test_a_difference_that_no_longer_arises_is_gone(hub: Hub, papers: Papers, person: str) -> None:
    hub.verify_employment(person, actor="test")
    papers.months("2020-01", "2020-06")

    done = hub.verify_employment(person, actor="test")

    assert done.gone == 1
    assert "START_EARLIER_THAN_RECORD" not in dict(codes(hub))


def test_a_decision_stays_when_the_rest_changes(hub: Hub, papers: Papers, person: str) -> None:
    hub.verify_employment(person, actor="test")
    undeclared = next(d for d in seen(hub).differences if d.code == "EMPLOYER_UNDECLARED")
    decide(hub, undeclared.id, "accepted", resolution="document_seen", actor="cli:hr", note="合同")
    papers.months("2020-01", "2020-06")

    done = hub.verify_employment(person, actor="test")

    kept = next(d for d in seen(hub).differences if d.id == undeclared.id)
    assert (kept.state, kept.resolution, kept.decided_by) == ("accepted", "document_seen", "cli:hr")
    assert kept.decided_at and not kept.outdated and kept.note == "合同"
    assert done.outdated == 0


def test_a_decision_on_older_facts_is_kept_and_marked_until_somebody_decides_anew(
    hub: Hub, papers: Papers, person: str
) -> None:
    hub.verify_employment(person, actor="test")
    start = next(d for d in seen(hub).differences if d.code == "START_EARLIER_THAN_RECORD")
    decide(hub, start.id, "accepted", resolution="immaterial", actor="cli:hr")
    papers.months("2020-05", "2020-06")

    done = hub.verify_employment(person, actor="test")

    now = next(d for d in seen(hub).differences if d.id == start.id)
    assert (now.state, now.outdated, now.delta_months) == ("accepted", True, 4)
    assert done.outdated == 1
    assert seen(hub).undecided >= 1
    decide(hub, start.id, "accepted", resolution="immaterial", actor="cli:hr")
    assert hub.verify_employment(person, actor="test").outdated == 0
    assert not next(d for d in seen(hub).differences if d.id == start.id).outdated


def test_a_decided_difference_that_no_longer_arises_is_kept_and_marked(
    hub: Hub, papers: Papers, person: str
) -> None:
    hub.verify_employment(person, actor="test")
    start = next(d for d in seen(hub).differences if d.code == "START_EARLIER_THAN_RECORD")
    decide(hub, start.id, "confirmed", resolution="resume_wrong", actor="cli:hr")
    papers.months("2020-01", "2020-06")

    hub.verify_employment(person, actor="test")

    kept = next(d for d in seen(hub).differences if d.id == start.id)
    assert (kept.state, kept.outdated) == ("confirmed", True)


def test_a_new_version_of_the_resume_takes_the_decisions_along(
    hub: Hub, papers: Papers, person: str
) -> None:
    hub.verify_employment(person, actor="test")
    start = next(d for d in seen(hub).differences if d.code == "START_EARLIER_THAN_RECORD")
    decide(hub, start.id, "accepted", resolution="document_seen", actor="cli:hr")
    papers.resume(
        job(EMPLOYER, "2020-01", "2023-06", city="上海"),
        job(OTHER, "2023-07", "2023-12"),
        job("云禾科技", "2024-01", None),
        key="R2",
        version=2,
    )

    hub.verify_employment(person, actor="test")

    kept = next(d for d in seen(hub).differences if d.id == start.id)
    assert (kept.state, kept.outdated) == ("accepted", False)
    assert "EMPLOYER_UNDECLARED" not in dict(codes(hub))


def test_a_decision_is_a_persons_and_can_be_taken_back(hub: Hub, person: str) -> None:
    hub.verify_employment(person, actor="test")
    [first, *_] = seen(hub).differences
    before = len(audited(hub))

    decide(hub, first.id, "dismissed", resolution="record_wrong", actor="cli:hr")
    decide(hub, first.id, "open", resolution=None, actor="cli:hr")

    now = next(d for d in seen(hub).differences if d.id == first.id)
    assert (now.state, now.resolution, now.decided_by, now.decided_at) == ("open", None, None, None)
    acts = [e for e in audited(hub)[before:] if e["act"] == "verification.decide"]
    assert [(e["before"], e["state"], e.get("reason")) for e in acts] == [
        ("open", "dismissed", "record_wrong"),
        ("dismissed", "open", None),
    ]


@pytest.mark.parametrize(
    ("state", "resolution"),
    [("accepted", None), ("accepted", "because"), ("guilty", "document_seen"), ("", "")],
)
def test_a_decision_without_state_and_reason_of_the_lists_is_none(
    hub: Hub, person: str, state: str, resolution: str | None
) -> None:
    hub.verify_employment(person, actor="test")
    [first, *_] = seen(hub).differences
    with pytest.raises(ConfigError) as refused:
        decide(hub, first.id, state, resolution=resolution, actor="cli:hr")
    assert refused.value.code == "verification.decision"


def test_what_is_not_there_cannot_be_shown_or_decided(
    hub: Hub, papers: Papers, person: str
) -> None:
    hub.verify_employment(person, actor="test")
    start = next(d for d in seen(hub).differences if d.code == "START_EARLIER_THAN_RECORD")
    papers.months("2020-01", "2020-06")
    hub.verify_employment(person, actor="test")
    for wanted in ("x", new_id(), start.id):
        with pytest.raises(ConfigError) as refused:
            decide(hub, wanted, "accepted", resolution="immaterial", actor="cli:hr")
        assert refused.value.code == "verification.unknown"
    for wanted in ("x", new_id()):
        with pytest.raises(ConfigError):
            verification(hub, wanted, actor="test")


def test_both_sides_are_masked_and_every_look_is_written_down(hub: Hub, person: str) -> None:
    hub.verify_employment(person, actor="test")

    shown = seen(hub, reveal=False)

    values = {
        v for d in shown.differences for side in (d.claimed, d.recorded) for v in side.values()
    }
    assert values == {"***"}
    assert EMPLOYER not in repr(shown) and OTHER not in repr(seen(hub))
    looks = [e["act"] for e in audited(hub) if e["act"].startswith("verification.")]
    assert looks == ["verification.run", "verification.show", "verification.reveal"]
    assert all(EMPLOYER not in str(e) and OTHER not in str(e) for e in audited(hub))


def test_nothing_of_a_verification_lies_in_clear(hub: Hub, person: str) -> None:
    hub.verify_employment(person, actor="test")
    with hub.store.read() as tx:
        for entity in ("employment_verification", "employment_discrepancy"):
            for row in tx.execute(select(metadata.tables[entity])):
                text = "".join(v if isinstance(v, str) else repr(v) for v in row)
                for value in (EMPLOYER, OTHER, "START_EARLIER", "inconsistent", "2020-07", CODE):
                    assert value not in text


@pytest.mark.parametrize("seed", range(3))
def test_any_order_of_arrival_gives_the_same_verification(
    hub: Hub, papers: Papers, seed: int
) -> None:
    person_id = papers.candidate()
    papers.order(person_id)
    steps = [
        lambda: papers.resume(job(EMPLOYER, "2020-01", None), key="R1", version=1),
        lambda: papers.resume(job(OTHER, "2020-01", None), key="R2", version=2),
        lambda: papers.months("2020-03", "2022-06"),
        lambda: papers.months("2022-09", "2026-10", OTHER, code=None),
    ]
    random.Random(seed).shuffle(steps)
    for step in steps:
        step()
        hub.verify_employment(person_id, actor="test")

    got = {(d.code, d.severity, d.recorded["first"]) for d in seen(hub).differences}
    assert got == {
        ("EMPLOYER_UNDECLARED", "medium", "2020-03"),
        ("GAP_HIDDEN", "low", "2022-07"),
        ("START_EARLIER_THAN_RECORD", "high", "2022-09"),
    }


def test_months_that_two_queries_brought_count_once_and_the_newer_speaks(
    hub: Hub, papers: Papers
) -> None:
    person_id = papers.candidate()
    papers.resume(job(EMPLOYER, "2020-01", None))
    papers.order(person_id, "A1")
    papers.order(person_id, "A2")
    papers.months("2020-01", "2026-09", state="arrears", queried="2026-10-10T08:00:00Z")
    papers.months("2020-01", "2026-10", order="A2", state="back_paid")

    hub.verify_employment(person_id, actor="test")

    [only] = seen(hub).differences
    assert (only.code, only.delta_months) == ("BACK_PAID_BLOCK", 82)
    [run] = rows(hub, "employment_verification", "person_id")
    assert sorted(papers.orders.values()) == sorted(run["order_ids"])


def test_an_employer_that_confirmed_the_job_weighs_against_a_missing_record(
    hub: Hub, papers: Papers
) -> None:
    person_id = papers.candidate()
    papers.resume(job(OTHER, "2020-01", "2022-12"), job(EMPLOYER, "2023-01", None))
    papers.order(person_id)
    papers.months("2023-01", "2026-10")
    hub.verify_employment(person_id, actor="test")
    assert ("EMPLOYER_NOT_FOUND", "medium") in codes(hub)
    papers.order(person_id, "B1", "background")
    items = [
        {"verdict": "match", "employer": "启明文化传媒"},
        {"verdict": "unable", "employer": "x"},
    ]
    papers.tell("checks", {"id": "K1", "order": "B1", "items": items})

    hub.verify_employment(person_id, actor="test")

    assert ("EMPLOYER_NOT_FOUND", "low") in codes(hub)


def test_people_who_turn_out_to_be_one_have_one_verification_and_keep_what_was_decided(
    hub: Hub, papers: Papers
) -> None:
    older = papers.candidate("C0", name="另一人", idCard=None, mobile="13900000000")
    papers.candidate("C1")
    [later] = {r["person_id"] for r in rows(hub, "candidate")} - {older}
    papers.resume(job(EMPLOYER, "2020-01", None))
    papers.order(later)
    papers.months("2020-07", "2026-10")
    hub.verify_employment(older, actor="test")
    hub.verify_employment(later, actor="test")
    [start] = [d for v in verifications(hub, undecided=False) for d in v.differences]
    decide(hub, start.id, "accepted", resolution="document_seen", actor="cli:hr")
    papers.candidate("C0")

    done = hub.verify_employment(later, actor="test")

    [only] = verifications(hub, undecided=False)
    assert (only.id, only.person_id) == (done.id, older)
    [kept] = only.differences
    assert (kept.id, kept.state, kept.outdated) == (start.id, "accepted", False)
    assert hub.verify().ok


def test_a_policy_file_changes_tolerance_and_knows_the_tenants_names(
    hub: Hub, papers: Papers, person: str
) -> None:
    hub.verify_employment(person, actor="test")
    policy = hub.settings.mappings / "verification.yaml"
    policy.write_text('version: "2026-11 acme"\nlimits: {tolerance_months: 6}\n', encoding="utf-8")

    hub.verify_employment(person, actor="test")

    assert "START_EARLIER_THAN_RECORD" not in dict(codes(hub))
    assert seen(hub).ruleset == "1/2026-11 acme"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("limits: {tolerance_months: 6}\n", "verification.yaml:1:1: the policy needs"),
        ("version: 1\nlimits: {tolerance: 6}\n", "verification.yaml:2:10: unknown key"),
        ("version: 1\nlimits: {gap_months: 0}\n", "verification.yaml:2:"),
        ("version: 1\nmin_coverage: 1.5\n", "verification.yaml:2:"),
        ("version: 1\naliases: [[one]]\n", "verification.yaml:2:"),
        ("version: 1\naliases: one\n", "verification.yaml:2:"),
    ],
)
def test_a_wrong_policy_is_said_to_be_wrong_with_its_place(
    hub: Hub, person: str, text: str, place: str
) -> None:
    (hub.settings.mappings / "verification.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(MappingError) as refused:
        hub.verify_employment(person, actor="test")
    assert place in str(refused.value.context["problems"])
    assert verifications(hub, undecided=False) == []


def test_everything_still_holds_in_the_store(hub: Hub, person: str) -> None:
    hub.verify_employment(person, actor="test")
    [first, *_] = seen(hub).differences
    decide(hub, first.id, "accepted", resolution="document_seen", actor="cli:hr")
    report = hub.verify()
    assert report.ok, report.findings
    assert PERSON.national_id not in str(report)
