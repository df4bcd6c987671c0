"""The HTTP library, fenced in: guarded sockets, a deadline on every read, TLS that is verified.

Nothing outside this module and the client knows that requests and urllib3 do the work.
"""

from __future__ import annotations

import base64
import io
import logging
import socket
import ssl
import threading
from collections.abc import Mapping
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from hrhub.ambient import Clock
from hrhub.http.addresses import AddressPolicy
from hrhub.http.auth_base import Secret, reveal
from hrhub.http.deadline import Deadline
from hrhub.http.dial import open_socket
from hrhub.http.limits import Limits


class _Quiet(logging.Filter):
    """Drop what urllib3 logs below warnings: it names whole addresses with their queries."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING


_QUIET = _Quiet()


class Watch(threading.local):
    """The deadline of the request that this thread is making.

    Attributes:
        idle_s: Seconds without a byte that a line held open may take; None for the usual.
    """

    deadline: Deadline | None = None
    idle_s: float | None = None

    def left(self, at_most: float) -> float:
        """Return the seconds a single read or write may take.

        Raises:
            TimeoutError: The request's time is over.
        """
        return at_most if self.deadline is None else self.deadline.left(at_most)


class _WatchedReader(io.RawIOBase):
    """A socket's bytes, each read bounded by what is left of the request's time."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, watch: Watch, idle_s: float) -> None:
        self._raw = raw
        self._sock = sock
        self._watch = watch
        self._idle_s = idle_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._watch.left(self._watch.idle_s or self._idle_s))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class WatchedSocket:
    """A connected socket whose reads and writes end with the request's time."""

    def __init__(self, sock: socket.socket, watch: Watch, idle_s: float) -> None:
        self._sock = sock
        self._watch = watch
        self._idle_s = idle_s

    def makefile(self, mode: str, *_: Any, **__: Any) -> io.BufferedReader:
        """Return a reader; the socket stays open until it is closed, as with the real one."""
        raw: Any = self._sock.makefile("rb", buffering=0)
        return io.BufferedReader(_WatchedReader(raw, self._sock, self._watch, self._idle_s))

    def sendall(self, data: Any) -> None:
        """Send all bytes; the system bounds the whole call by the timeout set here.

        In TLS 1.3 a client is finished before the server has judged its certificate: whoever is
        refused learns it as a broken pipe, while the reason waits to be read.
        """
        self._sock.settimeout(self._watch.left(self._idle_s))
        try:
            self._sock.sendall(data)
        except OSError:
            if isinstance(self._sock, ssl.SSLSocket):
                self._sock.recv(1)
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class GuardedAdapter(HTTPAdapter):
    """A requests adapter whose connections are judged, watched and verified.

    Args:
        policy: Which addresses may be reached.
        limits: Times.
        context: Certificates, and whom to trust ...
        own_authority: ... if it names a private authority; else the public ones are added.
        clock: Measures the time.
        labels: Context for errors.
        proxy_login: ``user:password`` for the proxy, if it asks.
    """

    def __init__(
        self,
        policy: AddressPolicy,
        limits: Limits,
        context: ssl.SSLContext,
        clock: Clock,
        labels: Mapping[str, str],
        *,
        own_authority: bool = False,
        proxy_login: Secret | None = None,
    ) -> None:
        self._own_authority = own_authority
        self._proxy_login = proxy_login
        self.watch = Watch()
        self._context = context
        plain, encrypted = _connection_classes(policy, limits, clock, self.watch, labels)
        self._pools = {
            "http": type("GuardedPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("GuardedTlsPool", (HTTPSConnectionPool,), {"ConnectionCls": encrypted}),
        }
        logging.getLogger("urllib3.connectionpool").addFilter(_QUIET)
        super().__init__(pool_connections=4, pool_maxsize=4, max_retries=0)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Add the public authorities, unless the connection names its own."""
        if not self._own_authority:
            super().cert_verify(conn, url, True, cert)  # type: ignore[no-untyped-call]

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pool manager use our connections and our TLS context."""
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_headers(self, proxy: str) -> dict[str, str]:
        """Return what only the proxy sees: our login there."""
        if not self._proxy_login:
            return {}
        login = base64.b64encode(reveal(self._proxy_login).encode()).decode()
        return {"Proxy-Authorization": f"Basic {login}"}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Do the same for connections through a proxy."""
        manager = super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager


def _connection_classes(
    policy: AddressPolicy,
    limits: Limits,
    clock: Clock,
    watch: Watch,
    labels: Mapping[str, str],
) -> tuple[type[HTTPConnection], type[HTTPSConnection]]:
    def connect_to(connection: HTTPConnection, *, encrypted: bool) -> socket.socket:
        # A proxy is the administrator's choice; the client judges the target behind it.
        return open_socket(
            connection.host,
            connection.port,
            policy=None if connection.proxy else policy,
            clock=clock,
            timeout_s=watch.left(limits.connect_s),
            encrypted=encrypted,
            labels=labels,
        )

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return connect_to(self, encrypted=False)

        def connect(self) -> None:
            super().connect()
            self.sock = WatchedSocket(self.sock, watch, limits.idle_s)

    class Encrypted(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            sock = connect_to(self, encrypted=True)
            # Bounds the handshake, for which the system keeps one deadline.
            sock.settimeout(watch.left(limits.idle_s))
            return sock

        def connect(self) -> None:
            super().connect()
            self.sock = WatchedSocket(self.sock, watch, limits.idle_s)

    return Plain, Encrypted
