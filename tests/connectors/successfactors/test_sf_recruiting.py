"""Recruiting: what the hub gets of openings, candidates and applications is what is true."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.successfactors.recruiting import STREAMS, candidates, interviews, offers
from hrhub.connector import Mode
from hrhub.errors import HrHubError, Throttled, Transient
from hrhub.mapping import Mapped, compile_mapping, find_mapping
from hrhub.sandbox.hiring import Hiring, hiring
from hrhub.sandbox.world import World, build_world
from tests.connectors.successfactors.conftest import SIZE, Tenant
from tests.connectors.successfactors.test_sf_pyodata import client as client

ROOT = Path(__file__).parents[3] / "mappings"


def mapped(tenant: Tenant, stream: str) -> Sequence[Mapped]:
    mapping = find_mapping(ROOT, "successfactors", stream)
    found = compile_mapping(mapping, today=date(2026, 11, 20)).map(tenant.rows(stream))
    assert all(isinstance(record, Mapped) for record in found)
    return [record for record in found if isinstance(record, Mapped)]


@pytest.fixture
def true(tenant: Tenant) -> Hiring:
    found = hiring(tenant.world)
    assert {a.stage for a in found.applications} >= {"hired", "offer", "rejected", "withdrawn"}
    return found


# Trouble first


@pytest.mark.parametrize("stream", STREAMS, ids=lambda s: s.name)
@pytest.mark.parametrize(
    ("fault", "error"), [("half_body", Transient), ("metadata_busy", Transient)]
)
def test_trouble_on_a_later_page_stops_the_reading_and_the_next_one_is_whole(
    tenant: Tenant, stream: Any, fault: Any, error: type[HrHubError]
) -> None:
    tenant.running.faults.arm(fault, path=f"/{stream.entity}", after=2, times=99)
    with pytest.raises(error):
        tenant.rows(stream, page_size=5)

    tenant.running.faults.clear()
    rows = tenant.rows(stream, page_size=5)

    keys = [row[stream.key[0]] for row in rows]
    assert len(set(keys)) == len(keys) > 5


def test_a_long_wait_is_told(tenant: Tenant) -> None:
    tenant.running.faults.arm("throttled", path="/Candidate", value=300)

    with pytest.raises(Throttled) as told:
        tenant.rows("candidates")

    assert told.value.retry_after_s == 300


# What is true


def test_openings_tell_where_somebody_is_sought(tenant: Tenant, true: Hiring) -> None:
    facts = ("title", "position", "org_unit", "status", "headcount", "opened_on", "closed_on")

    got = {tuple(r.values[f] for f in facts) for r in mapped(tenant, "requisitions")}

    assert got == {
        (o.title, o.position_code, o.department_code, o.status, o.headcount, o.opened_on,
         o.closed_on) for o in true.openings
    }  # fmt: skip


def test_applications_name_candidate_opening_and_stage(tenant: Tenant, true: Hiring) -> None:
    openings = {r.key[0]: r.values["position"] for r in mapped(tenant, "requisitions")}
    people = {r.key[0]: r.values for r in mapped(tenant, "candidates")}

    got = sorted(
        (people[v["candidate"]]["mobile"], openings[v["requisition"]], v["stage"], v["applied_at"])
        for v in (r.values for r in mapped(tenant, "applications"))
    )

    assert got == sorted(
        (f"+86{a.person.mobile}", a.opening.position_code, a.stage, a.moves[0].at)
        for a in true.applications
    )


def test_an_application_was_closed_when_somebody_was_hired(tenant: Tenant, true: Hiring) -> None:
    closed = [r.values["closed_at"] for r in mapped(tenant, "applications")]

    assert sorted(at for at in closed if at) == sorted(
        a.moves[-1].at for a in true.applications if a.stage == "hired"
    )


def test_every_move_of_an_application_comes_with_its_time(tenant: Tenant, true: Hiring) -> None:
    got = sorted(
        (r.values["at"], r.values["to_stage"]) for r in mapped(tenant, "application_events")
    )

    assert got == sorted((m.at, m.stage) for a in true.applications for m in a.moves)


def test_interviews_and_offers_hang_on_applications(tenant: Tenant, true: Hiring) -> None:
    ids = {r.key[0] for r in mapped(tenant, "applications")}
    talks, made = mapped(tenant, "interviews"), mapped(tenant, "offers")

    assert {r.values["application"] for r in (*talks, *made)} <= ids
    assert sorted(
        (r.values["scheduled_start"], r.values["scheduled_end"]) for r in talks
    ) == sorted(a.interview for a in true.applications if a.interview)
    assert len(made) == sum(a.offered_at is not None for a in true.applications)
    assert {r.values["status"] for r in made} == {"approving", None}


def test_a_resume_holds_what_the_candidate_claims(tenant: Tenant, true: Hiring) -> None:
    resumes = mapped(tenant, "resumes")

    assert {r.values["candidate"] for r in resumes} == {
        r.key[0] for r in mapped(tenant, "candidates")
    }
    first_days = {p.spells[0].hire_date for p in true.applicants}
    for record in resumes:
        (work,), (school,) = record.children["resume_job"], record.children["resume_education"]
        assert work["end_date"] + timedelta(days=20) in first_days
        assert school["degree"] in {"associate", "bachelor", "master"}


# What changed


def test_a_second_reading_brings_who_changed(tenant: Tenant) -> None:
    edited = build_world(SIZE, edits=30)
    cursor = tenant.pages(candidates)[-1].cursor
    tenant.running.serve(edited)

    got = {row["candidateId"] for row in tenant.rows(candidates, cursor)}

    changed = _changed(edited)
    assert changed
    assert changed <= got
    assert len(got) < len(hiring(edited).applicants) / 2


def _changed(world: World) -> set[str]:
    applied = {p.person_id for p in hiring(world).applicants}
    edited = {e.person_id for e in world.edits if e.kind != "transfer"}
    return {str(3000 + int(person_id[1:])) for person_id in applied & edited}


def test_offers_are_asked_for_by_their_own_time_of_change(tenant: Tenant) -> None:
    cursor = tenant.pages(offers)[-1].cursor
    tenant.running.requests.clear()

    tenant.pages(offers, cursor)

    (asked,) = tenant.asked("/JobOffer?")
    assert "$filter=lastModifiedDate ge datetimeoffset'" in asked


def test_interviews_have_no_time_of_change_and_are_read_in_full(tenant: Tenant) -> None:
    assert interviews.mode is Mode.FULL
    assert {page.cursor for page in tenant.pages(interviews)} == {None}


# An independent client


def test_pyodata_walks_from_an_application_to_status_candidate_and_opening(
    client: Any, tenant: Any
) -> None:
    found = (
        client.entity_sets.JobApplication.get_entities()
        .expand("jobAppStatus,candidate/education/degree,jobRequisition/jobReqLocale")
        .execute()
    )

    true = hiring(tenant.world).applications
    assert sorted(
        (
            a.candidate.cellPhone,
            a.jobRequisition.positionNumber,
            a.jobRequisition.jobReqLocale[0].jobTitle,
        )
        for a in found
    ) == sorted((a.person.mobile, a.opening.position_code, a.opening.title) for a in true)
    assert {a.jobAppStatus.appStatusName for a in found} >= {"Hired", "Offer Extended"}
    assert {a.candidate.education[0].degree.externalCode for a in found} <= {"A", "B", "M"}
