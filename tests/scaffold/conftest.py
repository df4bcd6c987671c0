"""Generated connectors, importable."""

from __future__ import annotations

import importlib
import itertools
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from hrhub.scaffold import Wish, generate

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Made:
    """A generated project."""

    wish: Wish
    folder: Path
    files: list[Path]

    def module(self, name: str = "") -> ModuleType:
        return importlib.import_module(f"{self.wish.package}{'.' if name else ''}{name}")

    @property
    def mappings(self) -> Path:
        return self.folder / self.wish.package / "mappings"

    @property
    def sources(self) -> list[Path]:
        return [self.folder / file for file in self.files if file.suffix == ".py"]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Made]]:
    """Generate a connector of its own name and let it be imported while the test runs."""
    made: list[Made] = []

    def generated(**wanted: object) -> Made:
        wish = Wish(**{"name": f"made{next(_numbers)}", **wanted})  # type: ignore[arg-type]
        folder = tmp_path / wish.distribution
        project = Made(wish, folder, generate(wish, folder))
        sys.path.insert(0, str(folder))
        made.append(project)
        return project

    yield generated
    for project in made:
        sys.path.remove(str(project.folder))
        for name in [n for n in sys.modules if n.split(".")[0] == project.wish.package]:
            del sys.modules[name]
