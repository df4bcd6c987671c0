"""Run Airflow's four processes on this machine, for demo, development and tests.

Unlike ``airflow standalone`` nothing listens but the API server, on 127.0.0.1; every process has
its own group and log; a dead one is started again; at the end nothing is left. One runner per
home: a lock file keeps a second one out.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import gettempdir
from types import FrameType
from typing import Any, Never, Self

from hrhub.airflow.api import AirflowApi
from hrhub.airflow.home import Home
from hrhub.airflow.processes import Child, Command, stop_all, stop_leftovers
from hrhub.ambient import Clock, SystemClock
from hrhub.errors import Busy, ConfigError, StorageError, Transient

FIRST_PORT = 8080
_PORTS_TRIED = 50
_GRACE_S = 20.0
_HEALTH_TIMEOUT_S = 180.0
_POLL_S = 0.2
_RESTARTS = 3
_RESTART_WINDOW_S = 120.0

Say = Callable[[str], None]


Stop = Callable[[], bool]


class Stopped(Exception):
    """Somebody asked us to stop; not an error."""


def _never() -> bool:
    return False


class Keeper:
    """Keeps a set of children running.

    Args:
        logs: Directory of their output.
        pids: Directory of their pid files.
        say: Told what happens, one line each.
        stopped: Asked at every look whether to stop.
    """

    def __init__(
        self,
        logs: Path,
        pids: Path,
        *,
        clock: Clock | None = None,
        say: Say = print,
        stopped: Stop = _never,
    ) -> None:
        self._stopped = stopped
        self._logs = logs
        self._pids = pids
        self._clock = clock or SystemClock()
        self._say = say
        self._children: dict[str, Child] = {}
        self._restarts: dict[str, list[float]] = {}

    def start(self, command: Command, *, pipes: bool = False) -> Child:
        """Start one child and keep it."""
        child = Child(command, self._logs, self._pids, pipes=pipes)
        self._children[command.name] = child
        return child

    def release(self, name: str) -> None:
        """End one child, if it still runs, and keep it no longer."""
        if child := self._children.pop(name, None):
            child.stop(_GRACE_S, self._clock)

    def tend(self) -> None:
        """Start again what has ended.

        Raises:
            Stopped: Somebody asked us to stop.
            Transient: A child ended for the fourth time within two minutes.
        """
        if self._stopped():
            raise Stopped
        for name, child in list(self._children.items()):
            status = child.status()
            if status is None:
                continue
            now = self._clock.monotonic()
            recent = [t for t in self._restarts.get(name, ()) if now - t < _RESTART_WINDOW_S]
            if len(recent) >= _RESTARTS:
                raise Transient("runner.child_dies", process=name, status=status, log=child.log)
            self._restarts[name] = [*recent, now]
            self._say(f"{name} ended with status {status}; starting it again (log: {child.log})")
            child.stop(0.0, self._clock)
            self.start(child.command)

    def stop(self, grace_s: float = _GRACE_S) -> None:
        """End all children and what they started."""
        children, self._children = list(self._children.values()), {}
        stop_all(children, grace_s, self._clock)


class Runner:
    """A local Airflow; use it as a context manager.

    Args:
        root: ``HRHUB_HOME``.
        port: Port of the UI; None takes the first free one from 8080.
        stopped: Asked while waiting; when it says yes, :class:`Stopped` is raised.
    """

    def __init__(
        self,
        root: Path,
        *,
        port: int | None = None,
        clock: Clock | None = None,
        say: Say = print,
        stopped: Stop = _never,
    ) -> None:
        self.home = Home.at(root)
        self._wanted_port = port
        self._clock = clock or SystemClock()
        self._say = say
        self._held = ExitStack()
        self.port = 0
        self.env: Mapping[str, str] = {}
        self.keeper = Keeper(
            self.home.logs, self.home.run, clock=self._clock, say=say, stopped=stopped
        )

    def __enter__(self) -> Self:
        """Take the home, clear it of leftovers, find a port.

        Raises:
            Busy: Another runner works in this home.
            ConfigError: The wanted port is taken.
        """
        self.home.prepare()
        with ExitStack() as held:
            held.callback(os.close, _home_lock(self.home))
            for name in stop_leftovers(self.home.run, self.home.root, self._clock):
                self._say(f"ended {name}, left behind by a runner that was killed")
            self.port, claim = claim_port(self._wanted_port)
            held.callback(os.close, claim)
            self.env = self.home.environment(self.port)
            self._held = held.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.keeper.stop()
        finally:
            self._held.close()

    @property
    def api(self) -> AirflowApi:
        """A fresh client of the REST API."""
        return AirflowApi(self.port)

    def begin_migration(self) -> Migration:
        """Start to prepare the metadata database; other work can go on meanwhile."""
        argv = [sys.executable, "-m", "hrhub.airflow.prepare"]
        child = self.keeper.start(Command("prepare", argv, self.env), pipes=True)
        return Migration(child, lambda: self.keeper.release("prepare"))

    def start(self) -> None:
        """Start Airflow's four processes; the database must be ready."""
        for command in airflow_commands(self.env, self.port):
            self.keeper.start(command)

    def wait_until_healthy(self, timeout_s: float = _HEALTH_TIMEOUT_S) -> None:
        """Wait for all parts, and make the execution API load what its first task would wait for.

        Raises:
            Transient: Something is not healthy in time, or keeps dying.
        """
        deadline = self._clock.monotonic() + timeout_s
        api = self.api
        warm = False
        while missing := api.missing_parts():
            if not warm and missing != ["api_server"]:
                warm = api.try_call("GET", "/execution/health") is not None
            self.keeper.tend()
            if self._clock.monotonic() > deadline:
                raise Transient(
                    "runner.not_healthy", parts=", ".join(missing), seconds=round(timeout_s)
                )
            self._clock.sleep(_POLL_S)
        if not warm:
            api.try_call("GET", "/execution/health")

    def tend_forever(self) -> Never:
        """Keep the processes running.

        Raises:
            Stopped: Somebody asked us to stop.
            Transient: A process keeps dying.
        """
        while True:
            self.keeper.tend()
            self._clock.sleep(_POLL_S)


