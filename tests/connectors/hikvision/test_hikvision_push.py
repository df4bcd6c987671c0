"""Terminals post to a served inbox over real sockets; what they bring is the company's truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.hikvision import connector
from connectors.hikvision.sandbox.pushing import FORMS, PHOTO, Form, alert, written
from hrhub.connector import Received
from hrhub.errors import AuthError, ConfigError, RowRejected
from tests.connectors.hikvision.site import CONNECTION, Site, opened

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
def site(store_url: str, tmp_path: Path) -> Iterator[Site]:
    with opened(store_url, tmp_path) as running:
        yield running


@pytest.mark.parametrize(
    "settings",
    [{"push_serial": ""}, {"event_networks": ["203.0.113.0/24"]}, {"event_networks": []}],
)
@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_terminal_that_the_connection_does_not_name_is_refused(
    store_url: str, tmp_path: Path, settings: dict[str, Any]
) -> None:
    with opened(store_url, tmp_path, **settings) as site:
        with pytest.raises(PermissionError):
            site.terminal().post(site.punches[:1])

        assert site.count("hub_inbox") == 0
        assert site.box.fates() == {"refused": 1}


def test_what_cannot_be_read_is_kept_without_its_picture(site: Site) -> None:
    edge = (
        b'--e\r\nContent-Disposition: form-data; name="AccessControllerEvent"\r\n\r\n{"broken\r\n'
    )
    picture = b"--e\r\nContent-Type: image/jpeg\r\n\r\n" + PHOTO + b"\r\n--e--\r\n"

    status = site.terminal().send(edge + picture, "multipart/form-data; boundary=e")

    assert status == 200
    assert site.box.fates() == {"unreadable": 1}
    assert site.kept() == [b'{"broken']


def test_what_a_terminal_posts_is_what_the_company_punched(site: Site) -> None:
    site.hire()
    quarter = len(site.log) // 4 + 1
    for place, form in enumerate(FORMS):
        site.terminal(form=form).post(site.log[place * quarter : (place + 1) * quarter])
    # The path is kept by some firmware.
    site.terminal(path=f"/{CONNECTION}/push").post(site.punches[-1:], current=False)

    done = site.drain()

    assert not done.errors
    assert site.count("attendance_punch") == len(site.punches)
    fates = site.box.fates()
    assert fates == {
        "kept": len(site.punches),
        "repeated": 1,
        "empty": len(site.log) - len(site.punches),
    }
    assert not any(b"photo" in body or b"password" in body for body in site.kept())


@pytest.mark.parametrize("posted_first", [True, False])
def test_a_punch_that_was_read_and_posted_is_one_punch(site: Site, posted_first: bool) -> None:
    site.hire()
    steps: list[Callable[[], Any]] = [
        lambda: (site.terminal(form="xml").post(site.punches), site.drain()),
        site.read,
    ]
    for step in steps if posted_first else reversed(steps):
        step()

    assert site.count("attendance_punch") == len(site.punches)
    assert site.count("hub_quarantine") == 0


def test_an_event_whose_answer_was_lost_comes_again_and_is_one(site: Site) -> None:
    requests = site.terminal(lose=2).post(site.punches[:1])

    assert requests == 3
    assert site.box.fates() == {"kept": 1, "repeated": 2}


def test_signs_of_life_are_answered_and_not_kept(site: Site) -> None:
    assert site.terminal(form="xml").beat() == 1

    assert site.count("hub_inbox") == 0


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_reading_another_terminal_than_the_one_that_posts_stops(
    store_url: str, tmp_path: Path
) -> None:
    with (
        opened(store_url, tmp_path, push_serial="DS-ANOTHER") as site,
        pytest.raises(ConfigError) as refused,
    ):
        site.read()

    assert refused.value.code == "hikvision.other_terminal"
    assert refused.value.context["stream"] == "users"


def _received(form: Form, **row: Any) -> Received:
    whole = {"major": 5, "minor": 75, "time": "2026-03-02T08:58:41", "employeeNoString": "0010086"}
    body, kind = written(alert(whole | row), form)
    return Received(method="POST", path="/", headers={"content-type": kind}, body=body)


def _config(**more: Any) -> Any:
    values = {"url": "http://10.0.0.9", "password": "p", "push_serial": "S1"} | more
    return connector.config(**values)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_the_same_event_with_and_without_what_is_not_kept(form: Form) -> None:
    receiver, config = connector.receiver("push"), _config()
    received = _received(form, serialNo=7)
    kept = receiver.keepable(config, received)

    assert receiver.parse(config, received) == receiver.parse(config, _received("json", serialNo=7))
    assert receiver.parse(config, kept) == receiver.parse(config, received)
    assert receiver.pages(config, kept) == receiver.pages(config, received)
    assert b"photo" not in kept.body


def test_a_time_without_offset_is_the_same_punch_as_one_with_it() -> None:
    receiver, config, records = (
        connector.receiver("push"),
        _config(),
        connector.stream("punches").records,
    )
    times = []
    for text in ("2026-03-02T08:58:41", "2026-03-02T08:58:41+08:00"):
        (pushed,) = receiver.pages(config, _received("json", time=text))
        (raw,) = records.split(pushed.page.body)
        times.append(records.decode(raw, pushed.page.meta)["time"])

    assert times == ["2026-03-02T08:58:41+08:00"] * 2


@pytest.mark.parametrize(
    "row",
    [{"minor": 76}, {"major": 3, "minor": 75}, {"employeeNoString": ""}, {"minor": "none"}],
)
def test_what_is_no_punch_is_no_event(row: dict[str, Any]) -> None:
    assert connector.receiver("push").parse(_config(), _received("json", **row)) == ()


@pytest.mark.parametrize("body", [b"{", b"<a", b"<a>", b"{}x", b"{\xff}"])
def test_what_is_neither_json_nor_xml_is_refused_by_parse(body: bytes) -> None:
    received = replace(_received("json"), body=body)

    with pytest.raises(RowRejected):
        connector.receiver("push").parse(_config(), received)


def test_a_punch_without_its_time_is_refused() -> None:
    with pytest.raises(RowRejected) as refused:
        connector.receiver("push").parse(_config(), _received("json", time=None))

    assert refused.value.field_path == "dateTime"


def test_without_a_serial_number_nothing_is_taken() -> None:
    with pytest.raises(AuthError):
        connector.receiver("push").verify(_config(push_serial=""), _received("json"), NOW)
