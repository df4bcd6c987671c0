"""What somebody wants a new connector to be, checked before anything is written."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass

from hrhub.connector import registry
from hrhub.errors import ConfigError
from hrhub.scaffold.choices import AUTH, KINDS, PAGING, SHAPES, STREAM_FEEDS

_NAME = re.compile(r"[a-z][a-z0-9_]{1,23}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A new connector.

    Attributes:
        name: Name of the connector: lower case, 2 to 24 characters.
        kind: A key of :data:`~hrhub.scaffold.choices.KINDS`.
        auth: A key of :data:`~hrhub.scaffold.choices.AUTH`.
        paging: A key of :data:`~hrhub.scaffold.choices.PAGING`.
        title: What people read; the name if empty.
        streams: Names of streams; empty for those of the kind.
        sink: Whether it begins with a write-back.
        events: Whether it begins with a receiver of signed reports.
    """

    name: str
    kind: str = "hr"
    auth: str = "client_credentials"
    paging: str = "cursor"
    title: str = ""
    streams: tuple[str, ...] = ()
    sink: bool = False
    events: bool = False

    def __post_init__(self) -> None:
        """Refuse what no package could be made of.

        Raises:
            ConfigError: ``scaffold.name``, ``scaffold.taken`` or ``scaffold.choice``.
        """
        for name in (self.name, *self.streams):
            if not _NAME.fullmatch(name) or keyword.iskeyword(name) or name in _RESERVED:
                raise ConfigError("scaffold.name", name=name)
        if self.name in registry.names():
            raise ConfigError("scaffold.taken", name=self.name)
        for option, value, known in (
            ("kind", self.kind, KINDS),
            ("auth", self.auth, AUTH),
            ("paging", self.paging, PAGING),
        ):
            if value not in known:
                raise ConfigError(
                    "scaffold.choice", option=option, value=value, known=", ".join(known)
                )
        if not all(c.isprintable() and c not in "\"\\'{}`|" for c in self.title):
            raise ConfigError("scaffold.name", name="title")

    @property
    def label(self) -> str:
        """What people read."""
        return self.title or self.name.replace("_", " ").title()

    @property
    def package(self) -> str:
        """Import name of the package."""
        return f"hrhub_{self.name}"

    @property
    def distribution(self) -> str:
        """Name under which it is installed."""
        return f"hrhub-{self.name.replace('_', '-')}"

    @property
    def feeds(self) -> Mapping[str, str]:
        """Stream -> feed, in order of loading, with what the wanted ones cannot do without."""
        kind = KINDS[self.kind]
        wanted = dict(kind.streams)
        if self.streams:
            usual = ([*kind.streams.values()] or ["employee"])[-1]
            wanted = {name: STREAM_FEEDS.get(name, usual) for name in self.streams}
        for feed in list(wanted.values()):
            needed = SHAPES[feed].needs
            if needed and needed not in wanted.values():
                wanted[f"{needed}s"] = needed
        order = list(SHAPES)
        return dict(sorted(wanted.items(), key=lambda item: order.index(item[1])))


_RESERVED = frozenset(
    {
        "basic",
        "changes",
        "connector",
        "contacts",
        "desk",
        "events",
        "hmac",
        "iso",
        "orders",
        "page",
        "refused",
        "report",
        "sandbox",
        "signed",
        "words",
        "writes",
    }
)
"""Names that the generated modules use themselves."""
