"""A social-security gateway, simulated: authorisations, queries, months, callbacks.

Options of ``start``: ``dialect`` (``sm4_gcm``), ``limit`` (requests before the gateway throttles),
``quota`` (queries a day), ``closed`` (the source is closed), ``people`` (``idle``: nobody signs)
and ``clock`` (``world``: time stamps are judged by the world's clock, not by the machine's).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from connectors.social_security.sandbox.desk import Desk
from connectors.social_security.sandbox.sealing import Platform
from hrhub.connector import Received
from hrhub.sandbox.rest import RestServer
from hrhub.sandbox.vendor import Running, StreamTruth
from hrhub.sandbox.world import World

__all__ = ["RunningGateway", "SocialSecuritySandbox", "sandbox"]


class RunningGateway(RestServer):
    """A simulated gateway that listens; ``desk`` is what it knows, ``platform`` holds the keys."""

    def __init__(self, world: World, host: str, port: int, options: Mapping[str, str]) -> None:
        self.platform = Platform.make(options.get("dialect", "sm4_gcm"))
        self.desk = Desk(world, options, self.platform)
        super().__init__(world, self.desk.answer, host, port)

    def advance(self) -> None:
        """Let a day pass."""
        self.desk.advance()

    def report(self, receiver: str, now: datetime) -> Received:
        """Return a genuine callback, as the platform would send it now; in Beijing time."""
        stamp = now.astimezone(timezone(timedelta(hours=8)))
        fields = {"timestamp": f"{stamp:%Y%m%d%H%M%S}", "transNo": f"C{int(now.timestamp())}"}
        data = {"event": "AUTH_CHANGED", "authNo": "A20261120000000001", "status": "SIGNED"}
        return Received(
            method="POST",
            path="/inbox/social_security/callback",
            headers={"Content-Type": "application/json;charset=UTF-8"},
            body=self.platform.write(fields, data),
        )

    def resealed(self, body: bytes, change: Callable[[bytes], bytes]) -> bytes:
        """Return an answer of ours with something else in it, sealed and signed again."""
        fields, data = self.platform.open_own(body)
        changed = change(json.dumps(data, ensure_ascii=False).encode())
        return self.platform.write(fields, json.loads(changed))


class SocialSecuritySandbox:
    """A gateway that knows everybody's contributions."""

    name = "social_security"

    def start(
        self, world: World, host: str, port: int, options: Mapping[str, str]
    ) -> RunningGateway:
        """Serve the contributions of the world's people."""
        return RunningGateway(world, host, port, options)

    def connection(self, world: World, running: Running) -> dict[str, Any]:
        """Return what the connection's form has to hold."""
        assert isinstance(running, RunningGateway)
        return {
            "url": running.address,
            "allow_networks": ["127.0.0.0/8"],
            **running.platform.settings(),
        }

    def truth(self, world: World) -> dict[str, StreamTruth]:
        """Return nothing: everything here is ordered."""
        return {}


sandbox = SocialSecuritySandbox()
