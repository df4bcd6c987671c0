"""What is examined: a connector with its simulator, its mappings and its source files."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from hrhub.connector import Connector, registry
from hrhub.errors import PluginError
from hrhub.sandbox.host import sandbox_of
from hrhub.sandbox.vendor import Sandbox
from hrhub.settings import Settings


@dataclass(frozen=True, slots=True)
class Subject:
    """A connector under examination.

    Attributes:
        mappings: Directory that holds ``<connector>/<stream>.yaml``.
        sources: The connector's own Python files, its simulator left out.
    """

    connector: Connector
    sandbox: Sandbox
    mappings: Path
    sources: tuple[Path, ...]


def find(target: str, mappings: Path | None = None) -> Subject:
    """Find a connector by name, or by the folder of its package.

    Args:
        target: Name of an installed connector, or a path to a package that exports ``connector``.
        mappings: Directory of its mappings; else looked for beside the package, then where this
            installation keeps mappings.

    Raises:
        PluginError: There is none, or it ships no simulator.
    """
    folder = Path(target)
    if folder.is_dir():
        return _of_package(_import(folder.resolve()), mappings)
    connector = registry.get(target)
    module = importlib.import_module(registry.package_of(target))
    return Subject(
        connector,
        sandbox_of(target),
        mappings or _mappings(connector.name, _folder(module)),
        _sources(_folder(module)),
    )


def _of_package(module: ModuleType, mappings: Path | None) -> Subject:
    connector = getattr(module, "connector", None)
    name = module.__name__.rpartition(".")[2]
    if not isinstance(connector, Connector):
        raise PluginError("plugin.invalid", connector=name, rule="exports_a_connector")
    place = f"{module.__name__}.sandbox"
    if importlib.util.find_spec(place) is None:
        raise PluginError("sandbox.missing", connector=connector.name)
    sandbox = getattr(importlib.import_module(place), "sandbox", None)
    if not isinstance(sandbox, Sandbox):
        raise PluginError("plugin.invalid", connector=connector.name, rule="exports_a_sandbox")
    folder = _folder(module)
    return Subject(
        connector, sandbox, mappings or _mappings(connector.name, folder), _sources(folder)
    )


def _import(folder: Path) -> ModuleType:
    """Import the package in a folder; a project's folder may hold it, or its ``src`` folder."""
    if not (folder / "__init__.py").is_file():
        inner = [
            p.parent
            for pattern in ("*/sandbox.py", "*/sandbox/__init__.py", "src/*/sandbox.py")
            for p in sorted(folder.glob(pattern))
        ]
        packages = [p.parent if p.name == "sandbox" else p for p in inner]
        packages = [p for p in packages if (p / "__init__.py").is_file()]
        if len(packages) != 1:
            raise PluginError("plugin.invalid", connector=folder.name, rule="one_package_in_folder")
        folder = packages[0]
    top = folder
    while (top.parent / "__init__.py").is_file():
        top = top.parent
    if str(top.parent) not in sys.path:
        sys.path.insert(0, str(top.parent))
    return importlib.import_module(".".join(folder.relative_to(top.parent).parts))


def _folder(module: ModuleType) -> Path:
    assert module.__file__ is not None, "a connector is a package with files"
    return Path(module.__file__).parent


def _mappings(name: str, folder: Path) -> Path:
    beside = (place / "mappings" for place in (folder, folder.parent, folder.parent.parent))
    found = next((place for place in beside if (place / name).is_dir()), None)
    return found or Settings.from_env().mappings


def _sources(folder: Path) -> tuple[Path, ...]:
    """Return the files that run in production: the simulator and what only it imports are not."""
    simulator = {"sandbox", "simulator", "servers", "tests"}
    return tuple(
        path
        for path in sorted(folder.rglob("*.py"))
        if path.stem not in simulator and not simulator & set(path.relative_to(folder).parts[:-1])
    )
