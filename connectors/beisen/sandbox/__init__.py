"""Beisen iTalent, simulated: both token calls, windows of 90 days, scrolls of ten seconds.

Options of ``start``: ``sign_in`` (how the connection signs in, ``app_key``), ``masked`` (``yes``:
mobile and identity numbers come masked), ``flood`` (``yes``: every row is written every night)
and ``people`` (``idle``: nobody begins an assessment).
``tenant`` of what runs has the switches ``forgetful`` and ``closed``.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Any

from connectors.beisen.sandbox.recruiting import Recruiting
from connectors.beisen.sandbox.rows import BEGAN, TENANT_ID, Row
from connectors.beisen.sandbox.tenant import APP_KEY, APP_SECRET, Tenant
from hrhub.sandbox.rest import RestServer
from hrhub.sandbox.truth import employee_rows, own_rows
from hrhub.sandbox.vendor import Running, StreamTruth
from hrhub.sandbox.world import World

__all__ = ["APP_SECRET", "BeisenSandbox", "RunningBeisen", "sandbox"]


class RunningBeisen(RestServer):
    """A tenant that listens."""

    def __init__(self, world: World, host: str, port: int, options: Mapping[str, str]) -> None:
        self.tenant = Tenant(world, options)
        self.sign_in = options.get("sign_in", "app_key")
        super().__init__(world, self.tenant.answer, host, port)

    def advance(self) -> None:
        """Let a day pass for those who take an assessment."""
        self.tenant.assessing.advance()


class BeisenSandbox:
    """A tenant with everybody who is or was employed."""

    name = "beisen"

    def start(
        self, world: World, host: str, port: int, options: Mapping[str, str]
    ) -> RunningBeisen:
        """Serve the world."""
        return RunningBeisen(world, host, port, options)

    def connection(self, world: World, running: Running) -> dict[str, Any]:
        """Return what the connection's form has to hold."""
        assert isinstance(running, RunningBeisen)
        return {
            "url": running.address,
            "sign_in": running.sign_in,
            "app_key": APP_KEY,
            "app_secret": APP_SECRET,
            "tenant_id": TENANT_ID,
            "history_from": BEGAN.isoformat(),
            "employ_types": [0, 1, 2, 3],
            "allow_networks": ["127.0.0.0/8"],
        }

    def truth(self, world: World) -> dict[str, StreamTruth]:
        """Count what stands today; a person is one employee.

        An applicant with a faulty number is refused, and with them what they applied for.
        """
        applied = Recruiting(world)
        faulty = sum(p.faulty for p in applied.people)
        return {
            "jobs": StreamTruth(len(applied.jobs), 0),
            "applicants": StreamTruth(len(applied.people), faulty),
            "applications": StreamTruth(len(applied.people), faulty),
            "resumes": StreamTruth(len(applied.people), faulty),
            "interviews": _of(applied, applied.interviews),
            "offers": _of(applied, applied.offers),
            "organizations": StreamTruth(len(world.org_units) + 1, 0),
            "positions": StreamTruth(len(world.positions), 0),
            "employees": StreamTruth(len(world.people), sum(p.faulty for p in world.people)),
        }

    def rows(self, world: World, known: Collection[str]) -> Mapping[str, Collection[Hashable]]:
        """Return good people with their last spell, and those among them who once applied."""
        good = [(p, p.spells[-1]) for p in world.people if not p.faulty]
        kinds = ("mobile", "work_email", "personal_email")
        told = employee_rows(self.name, good, contacts=kinds, documents=True)
        applied = Recruiting(world)
        people = {p.person_id for p in applied.people if not p.faulty}
        told["person_contact"] |= {
            (self.name, person, kind) for person in people for kind in ("mobile", "email")
        }
        told["person_identifier"] |= {(self.name, person) for person in people}
        return told | {
            "org_unit": own_rows(self.name, len(world.org_units) + 1),
            "position": own_rows(self.name, len(world.positions)),
            "requisition": own_rows(self.name, len(applied.jobs)),
            "candidate": people,
            "application": {(self.name, person) for person in people},
            "resume": {(self.name, person) for person in people},
            "resume_job": {(self.name, person) for person in people},
            "resume_education": {(self.name, person) for person in people},
            "interview": own_rows(self.name, _good(applied, applied.interviews)),
            "offer": own_rows(self.name, _good(applied, applied.offers)),
        }


def _of(applied: Recruiting, rows: Sequence[Row]) -> StreamTruth:
    return StreamTruth(len(rows), applied.refused(rows))


def _good(applied: Recruiting, rows: Sequence[Row]) -> int:
    return len(rows) - applied.refused(rows)


sandbox = BeisenSandbox()
