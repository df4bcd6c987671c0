from __future__ import annotations

import gzip
import logging
import socket
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest

from hrhub.ambient import FakeClock, SystemClock
from hrhub.connector import VendorAnswer
from hrhub.errors import (
    AuthError,
    ConfigError,
    ContractChanged,
    HrHubError,
    ScopeError,
    Throttled,
    Transient,
)
from hrhub.http.addresses import AddressPolicy
from hrhub.http.auth import ApiKey
from hrhub.http.client import HttpClient
from hrhub.http.limits import Limits, Proxy
from hrhub.http.problems import JsonCode
from hrhub.http.retry import RetryPlan
from hrhub.http.testing import Received, Reply, ScriptedServer, local_client

ONCE = RetryPlan(tries=1)
GOOD = Reply.json({"data": [1]})
COUNTED = b"".join(b"%09d" % number for number in range(100_000))
"""900 kB that compress only about three times."""


def repr_of_size(value: bytes | str) -> str:
    """Name a parameter by what does not change from run to run: gzip writes the time."""
    return value or "plain" if isinstance(value, str) else f"{len(value)} bytes"


def failure(*script: Reply, method: str = "GET", **options: Any) -> HrHubError:
    """Return what a client that tries once raises."""
    request_options = {
        key: options.pop(key) for key in ("ok", "expect", "idempotent") if key in options
    }
    options.setdefault("retry", ONCE)
    with ScriptedServer(script) as server, pytest.raises(HrHubError) as caught:
        local_client(server.url, **options).request(method, "/x", **request_options)
    return caught.value


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (Reply(b"{}", 401), AuthError, "auth.refused"),
        (Reply(b"{}", 403), ScopeError, "auth.missing_right"),
        (Reply.throttled(), Throttled, "vendor.throttled"),
        (Reply(b"{}", 408), Transient, "vendor.timeout"),
        (Reply(b"{}", 425), Transient, "vendor.server_error"),
        (Reply(b"{}", 500), Transient, "vendor.server_error"),
        (Reply.html(502), Transient, "vendor.server_error"),
        (Reply(b"{}", 503), Transient, "vendor.server_error"),
        (Reply(b"{}", 504), Transient, "vendor.server_error"),
        (Reply(b"{}", 501), ContractChanged, "vendor.refused_request"),
        (Reply(b"{}", 400), ContractChanged, "vendor.refused_request"),
        (Reply(b"{}", 404), ContractChanged, "vendor.refused_request"),
        (Reply(b"", 304), ContractChanged, "vendor.refused_request"),
        (Reply(reset=True), Transient, "vendor.connection_lost"),
        (Reply.html(), ContractChanged, "vendor.wrong_content_type"),
        (GOOD.but(keep=5), Transient, "vendor.page_cut"),
        (GOOD.but(keep=5, framing="chunked"), Transient, "vendor.page_cut"),
        (GOOD.zipped().but(keep=20, framing="close"), Transient, "vendor.page_cut"),
    ],
)
def test_every_failure_has_its_class_and_code(
    reply: Reply, kind: type[HrHubError], code: str
) -> None:
    error = failure(reply)

    assert (type(error), error.code) == (kind, code)
    assert error.context["vendor"] == "Scripted"
    assert error.context["connection"] == "test_1"


def test_a_gzip_body_cut_at_any_byte_is_noticed_even_if_its_length_is_right() -> None:
    whole = gzip.compress(b'{"data":[1,2,3]}', mtime=0)
    headers = {"content-encoding": "gzip"}
    replies = [Reply(whole[:end], 200, headers) for end in range(1, len(whole))]

    with ScriptedServer(replies) as server:
        codes = set()
        for _ in replies:
            with pytest.raises(Transient) as caught:
                local_client(server.url, retry=ONCE).get("/x")
            codes.add(caught.value.code)

    assert codes == {"vendor.page_cut"}