class Migration:
    """The metadata database being made ready by a child process."""

    def __init__(self, child: Child, release: Callable[[], None]) -> None:
        self._child = child
        self._release = release

    def wait(self) -> None:
        """Wait until the tables are there.

        Raises:
            StorageError: It failed; its log says why.
        """
        self._expect("migrated")

    def register(self, connections: Mapping[str, Mapping[str, Any]]) -> None:
        """Hand the connections over and wait until they are stored.

        Raises:
            StorageError: It failed; its log says why.
        """
        if self._child.process.stdin is not None:
            try:
                self._child.process.stdin.write(json.dumps(dict(connections)).encode())
                self._child.process.stdin.close()
            except BrokenPipeError:
                pass
        self._expect("registered")
        self._release()

    def _expect(self, word: str) -> None:
        for line in self._child.process.stdout or ():
            if line.decode(errors="replace").startswith(word):
                return
        raise StorageError("runner.prepare_failed", log=self._child.log)


def airflow_commands(env: Mapping[str, str], port: int) -> Sequence[Command]:
    """Return the commands of Airflow's four processes.

    The log servers of scheduler and triggerer listen on all interfaces and cannot be bound to
    loopback, so they stay off; task logs are read from the shared directory.
    """
    airflow = [sys.executable, "-m", "airflow"]
    return [
        Command(
            "api-server",
            [*airflow, "api-server", "--host", "127.0.0.1", "--port", str(port)],
            env,
        ),
        Command("scheduler", [*airflow, "scheduler", "--skip-serve-logs"], env),
        Command("dag-processor", [*airflow, "dag-processor"], env),
        Command("triggerer", [*airflow, "triggerer", "--skip-serve-logs"], env),
    ]


def claim_port(wanted: int | None) -> tuple[int, int]:
    """Return the wanted port, or the first free one from 8080, and the handle that claims it.

    The API server binds seconds later. Until then the port looks free to the next runner, which
    would take it too and log in at our server; so runners hold a lock named after their port.
    Closing the handle gives the port back.

    Raises:
        ConfigError: It is taken, or there is none.
    """
    for port in [wanted] if wanted else range(FIRST_PORT, FIRST_PORT + _PORTS_TRIED):
        try:
            claim = _locked(Path(gettempdir()) / f"hrhub-port-{port}.lock")
        except OSError:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                os.close(claim)
                continue
        return port, claim
    raise ConfigError("runner.port_taken", port=wanted or FIRST_PORT)


@contextmanager
def stop_signals() -> Iterator[Stop]:
    """Turn TERM and INT into a question: yields a function that tells whether one came."""
    came: list[int] = []

    def remember(number: int, _: FrameType | None) -> None:
        # A second signal while we are stopping must not cut the stopping short.
        came.append(number)

    before = {n: signal.signal(n, remember) for n in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def up(root: Path, *, port: int | None = None, say: Say = print) -> None:
    """Run a local Airflow until TERM or Ctrl-C.

    Raises:
        Busy: Another runner works in this home.
        ConfigError: The wanted port is taken, or there is no checkout.
        StorageError: The metadata database cannot be made ready.
        Transient: A process does not become healthy or keeps dying.
    """
    with (
        stop_signals() as stopped,
        Runner(root, port=port, say=say, stopped=stopped) as runner,
        suppress(Stopped),
    ):
        migration = runner.begin_migration()
        migration.wait()
        runner.start()
        migration.register({})
        runner.wait_until_healthy()
        say(
            f"Airflow is up: {runner.api.address}, user admin, passwords in "
            f"{runner.home.passwords}. Stop with Ctrl-C."
        )
        runner.tend_forever()


def _home_lock(home: Home) -> int:
    """Take a home for this process."""
    try:
        return _locked(home.run / "runner.lock")
    except BlockingIOError:
        raise Busy("runner.home_taken", path=home.root) from None


def _locked(path: Path) -> int:
    """Take a lock that ends with this process, however it ends.

    Raises:
        OSError: Somebody else holds it (BlockingIOError), or owns the file.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle
