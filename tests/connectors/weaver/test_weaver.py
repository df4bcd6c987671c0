"""Weaver: who is let in, one directory by two roads, people and plans written; failures first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from connectors.weaver import connector
from connectors.weaver.sandbox import APP_SECRET, HRM_SECRET
from hrhub.connector import Write, WriteStatus
from hrhub.errors import AuthError, ConfigError, HrHubError
from hrhub.mapping import Mapped, Rejected

Serve = Callable[..., Any]
STREAMS = ("divisions", "departments", "jobtitles", "people")


def test_a_wrong_secret_is_told(serve: Serve) -> None:
    with pytest.raises(AuthError) as refused:
        connector.check(serve().session(hrm_secret="another"))

    assert refused.value.code == "weaver.address_unlisted"


def test_an_unlisted_address_empties_no_directory(serve: Serve) -> None:
    served = serve(directory="soap", listed="no")

    with pytest.raises(AuthError) as refused:
        served.pages("people")

    assert refused.value.code == "weaver.address_unlisted"


def test_soap_needs_the_address_of_the_hub(serve: Serve) -> None:
    with pytest.raises(ConfigError) as refused:
        serve(directory="soap").pages("people", own_address="")

    assert refused.value.code == "weaver.address_missing"


def test_a_namespace_of_another_host_is_told_and_can_be_set(serve: Serve) -> None:
    served = serve(directory="soap")
    with pytest.raises(HrHubError):
        served.pages("people", soap_namespace="http://localhost/services/HrmService")

    good = f"{served.running.address}/services/HrmService"
    assert served.pages("people", soap_namespace=good)


def test_the_digest_may_be_the_national_one(serve: Serve) -> None:
    assert connector.check(serve(digest="sm3").session()).facts["division"]


@pytest.mark.parametrize("stream", STREAMS)
def test_both_roads_lead_to_the_same_records(serve: Serve, stream: str) -> None:
    rest = serve().mapped(stream)
    soap = serve(directory="soap").mapped(stream)

    def told(outcome: Mapped | Rejected) -> Any:
        return outcome if isinstance(outcome, Rejected) else outcome.values

    assert len(rest) > 3
    assert [told(one) for one in soap] == [told(one) for one in rest]


def test_secondary_accounts_are_not_people(serve: Serve) -> None:
    served = serve()

    docs = served.docs("people")

    assert len(docs) == len(served.running.office.directory.people)
    assert served.running.office.directory.secondary
    assert not [doc for doc in docs if doc["accounttype"] == "1"]


def test_the_hash_of_the_password_is_left_behind(serve: Serve) -> None:
    assert not [doc for doc in serve().docs("people") if "password" in doc]


def test_cancelled_units_are_asked_for_as_well(serve: Serve) -> None:
    served = serve()
    served.running.office.directory.departments[-1]["canceled"] = "1"

    mapped = [m for m in served.mapped("departments") if isinstance(m, Mapped)]

    assert len(mapped) == len(served.world.departments)
    assert "inactive" in {m.values["status"] for m in mapped}


def test_divisions_and_departments_with_one_number_are_told_apart(serve: Serve) -> None:
    served = serve()
    units = [m.values for s in ("divisions", "departments") for m in served.mapped(s)]

    codes = [unit["code"] for unit in units]
    assert len(set(codes)) == len(codes)
    assert {unit["parent"] for unit in units} <= {*codes, None}


def test_soap_asks_for_the_changes_since_the_day_before_the_cursor(serve: Serve) -> None:
    served = serve(directory="soap")
    (first,) = served.pages("people")
    changed = served.world.now + timedelta(minutes=1)
    served.running.office.directory.people[5]["modified"] = changed.strftime("%Y-%m-%d %H:%M:%S")

    docs = served.docs("people", first.cursor)

    assert served.running.office.directory.people[5]["id"] in {doc["id"] for doc in docs}
    assert len(docs) < len(served.world.people)


def _person(served: Any, **values: Any) -> Write:
    person, spell = served.world.employed[3]
    own = {"work_no": spell.user_id, "display_name": person.display_name, "mobile": person.mobile}
    return Write(key="write-1", values=own | values)


def _newcomer(key: str = "write-2", **values: Any) -> Write:
    own = {"work_no": "9900001", "display_name": "测试新", "mobile": "+8613900012345"}
    return Write(key=key, values=own | values)


def test_people_who_lack_something_are_refused_beside_those_who_do_not(serve: Serve) -> None:
    served = serve()
    people, _ = connector.sinks

    lacking = Write(key="0", values={"work_no": "9900002"})
    unknown = _newcomer("1", org_unit="no-such-department")
    nobody = _newcomer("2", work_no="9900003", manager="no-such-manager")
    written = people.write(served.session(), [lacking, unknown, nobody, _person(served)])

    assert [w.status for w in written] == [
        *(WriteStatus.REFUSED,) * 3,
        WriteStatus.WRITTEN,
    ]
    assert written[0].code == "weaver.person_incomplete"
    assert {w.code for w in written[1:3]} == {"weaver.person_refused"}


def test_a_person_is_added_once_and_changed_after(serve: Serve) -> None:
    served = serve()
    people, _ = connector.sinks
    rows = served.running.office.directory.people
    before = len(rows)

    code = served.world.departments[2].code
    for values in ({"org_unit": code}, {"org_unit": code}, {"status": "terminated"}):
        (written,) = people.write(served.session(), [_newcomer(**values)])
        assert written.status is WriteStatus.WRITTEN

    assert len(rows) == before + 1
    assert (rows[-1]["mobile"], rows[-1]["status"]) == ("13900012345", "离职")
    assert rows[-1]["departmentid"] == "3"


def _plan(key: str = "plan-1", **values: Any) -> Write:
    own = {"work_no": "0010086", "hire_date": "2026-12-01", "shift_code": "B2"}
    return Write(key=key, values=own | values)


@pytest.mark.parametrize("missing", ["app_id", "public_key", "user_id"])
def test_a_plan_needs_the_application(serve: Serve, missing: str) -> None:
    served = serve()
    _, plans = connector.sinks

    with pytest.raises(ConfigError) as refused:
        plans.write(served.session(**{missing: ""}), [_plan()])

    assert refused.value.code == "weaver.application_missing"
    assert served.running.office.requests == []


def test_a_plan_needs_a_workflow(serve: Serve) -> None:
    _, plans = connector.sinks

    with pytest.raises(ConfigError) as refused:
        plans.write(serve().session(plan_workflow=""), [_plan()])

    assert refused.value.code == "weaver.workflow_missing"


def test_a_user_whom_the_oa_does_not_know_starts_nothing(serve: Serve) -> None:
    _, plans = connector.sinks

    with pytest.raises(HrHubError) as refused:
        plans.write(serve().session(user_id="99"), [_plan()])

    assert refused.value.code == "weaver.user_unknown"


def test_a_field_that_the_form_lacks_is_told_by_its_kind(serve: Serve) -> None:
    _, plans = connector.sinks

    (written,) = plans.write(serve().session(plan_fields={"work_no": "nosuch"}), [_plan()])

    assert (written.status, written.code, written.vendor_code) == (
        WriteStatus.REFUSED,
        "weaver.form_refused",
        "PARAM_ERROR",
    )


@pytest.mark.parametrize("dead", ["json", "html"])
def test_a_dead_token_is_renewed_once_however_it_is_told(serve: Serve, dead: str) -> None:
    served = serve(dead_token=dead)
    _, plans = connector.sinks
    session = served.session()
    plans.write(session, [_plan()])
    served.running.office.expire_tokens()

    (written,) = plans.write(session, [_plan("plan-2")])

    assert written.status is WriteStatus.WRITTEN
    assert sum(r.path.endswith("/applytoken") for r in served.running.requests) == 2


def test_a_plan_starts_the_workflow_with_the_form_s_own_names(serve: Serve) -> None:
    served = serve()
    _, plans = connector.sinks

    (written,) = plans.write(served.session(), [_plan(shift_code=None)])

    (request,) = served.running.office.requests
    assert written.vendor_id == str(request["id"])
    assert (request["gh"], request["ksrq"]) == ("0010086", "2026-12-01")


def test_credentials_do_not_show(serve: Serve) -> None:
    session = serve().session()
    assert connector.auth is not None

    shown = repr(connector.auth(session.config)) + repr(session)
    assert not [secret for secret in (APP_SECRET, HRM_SECRET) if secret in shown]