@pytest.mark.parametrize(
    ("body", "coding", "rule"),
    [
        (gzip.compress(b"{}") + b"tail", "gzip", "trailing_data"),
        (gzip.compress(b"{}") * 2, "gzip", "trailing_data"),
        (b"not gzip at all", "gzip", "corrupt"),
        (gzip.compress(b"{}"), "gzip, gzip", "coding"),
        (b"{}", "br", "coding"),
        (b'"' + b"a" * 300_000 + b'"', "", "wire_bytes"),
        (
            gzip.compress(b"".join(b"%09d" % i for i in range(100_000)), mtime=0),
            "gzip",
            "decoded_bytes",
        ),
        (gzip.compress(b"a" * 500_000), "gzip", "ratio"),
        (zlib.compress(b"a" * 500_000), "deflate", "ratio"),
    ],
    ids=repr_of_size,
)
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_body_that_breaks_a_limit_is_refused(
    body: bytes, coding: str, rule: str, framing: str
) -> None:
    limits = Limits(wire_bytes=290_000, decoded_bytes=800_000, ratio=50, ratio_above_bytes=100_000)
    headers = {"content-encoding": coding} if coding else {}

    error = failure(Reply(body, 200, headers, framing=framing), limits=limits)

    assert (error.code, error.context["rule"]) == ("vendor.body_refused", rule)
    assert isinstance(error, ContractChanged)


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (b'{"a":1}', ""),
        (b'{"a":1}', "identity"),
        (gzip.compress(b'{"a":1}'), "gzip"),
        (gzip.compress(b'{"a":1}'), "x-gzip"),
        (zlib.compress(b'{"a":1}'), "deflate"),
        (zlib.compress(b'{"a":1}')[2:-4], "deflate"),
    ],
    ids=repr_of_size,
)
def test_every_coding_is_decoded(body: bytes, coding: str) -> None:
    with ScriptedServer([Reply(body, 200, {"content-encoding": coding})]) as server:
        answer = local_client(server.url).get("/x")

    assert answer.json() == {"a": 1}
    assert answer.proved


def test_a_body_ended_by_closing_is_only_claimed_to_be_whole() -> None:
    with ScriptedServer([GOOD.but(framing="close"), GOOD.zipped().but(framing="close")]) as server:
        client = local_client(server.url)

        assert not client.get("/x").proved
        assert client.get("/x").proved


def test_lines_and_files_without_proof_of_their_end_are_refused() -> None:
    csv = Reply(b"a,b\n1,2\n", 200, {"content-type": "text/csv"}, framing="close")

    assert failure(csv, expect="data").code == "vendor.page_cut"
    assert failure(Reply.html(), expect="data").code == "vendor.wrong_content_type"


def test_json_under_a_wrong_type_is_taken_and_a_page_under_the_right_type_is_not() -> None:
    odd = Reply(b' {"a":1}', 200, {"content-type": "text/html"})
    page = Reply(b"\xef\xbb\xbf\n<html>", 200, {"content-type": "application/json"})

    with ScriptedServer([odd]) as server:
        assert local_client(server.url).get("/x").json() == {"a": 1}
    assert failure(page).code == "vendor.wrong_content_type"


@pytest.mark.parametrize(
    "reply", [GOOD.but(drip_s=0.05), GOOD.but(drip_head_s=0.05)], ids=["body", "head"]
)
def test_a_server_that_drips_bytes_does_not_outlive_the_request_s_time(reply: Reply) -> None:
    clock = SystemClock()
    began = clock.monotonic()

    error = failure(reply, clock=clock, limits=Limits(idle_s=5, request_s=0.3))

    assert error.code == "vendor.timeout"
    assert clock.monotonic() - began < 1.5


def test_a_silent_server_is_given_up_after_the_idle_time() -> None:
    error = failure(GOOD.but(delay_s=5), clock=SystemClock(), limits=Limits(idle_s=0.1))

    assert error.code == "vendor.timeout"


