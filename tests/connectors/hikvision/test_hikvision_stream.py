"""A terminal tells its events on a line that the hub holds open; failures first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from connectors.hikvision import connector
from connectors.hikvision.push import Posts
from hrhub.connector import Received
from hrhub.errors import ConfigError, HrHubError, StorageError, Transient
from hrhub.http.ports import MemoryPorts
from hrhub.pipeline.inbox import Inbox
from hrhub.pipeline.listening import Heard, Listening
from tests.connectors.hikvision.site import CONNECTION, Site, opened

Serve = Callable[..., Any]


def receiver(**changes: Any) -> Posts:
    found = connector.receiver("push")
    assert isinstance(found, Posts)
    return replace(found, **changes)


def listen(site: Site, for_s: float, breaks: list[str] | None = None) -> Heard:
    def broken(error: HrHubError, _: float) -> None:
        if breaks is not None:
            breaks.append(error.code)

    # A budget that is counted in the time of this test, not of the machine.
    site.hub.ports = MemoryPorts(site.hub.clock)
    listening = Listening(site.hub, connector, site.config, CONNECTION, "push")
    return listening.run(for_s, broken)


def test_another_terminal_than_the_named_one_is_not_listened_to(serve: Serve) -> None:
    served = serve()

    for serial in ("DS-ANOTHER", ""):
        with pytest.raises(ConfigError) as refused:
            next(receiver().listen(served.session(push_serial=serial), 60))
        assert refused.value.code == "hikvision.other_terminal"

    assert not any("alertStream" in asked.target for asked in served.running.requests)


def test_a_line_that_somebody_else_has_is_refused_for_now(serve: Serve) -> None:
    served = serve()
    first = receiver().listen(served.session(), 60)
    next(first)

    with pytest.raises(Transient):
        next(receiver().listen(served.session(), 60))
    assert next(first).body


def test_a_line_without_signs_of_life_is_lost(serve: Serve) -> None:
    served = serve(lines="silent")
    told: list[Received] = []

    with pytest.raises(Transient) as lost:
        told.extend(receiver(silence_s=0.3).listen(served.session(), 60))

    assert lost.value.code == "vendor.timeout"


def test_signs_of_life_and_news_come_on_one_line_without_photos(serve: Serve) -> None:
    served = serve(beat_s="0.05")
    log, config = served.running.terminal.events, served.session().config
    line = receiver().listen(served.session(), 60)

    told = list(islice(line, len(log)))
    beats = list(islice(line, 2))
    log.append({**log[-1], "serialNo": 900_001})
    served.running.terminal.stream.tell()
    news = next(one for one in line if b"900001" in one.body)
    line.close()  # type: ignore[attr-defined]

    assert [receiver().parse(config, one) for one in beats] == [(), ()]
    assert len(receiver().parse(config, news)) == 1
    assert not any(b"photo" in one.body for one in told)


def test_a_line_whose_time_is_over_ends_well(serve: Serve) -> None:
    served = serve(lines="silent")

    told = list(receiver().listen(served.session(), 1.0))

    assert len(told) == len(served.running.terminal.events)


@pytest.fixture
def site(store_url: str, tmp_path: Path) -> Iterator[Site]:
    with opened(store_url, tmp_path, {"lines": "cut,garbage,over,over"}) as running:
        yield running


def test_lines_break_and_what_they_told_is_what_the_company_punched(site: Site) -> None:
    site.hire()
    site.terminal().post(site.punches[:3])
    breaks: list[str] = []

    heard = listen(site, 15, breaks)
    done = site.drain()
    site.read()

    assert breaks == ["vendor.page_cut", "vendor.page_broken"]
    assert (heard.breaks, heard.unreadable, heard.error) == (2, 1, None)
    assert heard.kept == len(site.punches) - 3
    assert heard.repeated > 3
    assert not done.errors
    assert site.count("attendance_punch") == len(site.punches)
    assert site.count("hub_quarantine") == 0
    assert not any(b"photo" in body or b"password" in body for body in site.kept())


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_terminal_that_cannot_be_reached_is_called_ever_more_rarely(
    store_url: str, tmp_path: Path
) -> None:
    with opened(store_url, tmp_path) as site:
        site.running.stop()
        breaks: list[str] = []

        heard = listen(site, 600, breaks)

    assert heard.error is not None
    assert heard.error.retryable
    assert 4 <= len(breaks) == heard.breaks <= 8


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_password_that_is_wrong_ends_the_listening(store_url: str, tmp_path: Path) -> None:
    with opened(store_url, tmp_path, password="another") as site, pytest.raises(ConfigError):
        listen(site, 600)

    assert site.running.terminal.guard.failures < 3


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_what_cannot_be_stored_ends_the_listening(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> bool:
        raise StorageError("store.unavailable")

    with opened(store_url, tmp_path) as site:
        monkeypatch.setattr(Inbox, "keep", full)
        with pytest.raises(StorageError):
            listen(site, 600)
