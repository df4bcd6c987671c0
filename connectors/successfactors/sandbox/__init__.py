"""A SuccessFactors tenant, simulated: token service, OData v2, its quirks and faults.

Options of ``start``: ``private_key`` (PEM; the technical client's key, else a new one is made),
``next_authority`` (``https://api.example.com:443``: what ``__next`` links are written with) and
``unfilterable`` (sets, joined by commas, whose time stamp of change cannot be filtered).
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from typing import Any

from connectors.successfactors.sandbox.faults import Faults
from connectors.successfactors.sandbox.server import (
    API_KEY,
    COMPANY,
    TECHNICAL_USER,
    RunningTenant,
)
from hrhub.sandbox.truth import employee_rows, own_rows
from hrhub.sandbox.vendor import Running, StreamTruth
from hrhub.sandbox.world import World

__all__ = ["Faults", "RunningTenant", "SuccessFactorsSandbox", "sandbox"]


class SuccessFactorsSandbox:
    """Starts tenants and says what a full sync of one must report."""

    name = "successfactors"

    def start(
        self, world: World, host: str, port: int, options: Mapping[str, str]
    ) -> RunningTenant:
        """Serve the world as a tenant."""
        return RunningTenant(world, host, port, options)

    def connection(self, world: World, running: Running) -> dict[str, Any]:
        """Return the connection of the technical user."""
        assert isinstance(running, RunningTenant)
        return {
            "api_host": running.address,
            "company_id": COMPANY,
            "client_id": API_KEY,
            "user_id": TECHNICAL_USER,
            "private_key": running.private_key,
            "mobile_type": running.option("ecPhoneType", "C"),
            "work_email_type": running.option("ecEmailType", "B"),
            "allow_networks": ["127.0.0.0/8"],
        }

    def truth(self, world: World) -> dict[str, StreamTruth]:
        """Count the records of every stream; what hangs on a faulty person is refused with it."""
        faulty = [p for p in world.people if p.faulty]
        spells = sum(len(p.spells) for p in world.people)
        refused = sum(len(p.spells) for p in faulty)
        return {
            "companies": StreamTruth(len(world.companies), 0),
            "departments": StreamTruth(len(world.departments), 0),
            "positions": StreamTruth(len(world.positions), 0),
            "people": StreamTruth(len(world.people), len(faulty)),
            "employments": StreamTruth(spells, refused),
            "jobs": StreamTruth(spells, refused),
        }

    def rows(self, world: World, known: Collection[str]) -> Mapping[str, Collection[Hashable]]:
        """Return the good people with all spells and slices, and the organisation over time."""
        good = [(p, s) for p in world.people if not p.faulty for s in p.spells]
        told = employee_rows(self.name, good, contacts=(), documents=False)
        people = {p.person_id for p, _ in good}
        kinds = ("mobile", "work_email", "personal_email")
        return told | {
            "person_contact": {(self.name, person, kind) for person in people for kind in kinds},
            "person_identifier": {(self.name, person) for person in people},
            "assignment": {(self.name, s.user_id, n) for _, s in good for n in range(len(s.jobs))},
            "org_unit": own_rows(self.name, sum(len(u.slices) for u in world.org_units)),
            "position": own_rows(self.name, sum(len(p.slices) for p in world.positions)),
        }


sandbox = SuccessFactorsSandbox()
