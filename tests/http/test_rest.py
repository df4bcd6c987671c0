from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hrhub.ambient import FakeClock
from hrhub.connector import (
    Checked,
    Completeness,
    Connector,
    ConnectorConfig,
    HttpStream,
    JsonRecords,
    ModifiedSince,
    Session,
    Stream,
    TimeWindow,
    open_session,
    setting,
)
from hrhub.errors import ConfigError, ContractChanged, Throttled, Transient
from hrhub.http.auth import ApiKey
from hrhub.http.paging import CursorParam, PageNumber, PageRequest
from hrhub.http.retry import RetryPlan
from hrhub.http.testing import Received, Reply, ScriptedServer

START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


class Config(ConnectorConfig):
    url: str = setting("", title="Address", help="Root of the interface.", slot="host")


def session_for(url: str, *streams: Stream, **options: Any) -> Session:
    connector = Connector(
        name="scripted",
        title="Scripted",
        version="1",
        config=Config,
        check=lambda _: Checked("Scripted"),
        streams=streams or (stream(),),
        base_url=lambda config: config.url,  # type: ignore[attr-defined]
        auth=lambda config: ApiKey("k"),
    )
    config = Config(url=url, allow_networks=("127.0.0.0/8",))
    return open_session(
        connector, config, clock=FakeClock(START), connection="scripted_1", **options
    )


def stream(**options: Any) -> HttpStream:
    defaults = {"name": "people", "title": "People", "feed": "person", "key": ("id",)}
    return HttpStream(**{**defaults, "path": "/people", "records": JsonRecords("rows"), **options})


def served(script: Callable[[Received], Reply] | list[Reply], made: HttpStream, cursor: Any) -> Any:
    with ScriptedServer(script) as server:
        pages = list(made.read(session_for(server.url, made), cursor))
    return pages, server.requests


def paged(received: Received) -> Reply:
    page = int(received.params["page"])
    return Reply.json({"rows": [page] * (2 if page < 3 else 1), "total": 5})


def test_only_the_last_page_brings_the_cursor() -> None:
    made = stream(
        pages=PageNumber(size=2, records="rows"), cursor=ModifiedSince("since"), total="total"
    )

    pages, requests = served(paged, made, None)

    assert [page.cursor for page in pages] == [None, None, "2026-11-24T00:59:00.000+00:00"]
    assert [page.total for page in pages] == [5, 5, 5]
    assert {page.completeness for page in pages} == {Completeness.PROVED}
    assert "since" not in requests[0].params
    assert requests[0].headers["x-api-key"] == "k"


def test_a_reading_that_breaks_off_yields_good_pages_and_no_cursor() -> None:
    def script(received: Received) -> Reply:
        return paged(received) if received.params["page"] == "1" else Reply(b"{}", 400)

    made = stream(pages=PageNumber(size=2, records="rows"), cursor=ModifiedSince("since"))
    pages = []
    with ScriptedServer(script) as server, pytest.raises(ContractChanged) as caught:
        for page in made.read(session_for(server.url, made), None):
            pages.append(page)

    assert [page.cursor for page in pages] == [None]
    assert caught.value.context["stream"] == "people"
    assert caught.value.context["connection"] == "scripted_1"


def test_changes_are_asked_for_with_an_overlap_and_the_vendor_s_clock_is_kept() -> None:
    rule = ModifiedSince(
        "$filter",
        "lastModifiedDateTime ge datetimeoffset'{since}'",
        lookback_s=600,
        safety_lag_s=0,
        clock_header="apiqueryexecutiontimestamp",
    )
    reply = Reply.json({"rows": []}, apiqueryexecutiontimestamp="2026-11-24T00:58:30.250Z")

    pages, requests = served([reply], stream(cursor=rule), "2026-11-23T00:00:00+00:00")

    since = "lastModifiedDateTime ge datetimeoffset'2026-11-22T23:50:00Z'"
    assert requests[0].params["$filter"] == since
    assert pages[-1].cursor == "2026-11-24T00:58:30.250+00:00"


def test_the_first_answer_decides_the_cursor_not_the_last() -> None:
    def script(received: Received) -> Reply:
        page = int(received.params["page"])
        date = f"Tue, 24 Nov 2026 01:0{page}:00 GMT"
        return paged(received).but(headers={"date": date})

    made = stream(
        pages=PageNumber(size=2, records="rows"), cursor=ModifiedSince("since", safety_lag_s=0)
    )
    pages, _ = served(script, made, None)

    assert pages[-1].cursor == "2026-11-24T01:01:00.000+00:00"


