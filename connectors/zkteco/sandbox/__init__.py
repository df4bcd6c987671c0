"""The sandbox company's punch terminal: its employees as users, their stamps as the log."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.zkteco.protocol import pack_time
from connectors.zkteco.sandbox.servers import TerminalServer
from connectors.zkteco.sandbox.simulator import (
    Quirks,
    SimulatedTerminal,
    Stamp,
    TerminalUser,
)
from hrhub.ambient import SystemClock
from hrhub.connector import Received
from hrhub.sandbox.records import Punch
from hrhub.sandbox.truth import punch_rows
from hrhub.sandbox.vendor import Running, StreamTruth
from hrhub.sandbox.world import World

ZONE = "Asia/Shanghai"
COMM_KEY = "314159"
"""Of the sandbox terminal only."""


class ZktecoSandbox:
    """One terminal for the whole company.

    Options beside those of :class:`Quirks`: ``bad_date`` (1: the log begins with a stamp of
    30 February, as damaged memory produces it; this is the default), ``skew_s`` (how far the
    terminal's clock is ahead) and ``protocol`` (which one the connection is told to use).
    """

    name = "zkteco"

    def start(self, world: World, host: str, port: int, options: Mapping[str, str]) -> Running:
        """Serve the world's employees and punches; the log is built when it is first asked for."""
        quirks = Quirks.from_options({"comm_key": COMM_KEY, **options})
        skew = timedelta(seconds=int(options.get("skew_s", "0")))
        clock = SystemClock()

        def local_time() -> datetime:
            """Return a running clock that is never before the world's own time."""
            at = max(clock.now(), world.now).astimezone(ZoneInfo(ZONE))
            return at.replace(tzinfo=None) + skew

        users = terminal_users(world)
        stamps = terminal_log(world, users, bad_date=options.get("bad_date", "1") == "1")
        terminal = SimulatedTerminal(users, stamps, quirks, local_time)
        return _Served(terminal, world, host, port, options.get("protocol", "tcp"))

    def connection(self, world: World, running: Running) -> dict[str, Any]:
        """Return what the connection's form has to hold."""
        assert isinstance(running, _Served)
        quirks = running.terminal.quirks
        return {
            "host": running.host,
            "port": running.port,
            "comm_key": str(quirks.comm_key) if quirks.comm_key else None,
            "protocol": running.protocol,
            "charset": quirks.charset,
            "push_serials": [running.terminal.serial],
            "timezone": ZONE,
            "allow_networks": ["127.0.0.0/8", "::1/128"],
        }

    def truth(self, world: World) -> dict[str, StreamTruth]:
        """Count users and punches of a sync that starts from nothing, with default options.

        What belongs to people whose identity is faulty is rejected, because the hub keeps those
        people themselves in quarantine; one punch more is rejected for its date.
        """
        faulty = {spell.user_id for person, spell in world.employed if person.faulty}
        punches = [stamp.user_id in faulty for stamp in world.punches("zkteco")]
        return {
            "users": StreamTruth(len(world.employed), len(faulty), orphans=len(faulty)),
            "punches": StreamTruth(len(punches) + 1, sum(punches) + 1, orphans=sum(punches)),
        }

    def rows(self, world: World, known: Collection[str]) -> Mapping[str, Collection[Hashable]]:
        """Return the stamps of people whom the store knows; the faulty stamp is nobody's."""
        return punch_rows(world, self.name, known)


class _Served(TerminalServer):
    """A terminal that knows over which protocol the hub is to read it."""

    def __init__(
        self, terminal: SimulatedTerminal, world: World, host: str, port: int, protocol: str
    ) -> None:
        super().__init__(terminal, host, port)
        self.protocol = protocol
        self._world = world

    def report(self, receiver: str, now: datetime) -> Received:
        """Return an upload of the company's last punches and one of just now."""
        lines = push_lines(list(self._world.punches("zkteco"))[-3:])
        local = now.astimezone(ZoneInfo(ZONE))
        lines.append(
            "\t".join([lines[0].split("\t")[0], f"{local:%Y-%m-%d %H:%M:%S}", "0", "15", "0"])
        )
        return Received(
            method="POST",
            path="/iclock/cdata",
            query={"SN": self.terminal.serial, "table": "ATTLOG", "Stamp": "9999"},
            headers={"user-agent": "iClock Proxy/1.09", "content-type": "text/plain"},
            body="\n".join([*lines, ""]).encode(),
        )


def push_lines(punches: Iterable[Punch]) -> list[str]:
    """Return punches as a terminal uploads them."""
    return [
        f"{p.user_id}\t{p.at:%Y-%m-%d %H:%M:%S}\t{p.state}\t{p.verify}\t0\t0\t0" for p in punches
    ]


def terminal_users(world: World) -> list[TerminalUser]:
    """Return the employees of today under the terminal's internal numbers."""
    return [
        TerminalUser(number % 0xFFFF + 1, spell.user_id, person.display_name)
        for number, (person, spell) in enumerate(world.employed)
    ]


def terminal_log(world: World, users: list[TerminalUser], *, bad_date: bool) -> Iterator[Stamp]:
    """Yield the log in order of arrival."""
    uid = {user.user_id: user.uid for user in users}
    if bad_date and users:
        february = pack_time(datetime(world.as_of.year - 1, 2, 1, 9))
        yield Stamp(users[0].uid, users[0].user_id, february + 29 * 86_400, 1, 0)
    for punch in world.punches("zkteco"):
        yield Stamp(
            uid[punch.user_id], punch.user_id, pack_time(punch.at), punch.verify, punch.state
        )


sandbox = ZktecoSandbox()