def test_nobody_listening_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    with pytest.raises(Transient) as caught:
        local_client(f"http://127.0.0.1:{port}", retry=ONCE).get("/x")

    assert (caught.value.code, caught.value.context["port"]) == ("vendor.unreachable", port)


@pytest.mark.parametrize(
    ("url", "networks", "code"),
    [
        ("https://127.0.0.1:{port}", (), "address.refused"),
        ("http://127.0.0.1:{port}", (), "address.refused"),
        ("http://0x7f.1:{port}", (), "address.refused"),
        ("http://localhost:{port}", ("10.0.0.0/8",), "address.refused"),
    ],
)
def test_a_refused_address_gets_no_byte(url: str, networks: tuple[str, ...], code: str) -> None:
    with ScriptedServer([GOOD]) as server:
        client = local_client(url.format(port=server.port), policy=AddressPolicy.of(networks))
        with pytest.raises(ConfigError) as caught:
            client.get("/x")

    assert caught.value.code == code
    assert server.requests == []


def test_the_environment_s_proxies_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    with ScriptedServer([GOOD]) as server:
        assert local_client(server.url).get("/x").status == 200


def test_a_named_proxy_is_used_and_the_target_behind_it_is_judged() -> None:
    with ScriptedServer([GOOD]) as proxy:
        client = local_client("http://127.0.0.1:9", proxy=Proxy(proxy.url))
        assert client.get("/x").status == 200
        refused = local_client("http://10.1.2.3", proxy=Proxy(proxy.url))
        with pytest.raises(ConfigError) as caught:
            refused.get("/x")

    assert [request.target for request in proxy.requests] == ["http://127.0.0.1:9/x"]
    assert caught.value.code == "address.refused"


@pytest.mark.parametrize(
    ("location", "rule"),
    [
        ("http://localhost:1/login", "origin"),
        ("https://127.0.0.1/login", "origin"),
        ("//evil.example/", "origin"),
        ("http://u:p@127.0.0.1:{port}/", "form"),
        ("/round", "too_many"),
    ],
)
def test_redirects_that_leave_the_origin_or_never_end_are_refused(location: str, rule: str) -> None:
    def script(received: Received) -> Reply:
        return Reply.redirect(location.format(port=server.port))

    with ScriptedServer(script) as server:
        client = local_client(server.url, auth=ApiKey("k"))
        with pytest.raises(ContractChanged) as caught:
            client.get("/x")

    assert (caught.value.code, caught.value.context["rule"]) == ("vendor.redirect_refused", rule)
    assert len(server.requests) == (4 if rule == "too_many" else 1)


def test_a_redirect_within_the_origin_is_followed_for_reading_only() -> None:
    with ScriptedServer([Reply.redirect("/there"), GOOD]) as server:
        assert local_client(server.url).get("/x", params={"a": 1}).json() == {"data": [1]}
    assert [request.target for request in server.requests] == ["/x?a=1", "/there"]

    error = failure(Reply.redirect("/there"), GOOD, method="POST")
    assert error.context["rule"] == "method"


def test_vendor_codes_decide_before_the_status() -> None:
    options = {
        "code_of": JsonCode("errcode", in_success=True),
        "errors": {
            "40001": VendorAnswer(AuthError, "auth.refused"),
            "45009": VendorAnswer(Throttled, "vendor.throttled"),
            "60011": VendorAnswer(ScopeError, "auth.missing_right"),
        },
    }

    wrong = failure(Reply.json({"errcode": 40001, "errmsg": "x"}), **options)
    right = failure(Reply.json({"errcode": 60011}, status=500), **options)
    unknown = failure(Reply.json({"errcode": 99999}), **options)

    assert (type(wrong), wrong.context["vendor_code"]) == (AuthError, "40001")
    assert type(right) is ScopeError
    assert (type(unknown), unknown.code) == (ContractChanged, "vendor.refused_request")
    with ScriptedServer([Reply.json({"errcode": 0, "data": 1})]) as server:
        assert local_client(server.url, **options).get("/x").json()["data"] == 1


