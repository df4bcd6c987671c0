"""A background-check platform, simulated: packages, orders with consent, reports, callbacks.

Options of ``start``: ``sign_type`` (``HMAC-SHA256``), ``limit`` (requests before it throttles),
``balance`` (orders that are paid for), ``people`` (``idle``: nobody consents) and ``sealed``
(``yes``: numbers are encrypted one by one). ``POST /_sim/advance`` lets a day pass.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.background_cn.sandbox.keys import SECRET, Keys
from connectors.background_cn.sandbox.platform import Platform
from hrhub.connector import Received
from hrhub.sandbox.rest import RestServer
from hrhub.sandbox.vendor import Running, StreamTruth
from hrhub.sandbox.world import World

__all__ = ["SECRET", "BackgroundSandbox", "RunningPlatform", "sandbox"]

_PATH = "/inbox/background_cn/callback"


class RunningPlatform(RestServer):
    """A platform that listens; ``platform`` is what it knows, ``keys`` are both sides'."""

    def __init__(self, world: World, host: str, port: int, options: Mapping[str, str]) -> None:
        self.keys = Keys.make(options.get("sign_type", "HMAC-SHA256"))
        self.platform = Platform(world, options, self.keys)
        self.sealed = options.get("sealed") == "yes"
        super().__init__(world, self.platform.answer, host, port)

    def advance(self) -> None:
        """Let a day pass."""
        self.platform.advance()

    def report(self, receiver: str, now: datetime) -> Received:
        """Return a genuine callback, as the platform would send it now."""
        number = next(iter(self.platform.orders), "B202603021530001")
        event = {
            "event": "report.ready",
            "eventId": f"E{int(now.timestamp())}",
            "orderNo": number,
            "clientOrderNo": "",
            "status": "COMPLETED",
            "occurredAt": now.isoformat(timespec="seconds"),
        }
        body = json.dumps(event, separators=(",", ":")).encode()
        headers = self.keys.callback_headers(_PATH, body, now)
        return Received(method="POST", path=_PATH, headers=headers, body=body)


class BackgroundSandbox:
    """A platform that can look into everybody of the company."""

    name = "background_cn"

    def start(
        self, world: World, host: str, port: int, options: Mapping[str, str]
    ) -> RunningPlatform:
        """Serve the world's people."""
        return RunningPlatform(world, host, port, options)

    def connection(self, world: World, running: Running) -> dict[str, Any]:
        """Return what the connection's form has to hold."""
        assert isinstance(running, RunningPlatform)
        sealed = {"field_key": running.keys.field_key.hex()} if running.sealed else {}
        return {
            "url": running.address,
            "allow_networks": ["127.0.0.0/8"],
            **running.keys.settings(),
            **sealed,
        }

    def truth(self, world: World) -> dict[str, StreamTruth]:
        """Return nothing: everything here is ordered."""
        return {}


sandbox = BackgroundSandbox()
