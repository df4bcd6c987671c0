"""The runner starts groups of processes, keeps them alive and leaves nothing behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from hrhub.airflow.home import Home
from hrhub.airflow.processes import Child, Command, stop_all, stop_leftovers
from hrhub.airflow.runner import Keeper, Runner, airflow_commands, claim_port
from hrhub.errors import Busy, ConfigError, Transient

# Writes its children's pids, then waits; "stubborn" ignores TERM, "daemon" leaves the session.
FAMILY = """
import os, signal, subprocess, sys, time
mode, out = sys.argv[1:3]
if mode == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
# A handler set to "ignore" is inherited, so the daemon of a stubborn family is stubborn too.
if mode == "daemon":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"],
                         start_new_session=mode == "daemon")
with open(out + ".part", "w") as f:
    f.write(f"{os.getpid()} {child.pid}")
if mode == "daemon":
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
os.rename(out + ".part", out)
time.sleep(600)
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Child]]:
    children: list[Child] = []

    def begin(name: str, code: str, *args: str, home: str | None = None) -> Child:
        env = {**os.environ, "HRHUB_HOME": home or str(tmp_path)}
        command = Command(name, [sys.executable, "-c", code, *args], env)
        children.append(Child(command, tmp_path / "logs", tmp_path / "run"))
        return children[-1]

    yield begin
    stop_all(children, 0.0)


def wait_for(condition: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)


def pids_in(path: Path) -> list[int]:
    wait_for(path.exists)
    return [int(pid) for pid in path.read_text().split()]


def lives(pid: int) -> bool:
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


@pytest.mark.parametrize("mode", ["plain", "stubborn", "daemon"])
def test_a_child_and_its_own_children_are_gone_after_stop(start, tmp_path: Path, mode: str) -> None:
    child = start("family", FAMILY, mode, str(tmp_path / "pids"))
    pids = pids_in(tmp_path / "pids")

    child.stop(grace_s=0.3)

    assert [pid for pid in pids if lives(pid)] == []
    assert list((tmp_path / "run").glob("*.pid")) == []


def test_leftovers_of_a_killed_runner_are_ended_although_their_leader_is_gone(
    start, tmp_path: Path
) -> None:
    child = start("family", FAMILY, "plain", str(tmp_path / "pids"))
    leader, orphan = pids_in(tmp_path / "pids")
    os.kill(leader, signal.SIGKILL)
    child.process.wait()
    assert lives(orphan)

    found = stop_leftovers(tmp_path / "run", tmp_path)

    assert found == ["family"]
    assert not lives(orphan)


def test_a_pid_that_belongs_to_somebody_else_by_now_is_left_alone(start, tmp_path: Path) -> None:
    child = start("other", FAMILY, "plain", str(tmp_path / "pids"))
    pids = pids_in(tmp_path / "pids")
    record = tmp_path / "run" / "other.pid"
    known = json.loads(record.read_text())
    record.write_text(json.dumps({**known, "started": known["started"] - 100}))

    assert stop_leftovers(tmp_path / "run", tmp_path) == []
    assert all(lives(pid) for pid in pids)
    assert child.status() is None
    assert not record.exists()


def test_processes_of_another_home_are_left_alone(start, tmp_path: Path) -> None:
    start("other", FAMILY, "plain", str(tmp_path / "pids"), home="/somewhere/else")
    pids = pids_in(tmp_path / "pids")

    assert stop_leftovers(tmp_path / "run", tmp_path) == []
    assert all(lives(pid) for pid in pids)


def test_a_damaged_pid_file_ends_nobody(tmp_path: Path) -> None:
    (tmp_path / "x.pid").write_text("{")

    assert stop_leftovers(tmp_path, tmp_path) == []
    assert not (tmp_path / "x.pid").exists()


def test_a_dead_child_is_started_again_and_said_so(tmp_path: Path) -> None:
    said: list[str] = []
    keeper = Keeper(tmp_path / "logs", tmp_path / "run", say=said.append)
    try:
        child = keeper.start(
            Command("worker", [sys.executable, "-c", "import sys; sys.exit(3)"], dict(os.environ))
        )
        child.process.wait()

        keeper.tend()

        assert said[0].startswith("worker ended with status 3")
        assert keeper._children["worker"].process.pid != child.process.pid
    finally:
        keeper.stop(0.0)


def test_a_child_that_keeps_dying_is_reported(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path / "logs", tmp_path / "run", say=lambda _: None)
    try:
        keeper.start(Command("worker", ["/bin/false"], {}))
        with pytest.raises(Transient) as caught:
            for _ in range(10):
                keeper._children["worker"].process.wait()
                keeper.tend()

        assert caught.value.code == "runner.child_dies"
        assert caught.value.context["process"] == "worker"
    finally:
        keeper.stop(0.0)


def test_a_second_runner_is_kept_out_of_the_home(tmp_path: Path) -> None:
    with Runner(tmp_path, say=lambda _: None):
        with pytest.raises(Busy) as caught, Runner(tmp_path):
            raise AssertionError("two runners in one home")

        assert caught.value.code == "runner.home_taken"
    with Runner(tmp_path, say=lambda _: None):
        pass


def test_the_lock_ends_with_a_runner_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from hrhub.airflow.runner import Runner\n"
        "with Runner(Path(sys.argv[1])):\n print('in', flush=True); time.sleep(600)"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    assert other.stdout is not None
    assert other.stdout.readline() == b"in\n"
    other.kill()
    other.wait()
    other.stdout.close()

    with Runner(tmp_path, say=lambda _: None) as runner:
        assert runner.port


def test_a_wanted_port_that_is_taken_is_refused_and_otherwise_another_is_found() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(ConfigError) as caught:
            claim_port(port)

    assert caught.value.code == "runner.port_taken"


def test_two_runners_that_start_at_once_take_two_ports() -> None:
    first, one = claim_port(None)
    second, two = claim_port(None)
    os.close(one)
    again, three = claim_port(first)
    os.close(two)
    os.close(three)

    assert len({first, second}) == 2
    assert again == first


def test_secrets_are_private_files_that_stay_the_same_and_show_in_no_environment(
    tmp_path: Path,
) -> None:
    home = Home.at(tmp_path / "home")
    home.prepare()
    secret_files = [home.passwords, home.airflow / "jwt.secret", home.airflow / "fernet.key"]
    before = [path.read_bytes() for path in secret_files]

    home.prepare()
    env = home.environment(8080, {"PATH": "/bin", "AIRFLOW__CORE__FERNET_KEY": "from outside"})

    assert [path.read_bytes() for path in secret_files] == before
    for path in secret_files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_text() not in "\n".join(env.values())
    assert "AIRFLOW__CORE__FERNET_KEY" not in env
    assert len(before[1]) >= 64
    assert all(len(value) >= 24 for value in json.loads(before[0]).values())


def test_only_the_api_server_listens_and_only_on_loopback(tmp_path: Path) -> None:
    commands = {c.name: list(c.argv) for c in airflow_commands({}, 8123)}

    assert set(commands) == {"api-server", "scheduler", "dag-processor", "triggerer"}
    assert commands["api-server"][-4:] == ["--host", "127.0.0.1", "--port", "8123"]
    assert "--skip-serve-logs" in commands["scheduler"]
    assert "--skip-serve-logs" in commands["triggerer"]
