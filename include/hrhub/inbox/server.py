"""Running the inbox: sockets, workers, the time that a head may take, an orderly end.

Needs uvicorn, which is no part of a bare installation: ``pip install 'hrhub[inbox]'``.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hrhub.ambient import SystemClock
from hrhub.errors import ConfigError
from hrhub.inbox.app import InboxApp
from hrhub.inbox.reception import Mount, Reception

if TYPE_CHECKING:
    import uvicorn

    from hrhub.pipeline import Hub

KEEP_ALIVE_S = 5
MOST_AT_ONCE = 512
"""Connections and requests of one worker at a time; more are told 503 and come again."""
MOST_HEAD_BYTES = 16_384
END_S = 15
"""How long the end waits for requests that are being worked on."""

CONNECTIONS_VARIABLE = "HRHUB_INBOX_CONNECTIONS"
MOUNTS_VARIABLE = "HRHUB_INBOX_MOUNTS"
"""How workers, which are processes of their own, learn what is served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What is served where.

    Attributes:
        connections: The only ones that are served; all if empty.
        mounts: ``connection/receiver`` of receivers that answer at their own prefix.
        workers: Processes.
        trust_proxies: Addresses or networks of proxies whose word is taken for who calls.
    """

    host: str = "127.0.0.1"
    port: int = 8090
    connections: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()
    workers: int = 1
    trust_proxies: tuple[str, ...] = ()


def serve(serving: Serving, ready: Callable[[int, list[tuple[str, str]]], None]) -> None:
    """Serve until the process is asked to end; what is being worked on is finished.

    ``ready`` is called with the port and the addresses as soon as connections are accepted.

    Raises:
        ConfigError: uvicorn is not installed (``inbox.not_installed``), the port cannot be had
            (``inbox.port``), or a connection cannot be served.
        HrHubError: Store or keys cannot be opened.
    """
    try:
        import uvicorn
        from uvicorn.supervisors import Multiprocess
    except ImportError:
        raise ConfigError("inbox.not_installed") from None

    os.environ[CONNECTIONS_VARIABLE] = ",".join(serving.connections)
    os.environ[MOUNTS_VARIABLE] = ",".join(serving.mounts)
    with _hub() as hub:  # told before any worker starts what is wrong
        addresses = _reception(hub).addresses()
    listening = listen(serving.host, serving.port)
    config = uvicorn_config("hrhub.inbox.server:application", serving)
    with closing(listening):
        ready(listening.getsockname()[1], addresses)
        if serving.workers > 1:
            Multiprocess(config, sockets=[listening]).run()
        else:
            uvicorn.Server(config).run(sockets=[listening])


def uvicorn_config(app: Any, serving: Serving) -> uvicorn.Config:
    """Return how uvicorn serves an application, or the name of what makes one."""
    import uvicorn

    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        workers=serving.workers,
        http="hrhub.inbox.patience:Patient",
        ws="none",
        lifespan="off",
        interface="asgi3",
        # Addresses hold signatures, and what a connector raises may hold what it was sent.
        access_log=False,
        log_level="error",
        proxy_headers=bool(serving.trust_proxies),
        forwarded_allow_ips=list(serving.trust_proxies),
        server_header=False,
        limit_concurrency=MOST_AT_ONCE,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=END_S,
        h11_max_incomplete_event_size=MOST_HEAD_BYTES,
    )


def application() -> InboxApp:
    """Return the application of one worker, as the environment describes it."""
    return InboxApp(_reception(_hub()))


def _hub() -> Hub:
    from hrhub.pipeline import open_hub

    return open_hub()


def _reception(hub: Hub) -> Reception:
    from hrhub.airflow.connections import resolve

    return Reception(
        hub,
        resolve,
        clock=SystemClock(),
        connections=_listed(CONNECTIONS_VARIABLE),
        mounts=[Mount.of(text) for text in _listed(MOUNTS_VARIABLE)],
    )


def _listed(variable: str) -> list[str]:
    return [text for text in os.environ.get(variable, "").split(",") if text]


def listen(host: str, port: int) -> socket.socket:
    """Listen at an address; port 0 takes any free one.

    Raises:
        ConfigError: It cannot be had (``inbox.port``).
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(1_024)
    except OSError:
        listening.close()
        raise ConfigError("inbox.port", port=port) from None
    listening.set_inheritable(True)
    return listening