def test_a_status_the_caller_handles_is_returned() -> None:
    with ScriptedServer([Reply(b"{}", 404)]) as server:
        assert local_client(server.url).get("/x", ok=(404,)).status == 404


def test_errors_hold_the_correlation_id_and_nothing_of_the_body() -> None:
    body = {"error": {"code": "COE_X", "message": {"value": "Zhang Wei 13800000000"}}}
    reply = Reply.json(body, status=400, correlationid="abc-123")

    error = failure(reply, code_of=JsonCode("error.code"))

    assert error.context == {
        "vendor": "Scripted",
        "connection": "test_1",
        "status": 400,
        "vendor_code": "COE_X",
        "correlation": "abc-123",
    }
    assert "Zhang" not in f"{error} {error!r} {error.__cause__} {error.__context__}"


def test_hostile_codes_and_ids_are_left_out_of_messages() -> None:
    reply = Reply.json({"code": "Zhang Wei"}, status=400, correlationid="a b\tc")

    error = failure(reply, code_of=JsonCode("code"))

    assert set(error.context) == {"vendor", "connection", "status"}


def test_queries_are_not_logged_even_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), ScriptedServer([GOOD]) as server:
        local_client(server.url).get("/x", params={"userId": "E10086"})

    assert server.requests[0].params == {"userId": "E10086"}
    assert "E10086" not in caplog.text


def test_the_library_s_errors_do_not_carry_the_query_outside() -> None:
    with ScriptedServer([Reply(reset=True)]) as server, pytest.raises(Transient) as caught:
        local_client(server.url, retry=ONCE).get("/x", params={"userId": "E10086"})

    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_header_value_with_a_line_end_is_a_config_error() -> None:
    with ScriptedServer([GOOD]) as server, pytest.raises(ConfigError) as caught:
        local_client(server.url, auth=ApiKey("key\n")).get("/x")

    assert caught.value.context["fields"] == "headers"


def test_cookies_and_connections_are_reused() -> None:
    first = GOOD.but(headers={"set-cookie": "JSESSIONID=1; Path=/"})
    with ScriptedServer([first, GOOD]) as server:
        client = local_client(server.url)
        client.get("/a")
        client.get("/b")

    assert server.requests[1].headers["cookie"] == "JSESSIONID=1"
    assert server.requests[0].peer_port == server.requests[1].peer_port


def test_the_vendor_s_clock_and_charset_are_read() -> None:
    headers = {
        "date": "Tue, 24 Nov 2026 09:05:01 GMT",
        "content-type": "text/plain; charset=GB2312",
    }
    with ScriptedServer([Reply("姓名㐂".encode("gb18030"), 200, headers)]) as server:
        answer = local_client(server.url).get("/x", expect="any")

    assert answer.server_date == datetime(2026, 11, 24, 9, 5, 1, tzinfo=UTC)
    assert answer.content_type == "text/plain"
    assert answer.text() == "姓名㐂"
    with pytest.raises(ContractChanged):
        answer.text("utf-8")


def test_repeated_headers_of_a_head_answer_are_read_without_a_body() -> None:
    with ScriptedServer([Reply(b"x" * 10)]) as server:
        answer = local_client(server.url).request("HEAD", "/x")

    assert (answer.body, answer.headers["Content-Length"], answer.proved) == (b"", "10", True)


def test_a_client_without_an_address_sends_nothing() -> None:
    with pytest.raises(ConfigError):
        local_client("").get("/x")


def test_bodies_are_sent_as_form_or_json() -> None:
    with ScriptedServer([GOOD, GOOD]) as server:
        client: HttpClient = local_client(server.url, clock=FakeClock())
        client.post("/x", data={"a": "中 1"})
        client.post("/x", json={"a": "中"})

    assert server.requests[0].form == {"a": "中 1"}
    assert server.requests[1].json() == {"a": "中"}
