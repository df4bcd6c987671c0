"""Answers that stay open are read part by part; failures first."""

from __future__ import annotations

from collections.abc import Generator
from threading import Event

import pytest

from hrhub.errors import AuthError, ConfigError, ContractChanged, HrHubError, Transient
from hrhub.http.addresses import AddressPolicy
from hrhub.http.auth import Digest
from hrhub.http.parts import boundary_of, read_parts
from hrhub.http.testing import Reply, ScriptedServer, local_client

MIXED = {"content-type": 'multipart/mixed; boundary="edge"'}


def part(body: bytes, *, length: int | None = None, told: bool = True) -> bytes:
    count = len(body) if length is None else length
    line = b"Content-Length: %d\r\n" % count if told else b""
    return b"--edge\r\nContent-Type: text/plain\r\n" + line + b"\r\n" + body + b"\r\n"


def bodies(data: bytes, step: int = 1, largest: int = 100) -> list[bytes]:
    """Read parts from bytes that come a few at a time."""
    pieces = iter([data[at : at + step] for at in range(0, len(data), step)])
    return [p.body for p in read_parts(lambda: next(pieces, b""), b"edge", largest)]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "vendor.page_cut"),
        (part(b"one"), "vendor.page_cut"),
        (part(b"one")[:-4], "vendor.page_cut"),
        (part(b"one", told=False), "vendor.page_cut"),
        (b"no part at all", "vendor.page_broken"),
        (b"--edges\r\n\r\n", "vendor.page_broken"),
        (part(b"one", length=2) + b"--edge--", "vendor.page_broken"),
        (part(b"one").replace(b": 3", b": three") + b"--edge--", "vendor.page_broken"),
        (part(b"one").replace(b": 3", b": -3") + b"--edge--", "vendor.page_broken"),
        (part(b"", length=101), "vendor.body_refused"),
        (part(b"x" * 200, told=False) + b"--edge--", "vendor.body_refused"),
        (b"--edge\r\n" + b"x" * 20_000, "vendor.body_refused"),
    ],
)
def test_what_is_no_whole_part_is_never_taken_for_the_end(data: bytes, code: str) -> None:
    with pytest.raises(HrHubError) as refused:
        bodies(data, step=64)

    assert refused.value.code == code


@pytest.mark.parametrize("step", [1, 7, 4096])
@pytest.mark.parametrize("told", [True, False])
def test_parts_are_whole_however_their_bytes_come(step: int, told: bool) -> None:
    wanted = [b"{}", b"two\r\nlines", b"\xff\xd8{--edg"]
    data = b"\r\n" + b"".join(part(body, told=told) for body in wanted) + b"--edge--\r\n"

    assert bodies(data, step) == wanted


def test_a_part_is_read_by_its_length_even_if_it_holds_the_boundary() -> None:
    photo = b"\xff\r\n--edge\r\n\r\n{}"

    assert bodies(part(photo) + b"--edge--") == [photo]


def test_parts_may_lack_headers_and_end_their_lines_briefly() -> None:
    assert bodies(b"--edge\n\none\n--edge\nContent-Length: 3\n\ntwo\n--edge--") == [b"one", b"two"]


@pytest.mark.parametrize("kind", ["", "application/json", "multipart/mixed", "text/x; boundary=b"])
def test_a_content_type_without_boundary_is_refused(kind: str) -> None:
    with pytest.raises(ContractChanged):
        boundary_of(kind)


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (Reply(status=503), Transient, "vendor.server_error"),
        (Reply(status=401), AuthError, "auth.refused"),
        (Reply.json({}), ContractChanged, "vendor.page_broken"),
        (Reply.redirect("/other"), ContractChanged, "vendor.redirect_refused"),
        (Reply(headers=MIXED, keep=0), Transient, "vendor.page_cut"),
        (Reply(part(b"one")[:-9], headers=MIXED, framing="close"), Transient, "vendor.page_cut"),
        (Reply(part(b"one"), headers=MIXED).zipped(), ContractChanged, "vendor.body_refused"),
        (Reply(reset=True), Transient, "vendor.connection_lost"),
    ],
)
def test_a_line_that_is_refused_or_cut_says_so_once(
    reply: Reply, kind: type[HrHubError], code: str
) -> None:
    with ScriptedServer([reply]) as server, pytest.raises(kind) as refused:
        list(local_client(server.url).hold("/events", longest_s=60))

    assert refused.value.code == code
    assert refused.value.context["connection"] == "test_1"
    assert len(server.requests) == 1


def test_an_address_that_is_not_allowed_is_not_held() -> None:
    with ScriptedServer([]) as server:
        client = local_client(server.url, policy=AddressPolicy.of([]))
        with pytest.raises(ConfigError) as refused:
            list(client.hold("/events", longest_s=60))

    assert refused.value.code == "address.refused"
    assert server.requests == []


@pytest.mark.parametrize("framing", ["close", "chunked", "length"])
def test_parts_come_in_every_framing_and_behind_a_challenge(framing: str) -> None:
    challenge = 'Digest realm="r", nonce="n", qop="auth"'
    replies = [
        Reply(status=401, headers={"www-authenticate": challenge}),
        Reply(part(b"one") + part(b"two") + b"--edge--", headers=MIXED, framing=framing),
    ]
    with ScriptedServer(replies) as server:
        client = local_client(server.url, auth=Digest("admin", "secret"))
        got = [p.body for p in client.hold("/events", longest_s=60)]

    assert got == [b"one", b"two"]
    assert server.requests[1].headers["authorization"].startswith("Digest ")


def test_a_part_is_handed_on_before_the_next_one_comes_and_other_requests_go_on() -> None:
    goes_on = Event()

    def pieces() -> Generator[bytes, None, None]:
        yield part(b"one")
        goes_on.wait(60)
        yield part(b"two") + b"--edge--"

    line = Reply(headers=MIXED, framing="close", following=pieces())
    with ScriptedServer([line, Reply.json({"a": 1})]) as server:
        client = local_client(server.url)
        parts = client.hold("/events", longest_s=60)
        first = next(parts)
        other = client.get("/other").json()
        goes_on.set()

        assert (first.body, other) == (b"one", {"a": 1})
        assert [p.body for p in parts] == [b"two"]


@pytest.mark.parametrize(("longest_s", "silence_s"), [(0.2, 60.0), (60.0, 0.2)])
def test_time_that_is_over_ends_well_and_silence_does_not(
    longest_s: float, silence_s: float
) -> None:
    over = Event()

    def pieces() -> Generator[bytes, None, None]:
        yield part(b"one")
        over.wait(60)

    line = Reply(headers=MIXED, framing="close", following=pieces())
    got: list[bytes] = []
    code = None
    with ScriptedServer([line]) as server:
        client = local_client(server.url)
        try:
            for one in client.hold("/events", longest_s=longest_s, silence_s=silence_s):
                got.append(one.body)
        except Transient as error:
            code = error.code
        over.set()

    assert got == [b"one"]
    assert code == (None if longest_s < silence_s else "vendor.timeout")
