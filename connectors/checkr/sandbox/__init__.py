"""Checkr, simulated: candidates of the company, invitations, reports, webhooks.

Options of ``start``: ``limit`` (requests a minute, 1200), ``per_account`` (name told by the check)
``reports`` (``in_order``, ``shuffled`` or ``repeated``: how webhooks arrive) and ``callback`` (the
address that they are sent to; without one they are only kept).
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from datetime import datetime
from typing import Any

from connectors.checkr.sandbox.agency import API_KEY, Agency, object_id
from connectors.checkr.sandbox.hooks import Hooks
from hrhub.connector import Received
from hrhub.sandbox.rest import RestServer
from hrhub.sandbox.vendor import Running, StreamTruth
from hrhub.sandbox.world import World

__all__ = ["API_KEY", "CheckrSandbox", "RunningAgency", "sandbox"]


class RunningAgency(RestServer):
    """A simulated account that listens; ``agency`` is what it knows, ``hooks`` what it reports."""

    def __init__(self, world: World, host: str, port: int, options: Mapping[str, str]) -> None:
        self.hooks = Hooks(API_KEY, options.get("reports", "in_order"), options.get("callback", ""))
        self.agency = Agency(world, options, self.hooks)
        super().__init__(world, self.agency.answer, host, port)

    def stop(self) -> None:
        """Close the socket and send nothing more."""
        self.hooks.stop()
        super().stop()

    def advance(self) -> None:
        """Let a day pass."""
        self.agency.advance()

    def report(self, receiver: str, now: datetime) -> Received:
        """Return a genuine report, as Checkr would send it now."""
        return self.hooks.sample(now)


class CheckrSandbox:
    """An account for the whole company."""

    name = "checkr"

    def start(
        self, world: World, host: str, port: int, options: Mapping[str, str]
    ) -> RunningAgency:
        """Serve the world's people as candidates."""
        return RunningAgency(world, host, port, options)

    def connection(self, world: World, running: Running) -> dict[str, Any]:
        """Return what the connection's form has to hold."""
        return {
            "url": running.address,
            "api_key": API_KEY,
            "allow_networks": ["127.0.0.0/8"],
        }

    def truth(self, world: World) -> dict[str, StreamTruth]:
        """Count the candidates that lists show: those who work in the US."""
        return {"candidates": StreamTruth(len(Agency(world, {}).listed()), 0)}

    def rows(self, world: World, known: Collection[str]) -> Mapping[str, Collection[Hashable]]:
        """Return candidates under who they are; where only the mobile tells, they stay apart.

        Who has a faulty identity number is known elsewhere without birth date and personal
        address, which are what joins a name in Latin letters to one in Chinese.
        """
        shown = {row["id"] for row in Agency(world, {}).listed()}
        people = [p for p in world.people if object_id("person", p.person_id) in shown]
        names: set[Hashable] = {
            (self.name, p.person_id) if p.faulty else p.person_id for p in people
        }
        return {
            "person": names,
            "candidate": names,
            "person_contact": {(self.name, n, kind) for n in names for kind in ("mobile", "email")},
        }


sandbox = CheckrSandbox()
