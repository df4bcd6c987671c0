from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hrhub.errors import ContractChanged
from hrhub.http.answer import Answer, Headers
from hrhub.http.lookup import count, find, find_text
from hrhub.http.paging import (
    CursorParam,
    LoopGuard,
    NextLink,
    ODataSkipToken,
    Offset,
    PageNumber,
    PageRequest,
    Paging,
    ScrollId,
    SinglePage,
)
from hrhub.http.testing import Received, Reply, ScriptedServer, local_client

ROWS = list(range(10))


def answer(body: bytes) -> Answer:
    return Answer(200, Headers({}), body, True)


def walk(paging: Paging, serve: Callable[[Received, str], Any], **base: Any) -> list[int]:
    """Walk a real server to the end and return the records in the order they came."""
    rows: list[int] = []
    with ScriptedServer(lambda received: Reply.json(serve(received, server.url))) as server:
        client = local_client(server.url)
        request: PageRequest | None = paging.first(PageRequest("/rows", **base))
        guard = LoopGuard(repeats=isinstance(paging, ScrollId))
        while request is not None:
            guard.sent(request)
            got = client.request(
                request.method, request.path, params=request.params, json=request.json
            )
            guard.came(got)
            value = got.json()
            rows += value["d"]["results"] if "d" in value else value["rows"]
            request = paging.following(request, got)
    return rows


def numbered(received: Received, _: str) -> Any:
    page, size = int(received.params["page"]), int(received.params["size"])
    return {"rows": ROWS[(page - 1) * size : page * size], "total": len(ROWS)}


@pytest.mark.parametrize("size", [1, 3, 5, 10, 11])
@pytest.mark.parametrize("total", ["", "total"])
def test_page_numbers_reach_every_record_once(size: int, total: str) -> None:
    assert walk(PageNumber(size=size, records="rows", total=total), numbered) == ROWS


@pytest.mark.parametrize("size", [3, 5, 10])
def test_offsets_reach_every_record_once_also_in_a_body(size: int) -> None:
    def serve(received: Received, _: str) -> Any:
        asked = received.json()
        at = asked["offset"]
        assert asked["status"] == "all"
        return {"rows": ROWS[at : at + asked["limit"]], "more": at + asked["limit"] < len(ROWS)}

    base = {"method": "POST", "json": {"status": "all"}}
    assert walk(Offset(size=size, records="rows", more="more"), serve, **base) == ROWS
    assert walk(Offset(size=size, records="rows"), serve, **base) == ROWS


def test_names_with_dots_lead_into_the_body() -> None:
    def serve(received: Received, _: str) -> Any:
        asked = received.json()["data"]
        assert asked["form"] == "people"
        return {"rows": ROWS[asked["from"] : asked["from"] + asked["limit"]]}

    base = {"method": "POST", "json": {"data": {"form": "people"}}}
    paging = Offset(name="data.from", size=4, size_name="data.limit", records="rows")

    assert walk(paging, serve, **base) == ROWS


@pytest.mark.parametrize("more", ["", "has_more"])
def test_a_cursor_is_carried_until_none_comes(more: str) -> None:
    def serve(received: Received, _: str) -> Any:
        at = int(received.params.get("cursor", "0"))
        after = at + 4
        ends = after >= len(ROWS)
        # Vendors with a flag often repeat the last cursor on the last page.
        cursor = str(after) if more or not ends else ""
        return {"rows": ROWS[at:after], "next": {"cursor": cursor}, "has_more": not ends}

    assert walk(CursorParam("next.cursor", "cursor", more, {"size": 4}), serve) == ROWS


def test_a_scroll_goes_on_with_one_id_until_a_page_is_empty() -> None:
    left = iter([ROWS[:4], ROWS[4:8], ROWS[8:], []])

    def serve(received: Received, _: str) -> Any:
        return {"rows": next(left), "scrollId": "same"}

    assert walk(ScrollId("scrollId", "rows"), serve) == ROWS


def test_odata_links_are_followed_as_they_stand_even_with_the_port_spelled_out() -> None:
    def serve(received: Received, url: str) -> Any:
        at = int(received.params.get("$skiptoken", "0"))
        assert ("customPageSize" in received.params) == (at == 0)
        link = f"{url}/rows?$select=a,b&$skiptoken={at + 4}"
        return {"d": {"results": ROWS[at : at + 4], **({"__next": link} if at + 4 < 10 else {})}}

    assert walk(ODataSkipToken(size=4, style="snapshot"), serve) == ROWS


def test_a_next_link_to_another_host_is_refused() -> None:
    def serve(received: Received, _: str) -> Any:
        return {"rows": [], "next": "https://evil.example/rows"}

    with pytest.raises(ContractChanged) as caught:
        walk(NextLink("next"), serve)

    assert caught.value.code == "vendor.link_refused"


def test_a_vendor_that_sends_the_same_token_twice_is_stopped() -> None:
    turns = iter(range(9))

    def serve(received: Received, _: str) -> Any:
        return {"rows": [next(turns)], "cursor": "same"}

    with pytest.raises(ContractChanged) as caught:
        walk(CursorParam("cursor", "c"), serve)

    assert (caught.value.code, caught.value.context) == ("vendor.page_loop", {"rule": "request"})


def test_a_vendor_that_ignores_the_page_parameter_is_stopped() -> None:
    def serve(received: Received, _: str) -> Any:
        return {"rows": [1, 2]}

    with pytest.raises(ContractChanged) as caught:
        walk(PageNumber(size=2, records="rows"), serve)

    assert (caught.value.code, caught.value.context) == ("vendor.page_loop", {"rule": "body"})


def test_one_answer_is_one_page() -> None:
    assert walk(SinglePage(), lambda *_: {"rows": ROWS}) == ROWS


@pytest.mark.parametrize(
    ("body", "path", "value"),
    [
        (b'{"d":{"__next":"x","results":[{}]}}', "d.__next", "x"),
        (b'{"d":{"results":[]}}', "d.__next", None),
        (b'{"d":null}', "d.__next", None),
        (b'{"d":{"__next":{"uri":"x"}}}', "d.__next", None),
        (b'{"a":0}', "a", 0),
        (b'{"a":false}', "a", False),
        (b"[1]", "a", None),
        (b'{"a":1', "a", None),
        (b"\xff", "a", None),
    ],
)
def test_single_values_are_found_or_not(body: bytes, path: str, value: object) -> None:
    assert find(body, path) == value


def test_values_as_text_and_lengths_of_lists() -> None:
    assert find_text(b'{"a":0,"b":true}', "a") == "0"
    assert find_text(b'{"a":0,"b":true}', "b") == "true"
    assert find_text(b'{"a":""}', "a") is None
    assert count(b'{"d":{"results":[1,{"x":[2]}]}}', "d.results") == 2
    assert count(b"[1,2,3]", "") == 3
    assert count(b'{"d":{}}', "d.results") is None


def test_values_that_may_be_personal_are_in_no_representation() -> None:
    request = PageRequest("/x", {"name": "zhang"}, json={"name": "zhang"})

    assert "zhang" not in repr(request)
    assert "zhang" not in repr(answer(b'{"name":"zhang"}'))
