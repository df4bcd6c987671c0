"""A proxy between client and simulator that makes an honest vendor misbehave.

The client reaches it through the connection's own ``proxy`` setting, so every HTTP connector can
be examined without its help, and links in answers stay as the vendor wrote them.
"""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from hrhub.ambient import Clock

_HOP = {"connection", "proxy-connection", "keep-alive", "transfer-encoding", "content-length"}
_HANG_S = 10.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that passed; ``at`` is on the client's clock."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    at: float

    @property
    def path(self) -> str:
        """The path, without the query."""
        return urlsplit(self.url).path


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer; ``keep`` bytes of the body are sent before the connection is closed."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    keep: int | None = None


Forward = Callable[[], Answered]
Act = Callable[[Asked, Forward], Answered | None]
"""What a fault does with a request: another answer, or None to close without any."""


@dataclass(slots=True)
class Fault:
    """A fault that waits for its request.

    Attributes:
        act: What it does.
        path: Only requests to this path; None for all.
        when: Only requests that this is true of; None for all.
        after: Requests of the path that pass unharmed first.
        times: Requests that are hit; the default is all.
        hits: How many were hit so far.
    """

    act: Act
    path: str | None = None
    when: Callable[[Asked], bool] | None = None
    after: int = 0
    times: int = 1 << 30
    hits: int = 0

    def takes(self, asked: Asked) -> bool:
        """Tell whether the fault hits this request, and count it."""
        if self.path is not None and asked.path != self.path:
            return False
        if self.when is not None and not self.when(asked):
            return False
        if self.after:
            self.after -= 1
            return False
        if self.hits >= self.times:
            return False
        self.hits += 1
        return True


class FaultProxy:
    """An HTTP proxy on loopback; it keeps a log of what was asked and answered."""

    def __init__(self) -> None:
        self.clock: Clock | None = None
        self._log: list[tuple[Asked, Answered | None]] = []
        self._armed: list[Fault] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Its address, for the connection's ``proxy`` setting."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop listening and let go of clients that hang."""
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def mark(self) -> int:
        """Return a place in the log."""
        return len(self._log)

    def since(self, mark: int = 0) -> list[Asked]:
        """Return what was asked since a place in the log."""
        return [asked for asked, _ in self._log[mark:]]

    def answers(self, mark: int = 0) -> list[tuple[Asked, Answered | None]]:
        """Return requests and answers since a place in the log."""
        return self._log[mark:]

    @contextmanager
    def armed(self, *faults: Fault) -> Iterator[None]:
        """Let faults wait for their requests while the block lasts."""
        with self._lock:
            self._armed = list(faults)
        try:
            yield
        finally:
            with self._lock:
                self._armed = []

    def hang(self) -> None:
        """Say nothing until the client has surely lost patience."""
        self._over.wait(_HANG_S)

    def answer(self, asked: Asked) -> Answered | None:
        """Answer one request, by the fault that takes it or by the vendor."""
        if self.clock is not None:
            asked = replace(asked, at=self.clock.monotonic())
        with self._lock:
            fault = next((f for f in self._armed if f.takes(asked)), None)
            place = len(self._log)
            self._log.append((asked, None))
        answered = fault.act(asked, lambda: forward(asked)) if fault else forward(asked)
        self._log[place] = (asked, answered)
        return answered


def forward(asked: Asked) -> Answered:
    """Ask the vendor itself."""
    parts = urlsplit(asked.url)
    line = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=60)
    headers = {k: v for k, v in asked.headers.items() if k.lower() not in _HOP}
    headers |= {"Accept-Encoding": "identity", "Connection": "close"}
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        line.request(asked.method, target, body=asked.body or None, headers=headers)
        response = line.getresponse()
        body = response.read()
        kept = {k: v for k, v in response.getheaders() if k.lower() not in _HOP}
        return Answered(response.status, kept, body)
    except http.client.IncompleteRead as cut:
        return Answered(200, {"Content-Type": "application/json"}, cut.partial + b" ", keep=-1)
    except OSError:
        return Answered(502, {"Content-Type": "text/plain"}, b"nobody listens there")
    finally:
        line.close()


def _handler(proxy: FaultProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body leave together; two packets would wait for each other's acknowledgement.
        wbufsize = -1
        disable_nagle_algorithm = True
        timeout = 60

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

        def handle(self) -> None:
            with contextlib.suppress(OSError):
                super().handle()

        def do_GET(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            asked = Asked(
                self.command, self.path, dict(self.headers.items()), self.rfile.read(length), 0.0
            )
            answered = proxy.answer(asked)
            if answered is None:
                self.close_connection = True
                return
            self.send_response_only(answered.status)
            for name, value in answered.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answered.body)))
            if answered.keep is not None:
                self.close_connection = True
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answered.body[: answered.keep])
            self.wfile.flush()

        do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET

    return Handler


JSON = {"Content-Type": "application/json"}
HTML = b"<!DOCTYPE html><html><body><form>Please log in</form></body></html>"


def status(code: int, body: bytes = b"{}", **headers: str) -> Act:
    """Answer with a status without asking the vendor; header names with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda asked, vendor: Answered(code, {**JSON, **named}, body)


def login_page(asked: Asked, vendor: Forward) -> Answered:
    """Answer 200 with a page in HTML."""
    return Answered(200, {"Content-Type": "text/html; charset=utf-8"}, HTML)


def half_body(asked: Asked, vendor: Forward) -> Answered:
    """Close the connection in the middle of the vendor's answer."""
    whole = vendor()
    return replace(whole, keep=len(whole.body) // 2)


def lost_answer(asked: Asked, vendor: Forward) -> None:
    """Let the vendor do it, and close without an answer."""
    vendor()


def failed_with_page(asked: Asked, vendor: Forward) -> Answered:
    """Answer 500 with what would have been the page."""
    return replace(vendor(), status=500)


def silent(proxy: FaultProxy) -> Act:
    """Say nothing for longer than any client waits."""

    def act(asked: Asked, vendor: Forward) -> None:
        proxy.hang()

    return act


def rewritten(change: Callable[[bytes], bytes]) -> Act:
    """Change the vendor's answer."""

    def act(asked: Asked, vendor: Forward) -> Answered:
        answered = vendor()
        return replace(answered, body=change(answered.body))

    return act


class Echo:
    """Answer every request with the first one's answer, as a vendor that leads in circles."""

    def __init__(self) -> None:
        self._first: Answered | None = None

    def __call__(self, asked: Asked, vendor: Forward) -> Answered:
        """Answer as the first time."""
        if self._first is None:
            self._first = vendor()
        return self._first
