"""One process hosts the simulators, tells where they are, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hrhub.connector import registry
from hrhub.errors import ConfigError, PluginError
from hrhub.sandbox.host import LOOPBACK, read_state, running, sandbox_of
from hrhub.sandbox.vendor import StreamTruth
from hrhub.sandbox.world import World, build_world

PLUGINS = Path(__file__).parent / "plugins"
PROGRAM = """
import sys
from pathlib import Path
from hrhub.sandbox.host import serve
from hrhub.sandbox.world import build_world
serve(["toyvendor"], build_world(40), base_port=0, state_file=Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(40)


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(PLUGINS))
    monkeypatch.setenv(registry.ALLOW_VARIABLE, "toys")
    registry._found.cache_clear()
    yield
    registry._found.cache_clear()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path / "run" / "sandbox.json")],
            env={**os.environ, "PYTHONPATH": str(PLUGINS)},
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def taken_port_after_a_free_one() -> Iterator[int]:
    while True:
        with socket.create_server((LOOPBACK, 0)) as taken:
            port = taken.getsockname()[1]
            try:
                socket.create_server((LOOPBACK, port - 1)).close()
            except OSError:
                continue
            yield port
            return


def answer(address: str) -> bytes:
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        return connection.recv(100)


def test_a_connector_without_a_simulator_is_refused_by_name(world: World) -> None:
    with pytest.raises(PluginError) as caught, running(["toybare"], world):
        pass

    assert (caught.value.code, caught.value.context) == (
        "sandbox.missing",
        {"connector": "toybare"},
    )


def test_a_simulator_of_a_plugin_that_is_not_allowed_is_not_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(registry.ALLOW_VARIABLE)

    with pytest.raises(PluginError) as caught:
        sandbox_of("toyvendor")

    assert caught.value.code == "plugin.not_allowed"


def test_a_taken_port_is_named_and_earlier_simulators_are_stopped(world: World) -> None:
    with taken_port_after_a_free_one() as taken:
        with (
            pytest.raises(ConfigError) as caught,
            running(["toyvendor", "toyvendor"], world, base_port=taken - 1),
        ):
            pass

        assert caught.value.code == "sandbox.port_taken"
        assert caught.value.context["port"] == taken
        with pytest.raises(ConnectionError):
            answer(f"{LOOPBACK}:{taken - 1}")


def test_simulators_answer_inside_the_block_and_not_after_it(world: World) -> None:
    with running(["toyvendor"], world, options={"toyvendor": {"greeting": "hi "}}) as hosted:
        toy = hosted["toyvendor"]
        assert answer(toy.address) == b"hi 40"
        assert toy.connection["host"] == toy.address
        assert toy.truth == {"people": StreamTruth(40, 2)}

    with pytest.raises(ConnectionError):
        answer(toy.address)


def test_simulators_stop_when_the_block_fails(world: World) -> None:
    with pytest.raises(ZeroDivisionError), running(["toyvendor"], world) as hosted:
        raise ZeroDivisionError

    with pytest.raises(ConnectionError):
        answer(hosted["toyvendor"].address)


def test_the_text_form_of_a_hosted_simulator_hides_its_secrets(world: World) -> None:
    with running(["toyvendor"], world) as hosted:
        assert "toy-secret" not in repr(hosted)


def test_without_a_host_there_is_no_state(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_state(tmp_path / "sandbox.json")

    assert caught.value.code == "sandbox.not_running"


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_host_tells_where_its_simulators_are_until_it_is_stopped(
    tmp_path: Path, host: Callable[[], subprocess.Popen[bytes]], stop: signal.Signals
) -> None:
    state_file = tmp_path / "run" / "sandbox.json"

    process = host()
    wait_for(state_file.exists)
    state = read_state(state_file)
    toy = state.vendors["toyvendor"]

    assert state.pid == process.pid
    assert state.world["size"] == 40
    assert answer(toy.address) == b"40"
    assert toy.connection == {"host": toy.address, "token": "toy-secret"}
    assert toy.truth == {"people": StreamTruth(40, 2)}
    assert stat.S_IMODE(state_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(state_file.parent.stat().st_mode) == 0o700

    process.send_signal(stop)

    assert process.wait(timeout=30) == 0
    assert list(state_file.parent.iterdir()) == []
    with pytest.raises(ConnectionError):
        answer(toy.address)


def test_a_second_host_on_the_same_state_file_is_refused_until_the_first_is_dead(
    tmp_path: Path, host: Callable[[], subprocess.Popen[bytes]]
) -> None:
    state_file = tmp_path / "run" / "sandbox.json"
    first = host()
    wait_for(state_file.exists)

    second = host()

    assert second.wait(timeout=30) == 1
    assert second.stderr is not None
    assert f"sandbox.already_running pid={first.pid}".encode() in second.stderr.read()

    first.kill()
    first.wait()
    with pytest.raises(ConfigError):
        read_state(state_file)
    third = host()
    wait_for(lambda: f'"pid": {third.pid},' in state_file.read_text())
    assert answer(read_state(state_file).vendors["toyvendor"].address) == b"40"
