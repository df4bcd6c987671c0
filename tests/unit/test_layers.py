"""The import rules of the architecture, and what only one module may do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HUB = ROOT / "include" / "hrhub"

EVERYWHERE = {"ambient", "errors", "settings", "messages"}
"""Modules without subject of their own; they import nothing of the layers."""

MAY_IMPORT: dict[str, set[str]] = {
    "model": set(),
    "http": set(),
    "connector": {"http", "model"},
    "mapping": {"model", "connector", "http"},
    "crypto": {"model"},
    "store": {"crypto", "mapping", "connector", "http", "model"},
    "identity": {"store", "crypto", "mapping", "connector", "http", "model"},
    "reading": {"identity", "store", "crypto", "model"},
    "sandbox": {"connector", "http", "model", "mapping"},
    "pipeline": {
        "reading",
        "identity",
        "store",
        "crypto",
        "mapping",
        "connector",
        "http",
        "model",
    },
    "scaffold": {"sandbox", "mapping", "connector", "http", "model"},
    "recording": {"sandbox", "mapping", "connector", "http", "model"},
    "conformance": {"pipeline", "sandbox", "mapping", "connector", "http", "model"},
    "airflow": {
        "reading",
        "pipeline",
        "store",
        "sandbox",
        "crypto",
        "mapping",
        "connector",
        "http",
        "model",
    },
    "inbox": {"airflow", "pipeline", "store", "connector"},
    "importing": {"pipeline", "store", "mapping", "connector", "model"},
    "cli": {
        "airflow",
        "inbox",
        "importing",
        "conformance",
        "scaffold",
        "recording",
        "reading",
        "pipeline",
        "sandbox",
        "store",
        "crypto",
        "mapping",
        "connector",
        "http",
        "model",
    },
}
"""Package -> packages it may import; arrows point down only."""

AIRFLOW_ALLOWED = ("airflow",)
FORBIDDEN_CALLS = {
    ("time", "time"),
    ("time", "sleep"),
    ("time", "monotonic"),
    ("os", "urandom"),
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("date", "today"),
    ("uuid", "uuid4"),
    ("uuid", "uuid1"),
    ("secrets", "token_bytes"),
    ("secrets", "token_hex"),
}
"""What only ``hrhub.ambient`` may ask the machine for."""


def _files(*folders: Path) -> list[Path]:
    return sorted(p for folder in folders for p in folder.rglob("*.py"))


def _imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield the modules a file imports, type-checking imports included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def _package(path: Path) -> str:
    return path.relative_to(HUB).parts[0].removesuffix(".py")


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_imports_point_down_only(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in _files(HUB / package)
        for name, line in _imports(ast.parse(path.read_text()))
        if name.startswith("hrhub.")
        and (target := name.split(".")[1]) not in MAY_IMPORT[package] | EVERYWHERE | {package}
        and target != "__version__"
    ]

    assert not wrong


def test_every_package_has_its_rule() -> None:
    packages = {p.name for p in HUB.iterdir() if p.is_dir() and not p.name.startswith(("_", "."))}

    assert packages - EVERYWHERE == set(MAY_IMPORT)


def test_only_the_airflow_package_dags_and_plugins_import_airflow() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in _files(HUB, ROOT / "connectors")
        if not path.is_relative_to(HUB / "airflow")
        for name, line in _imports(ast.parse(path.read_text()))
        if name.split(".")[0] == "airflow"
    ]

    assert not wrong


def test_connectors_see_the_contract_and_the_client_only() -> None:
    wrong = []
    for path in _files(ROOT / "connectors"):
        simulator = "sandbox" in path.parts or path.stem in {"sandbox", "simulator", "servers"}
        allowed = {"connector", "http", "errors", "ambient"} | ({"sandbox"} if simulator else set())
        for name, line in _imports(ast.parse(path.read_text())):
            top = name.split(".")[0]
            bad_hub = top == "hrhub" and name.split(".")[1] not in allowed
            bad_net = top in {"requests", "urllib3", "socket", "httpx"} and not simulator
            if bad_hub or bad_net:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {name}")

    assert not wrong


def test_only_one_module_asks_for_time_and_randomness() -> None:
    wrong = []
    for path in _files(HUB, ROOT / "connectors"):
        if path.name == "ambient.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and (node.func.value.id, node.func.attr) in FORBIDDEN_CALLS
            ):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")

    assert not wrong
