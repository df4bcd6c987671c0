"""Byte streams and datagrams for protocols that are not HTTP.

Connectors of terminals and the like get a :class:`Dialer` in their session and need no socket of
their own; the address policy and the deadlines are the same as for HTTP.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, TypeVar

from hrhub.ambient import Clock
from hrhub.errors import Transient
from hrhub.http.addresses import AddressPolicy
from hrhub.http.deadline import Deadline
from hrhub.http.dial import open_socket

_Result = TypeVar("_Result")
_DATAGRAM_MAX = 65_535


class _Channel:
    """What streams and datagrams share: a socket, the time for one exchange, honest errors."""

    def __init__(
        self, sock: socket.socket, clock: Clock, timeout_s: float, labels: Mapping[str, Any]
    ) -> None:
        self._sock = sock
        self._clock = clock
        self._timeout_s = timeout_s
        self._labels = labels
        self._deadline = Deadline(clock, timeout_s)

    def restart(self, timeout_s: float | None = None) -> None:
        """Begin a new exchange: what follows has ``timeout_s`` seconds in all."""
        self._deadline = Deadline(self._clock, self._timeout_s if timeout_s is None else timeout_s)

    def _within_deadline(self, act: Callable[[], _Result]) -> _Result:
        try:
            self._sock.settimeout(self._deadline.left())
            return act()
        except TimeoutError:
            raise Transient("vendor.timeout", **self._labels, phase="exchange") from None
        except ConnectionRefusedError:
            raise Transient("vendor.unreachable", **self._labels) from None
        except OSError:
            raise Transient("vendor.connection_lost", **self._labels) from None

    def close(self) -> None:
        """Close the connection; closing twice does nothing."""
        self._sock.close()


class ByteStream(_Channel):
    """One TCP connection.

    Sending begins a new exchange; everything received until the next send must arrive before the
    exchange's deadline. For an answer in many parts call :meth:`restart` between them.
    """

    def send_all(self, data: bytes) -> None:
        """Send all bytes and begin the time for the answer.

        Raises:
            Transient: ``vendor.timeout`` or ``vendor.connection_lost``.
        """
        self.restart()
        self._within_deadline(lambda: self._sock.sendall(data))

    def recv_some(self, at_most: int = _DATAGRAM_MAX) -> bytes:
        """Return what has arrived, waiting for at least one byte.

        Raises:
            Transient: ``vendor.timeout``, or ``vendor.connection_lost`` when the peer closed.
        """
        data = self._within_deadline(lambda: self._sock.recv(at_most))
        if not data:
            raise Transient("vendor.connection_lost", **self._labels, missing=at_most)
        return data

    def recv_exactly(self, count: int) -> bytes:
        """Return exactly ``count`` bytes.

        Raises:
            Transient: ``vendor.timeout``, or ``vendor.connection_lost`` when the peer closed
                early; the context says how many bytes were missing.
        """
        out = bytearray(count)
        view = memoryview(out)
        got = 0
        while got < count:
            start = got
            read = self._within_deadline(lambda start=start: self._sock.recv_into(view[start:]))  # type: ignore[misc]
            if not read:
                raise Transient("vendor.connection_lost", **self._labels, missing=count - got)
            got += read
        return bytes(out)

    def __enter__(self) -> ByteStream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Datagrams(_Channel):
    """A UDP channel to one peer."""

    def send(self, data: bytes) -> None:
        """Send one datagram and begin the time for the answer.

        Raises:
            Transient: ``vendor.unreachable`` or ``vendor.connection_lost``.
        """
        self.restart()
        self._within_deadline(lambda: self._sock.send(data))

    def recv(self) -> bytes:
        """Return the next datagram of the peer.

        Raises:
            Transient: ``vendor.timeout``, or ``vendor.unreachable`` when nobody listens there.
        """
        return self._within_deadline(lambda: self._sock.recv(_DATAGRAM_MAX))

    def __enter__(self) -> Datagrams:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Dialer:
    """Open connections that the address policy allows.

    Args:
        policy: What may be reached. The protocols spoken here are not encrypted, so an address
            must lie in a private network that the connection names.
        clock: Measures deadlines.
        vendor: For error texts.
        connection: For error texts.
    """

    def __init__(
        self, policy: AddressPolicy, clock: Clock, *, vendor: str = "", connection: str = ""
    ) -> None:
        self._policy = policy
        self._clock = clock
        self._labels = {
            key: value for key, value in (("vendor", vendor), ("connection", connection)) if value
        }

    def connect(
        self, host: str, port: int, *, timeout_s: float = 30.0, connect_s: float = 5.0
    ) -> ByteStream:
        """Open a TCP connection.

        Args:
            host: Name or address.
            port: Port number.
            timeout_s: Seconds that one exchange may take.
            connect_s: Seconds to get connected.

        Raises:
            ConfigError: ``address.refused`` or ``address.unencrypted``.
            Transient: ``vendor.unreachable`` or ``vendor.timeout``.
        """
        sock = self._open(host, port, min(timeout_s, connect_s), socket.SOCK_STREAM)
        return ByteStream(sock, self._clock, timeout_s, self._context(host, port))

    def udp(self, host: str, port: int, *, timeout_s: float = 5.0) -> Datagrams:
        """Open a UDP channel; nothing is sent yet.

        Raises:
            ConfigError: ``address.refused`` or ``address.unencrypted``.
            Transient: The name cannot be resolved.
        """
        sock = self._open(host, port, timeout_s, socket.SOCK_DGRAM)
        return Datagrams(sock, self._clock, timeout_s, self._context(host, port))

    def _open(
        self, host: str, port: int, timeout_s: float, kind: socket.SocketKind
    ) -> socket.socket:
        return open_socket(
            host,
            port,
            policy=self._policy,
            clock=self._clock,
            timeout_s=timeout_s,
            encrypted=False,
            kind=kind,
            labels=self._labels,
        )

    def _context(self, host: str, port: int) -> dict[str, Any]:
        return {"host": host, "port": port, **self._labels}
