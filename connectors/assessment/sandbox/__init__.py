"""An assessment platform, simulated in each of the dialects.

Options of ``start``: ``dialect`` (``shl``, ``talebase``), ``sign_in`` (``token``, ``signature``),
``limit`` (requests before it throttles) and ``people`` (``idle``: nobody begins).
``platform`` of what runs has ``revise``, which scores an order anew, and orders with ``doubt``.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.assessment.sandbox.platform import Platform
from connectors.assessment.sandbox.shl import CALLBACK_SECRET, CLIENT_ID, PATH, SECRET, Shl
from connectors.assessment.sandbox.talebase import Talebase
from hrhub.connector import Received
from hrhub.sandbox.rest import Asked, Reply, RestServer, Tokens
from hrhub.sandbox.vendor import Running, StreamTruth
from hrhub.sandbox.world import World

__all__ = ["SECRET", "AssessmentSandbox", "RunningPlatform", "sandbox"]


class RunningPlatform(RestServer):
    """A platform that listens; ``platform`` is what it knows, ``tokens`` what it gave out."""

    def __init__(self, world: World, host: str, port: int, options: Mapping[str, str]) -> None:
        self.dialect = options.get("dialect", "shl")
        self.sign_in = options.get("sign_in", "token")
        self.platform = Platform(world, options)
        self.tokens = Tokens()
        self._speaks: Shl | Talebase = (
            Shl(self.platform, self.tokens)
            if self.dialect == "shl"
            else Talebase(self.platform, self.tokens, self.sign_in)
        )
        self._turn = threading.Lock()
        super().__init__(world, self._locked, host, port)

    def advance(self) -> None:
        """Let a day pass."""
        with self._turn:
            self.platform.advance()

    def report(self, receiver: str, now: datetime) -> Received:
        """Return a genuine callback, as the platform would send it now."""
        order = next(iter(self.platform.orders), "ord_00000001")
        body, headers = self._speaks.report(order, now)
        return Received(method="POST", path=PATH, headers=headers, body=body)

    def _locked(self, asked: Asked) -> Reply:
        with self._turn:
            return self._speaks.answer(asked)


class AssessmentSandbox:
    """A platform that can test everybody of the company."""

    name = "assessment"

    def start(
        self, world: World, host: str, port: int, options: Mapping[str, str]
    ) -> RunningPlatform:
        """Serve the world's people."""
        return RunningPlatform(world, host, port, options)

    def connection(self, world: World, running: Running) -> dict[str, Any]:
        """Return what the connection's form has to hold."""
        assert isinstance(running, RunningPlatform)
        return {
            "url": running.address,
            "dialect": running.dialect,
            "sign_in": running.sign_in,
            "client_id": CLIENT_ID,
            "client_secret": SECRET,
            "callback_secret": CALLBACK_SECRET if running.dialect == "shl" else "",
            "allow_networks": ["127.0.0.0/8"],
        }

    def truth(self, world: World) -> dict[str, StreamTruth]:
        """Return nothing: everything here is ordered."""
        return {}


sandbox = AssessmentSandbox()
