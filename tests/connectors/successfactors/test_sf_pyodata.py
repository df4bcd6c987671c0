"""An independent OData client reads the simulator: pyodata, with a token that our client got."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pyodata
import pytest
import requests

from connectors.successfactors import connector


@pytest.fixture
def client(tenant: Any) -> Iterator[Any]:
    """A pyodata client over the tenant's whole metadata."""
    ours = tenant.session()
    connector.check(ours)
    theirs = requests.Session()
    theirs.headers["Authorization"] = f"Bearer {ours.http._state['token']}"
    yield pyodata.Client(f"{tenant.running.address}/odata/v2", theirs)
    theirs.close()


def test_pyodata_understands_the_metadata(client: Any) -> None:
    kind = client.schema.entity_type("EmpJob")

    assert {p.name for p in kind.key_proprties} == {"userId", "startDate", "seqNumber"}
    assert kind.proprty("seqNumber").typ.name == "Edm.Int64"
    assert kind.nav_proprty("emplStatusNav").to_role.entity_type_name == "PicklistOption"


def test_pyodata_reads_all_people_page_by_page_with_what_hangs_on_them(
    client: Any, tenant: Any
) -> None:
    people = client.entity_sets.PerPerson
    page = (
        people.get_entities()
        .expand("personalInfoNav,emailNav/emailTypeNav,employmentNav")
        .custom("customPageSize", "50")
        .count(inline=True)
        .execute()
    )
    assert page.total_count == len(tenant.world.people)
    found = list(page)
    while page.next_url:
        page = people.get_entities().next_url(page.next_url).execute()
        found += page

    by_id = tenant.world.person_by_id
    assert {p.personIdExternal for p in found} == set(by_id)
    for person in found:
        true = by_id[person.personIdExternal]
        assert person.dateOfBirth.date() == true.birth_date
        assert person.personalInfoNav[0].lastName == true.family_name
        mails = {m.emailTypeNav.externalCode: m.emailAddress for m in person.emailNav}
        assert mails == {"B": true.work_email, "P": true.personal_email}
        assert {e.userId for e in person.employmentNav} == {s.user_id for s in true.spells}


def test_pyodata_filters_counts_and_gets_by_key(client: Any, tenant: Any) -> None:
    day = datetime(1985, 1, 1, tzinfo=UTC)
    wanted = {p.person_id for p in tenant.world.people if p.birth_date >= day.date()}

    request = client.entity_sets.PerPerson.get_entities()
    found = request.filter(request.dateOfBirth >= day).execute()
    count = client.entity_sets.EmpJob.get_entities().custom("fromDate", "1900-01-01").count()

    assert {p.personIdExternal for p in found} == wanted
    assert count.execute() == sum(len(s.jobs) for s in tenant.world.spell_by_user.values())
    job = tenant.world.people[0].spells[0].jobs[0]
    user = tenant.world.people[0].spells[0].user_id
    start = datetime(job.start.year, job.start.month, job.start.day, tzinfo=UTC)
    got = client.entity_sets.EmpJob.get_entity(
        seqNumber=job.seq, startDate=start, userId=user
    ).execute()
    assert (got.jobTitle, got.fte) == (job.job_title, float(job.fte))


def test_pyodata_is_told_of_an_unknown_set(client: Any, tenant: Any) -> None:
    answer = client.connection.get(f"{tenant.running.address}/odata/v2/FormHeader?$format=json")

    assert answer.json()["error"]["code"] == "COE_ENTITY_NOT_FOUND"
