"""WeCom, simulated: tokens, directory, attendance, messages, encrypted callbacks.

Options of ``start``: ``withheld`` (``no`` for an application of before June 2022), ``trusted``
(``no``: our address is not in the list), ``visible`` (``no``: nobody is in the visible range),
``licensed`` (``no``: no member has a base licence), ``per_minute`` (calls per interface, 10000),
``limits`` (``yes``: the smaller limits that single interfaces have), ``widest_s`` (seconds of a
window of approvals above which it holds too many).
``enterprise`` of what runs has the switches ``expire_tokens()`` and ``next_minute()``.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from datetime import datetime
from typing import Any

from connectors.wecom.sandbox.enterprise import (
    AGENT_ID,
    CONTACTS_SECRET,
    CORP_ID,
    SECRET,
    Enterprise,
)
from connectors.wecom.sandbox.rows import department_numbers
from connectors.wecom.sandbox.sealing import (
    CALLBACK_KEY,
    CALLBACK_TOKEN,
    approval_info,
    sealed,
    sealed_echo,
)
from hrhub.connector import Received
from hrhub.sandbox.punches import working_days
from hrhub.sandbox.rest import RestServer
from hrhub.sandbox.truth import employee_rows, own_rows, punch_rows
from hrhub.sandbox.vendor import Running, StreamTruth
from hrhub.sandbox.world import World

__all__ = [
    "AGENT_ID",
    "CALLBACK_KEY",
    "CALLBACK_TOKEN",
    "CONTACTS_SECRET",
    "CORP_ID",
    "SECRET",
    "RunningWecom",
    "WecomSandbox",
    "sandbox",
]


class RunningWecom(RestServer):
    """An enterprise that listens."""

    def __init__(self, world: World, host: str, port: int, options: Mapping[str, str]) -> None:
        self._world = world
        self.enterprise = Enterprise(world, options)
        super().__init__(world, self.enterprise.answer, host, port)

    def report(self, receiver: str, now: datetime) -> Received:
        """Return a callback about a changed member, as a URL of today gets it."""
        changed = "<ChangeType>update_user</ChangeType><UserID>wx00001</UserID>"
        return sealed(f"<Event>change_contact</Event>{changed}<Department>2</Department>", now)

    def approval(self, now: datetime, number: str | None = None) -> Received:
        """Return a callback about a form: one of the company's, as it stands."""
        forms = self.enterprise.forms
        form = next((f for f in forms if f["sp_no"] == number), forms[0])
        return sealed(f"<Event>sys_approval_change</Event>{approval_info(form)}", now)

    def connection_for(self, sink: str) -> dict[str, Any]:
        """Return what is different in the connection through which members are written."""
        if sink != "members":
            return {}
        units = department_numbers(self._world)
        return {"secret": CONTACTS_SECRET, "agent_id": 0, "departments": units}

    def echo(self, text: str, now: datetime) -> Received:
        """Return the test of an address that was just entered."""
        return sealed_echo(text, now)


class WecomSandbox:
    """An enterprise with everybody who is employed."""

    name = "wecom"

    def start(self, world: World, host: str, port: int, options: Mapping[str, str]) -> RunningWecom:
        """Serve the world."""
        return RunningWecom(world, host, port, options)

    def connection(self, world: World, running: Running) -> dict[str, Any]:
        """Return what the connection's form has to hold."""
        return {
            "url": running.address,
            "corp_id": CORP_ID,
            "secret": SECRET,
            "agent_id": AGENT_ID,
            "history_from": working_days(world.as_of, world.punch_days)[0].isoformat(),
            "callback_token": CALLBACK_TOKEN,
            "callback_key": CALLBACK_KEY,
            "allow_networks": ["127.0.0.0/8"],
        }

    def truth(self, world: World) -> dict[str, StreamTruth]:
        """Count departments, members, and check-ins that took place."""
        enterprise = Enterprise(world, {})
        return {
            "departments": StreamTruth(len(enterprise.departments), 0),
            "employees": StreamTruth(len(enterprise.members), 0),
            "punches": StreamTruth(
                sum(row["exception_type"] != "未打卡" for row in enterprise.checkins), 0
            ),
            "days": StreamTruth(len(enterprise.days), 0),
            "leave_requests": StreamTruth(_leave(enterprise), 0),
            # Everybody's form has one who decides.
            "approvals": StreamTruth(len(enterprise.forms), 0),
        }

    def rows(self, world: World, known: Collection[str]) -> Mapping[str, Collection[Hashable]]:
        """Return everybody employed, without contacts as today's applications see them."""
        told = employee_rows(self.name, world.employed, contacts=(), documents=False)
        employed = {spell.user_id for _, spell in world.employed}
        enterprise = Enterprise(world, {})
        return (
            told
            | punch_rows(world, self.name, employed)
            | {
                "org_unit": own_rows(self.name, len(enterprise.departments)),
                "attendance_day": own_rows(self.name, len(enterprise.days)),
                "leave_request": own_rows(self.name, _leave(enterprise)),
                "approval_step": own_rows(self.name, len(enterprise.forms)),
            }
        )


def _leave(enterprise: Enterprise) -> int:
    return sum(form["record_type"] == "1" for form in enterprise.forms)


sandbox = WecomSandbox()
