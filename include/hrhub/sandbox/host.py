"""One process that hosts all simulated vendors, on the loopback interface only."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import signal
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from hrhub.connector import registry
from hrhub.errors import ConfigError, PluginError
from hrhub.sandbox.vendor import Running, Sandbox, StreamTruth
from hrhub.sandbox.world import World, build_world

LOOPBACK = "127.0.0.1"
Options = Mapping[str, Mapping[str, str]]
"""Connector -> option -> value, as each simulator's README lists them."""


@dataclass(frozen=True, slots=True)
class Hosted:
    """A simulator that runs.

    Attributes:
        connection: Values for the connector's configuration; secrets of the sandbox are in clear.
        running: The simulator itself when it runs in this process (its fault switches), else None.
    """

    name: str
    address: str
    port: int
    connection: dict[str, Any] = field(repr=False)
    truth: dict[str, StreamTruth]
    running: Running | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class HostState:
    """What the state file of a host process says."""

    pid: int
    world: dict[str, Any]
    vendors: dict[str, Hosted]

    def company(self) -> World:
        """Build the company that is served."""
        told = self.world
        base = build_world(
            told["size"], told["seed"], date.fromisoformat(told["as_of"]), edits=told["edits"]
        )
        return base.with_clocks(told["clocks"])


def company_of(world: World, names: Collection[str]) -> World:
    """Return the company as its vendors share it: of several clocks, each person uses one."""
    return world.with_clocks(clocks_of(names))


def clocks_of(names: Collection[str]) -> list[str]:
    """Return the vendors that people punch at."""
    return [name for name in names if any(s.feed == "punch" for s in registry.get(name).streams)]


def simulated() -> list[str]:
    """Return the installed connectors that ship a simulator."""
    return [
        name
        for name in registry.names()
        if importlib.util.find_spec(f"{registry.package_of(name)}.sandbox") is not None
    ]


def sandbox_of(name: str) -> Sandbox:
    """Return the simulator of an installed connector.

    Raises:
        PluginError: The connector is unknown, not allowed, or ships no simulator.
    """
    module = f"{registry.package_of(name)}.sandbox"
    if importlib.util.find_spec(module) is None:
        raise PluginError("sandbox.missing", connector=name)
    sandbox = getattr(importlib.import_module(module), "sandbox", None)
    if not isinstance(sandbox, Sandbox):
        raise PluginError("plugin.invalid", connector=name, rule="exports_a_sandbox")
    return sandbox


@contextmanager
def running(
    names: Sequence[str],
    world: World,
    *,
    base_port: int = 0,
    options: Options | None = None,
) -> Iterator[dict[str, Hosted]]:
    """Run simulators in this process while the block lasts.

    Args:
        names: Connectors, each on its own port.
        world: The company they serve.
        base_port: Port of the first; the others follow. 0 takes free ones.
        options: Switches of the simulators, by connector.

    Raises:
        PluginError: A connector has no simulator.
        ConfigError: A port is taken. Simulators already started are stopped.
    """
    found = [(name, sandbox_of(name)) for name in names]
    with ExitStack() as stack:
        hosted = {}
        for offset, (name, sandbox) in enumerate(found):
            port = base_port + offset if base_port else 0
            try:
                server = sandbox.start(world, LOOPBACK, port, (options or {}).get(name, {}))
            except OSError as error:
                raise ConfigError(
                    "sandbox.port_taken", connector=name, port=port, errno=error.errno
                ) from None
            stack.callback(server.stop)
            hosted[name] = Hosted(
                name,
                server.address,
                server.port,
                sandbox.connection(world, server),
                sandbox.truth(world),
                server,
            )
        yield hosted


def serve(
    names: Sequence[str],
    world: World,
    *,
    base_port: int,
    state_file: Path,
    options: Options | None = None,
    ready: Callable[[Mapping[str, Hosted]], None] | None = None,
) -> None:
    """Run simulators until the process is told to stop (SIGTERM or SIGINT).

    The state file appears when all of them listen and is gone when the function returns. The
    signals are blocked and waited for, so one that arrives while the simulators start is obeyed
    too. Call it before the process has threads of its own. ``ready`` is called once they listen.

    Raises:
        ConfigError: A port is taken, or the state file belongs to a host that still runs.
    """
    _refuse_second_host(state_file)
    stops = {signal.SIGTERM, signal.SIGINT}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    try:
        with running(names, world, base_port=base_port, options=options) as hosted:
            _write(state_file, _state(world, hosted))
            try:
                if ready:
                    ready(hosted)
                signal.sigwait(stops)
            finally:
                state_file.unlink(missing_ok=True)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def read_state(state_file: Path) -> HostState:
    """Read the state file of a host process.

    Raises:
        ConfigError: No host runs with this state file.
    """
    try:
        loaded = json.loads(state_file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError("sandbox.not_running") from None
    if not _alive(loaded["pid"]):
        raise ConfigError("sandbox.not_running")
    return HostState(
        loaded["pid"],
        loaded["world"],
        {
            name: Hosted(
                name,
                entry["address"],
                entry["port"],
                entry["connection"],
                {stream: StreamTruth(**counts) for stream, counts in entry["truth"].items()},
            )
            for name, entry in loaded["vendors"].items()
        },
    )


def _refuse_second_host(state_file: Path) -> None:
    try:
        state = read_state(state_file)
    except ConfigError:
        return
    raise ConfigError("sandbox.already_running", pid=state.pid)


def _alive(pid: int) -> bool:
    """Tell whether a process exists, be it another user's."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _state(world: World, hosted: Mapping[str, Hosted]) -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "world": {
            "size": world.size,
            "seed": world.seed,
            "as_of": world.as_of.isoformat(),
            "edits": len(world.edits),
            "clocks": list(world.clocks),
            "now": world.now.isoformat(),
        },
        "vendors": {
            name: {
                "address": entry.address,
                "port": entry.port,
                "connection": entry.connection,
                "truth": {stream: asdict(t) for stream, t in entry.truth.items()},
            }
            for name, entry in hosted.items()
        },
    }


def _write(path: Path, state: dict[str, Any]) -> None:
    """Put the state file in place at once, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(state, out, ensure_ascii=False, indent=2)
    draft.replace(path)
