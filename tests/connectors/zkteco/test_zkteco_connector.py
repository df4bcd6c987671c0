"""The connector against a simulated terminal, over real sockets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from connectors.zkteco import connector
from connectors.zkteco.connector import PAGE_RECORDS, ZktecoConfig
from connectors.zkteco.protocol import CHUNK_TCP, Command
from connectors.zkteco.sandbox import sandbox
from connectors.zkteco.sandbox.simulator import Stamp
from hrhub.connector import Completeness, Mode
from hrhub.errors import AuthError, ConfigError, ContractChanged, Transient
from hrhub.messages import explain
from hrhub.sandbox.world import World

Serve = Callable[..., Any]


def stamps(docs: list[dict[str, Any]]) -> list[tuple[str, str, int, int]]:
    return [(d["user_id"], d["time"], d["verify"], d["state"]) for d in docs]


def expected(world: World, *, digits: bool = False) -> list[tuple[str, str, int, int]]:
    return [
        (str(int(p.user_id)) if digits else p.user_id, p.at.isoformat(), p.verify, p.state)
        for p in world.punches()
    ]


# --- what goes wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["1", None])
def test_a_wrong_or_missing_comm_key_is_an_auth_error(serve: Serve, key: str | None) -> None:
    served = serve()

    with pytest.raises(AuthError) as caught:
        connector.check(served.session(comm_key=key))

    assert "refused the credentials" in explain(caught.value, words=connector.words).what
    assert "314159" not in repr(caught.value.context)


def test_nobody_listening_is_transient(serve: Serve) -> None:
    served = serve()
    session = served.session()
    served.running.stop()

    with pytest.raises(Transient) as caught:
        connector.check(session)

    assert caught.value.code == "vendor.unreachable"


def test_an_address_outside_the_allowed_networks_is_refused(serve: Serve) -> None:
    with pytest.raises(ConfigError) as caught:
        connector.check(serve().session(allow_networks=()))

    assert caught.value.code == "address.refused"


@pytest.mark.parametrize("text", ["12a", "-1", str(1 << 32), "１２"])
def test_a_comm_key_that_no_terminal_can_hold_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        ZktecoConfig(host="10.0.0.1", comm_key=text)

    assert text not in str(caught.value)


def test_a_web_server_is_not_taken_for_a_terminal(serve: Serve) -> None:
    served = serve()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def talk_http() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=talk_http)
        thread.start()
        with pytest.raises(ContractChanged) as caught:
            connector.check(served.session(port=listener.getsockname()[1]))
        thread.join()

    assert caught.value.code == "zkteco.not_a_terminal"


@pytest.mark.parametrize("stream", ["users", "punches"])
def test_a_connection_cut_in_the_middle_yields_nothing(serve: Serve, stream: str) -> None:
    served = serve(cut_after="2500")
    pages = connector.stream(stream).read(served.session(), None)

    with pytest.raises(Transient) as caught:
        next(iter(pages))

    assert caught.value.code == "vendor.connection_lost"


def test_half_a_data_set_yields_nothing(serve: Serve) -> None:
    served = serve(short_by="400")

    with pytest.raises(Transient) as caught:
        served.pages("punches")

    assert caught.value.code == "vendor.page_cut"
    assert served.terminal.open_sessions == 0


def test_a_terminal_without_a_free_session_is_transient_and_says_so(serve: Serve) -> None:
    served = serve(sessions="0")

    with pytest.raises(Transient) as caught:
        served.pages("users")

    assert caught.value.code == "zkteco.busy"
    assert "no free session" in explain(caught.value, words=connector.words).what


def test_a_terminal_without_a_serial_number_needs_a_device_id(serve: Serve) -> None:
    served = serve()
    served.terminal.serial = ""

    with pytest.raises(ConfigError) as caught:
        served.pages("punches")
    pages = served.pages("punches", device_id="GATE-2")

    assert caught.value.code == "zkteco.no_serial"
    assert pages[0].meta["device"] == "GATE-2"


def test_the_session_is_left_and_the_keypad_unlocked_after_a_failure(serve: Serve) -> None:
    served = serve(short_by="400")

    with pytest.raises(Transient):
        served.pages("punches", lock_keypad=True)

    assert served.terminal.seen[-2:] == [Command.ENABLE, Command.EXIT]
    assert served.terminal.enabled


def test_every_own_code_has_words_in_both_languages() -> None:
    assert connector.words["en"].keys() == connector.words["zh"].keys()
    for language in ("en", "zh"):
        for parts in connector.words[language].values():
            assert parts.keys() == {"what", "who", "do"}


# --- what comes in -----------------------------------------------------------------------------


def test_check_tells_who_answered_and_how_its_clock_stands(serve: Serve) -> None:
    served = serve(skew_s="95")

    facts = connector.check(served.session()).facts

    assert facts["serial_number"] == "CKJM201260001"
    assert facts["firmware"].startswith("Ver 6.60")
    assert facts["users"] == str(len(served.world.employed))
    assert abs(int(facts["clock_offset_s"]) - 95) <= 2
    assert served.terminal.open_sessions == 0


def test_nothing_is_sent_that_changes_the_terminal(serve: Serve) -> None:
    served = serve()

    served.pages("users")
    served.pages("punches")

    assert set(served.terminal.seen) <= {
        Command.CONNECT, Command.AUTH, Command.EXIT, Command.OPTION, Command.FREE_SIZES,
        Command.GET_TIME, Command.FILL_BUFFER, Command.READ_BUFFER, Command.FREE_BUFFER,
    }  # fmt: skip
    assert served.terminal.refused == 0


@pytest.mark.parametrize("framing", ["whole", "split", "glued"])
@pytest.mark.parametrize("small_limit", ["1024", "1000000"])
def test_punches_come_in_however_frames_arrive(
    serve: Serve, framing: str, small_limit: str
) -> None:
    served = serve(framing=framing, small_limit=small_limit)

    docs, rejects = served.read("punches")

    assert stamps(docs) == expected(served.world)
    assert [(r.reason, r.field_path) for r in rejects] == [("date", "time")]


@pytest.mark.parametrize(
    ("log", "users", "digits"),
    [
        ("40", "72", False),
        ("49", "72", False),
        ("16", "28", True),
        ("8", "72", False),
        ("8", "28", True),
        ("8zem", "72", False),
    ],
)
def test_punches_of_every_layout(serve: Serve, log: str, users: str, digits: bool) -> None:
    served = serve(log=log, users=users)

    docs, rejects = served.read("punches")

    assert stamps(docs) == expected(served.world, digits=digits)
    assert len(rejects) == 1
    assert served.pages("punches")[0].meta["layout"] == ("40" if log == "49" else log)


@pytest.mark.parametrize("lose", ["0", "1"])
def test_punches_over_udp_even_when_a_datagram_is_lost(serve: Serve, lose: str) -> None:
    served = serve(protocol="udp", lose_datagram=lose)

    docs, _ = served.read("punches")

    assert stamps(docs) == expected(served.world)


def test_a_log_of_several_chunks_and_pages_is_whole(serve: Serve) -> None:
    served = serve()
    log = [
        Stamp(1, "0010086", 841_136_400 + second, 1, second % 6)
        for second in range(PAGE_RECORDS + 500)
    ]
    served.terminal.stamps = log

    pages = served.pages("punches")

    split = connector.stream("punches").records.split
    records = [raw for page in pages for raw in split(page.body)]
    assert len(records) * 40 > 10 * CHUNK_TCP
    assert len(records) == len(set(records)) == len(log)
    assert [page.cursor is not None for page in pages] == [False, True]
    assert {page.total for page in pages} == {len(log)}
    assert {page.completeness for page in pages} == {Completeness.PROVED}


@pytest.mark.parametrize("chatty", ["0", "1"])
def test_a_punch_that_arrives_during_the_reading_is_read(serve: Serve, chatty: str) -> None:
    served = serve(late_punch="1", chatty=chatty)

    docs, _ = served.read("punches")

    assert len(docs) == len(expected(served.world)) + 1


def test_nobody_can_punch_while_the_keypad_is_locked(serve: Serve) -> None:
    served = serve(late_punch="1")

    docs, _ = served.read("punches", lock_keypad=True)

    assert stamps(docs) == expected(served.world)
    assert served.terminal.enabled


@pytest.mark.parametrize("charset", ["gb18030", "utf-8"])
def test_users_come_with_number_and_name(serve: Serve, charset: str) -> None:
    served = serve(charset=charset)

    docs, rejects = served.read("users")

    assert not rejects
    assert [d["user_id"] for d in docs] == [s.user_id for _, s in served.world.employed]
    assert any(d["user_id"].startswith("0") for d in docs)
    for doc, (person, _) in zip(docs, served.world.employed, strict=True):
        assert person.display_name.startswith(doc["name"])
        assert doc["name"] == person.display_name or len(person.display_name.encode(charset)) > 24


def test_keypad_passwords_do_not_leave_the_reader(serve: Serve) -> None:
    for users in ("72", "28"):
        for page in serve(users=users).pages("users"):
            assert b"4711" not in page.body


def test_a_second_run_returns_only_the_window(serve: Serve, world: World) -> None:
    served = serve()
    cursor = served.pages("punches")[-1].cursor
    newest = max(p.at for p in world.punches())

    docs, rejects = served.read("punches", cursor, lookback_days=1)

    since = (newest - timedelta(days=1)).isoformat()
    window = [s for s in expected(world) if s[1] >= since]
    assert cursor == {"device": "CKJM201260001", "newest": newest.isoformat()}
    assert stamps(docs) == window
    assert not rejects
    assert 0 < len(window) < len(expected(world))


def test_a_replaced_terminal_is_read_from_the_start(serve: Serve) -> None:
    served = serve()
    cursor = served.pages("punches")[-1].cursor
    served.terminal.serial = "CKJM201269999"

    docs, _ = served.read("punches", cursor, lookback_days=1)

    assert stamps(docs) == expected(served.world)


def test_the_cursor_never_goes_back(serve: Serve) -> None:
    served = serve()
    ahead = {"device": "CKJM201260001", "newest": "2026-11-21T07:00:00"}

    assert served.pages("punches", ahead)[-1].cursor == ahead


def test_two_runs_give_the_same_bytes_and_facts(serve: Serve) -> None:
    served = serve()

    for stream in ("users", "punches"):
        first, second = served.pages(stream), served.pages(stream)
        assert [(p.body, p.meta) for p in first] == [(p.body, p.meta) for p in second]


def test_truth_counts_what_a_first_run_brings(serve: Serve) -> None:
    served = serve()
    truth = sandbox.truth(served.world)
    faulty = {s.user_id for p, s in served.world.employed if p.faulty}

    for stream in ("users", "punches"):
        docs, rejects = served.read(stream)
        unknown = sum(d["user_id"] in faulty for d in docs)
        assert truth[stream].pulled == len(docs) + len(rejects)
        assert truth[stream].rejected == unknown + len(rejects)
    assert truth["punches"].rejected > truth["users"].rejected > 0


def test_streams_say_how_they_are_read_again() -> None:
    assert connector.stream("users").mode is Mode.FULL
    assert [s.name for s in connector.in_order()] == ["users", "punches"]
