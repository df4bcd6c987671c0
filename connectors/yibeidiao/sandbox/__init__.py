"""Yibeidiao, simulated: orders that wait to be paid, consent by SMS, checks with items.

Options of ``start``: ``balance`` (checks that can be paid), ``limit`` (requests before it
throttles) and ``people`` (``idle``: nobody consents). ``POST /_sim/advance`` lets a day pass.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from connectors.yibeidiao.sandbox.platform import KEY, TOKEN, Platform
from hrhub.sandbox.rest import RestServer
from hrhub.sandbox.vendor import Running, StreamTruth
from hrhub.sandbox.world import World

__all__ = ["KEY", "TOKEN", "RunningPlatform", "YibeidiaoSandbox", "sandbox"]


class RunningPlatform(RestServer):
    """A platform that listens; ``platform`` is what it knows."""

    def __init__(self, world: World, host: str, port: int, options: Mapping[str, str]) -> None:
        self.platform = Platform(world, options)
        super().__init__(world, self.platform.answer, host, port)

    def advance(self) -> None:
        """Let a day pass."""
        self.platform.advance()

    def resealed(self, body: bytes, change: Callable[[bytes], bytes]) -> bytes:
        """Return an answer with another status; the signature covers headers only, and holds."""
        said = json.loads(body)
        data = said.get("data") or {}
        if "status" in data:
            data["status"] = change(str(data["status"]).encode()).decode()
        return json.dumps(said).encode()


class YibeidiaoSandbox:
    """A platform that can look into everybody of the company."""

    name = "yibeidiao"

    def start(
        self, world: World, host: str, port: int, options: Mapping[str, str]
    ) -> RunningPlatform:
        """Serve the world's people."""
        return RunningPlatform(world, host, port, options)

    def connection(self, world: World, running: Running) -> dict[str, Any]:
        """Return what the connection's form has to hold."""
        return {
            "url": running.address,
            "key": KEY,
            "token": TOKEN,
            "packages": ["12=标准背调", "1:1,14:1=身份与诉讼"],
            "allow_networks": ["127.0.0.0/8"],
        }

    def truth(self, world: World) -> dict[str, StreamTruth]:
        """Return nothing: everything here is ordered."""
        return {}


sandbox = YibeidiaoSandbox()
