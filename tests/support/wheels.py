"""Wheels in environments of their own: build, install, run, apart from this checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
UV = str(Path(sys.executable).with_name("uv"))


@dataclass
class Scratch:
    """An environment with the wheel in it, and an empty folder to work in."""

    python: Path
    wheel: Path
    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def hrhub(self, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run the installed command."""
        command = [str(self.python.with_name("hrhub")), *args]
        return run(command, self.folder, self.env | env)

    def install(self, wheel: Path) -> None:
        """Install a wheel without its dependencies, which are there."""
        done(run([UV, "pip", "install", "--no-deps", "--python", str(self.python), str(wheel)]))


def run(
    command: list[str], folder: Path = ROOT, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, apart from this process' own settings."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("HRHUB_", "AIRFLOW", "PYTHON", "PYTEST", "VIRTUAL_ENV"))
    }
    return subprocess.run(
        command,
        cwd=folder,
        env={**clean, "COLUMNS": "200", **(env or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def done(ran: subprocess.CompletedProcess[str]) -> str:
    """Return what a command printed; fail with what it complained about."""
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def build(project: Path, into: Path) -> Path:
    """Build a project's wheel with the tools of this environment."""
    options = ["--wheel", "--no-build-isolation", "--python", sys.executable, "--out-dir"]
    done(run([UV, "build", "-q", *options, str(into), str(project)]))
    (wheel,) = into.glob("*.whl")
    return wheel


def needed() -> set[str]:
    """Return what hrhub without extras needs in this environment, directly and indirectly."""
    found: set[tuple[str, frozenset[str]]] = set()
    waiting = [Requirement("hrhub")]
    while waiting:
        wanted = waiting.pop()
        for text in _requires(wanted.name):
            part = Requirement(text)
            extras = [*wanted.extras, ""]
            if part.marker and not any(part.marker.evaluate({"extra": e}) for e in extras):
                continue
            mark = (canonicalize_name(part.name), frozenset(part.extras))
            if mark not in found:
                found.add(mark)
                waiting.append(part)
    return {name for name, _ in found}


def _requires(name: str) -> list[str]:
    try:
        return requires(name) or []
    except PackageNotFoundError:
        return []


def locked(names: set[str]) -> str:
    """Return the part of the hashed lock that is about some packages."""
    blocks = re.split(r"(?m)^(?=[a-z0-9])", (ROOT / "requirements.txt").read_text())
    return "".join(
        block
        for block in blocks
        if (name := re.match(r"[a-z0-9._-]+", block)) and canonicalize_name(name[0]) in names
    )
