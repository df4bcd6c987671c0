"""The inbox as an ASGI application: sizes, times and the health of the process.

It is written without a framework: two routes and a limit on everything that comes in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from hrhub.connector import Reply
from hrhub.inbox.reception import Fate, Reception

BODY_S = 20.0
"""How long a body may take to arrive."""

_THREADS = 32
_HEALTH, _METRICS = "/-/health", "/-/metrics"
"""No connection is named ``-``."""
_METHODS = ("GET", "POST")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Result = TypeVar("Result")


class _TooLarge(Exception):
    pass


class _Gone(Exception):
    """The other side hung up in the middle."""


class InboxApp:
    """Serves one reception.

    Args:
        reception: Takes the requests.
        body_s: How long a body may take to arrive.
    """

    def __init__(self, reception: Reception, *, body_s: float = BODY_S) -> None:
        self._reception = reception
        self._body_s = body_s
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="inbox")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            reply = await self._answer(scope, receive)
        except _Gone:
            return
        # Whatever of the request was not read must not be taken for the next one.
        whole = reply.status not in (408, 411, 413, 415)
        await _send(send, reply, close=not whole)

    async def _answer(self, scope: Scope, receive: Receive) -> Reply:
        path, peer = scope["path"], (scope.get("client") or ("", 0))[0]
        if path == _HEALTH:
            well = await self._run(self._reception.healthy)
            return Reply(body=b"ok\n") if well else Reply(status=503, body=b"no store\n")
        if path == _METRICS and _is_loopback(peer):
            return Reply(body=_metrics(self._reception.counts()).encode())
        if scope["method"] not in _METHODS:
            return Reply(status=405)
        door = await self._run(partial(self._reception.find, path))
        if door is None:
            return Reply(status=404)
        connection = door.found.conn_id
        headers = _headers(scope)
        if headers.get("content-encoding", "identity") != "identity":
            self._reception.count(connection, Fate.REFUSED)
            return Reply(status=415)
        try:
            async with asyncio.timeout(self._body_s):
                body = await _body(receive, headers, door.receiver.largest_bytes)
        except _TooLarge:
            self._reception.count(connection, Fate.TOO_LARGE)
            return Reply(status=413)
        except TimeoutError:
            self._reception.count(connection, Fate.TOO_SLOW)
            return Reply(status=408)
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        return await self._run(
            partial(self._reception.take, door, scope["method"], query, headers, body, peer)
        )

    async def _run(self, act: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, act)


async def _body(receive: Receive, headers: Mapping[str, str], most: int) -> bytes:
    """Read a body.

    Raises:
        _TooLarge: It is longer than it may be, or says that it will be.
        _Gone: The other side hung up.
    """
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > most:
        raise _TooLarge
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            raise _TooLarge
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


async def _send(send: Send, reply: Reply, *, close: bool) -> None:
    headers = [
        (b"content-length", str(len(reply.body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if reply.body:
        headers.append((b"content-type", reply.content_type.encode("latin-1")))
    if close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


def _headers(scope: Scope) -> dict[str, str]:
    """Return the headers by their names in lower case; of repeated ones the first."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    return found


def _is_loopback(peer: str) -> bool:
    try:
        return ip_address(peer).is_loopback
    except ValueError:
        return False


def _metrics(counts: Mapping[tuple[str, str], int]) -> str:
    """Return the counts in the text format of Prometheus."""
    lines = ["# TYPE hrhub_inbox_requests_total counter"]
    lines += [
        f'hrhub_inbox_requests_total{{connection="{connection}",fate="{fate}"}} {n}'
        for (connection, fate), n in sorted(counts.items())
    ]
    return "\n".join(lines) + "\n"
