"""WeCom: what is refused, who is read, who is told, who may report; failures first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.wecom import connector
from connectors.wecom.sandbox import CORP_ID, SECRET
from connectors.wecom.sandbox.sealing import sealed
from hrhub.connector import Received, Write, WriteStatus
from hrhub.errors import AuthError, ConfigError, ContractChanged, RowRejected, ScopeError, Throttled
from hrhub.mapping import Mapped, find_mapping, run_cases

MAPPINGS = Path(__file__).parents[3] / "mappings"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
EVENT = "<Event>change_contact</Event><ChangeType>create_user</ChangeType><UserID>wx1</UserID>"

Serve = Callable[..., Any]


def test_a_wrong_secret_in_an_answer_with_status_200_is_said_to_be_wrong(serve: Serve) -> None:
    served = serve()

    with pytest.raises(AuthError) as refused:
        connector.check(served.session(secret="another"))

    assert refused.value.context["vendor_code"] == "40001"
    assert len(served.running.requests) <= 2


def test_a_wrong_enterprise_id_is_told_apart_from_a_wrong_secret(serve: Serve) -> None:
    with pytest.raises(AuthError) as refused:
        connector.check(serve().session(corp_id="ww0"))

    assert refused.value.code == "wecom.corp_unknown"


def test_an_address_that_is_not_trusted_is_told_as_such(serve: Serve) -> None:
    with pytest.raises(ScopeError) as refused:
        connector.check(serve(trusted="no").session())

    assert refused.value.code == "wecom.address_untrusted"


@pytest.mark.parametrize("stream", ["employees", "punches", "days"])
def test_an_empty_visible_range_makes_nobody_a_leaver(serve: Serve, stream: str) -> None:
    with pytest.raises(ContractChanged) as refused:
        serve(visible="no").pages(stream)

    assert refused.value.code == "wecom.nobody_visible"
    assert refused.value.context["stream"] == stream


def test_a_used_up_limit_is_told_as_throttling(serve: Serve) -> None:
    with pytest.raises(Throttled) as refused:
        serve(per_minute="3").pages("employees")

    assert refused.value.context["vendor_code"] == "45009"


def test_a_token_that_expired_early_is_fetched_again_once(serve: Serve) -> None:
    served = serve()
    session = served.session()
    connector.check(session)
    served.running.enterprise.expire_tokens()

    connector.check(session)

    asked = [r.path for r in served.running.requests]
    assert asked.count("/cgi-bin/gettoken") == 2


def test_people_are_known_by_work_number_where_mobile_and_mail_are_withheld(serve: Serve) -> None:
    served = serve()

    mapped = served.mapped("employees")

    assert all(isinstance(one, Mapped) for one in mapped)
    assert {one.values["work_no"] for one in mapped} == {
        spell.user_id for _, spell in served.world.employed
    }
    assert not [one for one in mapped if {"mobile", "work_email", "gender"} & one.values.keys()]


def test_an_older_application_brings_mobile_and_mail(serve: Serve) -> None:
    served = serve(withheld="no")

    mapped = served.mapped("employees")

    good = {f"+86{p.mobile}" for p, _ in served.world.employed}
    assert {one.values["mobile"] for one in mapped} == good


def test_who_belongs_to_two_departments_comes_once(serve: Serve) -> None:
    served = serve()

    docs = served.docs("employees")

    assert len({doc["userid"] for doc in docs}) == len(docs) == len(served.world.employed)
    assert any(len(doc["department"]) == 2 for doc in docs)


def test_every_department_hangs_on_one_that_is_there(serve: Serve) -> None:
    mapped = serve().mapped("departments")

    codes = {one.values["code"] for one in mapped}
    roots = [one for one in mapped if one.values["parent"] is None]
    assert [one.values["kind"] for one in roots] == ["company"]
    assert {one.values["parent"] for one in mapped} <= codes | {None}


def test_check_ins_that_did_not_take_place_are_no_punches(serve: Serve) -> None:
    served = serve()

    docs = served.docs("punches")

    assert len(docs) == sum(1 for _ in served.world.punches())
    assert len(served.running.enterprise.checkins) > len(docs)
    assert not [doc for doc in docs if "未打卡" in doc["exception_type"]]


def test_check_ins_are_asked_for_a_hundred_people_and_thirty_days_at_most(serve: Serve) -> None:
    served = serve()

    pages = served.pages("punches", history_from=date(2026, 6, 1))

    bodies = [r.json() for r in served.running.requests if r.path.endswith("/getcheckindata")]
    assert len(bodies) > 6
    assert max(len(b["useridlist"]) for b in bodies) <= 100
    assert max(b["endtime"] - b["starttime"] for b in bodies) <= 30 * 86400
    assert [p.cursor for p in pages[:-1]].count(None) == len(pages) - 1
    assert pages[-1].cursor is not None


def test_a_quiet_time_moves_the_cursor_with_one_empty_page(serve: Serve) -> None:
    served = serve()
    later = (served.world.now + timedelta(days=5)).isoformat()

    pages = served.pages("punches", later, lookback_days=0)

    assert pages == []
    pages = served.pages(
        "punches", (served.world.now - timedelta(hours=1)).isoformat(), lookback_days=0
    )
    assert len(pages) == 1
    assert pages[0].cursor > (served.world.now - timedelta(hours=1)).isoformat()


@pytest.mark.parametrize(
    "stream", ["departments", "employees", "punches", "days", "leave_requests", "approvals"]
)
def test_golden_cases_hold(stream: str) -> None:
    results = run_cases(find_mapping(MAPPINGS, "wecom", stream), today=date(2026, 11, 20))

    assert len(results) >= 3
    assert [r for r in results if not r.passed] == []


def test_a_message_to_nobody_is_refused_and_not_sent(serve: Serve) -> None:
    served = serve()
    sink = connector.sink("messages")

    written = sink.write(
        served.session(), [Write(key="1", values={"work_no": "no-such"}), Write(key="2", values={})]
    )

    assert [w.status for w in written] == [WriteStatus.REFUSED] * 2
    assert {w.code for w in written} == {"wecom.recipient_unknown"}
    assert served.running.enterprise.delivered == []


def test_a_member_without_licence_is_told_as_such(serve: Serve) -> None:
    served = serve(licensed="no")
    sink = connector.sink("messages")

    (written,) = sink.write(served.session(), [_notice(served, "1")])

    assert written.code == "wecom.recipient_unlicensed"


def test_a_connection_without_application_id_sends_nothing(serve: Serve) -> None:
    served = serve()
    sink = connector.sink("messages")

    with pytest.raises(ConfigError) as refused:
        sink.write(served.session(agent_id=0), [_notice(served, "1")])

    assert refused.value.code == "wecom.agent_missing"


def test_a_dry_run_asks_nothing(serve: Serve) -> None:
    served = serve()
    sink = connector.sink("messages")

    (planned,) = sink.plan(served.session(), [_notice(served, "1")])

    assert planned.target == "POST /message/send"
    assert served.running.requests == []


def test_the_same_write_is_one_message_and_another_write_is_another(serve: Serve) -> None:
    served = serve()
    sink = connector.sink("messages")

    for key in ("1", "1", "2"):
        (written,) = sink.write(served.session(), [_notice(served, key)])
        assert written.status is WriteStatus.WRITTEN

    assert len(served.running.enterprise.delivered) == 2


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda r: replace(r, query={**r.query, "nonce": "1"}), "signature"),
        (lambda r: replace(r, query={**r.query, "msg_signature": "é"}), "signature"),
        (lambda r: replace(r, query={}), "signature"),
        (lambda r: replace(r, body=b"<xml/>"), "signature"),
        (lambda r: sealed(EVENT, NOW - timedelta(hours=2)), "age"),
        (lambda r: sealed(EVENT, NOW + timedelta(minutes=6)), "age"),
    ],
)
def test_what_is_not_from_wecom_is_refused(
    serve: Serve, change: Callable[[Received], Received], rule: str
) -> None:
    (callback,) = connector.events

    with pytest.raises(AuthError) as refused:
        callback.verify(serve().session().config, change(sealed(EVENT, NOW)), NOW)

    assert refused.value.context["rule"] == rule


def test_without_a_token_no_report_is_taken(serve: Serve) -> None:
    (callback,) = connector.events

    with pytest.raises(AuthError):
        callback.verify(serve().session(callback_token="").config, sealed(EVENT, NOW), NOW)


@pytest.mark.parametrize(
    ("settings", "receiver", "rule"),
    [
        ({}, "ww-of-somebody-else", "receiver"),
        ({"callback_key": "short"}, CORP_ID, "aes_key"),
    ],
)
def test_what_is_for_somebody_else_is_not_read(
    serve: Serve, settings: dict[str, str], receiver: str, rule: str
) -> None:
    (callback,) = connector.events

    with pytest.raises(RowRejected) as refused:
        callback.parse(serve().session(**settings).config, sealed(EVENT, NOW, receiver))

    assert refused.value.rule in (rule, "base64")


@pytest.mark.parametrize("length", range(33))
def test_paddings_of_one_to_thirty_two_bytes_are_read(serve: Serve, length: int) -> None:
    (callback,) = connector.events
    config = connector.config(**_settings())

    (event,) = callback.parse(config, sealed(EVENT.replace("wx1", "w" * (length + 1)), NOW))

    assert event.keys == ("w" * (length + 1),)


def test_an_event_sent_again_under_other_random_bytes_is_the_same_event(serve: Serve) -> None:
    (callback,) = connector.events
    config = connector.config(**_settings())
    one, two = sealed(EVENT, NOW, seed=1), sealed(EVENT, NOW, seed=2)

    assert one.body != two.body
    assert callback.parse(config, one) == callback.parse(config, two)
    assert callback.parse(config, one)[0].stream == "employees"


def test_an_approval_names_its_form(serve: Serve) -> None:
    (callback,) = connector.events
    served = serve()
    config = served.session().config
    received = served.running.approval(NOW)
    callback.verify(config, received, NOW)

    (event,) = callback.parse(config, received)

    assert (event.type, event.keys) == ("sys_approval_change", ("202611200001",))
    assert event.stream == "leave_requests"


def test_the_steps_of_a_reported_form_come_along_as_a_reading_has_them(serve: Serve) -> None:
    (callback,) = connector.events
    served = serve()
    config = served.session().config
    records = connector.stream("approvals").records
    read = {(d["sp_no"], d["seq"]): d for d in served.docs("approvals")}

    for form in served.running.enterprise.forms:
        (pushed,) = callback.pages(config, served.running.approval(NOW, form["sp_no"]))

        steps = [records.decode(raw, {}) for raw in records.split(pushed.page.body)]
        assert pushed.stream == "approvals"
        assert steps
        for step in steps:
            # What the form is about is not told, and stays as it was.
            told = read[form["sp_no"], step["seq"]]
            assert step == {k: v for k, v in told.items() if k not in ("kind", "leave")}


@pytest.mark.parametrize(
    ("info", "rule"),
    [
        ("<SpNoStr>1</SpNoStr>", "wecom.form"),
        ("<Applyer><UserId>wx1</UserId></Applyer>", "wecom.form"),
        (
            "<SpNoStr>1</SpNoStr><Applyer><UserId>w</UserId></Applyer><SpStatus>x</SpStatus>",
            "integer",
        ),
    ],
)
def test_a_form_that_cannot_be_read_is_kept_for_a_person(
    serve: Serve, info: str, rule: str
) -> None:
    (callback,) = connector.events
    config = serve().session().config
    event = "<Event>sys_approval_change</Event>"

    with pytest.raises(RowRejected) as refused:
        callback.pages(config, sealed(f"{event}<ApprovalInfo>{info}</ApprovalInfo>", NOW))

    assert refused.value.rule == rule


def test_a_change_of_a_member_brings_no_record(serve: Serve) -> None:
    (callback,) = connector.events

    assert callback.pages(serve().session().config, sealed(EVENT, NOW)) == ()


def test_the_test_of_an_address_is_answered_with_the_bare_text(serve: Serve) -> None:
    (callback,) = connector.events
    served = serve()
    config = served.session().config
    received = served.running.echo("1616140317555161061", NOW)

    callback.verify(config, received, NOW)
    reply = callback.challenge(config, received)

    assert reply is not None
    assert reply.body == b"1616140317555161061"


def test_credentials_do_not_show(serve: Serve) -> None:
    session = serve().session()
    assert connector.auth is not None

    assert SECRET not in repr(connector.auth(session.config)) + repr(session)


def _notice(served: Any, key: str) -> Write:
    return Write(key=key, values={"work_no": served.world.employed[3][1].user_id})


def _settings() -> dict[str, Any]:
    from connectors.wecom.sandbox import CALLBACK_KEY, CALLBACK_TOKEN

    return {
        "corp_id": CORP_ID,
        "secret": SECRET,
        "callback_token": CALLBACK_TOKEN,
        "callback_key": CALLBACK_KEY,
    }
