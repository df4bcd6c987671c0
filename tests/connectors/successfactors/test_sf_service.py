"""The simulated OData service keeps the vendor's dialect and quirks."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from connectors.successfactors.sandbox.tables import day_ms
from tests.connectors.successfactors.asking import ask, assertion


@pytest.fixture
def get(tenant: Any) -> Any:
    """Ask the tenant with a living token."""
    session = requests.Session()
    session.headers["Authorization"] = (
        f"Bearer {ask(tenant, assertion(tenant)).json()['access_token']}"
    )

    def fetch(path: str, **params: str) -> requests.Response:
        named = {k.replace("_", "$", 1) if k.startswith("_") else k: v for k, v in params.items()}
        url = path if path.startswith("http") else f"{tenant.running.address}/odata/v2/{path}"
        return session.get(url, params=named, timeout=10)

    fetch.session = session  # type: ignore[attr-defined]
    return fetch


def rows(answer: requests.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["d"]["results"]
    return found


@pytest.mark.parametrize(
    ("path", "params", "status", "code"),
    [
        ("FormHeader", {}, 400, "COE_ENTITY_NOT_FOUND"),
        ("PerPerson", {"_select": "salary"}, 400, "COE_PROPERTY_NOT_FOUND"),
        ("PerPerson", {"_filter": "salary eq '1'"}, 400, "COE_PROPERTY_NOT_FOUND"),
        ("PerPerson", {"_expand": "salaryNav"}, 400, "COE_PROPERTY_NOT_FOUND"),
        ("PerPerson", {"_select": "emailNav/emailAddress"}, 400, "COE_GENERAL_BAD_REQUEST"),
        ("PerPerson", {"_filter": "personIdExternal eq"}, 400, "COE_GENERAL_BAD_REQUEST"),
        ("EmpJob", {"_filter": "startDate ge 'soon'"}, 400, "COE_BAD_PROPERTY_VALUE"),
        ("EmpJob", {"asOfDate": "2026-01-01", "fromDate": "2020-01-01"}, 400,
         "COE_GENERAL_BAD_REQUEST"),
        ("EmpJob", {"paging": "cursor", "_orderby": "userId"}, 400, "COE_GENERAL_BAD_REQUEST"),
        ("EmpJob", {"customPageSize": "1001"}, 400, "COE_GENERAL_BAD_REQUEST"),
        ("EmpJob", {"_skiptoken": "rubbish"}, 400, "COE_GENERAL_BAD_REQUEST"),
        ("PerPerson('P999999')", {}, 404, "NotFoundException"),
        ("../elsewhere", {}, 404, "LGN0001"),
    ],
)  # fmt: skip
def test_wrong_questions_get_the_vendors_errors(
    get: Any, path: str, params: dict[str, str], status: int, code: str
) -> None:
    answer = get(path, _format="json", **params)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["message"]["value"]


def test_a_request_without_or_with_a_dead_token_is_refused(tenant: Any) -> None:
    url = f"{tenant.running.address}/odata/v2/PerPerson?$format=json"

    without = requests.get(url, timeout=5)
    dead = requests.get(url, headers={"Authorization": "Bearer x"}, timeout=5)

    assert (without.status_code, dead.status_code) == (401, 401)
    assert "LGN0003" in without.text
    assert "LGN0022" in dead.text


def test_errors_and_data_are_xml_unless_json_is_asked_for(get: Any) -> None:
    atom = get("PerPerson", _top="2", _expand="emailNav,employmentNav/userNav")
    refused = get("Nothing")

    feed = ET.fromstring(atom.content)
    assert feed.tag == "{http://www.w3.org/2005/Atom}feed"
    entries = feed.findall("{http://www.w3.org/2005/Atom}entry")
    assert len(entries) == 2
    assert "application/atom+xml" in atom.headers["content-type"]
    assert ET.fromstring(refused.content).tag.endswith("error")


def test_numbers_and_dates_come_in_the_vendors_forms(get: Any, tenant: Any) -> None:
    spell = tenant.world.people[0].spells[0]

    job = rows(get("EmpJob", _format="json", _filter=f"userId eq '{spell.user_id}'",
                   fromDate="1900-01-01", _orderby="startDate,seqNumber"))[0]  # fmt: skip

    assert job["seqNumber"] == str(spell.jobs[0].seq)
    assert job["fte"] == str(spell.jobs[0].fte)
    assert job["startDate"] == f"/Date({day_ms(spell.jobs[0].start)})/"
    assert job["lastModifiedDateTime"].endswith("+0000)/")
    assert job["userNav"]["__deferred"]["uri"].endswith("/userNav")
    day = spell.jobs[0].start.isoformat()
    assert job["__metadata"] == {
        "uri": f"{tenant.running.address}/odata/v2/EmpJob(seqNumber={spell.jobs[0].seq}L,"
        f"startDate=datetime'{day}T00:00:00',userId='{spell.user_id}')",
        "type": "SFOData.EmpJob",
    }


def test_a_row_and_its_navigations_are_found_by_the_address_in_its_metadata(get: Any) -> None:
    for name in ("EmpJob", "PicklistOption", "PerEmail"):
        row = rows(get(name, _format="json", _top="1"))[0]

        again = get(row["__metadata"]["uri"], _format="json").json()["d"]

        assert again == row
    person = rows(get("PerPerson", _format="json", _top="1"))[0]
    mails = rows(get(person["emailNav"]["__deferred"]["uri"], _format="json"))
    assert {m["personIdExternal"] for m in mails} == {person["personIdExternal"]}


def test_effective_dated_sets_show_today_a_day_or_every_slice(get: Any, tenant: Any) -> None:
    world = tenant.world
    every = sum(len(s.jobs) for s in world.spell_by_user.values())
    today = sum(s.job_on(world.as_of) is not None for s in world.spell_by_user.values())
    first = min(s.hire_date for s in world.spell_by_user.values())

    assert get("EmpJob/$count").text == str(today)
    assert get("EmpJob/$count", fromDate="1900-01-01").text == str(every)
    assert get("EmpJob/$count", asOfDate=first.isoformat()).text == "1"
    assert get("EmpJob/$count", toDate="1999-12-31").text == "0"
    assert today < every


def test_the_time_of_change_is_tested_on_every_slice_of_the_key(get: Any, tenant: Any) -> None:
    spell, old = next(
        (s, job)
        for s in tenant.world.spell_by_user.values()
        for job in s.jobs[:-1]
        if s.job_on(tenant.world.as_of) not in (None, job)
        and all(job.modified_at != other.modified_at for other in s.jobs if other is not job)
    )
    stamp = f"datetimeoffset'{old.modified_at:%Y-%m-%dT%H:%M:%SZ}'"

    found = rows(get("EmpJob", _format="json",
                     _filter=f"userId eq '{spell.user_id}' and lastModifiedDateTime le {stamp} "
                             f"and lastModifiedDateTime ge {stamp}"))  # fmt: skip

    today = spell.job_on(tenant.world.as_of)
    assert today is not None
    assert [r["startDate"] for r in found] == [f"/Date({day_ms(today.start)})/"]


@pytest.mark.parametrize(
    "literal",
    ["datetimeoffset'{}Z'", "datetime'{}.000Z'", "'{}.000Z'", "datetime'{}'"],
)
def test_time_stamps_are_taken_in_all_forms_seen_on_a_tenant(get: Any, literal: str) -> None:
    at = literal.format("2026-01-01T00:00:00")

    counted = get("EmpEmployment/$count", _filter=f"lastModifiedDateTime ge {at}")

    assert counted.status_code == 200
    assert int(counted.text) > 0


def test_filters_combine(get: Any, tenant: Any) -> None:
    a, b = (p for p in tenant.world.people[:2])

    def ids(text: str) -> set[str]:
        return {r["personIdExternal"] for r in rows(get("PerPerson", _format="json", _filter=text))}

    assert ids(f"personIdExternal in '{a.person_id}','{b.person_id}'") == {a.person_id, b.person_id}
    assert ids(f"personIdExternal in ('{a.person_id}')") == {a.person_id}
    assert ids(f"personIdExternal like '{a.person_id[:-1]}%' and not (personIdExternal ne "
               f"'{a.person_id}')") == {a.person_id}  # fmt: skip
    assert ids(f"emailNav/emailAddress eq '{a.work_email}'") == {a.person_id}
    assert ids(f"employmentNav/jobInfoNav/userId eq '{a.spells[0].user_id}'") == {a.person_id}
    assert ids(f"substringof('{a.person_id}', tolower(personIdExternal)) eq true") == set()
    assert ids(f"endswith(personIdExternal,'{a.person_id[1:]}')") == {a.person_id}
    assert len(ids("regionOfBirth eq null")) == len(tenant.world.people)


def test_snapshots_belong_to_a_session_and_a_token_is_good_once(get: Any) -> None:
    first = get("PerPerson", _format="json", customPageSize="50", paging="snapshot")
    onward = first.json()["d"]["__next"]
    cookie = get.session.cookies.get("JSESSIONID")
    assert cookie

    assert get(onward).status_code == 200
    again = get(onward)
    assert (again.status_code, "skiptoken" in again.text) == (400, True)


def test_a_snapshot_without_its_cookie_is_lost(get: Any) -> None:
    onward = get("PerPerson", _format="json", customPageSize="50", paging="snapshot").json()
    get.session.cookies.clear()

    assert get(onward["d"]["__next"]).status_code == 400


def test_pages_and_counts_follow_the_options(get: Any, tenant: Any) -> None:
    total = len(tenant.world.people)
    page = get("PerPerson", _format="json", customPageSize="50", _inlinecount="allpages",
               _expand="emailNav")  # fmt: skip

    assert page.json()["d"]["__count"] == str(total)
    assert page.headers["record-count"] == "50"
    assert page.headers["x-sf-record-count-recursive"] == "150"
    assert "successfactors-sourcetype is missing" in page.headers["successfactors-message"]
    at = datetime.fromisoformat(page.headers["apiqueryexecutiontimestamp"])
    assert at == tenant.world.now.astimezone(UTC)
    by_client = get("PerPerson", _format="json", _top="7", _skip=str(total - 3)).json()["d"]
    assert (len(by_client["results"]), "__next" in by_client) == (3, False)


def test_option_ids_differ_between_tenants(start: Any) -> None:
    from hrhub.sandbox.world import build_world

    ids = [
        {r.values["id"] for r in start(build_world(40, seed))
         .running._service.tables.rows["PicklistOption"]}
        for seed in (1, 2)
    ]  # fmt: skip

    assert not ids[0] & ids[1]
