"""Find connectors: one discovery path for built-in ones and vendors' plugins."""

from __future__ import annotations

import os
import re
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

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
    distribution = _normal(point.dist.name) if point.dist else ""
    listed = {_normal(name) for name in os.environ.get(ALLOW_VARIABLE, "").split(",")}
    return distribution == "hrhub" or (bool(distribution) and distribution in listed)


def names() -> list[str]:
    """Return the names of all installed connectors that may be imported, sorted."""
    return sorted(name for name, point in _found().items() if allowed(point))


def not_allowed() -> dict[str, str]:
    """Return connectors that are installed but not on the allow-list: name -> distribution."""
    return {
        name: point.dist.name if point.dist else "-"
        for name, point in sorted(_found().items())
        if not allowed(point)
    }


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


def mappings_of(name: str) -> Path | None:
    """Return the directory of mappings that a connector's package ships, if it has one.

    The package is found but not imported. A connector that is not installed or not on the
    allow-list ships none.
    """
    point = _found().get(name)
    if point is None or not allowed(point):
        return None
    try:
        spec = find_spec(point.module)
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "mappings"
    return folder if folder.is_dir() else None


def _normal(distribution: str) -> str:
    """Return a distribution's name so that all its spellings are equal (PyPA: normalisation)."""
    return re.sub(r"[-_.]+", "-", distribution.strip()).lower()
