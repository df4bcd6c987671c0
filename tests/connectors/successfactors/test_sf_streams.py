"""What the connector reads: everything, then only what changed, and how it stops on trouble."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.successfactors import connector
from connectors.successfactors.connector import employments, jobs, people, positions
from connectors.successfactors.sandbox.edmx import edmx
from connectors.successfactors.sandbox.tables import day_ms
from hrhub.connector import Page
from hrhub.errors import ConfigError, ContractChanged, HrHubError, Throttled, Transient
from hrhub.sandbox.world import World, build_world
from tests.connectors.successfactors.conftest import SIZE, Tenant

EDITS = 9


# Trouble first


@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [
        ("half_body", Transient, "vendor.page_cut"),
        ("html_502", Transient, "successfactors.query_too_heavy"),
        ("html_200", ContractChanged, "vendor.wrong_content_type"),
        ("metadata_busy", Transient, "successfactors.metadata_busy"),
        ("maintenance", Transient, "vendor.server_error"),
        ("foreign_next", ContractChanged, "vendor.link_refused"),
        ("loop", ContractChanged, "vendor.page_loop"),
    ],
)
def test_trouble_on_a_later_page_stops_the_reading_without_a_cursor(
    tenant: Tenant, fault: Any, error: type[HrHubError], code: str
) -> None:
    tenant.running.faults.arm(fault, path="/PerPerson", after=2, times=99)
    came: list[Page] = []

    with pytest.raises(error) as failed:
        for page in people.read(tenant.session(page_size=20), None):
            came.append(page)

    assert failed.value.code == code
    assert 1 <= len(came) < SIZE // 20
    assert all(page.cursor is None for page in came)


@pytest.mark.parametrize("fault", ["half_body", "html_502", "metadata_busy"])
def test_passing_trouble_costs_nothing(tenant: Tenant, fault: Any) -> None:
    tenant.running.faults.arm(fault, path="/PerPerson", after=2)

    assert len(tenant.rows("people", page_size=20)) == SIZE


def test_a_short_wait_is_slept_through_and_a_long_one_is_told(tenant: Tenant) -> None:
    tenant.running.faults.arm("throttled", path="/EmpJob", value=30)
    assert tenant.rows("jobs")

    tenant.running.faults.arm("throttled", path="/EmpJob", value=300)
    with pytest.raises(Throttled) as told:
        tenant.pages("jobs")
    assert told.value.retry_after_s == 300


def test_a_token_that_dies_on_the_way_is_replaced_once(tenant: Tenant) -> None:
    tenant.running.faults.arm("token_rejected", path="/PerPerson", after=3)

    rows = tenant.rows("people", page_size=20)

    assert {r["personIdExternal"] for r in rows} == set(tenant.world.person_by_id)
    assert tenant.running.tokens.issued == 2


def test_a_token_that_dies_every_time_ends_the_reading(tenant: Tenant) -> None:
    tenant.running.faults.arm("token_rejected", path="/PerPerson", after=3, times=99)

    with pytest.raises(ConfigError) as refused:
        tenant.pages("people", page_size=20)

    assert refused.value.code == "successfactors.token_rejected"


def test_a_snapshot_that_the_vendor_forgot_can_be_read_again(tenant: Tenant) -> None:
    session = tenant.session(page_size=20)
    pages = people.read(session, None)
    next(pages)
    tenant.running.serve(tenant.world)

    with pytest.raises(Transient) as lost:
        list(pages)
    assert lost.value.code == "successfactors.window_lost"


def test_another_key_on_the_tenant_stops_the_stream(tenant: Tenant) -> None:
    believed = replace(jobs, keys=frozenset({"userId", "startDate"}))

    with pytest.raises(ContractChanged) as changed:
        tenant.pages(believed)

    assert changed.value.code == "successfactors.key_changed"
    assert changed.value.context["found"] == "seqNumber, startDate, userId"
    assert not tenant.asked("/EmpJob?")


@pytest.mark.parametrize("missing", ["nothing", "emailNav/nothing", "nothingNav/code"])
def test_a_missing_field_stops_the_stream_and_a_missing_optional_one_does_not(
    tenant: Tenant, missing: str
) -> None:
    with pytest.raises(ContractChanged) as changed:
        tenant.pages(replace(people, fields=(*people.fields, missing)))
    assert changed.value.code == "successfactors.field_missing"
    assert changed.value.context["fields"] == missing

    relaxed = replace(people, optional=(*people.optional, missing))
    assert len(tenant.rows(relaxed)) == SIZE


def test_a_further_field_is_read_along_or_refused(tenant: Tenant) -> None:
    rows = tenant.rows("people", extra_fields=["people:countryOfBirth", "jobs:timezone"])
    assert {r["countryOfBirth"] for r in rows} == {"CHN"}

    with pytest.raises(ConfigError) as refused:
        tenant.pages("people", extra_fields=["people:personalInfoNav/customString99"])
    assert refused.value.code == "successfactors.extra_field_unknown"


def test_a_cursor_of_another_connector_is_refused(tenant: Tenant) -> None:
    for cursor in ({}, {"since": "soon"}, {"since": None}, "2026-11-20"):
        with pytest.raises(ConfigError) as refused:
            tenant.pages("people", cursor)
        assert refused.value.code == "successfactors.cursor_unreadable"


# Everything


def test_every_stream_yields_the_whole_world_in_pages_of_any_size(tenant: Tenant) -> None:
    world = tenant.world

    got = {s.name: tenant.rows(s, page_size=37) for s in connector.in_order()}

    assert {r["personIdExternal"] for r in got["people"]} == set(world.person_by_id)
    assert len(got["people"]) == len(world.people)
    assert Counter(r["userId"] for r in got["employments"]) == Counter(list(world.spell_by_user))
    slices = {
        (s.user_id, f"/Date({day_ms(j.start)})/", str(j.seq))
        for s in world.spell_by_user.values()
        for j in s.jobs
    }
    assert {(r["userId"], r["startDate"], r["seqNumber"]) for r in got["jobs"]} == slices
    assert len(got["jobs"]) == len(slices)
    for name, units in (("companies", world.companies), ("departments", world.departments)):
        true = Counter({u.code: len(u.slices) for u in units})
        assert Counter(r["externalCode"] for r in got[name]) == true
    true = Counter({p.code: len(p.slices) for p in world.positions})
    assert Counter(r["code"] for r in got["positions"]) == true


@pytest.mark.parametrize("name", ["companies", "departments", "positions", "jobs"])
def test_slices_of_a_key_come_together_and_in_order_of_time(tenant: Tenant, name: str) -> None:
    stream = connector.stream(name)
    assert stream.grouped
    keys: list[str] = []
    for page in tenant.pages(name, page_size=7):
        keys += [stream.records.group_key(raw) for raw in stream.records.split(page.body)]

    changes = [k for i, k in enumerate(keys) if i == 0 or keys[i - 1] != k]

    assert len(changes) == len(set(keys))


def test_one_employment_in_several_slices_shows_todays_job(tenant: Tenant) -> None:
    world = tenant.world
    for row in tenant.rows("employments"):
        today = world.spell_by_user[row["userId"]].job_on(world.as_of)
        shown = [j["emplStatusNav"]["externalCode"] for j in row["jobInfoNav"]["results"]]
        assert shown == ([today.status] if today else [])


def test_the_cursor_comes_with_the_last_page_and_is_the_vendors_clock_at_the_first(
    tenant: Tenant,
) -> None:
    pages = tenant.pages("people", page_size=50)

    assert [p.cursor is None for p in pages] == [True, True, False]
    assert pages[-1].cursor == {"since": f"{tenant.world.now:%Y-%m-%dT%H:%M:%SZ}"}
    assert {p.cursor for p in tenant.pages("departments")} == {None}


# What changed


@pytest.fixture(scope="module")
def edited() -> World:
    return build_world(SIZE, edits=EDITS)


def _since(tenant: Tenant, stream: Any) -> tuple[dict[str, str], datetime]:
    cursor = tenant.pages(stream)[-1].cursor
    return cursor, datetime.fromisoformat(cursor["since"])


def test_a_second_reading_brings_the_changed_people_and_the_overlap(
    tenant: Tenant, edited: World
) -> None:
    cursor, since = _since(tenant, people)
    changed = {e.person_id for e in edited.edits if e.kind in ("mobile", "name")}
    assert changed
    tenant.running.serve(edited)

    got = {r["personIdExternal"] for r in tenant.rows("people", cursor)}

    day = since.date() - timedelta(days=1)
    beside = {
        p.person_id
        for p in edited.people
        if p.modified_at >= since - timedelta(minutes=10) or p.spells[0].hire_date >= day
    }
    assert changed <= got <= changed | beside
    assert len(got) < SIZE / 2


def test_a_second_reading_brings_whole_histories_of_changed_jobs(
    tenant: Tenant, edited: World
) -> None:
    cursor, since = _since(tenant, jobs)
    moved = {e.user_id for e in edited.edits if e.kind == "transfer"}
    assert moved
    tenant.running.serve(edited)

    got = Counter(r["userId"] for r in tenant.rows("jobs", cursor))

    fresh = {
        s.user_id
        for s in edited.spell_by_user.values()
        if any(j.modified_at >= since - timedelta(minutes=10) for j in s.jobs)
    }
    assert moved <= set(got) == fresh
    assert all(count == len(edited.spell_by_user[user].jobs) for user, count in got.items())


def test_an_employment_comes_again_when_its_job_changed_or_turned(
    tenant: Tenant, edited: World
) -> None:
    cursor, since = _since(tenant, employments)
    moved = {e.user_id for e in edited.edits if e.kind == "transfer"}
    tenant.running.serve(edited)

    got = {r["userId"] for r in tenant.rows("employments", cursor)}

    first, last = since.date() - timedelta(days=1), datetime.now(UTC).date() + timedelta(days=2)
    turning = {
        s.user_id
        for s in edited.spell_by_user.values()
        if any(first <= j.start <= last for j in s.jobs)
    }
    assert moved | turning <= got
    assert len(got) < SIZE / 2


def test_only_a_lower_bound_is_asked_for_with_every_slice(tenant: Tenant) -> None:
    cursor, since = _since(tenant, jobs)
    tenant.running.requests.clear()

    tenant.pages("jobs", cursor, overlap_min=15)

    (asked,) = tenant.asked("/EmpJob?")
    bound = since - timedelta(minutes=15)
    assert asked.endswith(
        f"$filter=lastModifiedDateTime ge datetimeoffset'{bound:%Y-%m-%dT%H:%M:%SZ}'"
    )
    assert "fromDate=1900-01-01" in asked
    assert "toDate" not in asked


def test_a_set_whose_time_of_change_cannot_be_filtered_is_read_in_full(
    start: Callable[..., Tenant],
) -> None:
    tenant = start(unfilterable="Position")
    cursor, _ = _since(tenant, positions)

    assert tenant.rows("positions", cursor) == tenant.rows("positions")
    assert not tenant.asked("$filter")


def test_snapshot_paging_can_be_turned_off(tenant: Tenant) -> None:
    rows = tenant.rows("people", snapshot=False, page_size=50)

    assert len(rows) == SIZE
    assert not tenant.asked("paging=")


# Details


def test_the_vendors_explicit_port_is_the_same_origin(tenant: Tenant) -> None:
    http = tenant.session(api_host="api4.successfactors.com").http
    link = "https://api4.successfactors.com:443/odata/v2/User?$format=json&$skiptoken=eyJ9"

    assert http.safe_link(link) == link
    for away in (link.replace(":443", ":444"), link.replace("api4.", "api5.")):
        with pytest.raises(ContractChanged):
            http.safe_link(away)


def test_links_written_with_another_authority_are_not_followed(
    start: Callable[..., Tenant],
) -> None:
    tenant = start(next_authority="https://api4.successfactors.com:443")

    with pytest.raises(ContractChanged) as refused:
        tenant.pages("people", page_size=50)

    assert refused.value.code == "vendor.link_refused"


def test_metadata_that_is_cut_or_something_else_stops_the_stream() -> None:
    from connectors.successfactors.metadata import parse

    whole = edmx(["FOCompany"])
    assert parse(whole).types["FOCompany"].key == {"externalCode", "startDate"}
    for body in (whole[: len(whole) // 2], b"", b"<edmx/>"):
        with pytest.raises(ContractChanged) as broken:
            parse(body)
        assert broken.value.code == "successfactors.metadata_broken"


def test_annotations_are_read_whatever_their_namespace() -> None:
    from connectors.successfactors.metadata import parse

    other = edmx(["Position"], {"Position"}).replace(
        b"http://www.successfactors.com/edm/sap", b"http://www.sap.com/Protocols/SAPData"
    )

    assert parse(other).types["Position"].unfilterable == {"lastModifiedDateTime"}


def test_entities_in_metadata_are_never_expanded() -> None:
    from connectors.successfactors.metadata import parse

    evil = (
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        b'<a><EntityType Name="A">&e;</EntityType></a>'
    )

    assert set(parse(evil).types) == {"A"}
    assert not parse(evil).types["A"].fields


def test_declaring_the_connector_loads_no_library_for_http_or_xml() -> None:
    code = (
        "import sys, connectors.successfactors;"
        "print(sorted({'requests', 'urllib3', 'lxml', 'signxml', 'authlib'} & set(sys.modules)))"
    )

    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert out.stdout.strip() == "[]"


def test_every_code_of_ours_has_words_in_both_languages() -> None:
    import re

    english, chinese = connector.words["en"], connector.words["zh"]
    raised = {a.code for a in connector.errors.values() if a.code.startswith("successfactors.")}

    assert set(english) == set(chinese) >= raised
    for code, parts in english.items():
        assert set(parts) == set(chinese[code]) == {"what", "who", "do"}
        for part in parts:
            spots = [sorted(set(re.findall(r"\{\w+\}", w[code][part]))) for w in (english, chinese)]
            assert spots[0] == spots[1], (code, part)


def test_the_readme_names_every_setting_and_stream() -> None:
    module = sys.modules[connector.config.__module__].__file__
    assert module
    words = Path(module).with_name("README.md").read_text(encoding="utf-8")

    for name in (*connector.config.model_fields, *(s.name for s in connector.streams)):
        assert f"`{name}`" in words, name
