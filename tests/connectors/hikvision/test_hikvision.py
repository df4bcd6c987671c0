"""Hikvision: locks, clocks, firmware, people written to the terminal; failures first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from connectors.hikvision import connector
from connectors.hikvision.sandbox import PASSWORD
from connectors.hikvision.words import code_of
from hrhub.connector import Write, WriteStatus
from hrhub.errors import AuthError, ConfigError, ContractChanged
from hrhub.http.answer import Answer, Headers
from hrhub.mapping import Mapped

Serve = Callable[..., Any]


def test_a_wrong_password_is_told_before_it_locks_the_terminal(serve: Serve) -> None:
    served = serve()

    with pytest.raises(AuthError) as refused:
        connector.check(served.session(password="another"))

    assert refused.value.code == "auth.refused"
    assert served.running.terminal.guard.failures < 3


def test_a_locked_terminal_is_told_as_such_and_not_asked_again(serve: Serve) -> None:
    served = serve()
    served.running.terminal.guard.failures = 5

    with pytest.raises(ConfigError) as refused:
        connector.check(served.session())

    assert refused.value.code == "hikvision.locked"
    assert len(served.running.requests) == 1


@pytest.mark.parametrize("skew_s", ["900", "-900"])
def test_a_clock_that_is_far_off_stops_the_reading(serve: Serve, skew_s: str) -> None:
    with pytest.raises(ContractChanged) as refused:
        serve(skew_s=skew_s).pages("punches", most_drift_s=600)

    assert refused.value.code == "hikvision.clock_wrong"
    assert abs(refused.value.context["seconds"]) > 600


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"statusCode":2,"subStatusCode":"deviceBusy"}', "devicebusy"),
        (b'{"statusCode":4,"subStatusCode":"notSupport"}', "notsupport"),
        (b'{"statusCode":3}', "3"),
        (b'{"statusCode":1,"subStatusCode":"ok"}', None),
        (b'{"AcsEvent":{}}', None),
        (b"<userCheck><lockStatus>lock</lockStatus></userCheck>", "locked"),
        (b"<userCheck><lockStatus>unlock</lockStatus></userCheck>", None),
        (b"<ResponseStatus><statusCode>2</statusCode></ResponseStatus>", "2"),
        (
            b'<ResponseStatus xmlns="http://www.hikvision.com/ver20/XMLSchema"><statusCode>4'
            b"</statusCode><subStatusCode>notSupport</subStatusCode></ResponseStatus>",
            "notsupport",
        ),
        (b"<html>lockStatus", None),
    ],
)
def test_a_refusal_is_found_in_json_and_in_xml(body: bytes, code: str | None) -> None:
    assert code_of(Answer(200, Headers({}), body, True)) == code


def test_a_nonce_that_grew_old_is_no_wrong_password(serve: Serve) -> None:
    served = serve(nonce_uses="2")

    assert len(served.docs("users")) == len(served.world.employed)
    assert served.running.terminal.guard.failures == 0


@pytest.mark.parametrize(
    "options",
    [{}, {"single": "yes"}, {"offset": "no"}, {"serials": "no"}, {"old_numbers": "yes"}],
    ids=["new", "single", "without offset", "without serials", "old numbers"],
)
def test_firmware_of_all_ages_gives_the_same_punches(serve: Serve, options: dict[str, str]) -> None:
    served = serve(**options)

    got = [m for m in served.mapped("punches") if isinstance(m, Mapped)]

    told = {(m.values["employee"], m.values["punched_at"]) for m in got}
    expected = {(p.user_id, p.at) for p in served.world.punches()}
    assert len(told) == len(got) == len(expected)
    assert {employee for employee, _ in told} == {number for number, _ in expected}


def test_doors_and_refused_faces_are_no_punches(serve: Serve) -> None:
    served = serve()

    docs = served.docs("punches")

    assert len(served.running.terminal.events) > len(docs)
    assert {(d["major"], d["minor"]) for d in docs} <= {(5, 1), (5, 38), (5, 75)}


def test_which_events_are_punches_is_the_connection_s_choice(serve: Serve) -> None:
    served = serve()
    pages = served.pages("punches", punch_events="5/75")
    split = connector.stream("punches").records.split

    faces = sum(p.verify == 15 for p in served.world.punches())
    assert sum(len(split(page.body)) for page in pages) == faces
    assert [p.cursor is not None for p in pages].count(True) >= 1


def test_punches_go_on_where_the_last_reading_ended(serve: Serve) -> None:
    served = serve()
    pages = served.pages("punches", history_from=date(2026, 11, 1))

    rest = served.pages("punches", pages[-1].cursor)

    assert pages[-1].cursor is not None
    assert len(rest) < len(pages)


def _person(served: Any, **values: Any) -> Write:
    person, spell = served.world.employed[3]
    own = {"work_no": spell.user_id, "display_name": person.display_name}
    return Write(key="write-1", values=own | values)


def _newcomer(**values: Any) -> Write:
    own = {"work_no": "9900001", "display_name": "测试新", "hire_date": date(2026, 12, 1)}
    return Write(key="write-2", values=own | values)


@pytest.mark.parametrize("lacking", [{"work_no": ""}, {"display_name": None}])
def test_who_lacks_number_or_name_is_refused_before_anything_is_sent(
    serve: Serve, lacking: dict[str, Any]
) -> None:
    served = serve()
    (sink,) = connector.sinks

    (written,) = sink.write(served.session(), [_newcomer(**lacking)])

    assert (written.status, written.code) == (
        WriteStatus.REFUSED,
        "hikvision.person_incomplete",
    )
    assert served.running.requests == []


def test_a_full_terminal_is_told_as_such(serve: Serve) -> None:
    served = serve(capacity="1")
    (sink,) = connector.sinks

    (written,) = sink.write(served.session(), [_newcomer()])

    assert written.code == "hikvision.full"


def test_what_the_terminal_does_not_take_is_refused_by_its_word(serve: Serve) -> None:
    (sink,) = connector.sinks

    (written,) = sink.write(serve().session(), [_newcomer(work_no="9" * 33)])

    assert (written.code, written.vendor_code) == ("hikvision.person_refused", "badparameters")


def test_a_person_is_added_then_unchanged_then_changed(serve: Serve) -> None:
    served = serve()
    (sink,) = connector.sinks

    statuses = [
        sink.write(served.session(), [write])[0].status
        for write in (_newcomer(), _newcomer(), _newcomer(end_date=date(2999, 1, 1)), _newcomer())
    ]

    assert statuses == [
        WriteStatus.WRITTEN,
        WriteStatus.UNCHANGED,
        WriteStatus.UNCHANGED,
        WriteStatus.UNCHANGED,
    ]
    user = served.running.terminal.users["9900001"]
    assert user["Valid"]["beginTime"] == "2026-12-01T00:00:00"
    assert user["doorRight"] == "1"


def test_a_leaver_is_removed_and_nobody_else(serve: Serve) -> None:
    served = serve()
    (sink,) = connector.sinks
    before = len(served.running.terminal.users)

    for _ in range(2):
        (written,) = sink.write(served.session(), [_person(served, status="terminated")])
        assert written.status is WriteStatus.WRITTEN

    assert len(served.running.terminal.users) == before - 1


def test_the_password_does_not_show(serve: Serve) -> None:
    session = serve().session()
    assert connector.auth is not None

    assert PASSWORD not in repr(connector.auth(session.config)) + repr(session)
