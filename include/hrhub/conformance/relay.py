"""A relay between client and simulator for protocols on bare TCP: it can cut, stall and babble."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from hrhub.ambient import Clock
from hrhub.http.addresses import AddressPolicy
from hrhub.http.tcp import ByteStream, Dialer

_CHUNK = 1 << 16
BABBLE = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
"""What a web server says to anything else."""


class Relay:
    """Carries bytes to a vendor on loopback, faithfully until told otherwise.

    Attributes:
        carried: Bytes that came from the vendor through the last connection.
    """

    def __init__(self) -> None:
        self.carried = 0
        self._target = ("127.0.0.1", 0)
        self._left: int | None = None
        self._mute = False
        self._babble = False
        self._over = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def aim(self, host: str, port: int) -> None:
        """Set whom the next connection reaches."""
        self._target = (host, port)

    @contextmanager
    def faulty(
        self, *, cut_after: int | None = None, mute: bool = False, babble: bool = False
    ) -> Iterator[None]:
        """Misbehave while the block lasts: close after so many bytes, stay silent, talk HTTP."""
        self._left, self._mute, self._babble = cut_after, mute, babble
        try:
            yield
        finally:
            self._left, self._mute, self._babble = None, False, False

    def close(self) -> None:
        """Stop."""
        self._over.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                caller, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(caller,), daemon=True).start()

    def _serve(self, caller: socket.socket) -> None:
        self.carried = 0
        with caller, contextlib.suppress(OSError):
            if self._babble:
                caller.recv(_CHUNK)
                caller.sendall(BABBLE)
                return
            with socket.create_connection(self._target, timeout=10) as vendor:
                vendor.settimeout(None)
                back = threading.Thread(target=self._back, args=(vendor, caller), daemon=True)
                back.start()
                while data := caller.recv(_CHUNK):
                    vendor.sendall(data)
                vendor.shutdown(socket.SHUT_WR)
                back.join()

    def _back(self, vendor: socket.socket, caller: socket.socket) -> None:
        left, mute = self._left, self._mute
        with contextlib.suppress(OSError):
            while data := vendor.recv(_CHUNK):
                self.carried += len(data)
                if mute:
                    continue
                caller.sendall(data if left is None else data[:left])
                if left is not None and (left := left - len(data)) <= 0:
                    break
            for line in (caller, vendor):
                line.shutdown(socket.SHUT_RDWR)


class DetourDialer(Dialer):
    """A dialer that goes through a relay, and may be of little patience."""

    def __init__(
        self,
        relay: Relay,
        policy: AddressPolicy,
        clock: Clock,
        *,
        vendor: str = "",
        connection: str = "",
        patience_s: float | None = None,
    ) -> None:
        super().__init__(policy, clock, vendor=vendor, connection=connection)
        self._relay = relay
        self._patience_s = patience_s

    def connect(
        self, host: str, port: int, *, timeout_s: float = 30.0, connect_s: float = 5.0
    ) -> ByteStream:
        """Open a TCP connection to the relay, which reaches the vendor."""
        self._relay.aim(host, port)
        timeout_s = min(timeout_s, self._patience_s or timeout_s)
        return super().connect(
            "127.0.0.1", self._relay.port, timeout_s=timeout_s, connect_s=connect_s
        )
