"""The HTTP library, fenced in: guarded sockets, a deadline on every read, TLS that is verified.

Nothing outside this module and the client knows that requests and urllib3 do the work.
"""

from __future__ import annotations

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
from urllib3.util.ssl_ import create_urllib3_context

from hrhub.ambient import Clock
from hrhub.errors import ConfigError
from hrhub.http.addresses import AddressPolicy
from hrhub.http.deadline import Deadline
from hrhub.http.dial import open_socket
from hrhub.http.limits import Limits, Tls


class _Quiet(logging.Filter):
    """Drop what urllib3 logs below warnings: it names whole addresses with their queries."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING


_QUIET = _Quiet()


class Watch(threading.local):
    """The deadline of the request that this thread is making."""

    deadline: Deadline | None = None

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
        self._sock.settimeout(self._watch.left(self._idle_s))
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
        """Send all bytes; the system bounds the whole call by the timeout set here."""
        self._sock.settimeout(self._watch.left(self._idle_s))
        self._sock.sendall(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class GuardedAdapter(HTTPAdapter):
    """A requests adapter whose connections are judged, watched and verified.

    Args:
        policy: Which addresses may be reached.
        limits: Times.
        tls: Certificates.
        clock: Measures the time.
        labels: Context for errors.
    """

    def __init__(
        self,
        policy: AddressPolicy,
        limits: Limits,
        tls: Tls,
        clock: Clock,
        labels: Mapping[str, str],
    ) -> None:
        self.watch = Watch()
        self._context = _tls_context(tls)
        plain, encrypted = _connection_classes(policy, limits, clock, self.watch, labels)
        self._pools = {
            "http": type("GuardedPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("GuardedTlsPool", (HTTPSConnectionPool,), {"ConnectionCls": encrypted}),
        }
        logging.getLogger("urllib3.connectionpool").addFilter(_QUIET)
        super().__init__(pool_connections=4, pool_maxsize=4, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pool manager use our connections and our TLS context."""
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Do the same for connections through a proxy."""
        manager = super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager


def _tls_context(tls: Tls) -> ssl.SSLContext:
    context = create_urllib3_context(ssl_minimum_version=ssl.TLSVersion.TLSv1_2)
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        if tls.client_cert:
            context.load_cert_chain(tls.client_cert, tls.client_key)
    except (OSError, ssl.SSLError):
        raise ConfigError("config.invalid", fields="client_cert") from None
    return context


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
