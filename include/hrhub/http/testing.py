"""A small HTTP server with scripted answers and faults, for tests of connectors.

It is a real socket on loopback: what is tested is what will run.

Example::

    with ScriptedServer([Reply.json({"data": []})]) as server:
        client = local_client(server.url)
        assert client.get("/items").json() == {"data": []}
        assert server.requests[0].path == "/items"
"""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from hrhub.http.client import HttpClient


@dataclass(frozen=True, slots=True)
class Received:
    """A request as the server got it."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    peer_port: int

    @property
    def path(self) -> str:
        """Path without the query."""
        return urlsplit(self.target).path

    @property
    def params(self) -> dict[str, str]:
        """Query parameters."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        """Form fields of the body."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    def json(self) -> Any:
        """Body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, with what goes wrong with it.

    Attributes:
        body: Body as it goes over the wire.
        status: HTTP status.
        headers: Headers beside the length.
        framing: How the body ends: ``length``, ``chunked``, or ``close`` of the connection.
        delay_s: Wait before answering.
        drip_s: Wait before every single byte of the body.
        drip_head_s: Wait before every single byte of the head.
        keep: Bytes of the body that are sent before the connection is closed; None for all.
        reset: Reset the connection instead of answering.
        following: What comes after the body, piece by piece, until the connection is closed; for
            answers that stay open, with the framing ``close``.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    framing: str = "length"
    delay_s: float = 0.0
    drip_s: float = 0.0
    drip_head_s: float = 0.0
    keep: int | None = None
    reset: bool = False
    following: Generator[bytes, None, None] | None = None

    @classmethod
    def json(cls, value: Any, status: int = 200, **headers: str) -> Reply:
        """Answer with JSON; header names are given with underscores."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        body = json.dumps(value, ensure_ascii=False).encode()
        return cls(body, status, {"content-type": "application/json", **named})

    @classmethod
    def html(cls, status: int = 200) -> Reply:
        """Answer with a login page."""
        body = b"<!DOCTYPE html><html><body>Please log in</body></html>"
        return cls(body, status, {"content-type": "text/html; charset=utf-8"})

    @classmethod
    def throttled(cls, retry_after: str | None = None) -> Reply:
        """Answer with 429."""
        return cls(b"{}", 429, {} if retry_after is None else {"retry-after": retry_after})

    @classmethod
    def redirect(cls, location: str, status: int = 302) -> Reply:
        """Answer with a redirect."""
        return cls(b"", status, {"location": location})

    def zipped(self) -> Reply:
        """Return the answer with its body as gzip."""
        headers = {**self.headers, "content-encoding": "gzip"}
        return replace(self, body=gzip.compress(self.body, mtime=0), headers=headers)

    def but(self, **changes: Any) -> Reply:
        """Return the answer with other attributes."""
        return replace(self, **changes)


Script = Iterable[Reply] | Callable[[Received], Reply]


class ScriptedServer:
    """Serve replies in order, or as a function of the request.

    After the last reply of a list the server answers 500, which no test expects.

    Args:
        script: The replies.
        tls: Makes it speak TLS.
        host: Where it listens.
        port: Its port; 0 takes a free one.

    Attributes:
        requests: What was received, in order.
    """

    def __init__(
        self,
        script: Script,
        *,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.requests: list[Received] = []
        self._script = script if callable(script) else iter(list(script))
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._server = ThreadingHTTPServer((host, port), self._handler())
        self._server.daemon_threads = True
        self._scheme = "https" if tls else "http"
        if tls:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def port(self) -> int:
        """Port it listens on."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Its root address."""
        host = "localhost" if self._scheme == "https" else "127.0.0.1"
        return f"{self._scheme}://{host}:{self.port}"

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _next(self, received: Received) -> Reply:
        with self._lock:
            self.requests.append(received)
            if callable(self._script):
                return self._script(received)
            return next(self._script, Reply(b"{}", 500))

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body leave as two packets; the second must not wait for an acknowledgement.
            disable_nagle_algorithm = True

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

            def handle(self) -> None:
                # Clients of these tests leave in the middle on purpose.
                with contextlib.suppress(OSError, ssl.SSLError):
                    super().handle()

            def do_GET(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                received = Received(
                    self.command,
                    self.path,
                    {key.lower(): value for key, value in self.headers.items()},
                    self.rfile.read(length),
                    self.client_address[1],
                )
                self._answer(server._next(received))

            do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET

            def _answer(self, reply: Reply) -> None:
                server._over.wait(reply.delay_s)
                if reply.reset:
                    linger = struct.pack("ii", 1, 0)
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.close_connection = True
                    self.connection.close()
                    return
                body = _framed(reply)
                part = body if reply.keep is None else body[: reply.keep]
                self.close_connection = reply.framing == "close" or reply.keep is not None
                self._send(_head(reply, close=self.close_connection), reply.drip_head_s)
                if self.command != "HEAD":
                    self._send(part, reply.drip_s)
                if reply.following is not None:
                    with contextlib.closing(reply.following):
                        for piece in reply.following:
                            self.wfile.write(piece)

            def _send(self, data: bytes, drip_s: float) -> None:
                if not drip_s:
                    self.wfile.write(data)
                    return
                for at in range(len(data)):
                    if server._over.wait(drip_s):
                        return
                    self.wfile.write(data[at : at + 1])

        return Handler


def _framed(reply: Reply) -> bytes:
    if reply.framing != "chunked":
        return reply.body
    step = max(1, len(reply.body) // 3)
    pieces = [reply.body[at : at + step] for at in range(0, len(reply.body), step)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def _head(reply: Reply, *, close: bool) -> bytes:
    phrase = next((known.phrase for known in HTTPStatus if known == reply.status), "Unknown")
    lines = [f"HTTP/1.1 {reply.status} {phrase}"]
    headers = dict(reply.headers)
    if reply.framing == "length":
        headers.setdefault("content-length", str(len(reply.body)))
    elif reply.framing == "chunked":
        headers["transfer-encoding"] = "chunked"
    if close:
        headers["connection"] = "close"
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def local_client(url: str, **options: Any) -> HttpClient:
    """Return a client for a server on this machine; waits cost no time unless a clock is given.

    Args:
        url: Root address.
        **options: As for :class:`~hrhub.http.client.HttpClient`.
    """
    from hrhub.ambient import FakeClock
    from hrhub.http.addresses import AddressPolicy
    from hrhub.http.auth import NoAuth
    from hrhub.http.client import HttpClient
    from hrhub.http.ports import MemoryPorts

    clock = options.setdefault("clock", FakeClock())
    options.setdefault("ports", MemoryPorts(clock))
    options.setdefault("auth", NoAuth())
    options.setdefault("policy", AddressPolicy.of(["127.0.0.0/8", "::1/128"]))
    options.setdefault("vendor", "Scripted")
    options.setdefault("connection", "test_1")
    return HttpClient(url, **options)
