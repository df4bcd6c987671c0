from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from hrhub.ambient import SystemClock
from hrhub.errors import ConfigError, HrHubError, Transient
from hrhub.http.addresses import AddressPolicy
from hrhub.http.tcp import Dialer

LOOPBACK = AddressPolicy.of(["127.0.0.0/8"])


@contextmanager
def peer(act: Callable[[socket.socket, threading.Event], None]) -> Iterator[int]:
    """Serve one connection with ``act`` on a free port."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                act(connection, over)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            thread.join(2)


def dialer(policy: AddressPolicy = LOOPBACK) -> Dialer:
    return Dialer(policy, SystemClock(), vendor="terminal", connection="gate_1")


def test_a_refused_address_is_a_config_error_and_nothing_is_sent() -> None:
    received: list[bytes] = []

    def act(connection: socket.socket, over: threading.Event) -> None:
        received.append(connection.recv(10))

    with peer(act) as port:
        with pytest.raises(ConfigError) as caught:
            dialer(AddressPolicy()).connect("127.0.0.1", port)
        with socket.create_connection(("127.0.0.1", port)):
            pass

    assert caught.value.code == "address.refused"
    assert caught.value.context["connection"] == "gate_1"
    assert received == [b""]


def test_an_odd_spelling_of_a_refused_address_is_refused_too() -> None:
    with pytest.raises(ConfigError):
        dialer(AddressPolicy()).connect("0x7f.1", 9)


def test_nobody_listening_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(Transient) as caught:
        dialer().connect("127.0.0.1", port)

    assert caught.value.code == "vendor.unreachable"


def test_an_unknown_name_is_unreachable() -> None:
    with pytest.raises(Transient) as caught:
        dialer().connect("no-such-terminal.invalid", 4370)

    assert caught.value.context["reason"] == "name"


def test_a_closed_connection_tells_how_much_was_missing() -> None:
    def act(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(b"1234")

    with (
        peer(act) as port,
        dialer().connect("127.0.0.1", port) as stream,
        pytest.raises(Transient) as caught,
    ):
        stream.recv_exactly(10)

    assert (caught.value.code, caught.value.context["missing"]) == ("vendor.connection_lost", 6)


def test_a_reset_connection_is_lost() -> None:
    def act(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with (
        peer(act) as port,
        dialer().connect("127.0.0.1", port) as stream,
        pytest.raises(Transient) as caught,
    ):
        stream.send_all(b"xy")
        stream.recv_exactly(1)

    assert caught.value.code == "vendor.connection_lost"


def test_a_peer_that_drips_bytes_does_not_outlive_the_deadline() -> None:
    def act(connection: socket.socket, over: threading.Event) -> None:
        try:
            while not over.wait(0.05):
                connection.sendall(b".")
        except OSError:
            pass

    clock = SystemClock()
    with peer(act) as port, dialer().connect("127.0.0.1", port, timeout_s=0.3) as stream:
        began = clock.monotonic()
        with pytest.raises(Transient) as caught:
            stream.recv_exactly(1000)

    assert caught.value.code == "vendor.timeout"
    assert clock.monotonic() - began < 1.5


def test_an_exchange_returns_exactly_what_was_asked() -> None:
    def act(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(connection.recv(3) + b"tail")

    with peer(act) as port, dialer().connect("localhost", port) as stream:
        stream.send_all(b"abc")

        assert (stream.recv_exactly(3), stream.recv_exactly(4)) == (b"abc", b"tail")


def test_datagrams_come_back_from_their_peer() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(2)
        with dialer().udp("127.0.0.1", server.getsockname()[1]) as channel:
            channel.send(b"ping")
            data, address = server.recvfrom(100)
            server.sendto(data + b"!", address)

            assert channel.recv() == b"ping!"


@pytest.mark.parametrize("listening", [True, False])
def test_a_silent_or_absent_datagram_peer_is_an_error(listening: bool) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        if not listening:
            server.close()
        with (
            dialer().udp("127.0.0.1", port, timeout_s=0.1) as channel,
            pytest.raises(HrHubError) as caught,
        ):
            channel.send(b"ping")
            channel.recv()

    assert caught.value.code == ("vendor.timeout" if listening else "vendor.unreachable")
