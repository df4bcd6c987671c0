"""The built wheel in an environment of its own, without Airflow and without this checkout."""

from __future__ import annotations

import sys

import pytest

from tests.support.wheels import ROOT, UV, Scratch, build, done, locked, needed, run


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    """The wheel, installed from the lock's hashes where nothing else is."""
    place = tmp_path_factory.mktemp("scratch")
    wheel = build(ROOT, place / "dist")
    lock = place / "requirements.txt"
    lock.write_text(locked(needed()))
    python = place / "venv" / "bin" / "python"
    done(run([UV, "venv", "-q", "--python", sys.executable, str(place / "venv")]))
    options = ["--require-hashes", "-q", "-r", str(lock)]
    ran = run([UV, "pip", "install", "--no-deps", "--python", str(python), *options])
    if ran.returncode:
        # As in .ci/environment: where uv cannot reach the index the way pip can, pip does it.
        pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps"]
        done(run([*pip, *options]))
    made = Scratch(python, wheel, place / "work", {"HOME": str(place / "work")})
    made.folder.mkdir()
    made.install(wheel)
    return made
