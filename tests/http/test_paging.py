from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from hrhub.ambient import FakeClock
from hrhub.connector import HttpStream, XmlRecords
from hrhub.errors import ContractChanged, HrHubError, Transient
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
    SearchPosition,
    SinglePage,
)
from hrhub.http.testing import Received, Reply, ScriptedServer, local_client
from hrhub.http.xml import parse_xml

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
            value = value.get("AcsEvent", value)
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


SEARCH = SearchPosition(ask="Cond", answer="AcsEvent", size=4, total="totalMatches")
ASKED = {"method": "POST", "json": {"Cond": {"major": 5}}}


class Terminal:
    """An access terminal that caps pages at three rows, with what goes wrong with it."""

    def __init__(self, rows: list[int] = ROWS, **wrong: Any) -> None:
        self.rows, self.wrong, self.ids = rows, wrong, []

    def __call__(self, received: Received, _: str) -> Any:
        asked = received.json()["Cond"]
        assert asked["major"] == 5
        self.ids.append(asked["searchID"])
        at = asked["searchResultPosition"]
        rows = self.rows[at : at + min(asked["maxResults"], 3)]
        status = "MORE" if at + len(rows) < len(self.rows) else "OK" if rows else "NO MATCH"
        return {
            "AcsEvent": {
                "searchID": asked["searchID"],
                "responseStatusStrg": status,
                "numOfMatches": len(rows),
                "totalMatches": len(self.rows),
                "rows": rows,
                **self.wrong,
            }
        }


@pytest.mark.parametrize(
    ("wrong", "kind", "code"),
    [
        ({"searchID": "of-somebody-else"}, Transient, "vendor.search_lost"),
        ({"responseStatusStrg": "OK"}, Transient, "vendor.page_short"),
        ({"responseStatusStrg": "NO MATCH", "numOfMatches": 0}, Transient, "vendor.page_short"),
        ({"responseStatusStrg": "PARTLY"}, ContractChanged, "vendor.page_status"),
        ({"responseStatusStrg": None}, ContractChanged, "vendor.page_status"),
        ({"responseStatusStrg": "MORE", "numOfMatches": 0}, ContractChanged, "vendor.page_loop"),
        ({"responseStatusStrg": "MORE", "totalMatches": 2}, ContractChanged, "vendor.page_loop"),
    ],
)
def test_a_search_that_does_not_end_as_agreed_is_an_error(
    wrong: dict[str, Any], kind: type[HrHubError], code: str
) -> None:
    with pytest.raises(kind) as caught:
        walk(SEARCH, Terminal(**wrong), **ASKED)

    assert caught.value.code == code


def test_a_search_goes_on_from_what_came_with_one_id_of_its_own() -> None:
    terminal = Terminal()

    assert walk(SEARCH, terminal, **ASKED) == ROWS
    assert walk(SEARCH, terminal, **ASKED) == ROWS
    first, second = set(terminal.ids[:4]), set(terminal.ids[4:])
    assert (len(terminal.ids), len(first), len(second)) == (8, 1, 1)
    assert first != second
    assert len(terminal.ids[0]) <= 36


def test_a_search_without_match_is_empty() -> None:
    assert walk(SEARCH, Terminal(rows=[]), **ASKED) == []


def test_a_search_without_numbers_counts_the_list() -> None:
    counted = SearchPosition(ask="Cond", answer="AcsEvent", size=4, records="AcsEvent.rows")

    assert walk(counted, Terminal(numOfMatches=None), **ASKED) == ROWS


def test_more_promised_behind_the_last_record_is_believed_only_with_a_total() -> None:
    def serve(received: Received, url: str) -> Any:
        body = Terminal()(received, url)
        body["AcsEvent"]["responseStatusStrg"] = "MORE"
        return body

    assert walk(SEARCH, serve, **ASKED) == ROWS
    with pytest.raises(ContractChanged) as caught:
        walk(SearchPosition(ask="Cond", answer="AcsEvent", size=4), serve, **ASKED)
    assert caught.value.context["rule"] == "no_progress"


