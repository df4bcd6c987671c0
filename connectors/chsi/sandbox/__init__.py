"""An education checker, simulated: people who issue codes, reports, checks that go day by day.

Options of ``start``: ``codes`` (``issued``; ``idle``: nobody enters one; ``expired``, ``closed``:
what reports are when they are looked at) and ``limit`` (checks until a captcha is asked for).
``POST /_sim/advance`` lets a day pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.chsi.sandbox.desk import KEY, Desk
from hrhub.sandbox.rest import RestServer
from hrhub.sandbox.vendor import Running, StreamTruth
from hrhub.sandbox.world import World

__all__ = ["KEY", "ChsiSandbox", "RunningDesk", "sandbox"]


class RunningDesk(RestServer):
    """A checker that listens; ``desk`` is what it knows."""

    def __init__(self, world: World, host: str, port: int, options: Mapping[str, str]) -> None:
        self.desk = Desk(world, options)
        super().__init__(world, self.desk.answer, host, port)

    def advance(self) -> None:
        """Let a day pass."""
        self.desk.advance()


class ChsiSandbox:
    """A checker of everybody's education."""

    name = "chsi"

    def start(self, world: World, host: str, port: int, options: Mapping[str, str]) -> RunningDesk:
        """Serve the world's people."""
        return RunningDesk(world, host, port, options)

    def connection(self, world: World, running: Running) -> dict[str, Any]:
        """Return what the connection's form has to hold."""
        return {"url": running.address, "api_key": KEY, "allow_networks": ["127.0.0.0/8"]}

    def truth(self, world: World) -> dict[str, StreamTruth]:
        """Return nothing: everything here is ordered."""
        return {}


sandbox = ChsiSandbox()
