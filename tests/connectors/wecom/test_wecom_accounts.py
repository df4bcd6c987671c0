"""Members written by contact sync: what is refused, who is created, changed, disabled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.wecom import connector
from connectors.wecom.sandbox import sandbox
from hrhub.connector import Session, Write, WriteStatus, Written
from hrhub.errors import AuthError, ConfigError, ScopeError, Throttled
from hrhub.pipeline import open_hub
from hrhub.pipeline.outbox import Outbox
from hrhub.sandbox.world import World
from hrhub.settings import Settings
from tests.connectors.wecom.conftest import Served
from tests.support.vendor import MAPPINGS

Serve = Callable[..., Served]
SINK = connector.sink("members")
NEW = {
    "work_no": "N0001",
    "display_name": "测试新员工",
    "gender": "female",
    "mobile": "+8613900010001",
    "work_email": "n0001@example.cn",
    "hire_date": "2026-11-30",
    "status": "active",
    "job_title": "工程师",
}


def _contacts(served: Served, **changes: Any) -> Session:
    return served.session(**(served.running.connection_for("members") | changes))


def _written(session: Session, **values: Any) -> Written:
    (said,) = SINK.write(session, [Write(key="1", values=values)])
    return said


def _member(served: Served, user_id: str) -> dict[str, Any]:
    (found,) = [m for m in served.running.enterprise.members if m["userid"] == user_id.lower()]
    return found


def test_the_secret_of_an_application_writes_nobody_and_says_which_one_does(serve: Serve) -> None:
    served = serve()
    before = len(served.running.enterprise.members)

    with pytest.raises(ConfigError) as refused:
        _written(served.session(), **NEW)

    assert refused.value.code == "wecom.contacts_secret_needed"
    assert len(served.running.enterprise.members) == before


def test_the_secret_of_contact_sync_passes_the_check_and_reads_nobody(serve: Serve) -> None:
    served = serve()

    assert connector.check is not None
    connector.check(_contacts(served))
    with pytest.raises(ScopeError) as refused:
        served.pages("employees", **served.running.connection_for("members"))

    assert refused.value.code == "wecom.ids_only"


@pytest.mark.parametrize(
    ("change", "code", "vendor_code"),
    [
        ({"work_no": "工1"}, "wecom.user_id_unfit", "40003"),
        ({"work_no": "n" * 65}, "wecom.user_id_unfit", "40003"),
        ({"display_name": None}, "wecom.member_incomplete", None),
        ({"mobile": None, "work_email": None}, "wecom.member_unreachable", "60129"),
        ({"mobile": "139"}, "wecom.member_refused", "60103"),
        ({"org_unit": "no-such-unit"}, "wecom.unit_unknown", None),
    ],
)
def test_a_member_that_cannot_be_is_refused_alone(
    serve: Serve, change: dict[str, Any], code: str, vendor_code: str | None
) -> None:
    served = serve()
    session = _contacts(served)

    first, second = SINK.write(
        session, [Write(key="1", values={**NEW, **change}), Write(key="2", values=NEW)]
    )

    assert (first.status, first.code) == (WriteStatus.REFUSED, code)
    assert first.vendor_code == vendor_code
    assert second.status is WriteStatus.WRITTEN


def test_a_department_that_wecom_does_not_have_is_told_as_such(serve: Serve) -> None:
    said = _written(_contacts(serve(), departments={}), **NEW, org_unit="9999")

    assert (said.code, said.vendor_code) == ("wecom.unit_unknown", "60123")


@pytest.mark.parametrize(
    ("ours", "theirs", "code"),
    [("mobile", "mobile", "wecom.mobile_taken"), ("work_email", "email", "wecom.email_taken")],
)
def test_what_another_member_has_is_refused_and_no_second_member_is_made(
    serve: Serve, ours: str, theirs: str, code: str
) -> None:
    served = serve()
    taken = served.running.enterprise.members[4][theirs]
    before = len(served.running.enterprise.members)

    said = _written(_contacts(served), **{**NEW, ours: taken})

    assert (said.status, said.code) == (WriteStatus.REFUSED, code)
    assert len(served.running.enterprise.members) == before


def test_a_wrong_secret_and_a_used_up_limit_are_no_refusal_of_a_member(serve: Serve) -> None:
    with pytest.raises(AuthError):
        _written(_contacts(serve(), secret="another"), **NEW)
    with pytest.raises(Throttled):
        _written(_contacts(serve(per_minute="0")), **NEW)


def test_a_dry_run_asks_nothing_and_tells_no_value(serve: Serve) -> None:
    served = serve()
    leaver = {**NEW, "status": "terminated"}

    hired, left = SINK.plan(
        _contacts(served), [Write(key="1", values=NEW), Write(key="2", values=leaver)]
    )

    assert hired.target == "POST /user/create"
    assert {"userid", "name", "mobile", "department", "extattr"} <= set(hired.fields)
    assert (left.target, left.fields) == ("POST /user/update", ("userid", "enable"))
    assert served.running.requests == []


def test_who_is_written_is_read_back_by_work_number_in_the_unit_s_department(serve: Serve) -> None:
    served = serve()
    units = served.running.connection_for("members")["departments"]
    code, department = sorted(units.items())[0]

    said = _written(_contacts(served), **NEW, org_unit=code)

    assert (said.status, said.vendor_id) == (WriteStatus.WRITTEN, "N0001")
    (read,) = [m.values for m in served.mapped("employees") if m.values["work_no"] == "N0001"]
    assert read["display_name"] == NEW["display_name"]
    assert read["hire_date"].isoformat() == NEW["hire_date"]
    assert (read["org_unit"], read["job_title"]) == (str(department), "工程师")
    assert _member(served, "N0001")["mobile"] == "13900010001"


def test_units_that_were_read_from_wecom_are_its_departments(serve: Serve) -> None:
    served = serve()

    _written(_contacts(served, departments={}), **NEW, org_unit="2")

    assert _member(served, "N0001")["department"] == [2]


def test_whose_unit_is_not_known_starts_at_home_and_is_not_moved_later(serve: Serve) -> None:
    served = serve()
    home = _contacts(served, home_department=3)

    _written(home, **NEW)
    _written(_contacts(served, home_department=4), **NEW)

    assert _member(served, "N0001")["department"] == [3]


def test_a_second_write_changes_the_member_that_is_there(serve: Serve) -> None:
    served = serve()
    session = _contacts(served)
    before = len(served.running.enterprise.members)
    _written(session, **NEW)

    said = _written(session, **{**NEW, "work_no": "n0001", "job_title": "主管"})

    assert said.status is WriteStatus.WRITTEN
    assert len(served.running.enterprise.members) == before + 1
    member = _member(served, "N0001")
    assert (member["position"], member["mobile"]) == ("主管", "13900010001")


def test_who_has_left_is_disabled_and_who_comes_back_is_enabled(serve: Serve) -> None:
    served = serve()
    session = _contacts(served)
    _written(session, **NEW)

    left = _written(session, **{**NEW, "status": "terminated"})
    status = _member(served, "N0001")["status"]
    _written(session, **NEW)

    assert (left.status, status) == (WriteStatus.WRITTEN, 2)
    assert _member(served, "N0001")["status"] == 4


def test_a_leaver_who_never_was_a_member_is_no_failure_and_gets_none(serve: Serve) -> None:
    served = serve()
    before = len(served.running.enterprise.members)

    said = _written(_contacts(served), **{**NEW, "status": "terminated"})

    assert said.status is WriteStatus.UNCHANGED
    assert len(served.running.enterprise.members) == before


def test_a_hire_goes_through_the_outbox_and_a_taken_number_waits_for_people(
    world: World, store_url: str, tmp_path: Path
) -> None:
    home = tmp_path / "hub"
    settings = Settings(
        home=home,
        store_url=store_url,
        keyring=home / "keyring.json",
        landing=home / "landing",
        mappings=MAPPINGS,
    )
    running = sandbox.start(world, "127.0.0.1", 0, {})
    try:
        given = {**sandbox.connection(world, running), **running.connection_for("members")}
        config = connector.config.model_validate(given)
        taken = {**NEW, "work_no": "N0002", "mobile": running.enterprise.members[0]["mobile"]}
        before = len(running.enterprise.members)
        with open_hub(settings, create=True) as hub:
            ids = [
                hub.enqueue_write(
                    connector,
                    "wecom_contacts",
                    "members",
                    values,
                    key=f"hired/{values['work_no']}",
                    actor="test",
                    reason="hired",
                )
                for values in (NEW, taken, NEW)
            ]
            done = hub.deliver(connector, config, "wecom_contacts", holder="worker")
            rows = [Outbox(hub).get(id_) for id_ in ids]
    finally:
        running.stop()

    assert (done.sent, done.refused) == (1, 1)
    assert [(r.state, r.code) for r in rows[:2]] == [
        ("sent", None),
        ("refused", "wecom.mobile_taken"),
    ]
    assert ids[0] == ids[2]
    assert len(running.enterprise.members) == before + 1
