"""Find connectors: one discovery path for built-in ones and vendors' plugins."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from hrhub.connector.contract import Connector
from hrhub.errors import PluginError

GROUP = "hrhub.connectors"
ALLOW_VARIABLE = "HRHUB_PLUGINS"
"""Comma-separated distributions, beside hrhub's own, whose connectors may be imported."""


@cache
def _found() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def allowed(point: EntryPoint) -> bool:
    """Tell whether a plugin may be imported; others are listed by name only."""
    distribution = point.dist.name if point.dist else ""
    listed = {name.strip() for name in os.environ.get(ALLOW_VARIABLE, "").split(",")}
    return distribution == "hrhub" or distribution in listed


def names() -> list[str]:
    """Return the names of all installed connectors that may be imported, sorted."""
    return sorted(name for name, point in _found().items() if allowed(point))


def get(name: str) -> Connector:
    """Import and return a connector.

    Raises:
        PluginError: It is not installed, not on the allow-list, or breaks the contract.
    """
    point = _found().get(name)
    if point is None:
        raise PluginError("plugin.unknown", connector=name, known=", ".join(names()))
    if not allowed(point):
        raise PluginError("plugin.not_allowed", connector=name, variable=ALLOW_VARIABLE)
    connector = point.load()
    if not isinstance(connector, Connector):
        raise PluginError("plugin.invalid", connector=name, rule="exports_a_connector")
    return connector


def package_of(name: str) -> str:
    """Return the import name of the package that a connector lives in.

    Raises:
        PluginError: As for :func:`get`.
    """
    get(name)
    module = import_module(_found()[name].module)
    return module.__package__ or module.__name__
