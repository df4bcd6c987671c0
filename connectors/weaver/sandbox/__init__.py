"""Weaver e-cology, simulated: HrmService, the HRM interface, tokens and workflows of the platform.

Options of ``start``: ``directory`` (``rest`` or ``soap``: how the connection reads), ``digest``
(``md5`` or ``sm3``), ``listed`` (``no``: the hub's address is not in the list) and ``dead_token``
(``json`` or ``html``: how a dead token is answered). ``office`` of what runs has the switch
``expire_tokens()``, and ``flow.decide()`` of it settles an open request.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from datetime import timedelta
from typing import Any

from connectors.weaver.sandbox.flow import Flow
from connectors.weaver.sandbox.office import (
    ADDRESS,
    APP_ID,
    APP_SECRET,
    HRM_SECRET,
    PLAN_WORKFLOW,
    USER_ID,
    Office,
)
from connectors.weaver.sandbox.rows import Directory
from hrhub.sandbox.rest import RestServer
from hrhub.sandbox.truth import employee_rows, own_rows
from hrhub.sandbox.vendor import Running, StreamTruth
from hrhub.sandbox.world import World

__all__ = ["APP_SECRET", "HRM_SECRET", "RunningWeaver", "WeaverSandbox", "sandbox"]


class RunningWeaver(RestServer):
    """An installation that listens."""

    def __init__(self, world: World, host: str, port: int, options: Mapping[str, str]) -> None:
        self.office = Office(world, options)
        self.options = dict(options)
        super().__init__(world, self.office.answer, host, port)


class WeaverSandbox:
    """An installation with everybody who is or was employed."""

    name = "weaver"

    def start(
        self, world: World, host: str, port: int, options: Mapping[str, str]
    ) -> RunningWeaver:
        """Serve the world."""
        return RunningWeaver(world, host, port, options)

    def connection(self, world: World, running: Running) -> dict[str, Any]:
        """Return what the connection's form has to hold."""
        assert isinstance(running, RunningWeaver)
        return {
            "url": running.address,
            "directory": running.options.get("directory", "rest"),
            "hrm_secret": HRM_SECRET,
            "hrm_digest": running.options.get("digest", "md5"),
            "own_address": ADDRESS,
            "app_id": APP_ID,
            "app_secret": APP_SECRET,
            "public_key": running.office.public_key,
            "user_id": USER_ID,
            "plan_workflow": PLAN_WORKFLOW,
            "default_shift": "A1",
            "requests_from": (world.as_of - timedelta(days=30)).isoformat(),
            "allow_networks": ["127.0.0.0/8"],
        }

    def truth(self, world: World) -> dict[str, StreamTruth]:
        """Count rows; secondary accounts are not read, and faulty identity numbers are refused."""
        spells = [(p, s) for p in world.people for s in p.spells]
        refused = sum(p.faulty for p, _ in spells)
        return {
            "divisions": StreamTruth(len(world.companies) + 1, 0),
            "departments": StreamTruth(len(world.departments), 0),
            "jobtitles": StreamTruth(len(world.positions), 0),
            "people": StreamTruth(len(spells), refused),
            "requests": StreamTruth(_steps(world), 0),
        }

    def rows(self, world: World, known: Collection[str]) -> Mapping[str, Collection[Hashable]]:
        """Return the good people's spells, the root above the companies, titles as positions."""
        good = [(p, s) for p in world.people if not p.faulty for s in p.spells]
        told = employee_rows(self.name, good, contacts=("mobile", "email"), documents=True)
        return told | {
            "org_unit": own_rows(self.name, len(world.org_units) + 1),
            "position": own_rows(self.name, len(world.positions)),
            "approval_step": own_rows(self.name, _steps(world)),
        }


def _steps(world: World) -> int:
    return Flow(world, Directory(world)).steps()


sandbox = WeaverSandbox()
