"""An AI-interview platform, simulated: positions, invitations, results, signed callbacks.

Options of ``start``: ``limit`` (requests before it throttles), ``people`` (``idle``: nobody opens
an invitation), ``outcome`` (``recommended``: everybody passes) and ``callback`` (address that
callbacks go to where an invitation names none; without either they are only kept).
``POST /_sim/advance`` lets a step of time pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.ai_interview.sandbox.hooks import CALLBACK_SECRET, Hooks
from connectors.ai_interview.sandbox.platform import ACCESS_ID, ACCESS_SECRET, Platform
from hrhub.connector import Received
from hrhub.sandbox.rest import RestServer
from hrhub.sandbox.vendor import Running, StreamTruth
from hrhub.sandbox.world import World

__all__ = ["AiInterviewSandbox", "RunningPlatform", "sandbox"]


class RunningPlatform(RestServer):
    """A platform that listens; ``platform`` is what it knows, ``hooks`` what it reports."""

    def __init__(self, world: World, host: str, port: int, options: Mapping[str, str]) -> None:
        self.hooks = Hooks(options.get("callback", ""))
        self.platform = Platform(world, options, self.hooks)
        super().__init__(world, self.platform.answer, host, port)

    def stop(self) -> None:
        """Close the socket and send nothing more."""
        self.hooks.stop()
        super().stop()

    def advance(self) -> None:
        """Let a step of time pass."""
        self.platform.advance()

    def report(self, receiver: str, now: datetime) -> Received:
        """Return a genuine callback, as the platform would send it now."""
        number = next(iter(self.platform.invitations), "I1")
        data = {"invitationId": number, "at": now.isoformat(timespec="seconds")}
        return self.hooks.signed(f"ev-{int(now.timestamp())}", "invitation.opened", data, now)


class AiInterviewSandbox:
    """A platform that can interview everybody of the company."""

    name = "ai_interview"

    def start(
        self, world: World, host: str, port: int, options: Mapping[str, str]
    ) -> RunningPlatform:
        """Serve the world's people."""
        return RunningPlatform(world, host, port, options)

    def connection(self, world: World, running: Running) -> dict[str, Any]:
        """Return what the connection's form has to hold."""
        return {
            "url": f"{running.address}/openapi/v1",
            "access_id": ACCESS_ID,
            "access_secret": ACCESS_SECRET,
            "callback_secret": CALLBACK_SECRET,
            "allow_networks": ["127.0.0.0/8"],
        }

    def truth(self, world: World) -> dict[str, StreamTruth]:
        """Return nothing: everything here is ordered."""
        return {}


sandbox = AiInterviewSandbox()