def test_a_search_in_xml_is_the_same_search() -> None:
    seen = []

    def serve(received: Received) -> Reply:
        root = parse_xml(received.body)
        asked = {str(e.tag).rpartition("}")[2]: e.text for e in root}
        seen.append((received.headers["content-type"], asked["kind"]))
        at = int(asked["searchResultPosition"] or 0)
        rows = "".join(f"<e><id>{n}</id></e>" for n in ROWS[at : at + 3])
        status = "MORE" if at + 3 < len(ROWS) else "OK"
        body = (
            f"<Found xmlns='urn:v20'><searchID>{asked['searchID']}</searchID>"
            f"<responseStatusStrg>{status}</responseStatusStrg><list>{rows}</list></Found>"
        )
        return Reply(body.encode(), headers={"content-type": "application/xml"})

    stream = HttpStream(
        name="events",
        title="Events",
        feed="punch",
        key=("id",),
        path="/search",
        method="POST",
        xml={"Cond": {"@xmlns": "urn:v20", "kind": "a&b"}},
        records=XmlRecords("Found.list.e"),
        pages=SearchPosition(ask="Cond", answer="Found", size=4, records="Found.list.e"),
        expect="xml",
    )
    with ScriptedServer(serve) as server:
        session = SimpleNamespace(
            http=local_client(server.url),
            clock=FakeClock(),
            config=SimpleNamespace(timezone="Asia/Shanghai"),
        )
        pages = list(stream.read(session, None))  # type: ignore[arg-type]

    raws = [raw for page in pages for raw in stream.records.split(page.body)]
    assert [int(stream.records.decode(raw, {})["id"]) for raw in raws] == ROWS
    assert set(seen) == {("application/xml", "a&b")}


def circling(received: Received, url: str) -> Any:
    """Answer every request with the same two records and a promise of more."""
    return {
        "rows": [1, 2],
        "total": 99,
        "more": True,
        "cursor": "same",
        "scrollId": "same",
        "next": f"{url}/rows?same",
        "d": {"results": [1, 2], "__next": f"{url}/rows?same"},
        "AcsEvent": {"rows": [1, 2], "responseStatusStrg": "MORE", "numOfMatches": 2},
    }


@pytest.mark.parametrize(
    "paging",
    [
        PageNumber(size=2, records="rows"),
        PageNumber(size=2, records="rows", total="total"),
        PageNumber(size=2, records="rows", more="more"),
        Offset(size=2, records="rows"),
        Offset(size=2, records="rows", total="total"),
        CursorParam("cursor", "c"),
        ScrollId("scrollId", "rows"),
        NextLink("next"),
        ODataSkipToken(size=2),
        SearchPosition(ask="Cond", answer="AcsEvent", size=2),
    ],
    ids=lambda paging: type(paging).__name__,
)
def test_every_paging_stops_when_it_is_led_in_circles(paging: Paging) -> None:
    base = ASKED if isinstance(paging, SearchPosition) else {}
    with pytest.raises(ContractChanged) as caught:
        walk(paging, circling, **base)

    assert caught.value.code == "vendor.page_loop"


@pytest.mark.parametrize("paging", [PageNumber, Offset])
def test_an_empty_page_before_the_total_is_no_end(paging: type[PageNumber] | type[Offset]) -> None:
    def serve(received: Received, _: str) -> Any:
        first = received.params.get("page") == "1" or received.params.get("offset") == "0"
        return {"rows": ROWS[:5] if first else [], "total": len(ROWS)}

    with pytest.raises(Transient) as caught:
        walk(paging(size=5, size_name="size", records="rows", total="total"), serve)

    assert (caught.value.code, caught.value.context) == (
        "vendor.page_short",
        {"read": 5, "total": 10},
    )


def test_offsets_follow_a_vendor_that_gives_less_than_was_asked_for() -> None:
    def serve(received: Received, _: str) -> Any:
        at = int(received.params["offset"])
        return {"rows": ROWS[at : at + 3], "total": len(ROWS)}

    assert walk(Offset(size=5, records="rows", total="total"), serve) == ROWS


def test_page_numbers_stop_at_a_vendor_that_gives_less_than_was_asked_for() -> None:
    def serve(received: Received, _: str) -> Any:
        at = (int(received.params["page"]) - 1) * 3
        return {"rows": ROWS[at : at + 3], "total": len(ROWS)}

    with pytest.raises(ContractChanged) as caught:
        walk(PageNumber(size=5, records="rows", total="total"), serve)

    assert (caught.value.code, caught.value.context) == (
        "vendor.page_small",
        {"asked": 5, "got": 3},
    )


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
