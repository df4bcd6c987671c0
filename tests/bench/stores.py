"""The databases of the benchmark: prepared once, copied for every run."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
from sqlalchemy import make_url

from hrhub.store import embedded


class Place(ABC):
    """Where hubs of one database live; each is a home directory and a store."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._made = 0

    def home(self, name: str) -> Path:
        """Return the home directory of a hub."""
        return self._root / name

    @abstractmethod
    def url(self, name: str) -> str:
        """Return the address of a hub's store."""

    def new(self, name: str) -> None:
        """Make room for a hub."""
        self.home(name).mkdir(mode=0o700)

    def copy(self, name: str) -> str:
        """Copy a hub that nobody has open; return the copy's name."""
        self._made += 1
        copy = f"{name}_{self._made}"
        shutil.copytree(self.home(name), self.home(copy))
        return copy

    def drop(self, name: str) -> None:
        """Remove a hub."""
        shutil.rmtree(self.home(name))

    def settle(self) -> None:  # noqa: B027  (nothing to do is an answer)
        """Bring earlier work to its end, so that the next run does not pay for it."""

    def cpu_s(self) -> float:
        """Return the CPU that the database's own processes have used so far."""
        return 0.0


class SqlitePlace(Place):
    """A file per hub."""

    def url(self, name: str) -> str:
        """Return the address of a hub's store."""
        return f"sqlite:///{self.home(name)}/store.db"


class PostgresqlPlace(Place):
    """One durable server, a database per hub."""

    def __init__(self, root: Path, server: embedded.Server) -> None:
        super().__init__(root)
        self._server = server
        pid = int((server.directory / "data" / "postmaster.pid").read_text().split()[0])
        self._postmaster = psutil.Process(pid)

    def url(self, name: str) -> str:
        """Return the address of a hub's store."""
        return self._server.database(name)

    def new(self, name: str) -> None:
        """Make an empty database."""
        super().new(name)
        self._do(f"CREATE DATABASE {name}")

    def copy(self, name: str) -> str:
        """Copy home and database."""
        copy = super().copy(name)
        self._do(f"CREATE DATABASE {copy} TEMPLATE {name}")
        return copy

    def drop(self, name: str) -> None:
        """Remove home and database."""
        super().drop(name)
        self._do(f"DROP DATABASE {name} WITH (FORCE)")

    def settle(self) -> None:
        """Write everything out."""
        self._do("CHECKPOINT")

    def cpu_s(self) -> float:
        """Return the CPU of the server: living processes, and those that have ended."""
        own = self._postmaster.cpu_times()
        total = own.user + own.system + own.children_user + own.children_system
        for child in self._postmaster.children():
            try:
                times = child.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        return float(total)

    def _do(self, statement: str) -> None:
        plain = make_url(self._server.url).set(drivername="postgresql").render_as_string()
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def place(store: str, root: Path) -> Iterator[Place]:
    """Open the place of a database for the time of the block."""
    if store == "sqlite":
        yield SqlitePlace(root)
        return
    directory = embedded.temporary_directory()
    try:
        with embedded.start_embedded_postgres(directory) as server:
            yield PostgresqlPlace(root, server)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
