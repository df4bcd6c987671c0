"""Modules of the model that are off until an installation asks for them.

Their tables always exist; mappings to their feeds are refused while they are off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hrhub.errors import ConfigError
from hrhub.model.entities import optional
from hrhub.model.types import Feed

MODULES: Mapping[str, tuple[str, ...]] = {
    "pay": (optional.compensation.name, optional.pay_item.name),
    "bank": (optional.person_bank.name,),
}
"""Module -> its entities; ``HRHUB_MODULES`` lists those that are on."""


def module_of(entity: str) -> str | None:
    """Return the module that an entity belongs to; None: it is always on."""
    return next((name for name, entities in MODULES.items() if entity in entities), None)


def modules_of(feed: Feed) -> tuple[str, ...]:
    """Return the modules that must be on for a feed, its lists included."""
    entities = (feed.entity, *(child.entity for child in feed.children.values()))
    return tuple(dict.fromkeys(m for m in map(module_of, entities) if m))


def known_modules(names: Iterable[str]) -> frozenset[str]:
    """Return modules by name.

    Raises:
        ConfigError: ``settings.module``: one of them does not exist.
    """
    wanted = frozenset(names)
    if unknown := wanted - MODULES.keys():
        raise ConfigError("settings.module", module=min(unknown), known=", ".join(MODULES))
    return wanted
