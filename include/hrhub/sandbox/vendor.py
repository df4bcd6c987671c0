"""What a simulator offers: every connector exports one as ``<package>.sandbox.sandbox``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from hrhub.connector import Received
from hrhub.sandbox.world import World


@dataclass(frozen=True, slots=True)
class StreamTruth:
    """What a full sync of one stream must report.

    Attributes:
        pulled: Records of the hub that the stream yields (a series counts once).
        rejected: How many of them belong in quarantine.
        orphans: How many of those only because nobody has told of the employee they are about;
            beside a vendor that tells of everybody they are not rejected.
    """

    pulled: int
    rejected: int
    orphans: int = 0


@runtime_checkable
class Running(Protocol):
    """A simulator that listens."""

    @property
    def address(self) -> str:
        """What people type to reach it: a URL, or ``host:port``."""
        ...

    @property
    def port(self) -> int:
        """The port it listens on."""
        ...

    def stop(self) -> None:
        """Close the sockets and end the threads; calling it again does nothing."""
        ...


@runtime_checkable
class Sandbox(Protocol):
    """A vendor, simulated."""

    @property
    def name(self) -> str:
        """Name of the connector."""
        ...

    def start(self, world: World, host: str, port: int, options: Mapping[str, str]) -> Running:
        """Serve the world; port 0 takes any free one. Returns once it listens.

        Raises:
            OSError: The port cannot be had.
        """
        ...

    def connection(self, world: World, running: Running) -> dict[str, Any]:
        """Return plain JSON values for the connector's configuration, secrets in clear."""
        ...

    def truth(self, world: World) -> dict[str, StreamTruth]:
        """Return what a full sync must report, by stream."""
        ...


@runtime_checkable
class Telling(Protocol):
    """A simulator that says which rows its streams lead to, so that a whole store can be judged."""

    def rows(self, world: World, known: Collection[str]) -> Mapping[str, Collection[Hashable]]:
        """Return names of the store's current rows that a full sync makes or joins, by entity.

        Rows that vendors share have one name whoever tells of them: a person, and their role as
        a candidate, has their id in the world; an employee, and an employment, the work number.
        Rows that are a vendor's own have its name in theirs.

        Args:
            world: The company.
            known: Work numbers that other vendors tell of.
        """
        ...


@runtime_checkable
class Reporting(Protocol):
    """A simulator whose vendor reports by itself; it need not be more than :class:`Running`."""

    def report(self, receiver: str, now: datetime) -> Received:
        """Return a genuine report for a receiver, signed and encrypted as the vendor does it."""
        ...


@runtime_checkable
class Sealed(Protocol):
    """A simulator whose vendor seals its answers, so that nobody on the way can change them."""

    def resealed(self, body: bytes, change: Callable[[bytes], bytes]) -> bytes:
        """Return an answer of this simulator whose content was changed by the vendor itself."""
        ...


@runtime_checkable
class Advancing(Protocol):
    """A simulator that takes orders: it works on them when it is told that time has passed."""

    def advance(self) -> None:
        """Let some time pass, so that every open order takes a step; a few steps finish it."""
        ...


@runtime_checkable
class Divided(Protocol):
    """A simulator whose vendor takes some write-backs through a connection of their own."""

    def connection_for(self, sink: str) -> dict[str, Any]:
        """Return what differs in the connection that a sink needs; empty if nothing does."""
        ...
