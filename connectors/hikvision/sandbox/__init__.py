"""A Hikvision terminal, simulated: digest with lock-out, searches by position, users.

Options of ``start``: ``skew_s`` (how far its clock is ahead), ``nonce_uses`` (requests until a
nonce is stale), ``capacity`` (users it can hold), ``single`` (``yes``: one row comes without a
list), ``offset`` (``no``: times without offset), ``serials`` (``no``: events without serial
number), ``old_numbers`` (``yes``: people under ``employeeNo``), ``beat_s`` (seconds between signs
of life on the stream of events) and ``lines`` (how its lines end, in turn; see ``streaming.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from datetime import datetime
from typing import Any

from connectors.hikvision.sandbox.pushing import alert, written
from connectors.hikvision.sandbox.terminal import PASSWORD, SERIAL, USER, ZONE, Terminal
from hrhub.connector import Received
from hrhub.sandbox.punches import working_days
from hrhub.sandbox.rest import RestServer
from hrhub.sandbox.truth import punch_rows
from hrhub.sandbox.vendor import Running, StreamTruth
from hrhub.sandbox.world import World

__all__ = ["PASSWORD", "SERIAL", "USER", "HikvisionSandbox", "RunningHikvision", "sandbox"]


class RunningHikvision(RestServer):
    """A terminal that listens."""

    def __init__(self, world: World, host: str, port: int, options: Mapping[str, str]) -> None:
        self.terminal = Terminal(world, options)
        super().__init__(world, self.terminal.answer, host, port)

    def stop(self) -> None:
        """End the line that is held, and the server."""
        self.terminal.stream.stop()
        super().stop()

    def report(self, receiver: str, now: datetime) -> Received:
        """Return a punch of just now, with its picture, as the terminal posts it."""
        number, user = next(iter(self.terminal.users.items()))
        at = now.astimezone(ZONE).isoformat(timespec="seconds")
        row = {"major": 5, "minor": 75, "time": at, "serialNo": 900_001, "name": user["name"]}
        body, kind = written(alert(row | {"employeeNoString": number}), "picture")
        return Received(method="POST", path="/", headers={"content-type": kind}, body=body)


class HikvisionSandbox:
    """One terminal for the whole company."""

    name = "hikvision"

    def start(
        self, world: World, host: str, port: int, options: Mapping[str, str]
    ) -> RunningHikvision:
        """Serve the world's employees and punches."""
        return RunningHikvision(world, host, port, options)

    def connection(self, world: World, running: Running) -> dict[str, Any]:
        """Return what the connection's form has to hold."""
        return {
            "url": running.address,
            "user": USER,
            "password": PASSWORD,
            "push_serial": SERIAL,
            "timezone": str(ZONE),
            "history_from": working_days(world.as_of, world.punch_days)[0].isoformat(),
            "allow_networks": ["127.0.0.0/8"],
        }

    def truth(self, world: World) -> dict[str, StreamTruth]:
        """Count users and punches; what belongs to people in quarantine waits with them."""
        faulty = {spell.user_id for person, spell in world.employed if person.faulty}
        punches = [punch.user_id in faulty for punch in world.punches("hikvision")]
        return {
            "users": StreamTruth(len(world.employed), len(faulty), orphans=len(faulty)),
            "punches": StreamTruth(len(punches), sum(punches), orphans=sum(punches)),
        }

    def rows(self, world: World, known: Collection[str]) -> Mapping[str, Collection[Hashable]]:
        """Return the stamps of people whom the store knows."""
        return punch_rows(world, self.name, known)


sandbox = HikvisionSandbox()
