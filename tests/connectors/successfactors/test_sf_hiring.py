"""Employees written to SuccessFactors: refused row by row, hired once, kept up to date."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from connectors.successfactors import connector
from connectors.successfactors.sandbox import RunningTenant, sandbox
from hrhub.ambient import SystemClock
from hrhub.connector import Session, Write, WriteStatus, open_session
from hrhub.errors import HrHubError
from hrhub.sandbox.world import World, build_world

NUMBER = "9900001"


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(60, seed=7)


@pytest.fixture
def tenant(world: World) -> Iterator[RunningTenant]:
    running = sandbox.start(world, "127.0.0.1", 0, {})
    yield running
    running.stop()


@pytest.fixture
def session(world: World, tenant: RunningTenant) -> Callable[..., Session]:
    def opened(**settings: Any) -> Session:
        given = sandbox.connection(world, tenant) | settings
        return open_session(connector, connector.config(**given), clock=SystemClock())

    return opened


def hire(world: World, **values: Any) -> Write:
    own = {
        "work_no": NUMBER,
        "display_name": "测试新",
        "family_name": "测",
        "given_name": "试新",
        "gender": "female",
        "birth_date": date(1995, 3, 7),
        "mobile": "+8613900012345",
        "work_email": "ceshi@example.cn",
        "hire_date": date(2026, 12, 1),
        "employer_code": world.companies[0].code,
    }
    return Write(key="write-1", values=own | values)


def test_who_lacks_a_company_is_refused_before_anything_is_sent(
    world: World, tenant: RunningTenant, session: Callable[..., Session]
) -> None:
    (sink,) = connector.sinks

    (written,) = sink.write(session(), [hire(world, employer_code=None)])

    assert written.code == "successfactors.hire_incomplete"
    assert not [r for r in tenant.requests if "/odata/" in r]


def test_a_row_that_fails_is_told_by_its_entity_and_none_of_its_text(
    world: World, session: Callable[..., Session]
) -> None:
    (sink,) = connector.sinks

    (written,) = sink.write(session(), [hire(world, employer_code="no-such-company")])

    assert (written.status, written.code, written.vendor_code) == (
        WriteStatus.REFUSED,
        "successfactors.row_refused",
        "EmpJob",
    )


def test_a_hire_that_broke_off_at_a_row_is_finished_by_the_next_try(
    world: World, tenant: RunningTenant, session: Callable[..., Session]
) -> None:
    (sink,) = connector.sinks
    sink.write(session(), [hire(world, employer_code="no-such-company")])

    (written,) = sink.write(session(), [hire(world)])

    assert written.status is WriteStatus.WRITTEN
    assert len(tenant.rows("EmpEmployment", userId=NUMBER)) == 1
    assert len(tenant.rows("EmpJob", userId=NUMBER)) == 1


def test_an_employee_is_hired_once_with_all_that_belongs_to_it(
    world: World, tenant: RunningTenant, session: Callable[..., Session]
) -> None:
    (sink,) = connector.sinks

    first, again = (sink.write(session(), [hire(world)])[0] for _ in range(2))

    assert (first.status, again.status) == (WriteStatus.WRITTEN, WriteStatus.UNCHANGED)
    (job,) = tenant.rows("EmpJob", userId=NUMBER)
    assert (job["company"], job["eventReason"]) == (world.companies[0].code, "HIRNEW")
    (phone,) = tenant.rows("PerPhone", personIdExternal=NUMBER)
    assert (phone["countryCode"], phone["phoneNumber"]) == ("86", "13900012345")
    (name,) = tenant.rows("PerPersonal", personIdExternal=NUMBER)
    assert (name["lastName"], name["gender"]) == ("测", "F")


def test_a_lost_answer_is_read_back_and_not_sent_again(
    world: World, tenant: RunningTenant, session: Callable[..., Session]
) -> None:
    (sink,) = connector.sinks
    assert sink.find(session(), hire(world)) is None
    answer, lost = tenant.answer, []

    def lose_one(method: str, target: str, *rest: Any) -> Any:
        reply = answer(method, target, *rest)
        if method == "POST" and "upsert" in target and not lost:
            lost.append(target)
            reply.status, reply.body = 502, b""
        return reply

    tenant.answer = lose_one  # type: ignore[method-assign]
    with pytest.raises(HrHubError):
        sink.write(session(), [hire(world)])

    found = sink.find(session(), hire(world))

    assert found is not None
    assert found.status is WriteStatus.WRITTEN
    assert len(lost) == 1


def test_contacts_of_an_employee_follow_and_nothing_else_is_touched(
    world: World, tenant: RunningTenant, session: Callable[..., Session]
) -> None:
    (sink,) = connector.sinks
    person, spell = world.employed[3]
    values = {"work_no": spell.user_id, "mobile": "13900077777", "work_email": person.work_email}

    (written,) = sink.write(session(), [hire(world, **values)])

    assert written.status is WriteStatus.WRITTEN
    (phone,) = tenant.rows("PerPhone", personIdExternal=person.person_id)
    assert phone["phoneNumber"] == "13900077777"
    assert tenant.rows("PerPerson", personIdExternal=spell.user_id) == []


def test_without_types_of_the_tenant_no_contacts_are_written(
    world: World, tenant: RunningTenant, session: Callable[..., Session]
) -> None:
    (sink,) = connector.sinks

    sink.write(session(mobile_type="", work_email_type=""), [hire(world)])

    assert tenant.rows("PerPhone", personIdExternal=NUMBER) == []
    assert len(tenant.rows("EmpJob", userId=NUMBER)) == 1


def test_a_hired_employee_is_read_by_the_streams_of_the_connector(
    world: World, session: Callable[..., Session]
) -> None:
    (sink,) = connector.sinks
    sink.write(session(), [hire(world)])

    stream = connector.stream("employments")
    rows = [
        stream.records.decode(raw, page.meta)
        for page in stream.read(session(), None)
        for raw in stream.records.split(page.body)
    ]

    assert NUMBER in {row["userId"] for row in rows}
