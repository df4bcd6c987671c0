"""Child processes that leave nothing behind.

Each child leads a session of its own, so everything it starts can be found and ended as a group,
also when the child itself or the process that started it has been killed. A small file per child
remembers pid and start time; a pid that was given to somebody else since is never touched.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

from hrhub.ambient import Clock, SystemClock

HOME_VARIABLE = "HRHUB_HOME"
_START_TOLERANCE_S = 2.0
_POLL_S = 0.05
_KILL_ROUNDS = 100


@dataclass(frozen=True, slots=True)
class Command:
    """What to start.

    Attributes:
        name: Short name; names log and pid file.
        argv: Command and arguments, without secrets: they are visible to every user.
        env: Complete environment.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(repr=False)


class Child:
    """A running child and everything it started."""

    def __init__(self, command: Command, logs: Path, pids: Path, *, pipes: bool = False) -> None:
        """Start the command; its output goes to ``<logs>/<name>.log``.

        ``pipes`` connects its standard input and output to us instead, for what must not be seen
        in arguments; its errors still go to the log.
        """
        self.command = command
        self.log = logs / f"{command.name}.log"
        self._record = pids / f"{command.name}.pid"
        with _private(self.log, "ab") as out:
            self.process = subprocess.Popen(
                list(command.argv),
                env=dict(command.env),
                stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipes else out,
                stderr=out,
                start_new_session=True,
            )
        started = 0.0
        with suppress(psutil.Error):
            started = psutil.Process(self.process.pid).create_time()
        with _private(self._record, "wb") as record:
            record.write(
                json.dumps(
                    {
                        "pid": self.process.pid,
                        "started": started,
                        "home": command.env.get(HOME_VARIABLE, ""),
                    }
                ).encode()
            )

    @property
    def name(self) -> str:
        """Short name of the command."""
        return self.command.name

    def status(self) -> int | None:
        """Return the exit status, or None while the child runs."""
        return self.process.poll()

    def stop(self, grace_s: float, clock: Clock | None = None) -> None:
        """End the child and everything it started; forget its pid file."""
        stop_all([self], grace_s, clock)


def stop_all(children: Sequence[Child], grace_s: float, clock: Clock | None = None) -> None:
    """End children together: TERM to each group, after ``grace_s`` KILL to whatever is left."""
    clock = clock or SystemClock()
    # Remembered from the start: what left its session cannot be found once its parent is gone.
    known = {p for child in children for p in _members(child.process.pid)}
    _send(known, signal.SIGTERM)
    deadline = clock.monotonic() + grace_s
    while clock.monotonic() < deadline:
        for child in children:
            child.process.poll()
            known.update(_members(child.process.pid))
        if not any(_alive(process) for process in known):
            break
        clock.sleep(_POLL_S)
    for child in children:
        _kill(child.process.pid, clock, known)
        child.process.wait()
        for pipe in (child.process.stdin, child.process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()
        child._record.unlink(missing_ok=True)


def stop_leftovers(pids: Path, home: Path, clock: Clock | None = None) -> list[str]:
    """End what a runner that was killed left in this home; return the names that were found.

    Raises nothing when a record is damaged: a record that says nothing certain ends nobody.
    """
    clock = clock or SystemClock()
    found = []
    for record in sorted(pids.glob("*.pid")):
        with suppress(ValueError, KeyError, TypeError, OSError):
            known = json.loads(record.read_bytes())
            leader, started = int(known["pid"]), float(known["started"])
            if known["home"] == str(home) and _ours(leader, started, home):
                found.append(record.stem)
                _kill(leader, clock)
        record.unlink(missing_ok=True)
    return found


def _ours(leader: int, started: float, home: Path) -> bool:
    """Tell whether a session still belongs to the child that was recorded."""
    try:
        process = psutil.Process(leader)
        return abs(process.create_time() - started) < _START_TOLERANCE_S
    except psutil.NoSuchProcess:
        # The leader is gone; its session may live on. Its members carry our home.
        members = _members(leader)
        return bool(members) and all(_belongs_to(member, home) for member in members)
    except psutil.Error:
        return False


def _belongs_to(process: psutil.Process, home: Path) -> bool:
    with suppress(psutil.Error):
        return process.environ().get(HOME_VARIABLE) == str(home)
    return False


def _members(leader: int) -> list[psutil.Process]:
    """Return the living processes of a child: its session, and descendants that left it."""
    members: dict[int, psutil.Process] = {}
    with suppress(psutil.Error):
        for process in psutil.Process(leader).children(recursive=True):
            members[process.pid] = process
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if os.getsid(process.pid) == leader:
                members[process.pid] = process
    return [process for process in members.values() if _alive(process)]


def _alive(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def _send(processes: Iterable[psutil.Process], number: int) -> None:
    for process in processes:
        with suppress(psutil.Error):
            process.send_signal(number)


def _kill(leader: int, clock: Clock, known: Iterable[psutil.Process] = ()) -> None:
    """Send KILL until nothing is left; a group that forks while it dies needs another round."""
    known = list(known)
    for _ in range(_KILL_ROUNDS):
        left = {*_members(leader), *(process for process in known if _alive(process))}
        if not left:
            return
        _send(left, signal.SIGKILL)
        clock.sleep(_POLL_S)


def _private(path: Path, mode: str) -> IO[bytes]:
    """Open a file that only its owner can read."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if "a" in mode else os.O_TRUNC)
    return os.fdopen(os.open(path, flags, 0o600), mode)