def test_windows_follow_each_other_without_gap_and_each_brings_its_cursor() -> None:
    rule = TimeWindow("from", "to", days=30, lookback_s=0, safety_lag_s=60)

    def script(received: Received) -> Reply:
        return Reply.json({"rows": [received.params["from"]]})

    pages, requests = served(script, stream(cursor=rule), "2026-10-01T00:00:00+00:00")
    spans = [(r.params["from"], r.params["to"]) for r in requests]

    assert spans == [
        ("2026-10-01 08:00:00", "2026-10-31 08:00:00"),
        ("2026-10-31 08:00:00", "2026-11-24 08:59:00"),
    ]
    assert [page.cursor for page in pages] == [
        "2026-10-31T00:00:00.000+00:00",
        "2026-11-24T00:59:00.000+00:00",
    ]


def test_equal_empty_pages_of_different_windows_are_no_loop() -> None:
    rule = TimeWindow("from", "to", days=30)

    pages, _ = served(
        lambda _: Reply.json({"rows": []}), stream(cursor=rule), "2026-09-01T00:00:00+00:00"
    )

    assert len(pages) == 3


def test_a_cursor_of_another_form_stops_the_stream() -> None:
    with pytest.raises(ContractChanged) as caught:
        served([], stream(cursor=ModifiedSince("since")), {"skip": 5})

    assert caught.value.code == "cursor.unreadable"


@pytest.mark.parametrize(
    ("time_format", "text"),
    [("epoch_s", 1795482000), ("epoch_ms", 1795482000000), ("%Y/%m/%d %H", "2026/11/24 09")],
)
def test_times_are_written_as_the_vendor_wants(time_format: str, text: object) -> None:
    rule = ModifiedSince("since", time_format=time_format, lookback_s=0)

    windows = list(rule.windows(START.isoformat(), START, SHANGHAI))

    assert windows[0].values == {"since": text}


def test_reading_by_post_puts_window_and_page_into_the_body_and_is_retried() -> None:
    script = [Reply(b"{}", 503), Reply.json({"rows": [1], "next": "c2"}), Reply.json({"rows": [2]})]
    made = stream(
        method="POST",
        json={"status": "all"},
        pages=CursorParam("next", "cursor"),
        cursor=ModifiedSince("since", time_format="epoch_s", lookback_s=0),
    )

    pages, requests = served(script, made, START.isoformat())

    assert [request.json() for request in requests[1:]] == [
        {"status": "all", "since": 1795482000},
        {"status": "all", "since": 1795482000, "cursor": "c2"},
    ]
    assert [bytes(raw) for page in pages for raw in made.records.split(page.body)] == [b"1", b"2"]


def test_a_stream_may_build_its_request_from_the_settings() -> None:
    class Zoned(HttpStream):
        def request(self, session: Session) -> PageRequest:
            return PageRequest(self.path, {"zone": session.config.timezone})

    made = Zoned(name="z", title="Z", feed="person", key=("id",), path="/z")
    with ScriptedServer([Reply.json([])]) as server:
        list(made.read(session_for(server.url, made), None))

    assert server.requests[0].params == {"zone": "Asia/Shanghai"}


def test_the_next_request_goes_out_only_when_the_reader_asks() -> None:
    made = stream(pages=PageNumber(size=2, records="rows"))
    with ScriptedServer(paged) as server:
        pages = made.read(session_for(server.url, made), None)
        next(pages)
        assert len(server.requests) == 1
        next(pages)
        assert len(server.requests) == 2


def test_a_long_wait_reaches_the_caller_with_its_seconds() -> None:
    with ScriptedServer([Reply.throttled("900")]) as server, pytest.raises(Throttled) as caught:
        list(stream().read(session_for(server.url), None))

    assert caught.value.retry_after_s == 900


def test_a_session_s_dialer_keeps_the_connection_s_networks() -> None:
    session = session_for("https://api.example")

    with pytest.raises(ConfigError) as caught:
        session.tcp.connect("10.0.0.1", 4370)

    assert caught.value.code == "address.refused"
    assert caught.value.context["connection"] == "scripted_1"


def test_a_session_takes_another_retry_plan() -> None:
    with ScriptedServer([Reply(b"{}", 503)] * 3) as server, pytest.raises(Transient):
        session = session_for(server.url, retry=RetryPlan(tries=2))
        session.http.get("/x")

    assert len(server.requests) == 2


def test_a_wrong_network_in_the_settings_is_a_config_error() -> None:
    connector = Connector(
        name="bare",
        title="Bare",
        version="1",
        config=ConnectorConfig,
        check=lambda _: Checked("Bare"),
        streams=(stream(),),
    )

    with pytest.raises(ConfigError) as caught:
        open_session(connector, ConnectorConfig(allow_networks=("home",)), clock=FakeClock())

    assert caught.value.context["fields"] == "allow_networks"


def test_declaring_a_connector_loads_no_http_library() -> None:
    import subprocess
    import sys

    code = (
        "import sys, hrhub.connector, hrhub.http.auth, hrhub.http.paging; "
        "print(sorted({'requests', 'urllib3', 'authlib', 'signxml', 'lxml'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "[]"
