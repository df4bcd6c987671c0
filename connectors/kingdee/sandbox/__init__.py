"""Kingdee Cloud Galaxy, simulated: logins, signed requests, queries, the life of a card.

Options of ``start``: ``sign_in`` (how the connection signs in, ``signature``) and ``public``
(``yes``: a public-cloud tenant, which refuses passwords). ``galaxy`` of what runs has the switch
``expire_sessions()``.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from typing import Any

from connectors.kingdee.sandbox.forms import cards
from connectors.kingdee.sandbox.galaxy import (
    APP_ID,
    APP_SECRET,
    DATA_CENTER,
    PASSWORD,
    ROOT,
    USER,
    Galaxy,
)
from hrhub.sandbox.rest import RestServer
from hrhub.sandbox.truth import employee_rows, own_rows
from hrhub.sandbox.vendor import Running, StreamTruth
from hrhub.sandbox.world import World

__all__ = [
    "APP_ID",
    "APP_SECRET",
    "DATA_CENTER",
    "PASSWORD",
    "ROOT",
    "USER",
    "KingdeeSandbox",
    "RunningKingdee",
    "sandbox",
]


class RunningKingdee(RestServer):
    """A data centre that listens."""

    def __init__(self, world: World, host: str, port: int, options: Mapping[str, str]) -> None:
        self.galaxy = Galaxy(world, options)
        self.sign_in = options.get("sign_in", "signature")
        super().__init__(world, self.galaxy.answer, host, port)


class KingdeeSandbox:
    """A data centre with everybody who is or was employed."""

    name = "kingdee"

    def start(
        self, world: World, host: str, port: int, options: Mapping[str, str]
    ) -> RunningKingdee:
        """Serve the world."""
        return RunningKingdee(world, host, port, options)

    def connection(self, world: World, running: Running) -> dict[str, Any]:
        """Return what the connection's form has to hold."""
        assert isinstance(running, RunningKingdee)
        return {
            "url": f"{running.address}{ROOT}",
            "data_center": DATA_CENTER,
            "user": USER,
            "sign_in": running.sign_in,
            "app_id": APP_ID,
            "app_secret": APP_SECRET,
            "password": PASSWORD,
            "organisation": world.companies[0].code,
            "allow_networks": ["127.0.0.0/8"],
        }

    def truth(self, world: World) -> dict[str, StreamTruth]:
        """Count the rows of every form; an employee's earlier posts do not count again."""
        return {
            "organisations": StreamTruth(len(world.companies), 0),
            "departments": StreamTruth(len(world.departments), 0),
            "posts": StreamTruth(len(world.positions), 0),
            "employees": StreamTruth(len(cards(world)), 0),
        }

    def rows(self, world: World, known: Collection[str]) -> Mapping[str, Collection[Hashable]]:
        """Return every card with its main post; Kingdee is not told identity numbers."""
        spells = [(person, spell) for _, person, spell in cards(world)]
        told = employee_rows(self.name, spells, contacts=("mobile", "email"), documents=False)
        return told | {
            "org_unit": own_rows(self.name, len(world.org_units)),
            "position": own_rows(self.name, len(world.positions)),
        }


sandbox = KingdeeSandbox()
