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
from hrhub.sandbox.hiring import hiring
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
        recruits = hiring(world)
        sought, made = len(recruits.applicants), recruits.applications
        return {
            "companies": StreamTruth(len(world.companies), 0),
            "departments": StreamTruth(len(world.departments), 0),
            "positions": StreamTruth(len(world.positions), 0),
            "people": StreamTruth(len(world.people), len(faulty)),
            "employments": StreamTruth(spells, refused),
            "jobs": StreamTruth(spells, refused),
            "requisitions": StreamTruth(len(recruits.openings), 0),
            "candidates": StreamTruth(sought, 0),
            "resumes": StreamTruth(sought, 0),
            "applications": StreamTruth(len(made), 0),
            "application_events": StreamTruth(sum(len(a.moves) for a in made), 0),
            "interviews": StreamTruth(sum(a.interview is not None for a in made), 0),
            "offers": StreamTruth(sum(a.offered_at is not None for a in made), 0),
        }

    def rows(self, world: World, known: Collection[str]) -> Mapping[str, Collection[Hashable]]:
        """Return the good people with all spells, the organisation over time, and recruiting.

        An applicant is a person of the company, known there by two contacts more. Recruiting tells
        neither document nor birth date, so by name and mobile its people are merged with those of
        the company, and the role of candidate stays a row beside what other vendors tell.
        """
        good = [(p, s) for p in world.people if not p.faulty for s in p.spells]
        told = employee_rows(self.name, good, contacts=(), documents=False)
        people = {p.person_id for p, _ in good}
        kinds = ("mobile", "work_email", "personal_email")
        recruits = hiring(world)
        applied = {p.person_id for p in recruits.applicants}
        made = recruits.applications
        return told | {
            "person_contact": {(self.name, person, kind) for person in people for kind in kinds}
            | {(self.name, "candidate", p, kind) for p in applied for kind in ("mobile", "email")},
            "person_identifier": {(self.name, person) for person in people},
            "assignment": {(self.name, s.user_id, n) for _, s in good for n in range(len(s.jobs))},
            "org_unit": own_rows(self.name, sum(len(u.slices) for u in world.org_units)),
            "position": own_rows(self.name, sum(len(p.slices) for p in world.positions)),
            "requisition": own_rows(self.name, len(recruits.openings)),
            "candidate": {(self.name, person) for person in applied},
            "resume": {(self.name, person) for person in applied},
            "resume_job": {(self.name, person) for person in applied},
            "resume_education": {(self.name, person) for person in applied},
            "application": own_rows(self.name, len(made)),
            "application_event": own_rows(self.name, sum(len(a.moves) for a in made)),
            "interview": own_rows(self.name, sum(a.interview is not None for a in made)),
            "offer": own_rows(self.name, sum(a.offered_at is not None for a in made)),
        }


sandbox = SuccessFactorsSandbox()
