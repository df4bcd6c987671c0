"""An independent client, pyzk, reads the simulated terminal: the proof that it is like one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

zk = pytest.importorskip("zk")

Serve = Callable[..., Any]


@contextmanager
def pyzk(served: Any, *, password: int = 314_159, udp: bool = False) -> Iterator[Any]:
    client = zk.ZK(
        "127.0.0.1",
        port=served.running.port,
        timeout=5,
        password=password,
        force_udp=udp,
        ommit_ping=True,
        encoding="gb18030",
    )
    connection = client.connect()
    try:
        yield connection
    finally:
        connection.disconnect()


def test_pyzk_is_refused_with_a_wrong_password(serve: Serve) -> None:
    with pytest.raises(zk.exception.ZKErrorResponse), pyzk(serve(), password=1):
        pass


def test_pyzk_is_refused_when_no_session_is_free(serve: Serve) -> None:
    served = serve(bad_date="0")

    with pyzk(served), pytest.raises(zk.exception.ZKErrorResponse), pyzk(served):
        pass


@pytest.mark.parametrize("udp", [False, True])
@pytest.mark.parametrize(
    ("users", "log", "comm_key"),
    [("72", "40", "314159"), ("28", "16", "314159"), ("72", "8", "0"), ("28", "8", "314159")],
)
def test_pyzk_reads_users_and_punches(
    serve: Serve, users: str, log: str, comm_key: str, udp: bool
) -> None:
    served = serve(users=users, log=log, comm_key=comm_key, bad_date="0")
    text = users == "72"

    with pyzk(served, udp=udp) as connection:
        people = connection.get_users()
        punches = connection.get_attendance()

    assert [p.user_id for p in people] == [
        s.user_id if text else str(int(s.user_id)) for _, s in served.world.employed
    ]
    if text:
        names = [p.display_name for p, _ in served.world.employed]
        assert sum(p.name == name for p, name in zip(people, names, strict=True)) > len(names) / 2
        assert all(name.startswith(p.name) for p, name in zip(people, names, strict=True))
    assert [(p.user_id, p.timestamp, p.status, p.punch) for p in punches] == [
        (p.user_id if text else str(int(p.user_id)), p.at, p.verify, p.state)
        for p in served.world.punches()
    ]
    assert served.terminal.refused == 0


def test_pyzk_reads_the_facts(serve: Serve) -> None:
    with pyzk(serve()) as connection:
        connection.read_sizes()

        assert connection.get_serialnumber() == "CKJM201260001"
        assert connection.get_firmware_version() == "Ver 6.60 Apr 28 2017"
        assert connection.get_platform() == "ZMM220_TFT"
        assert connection.get_time().year >= 2026
        assert connection.disable_device()
        assert connection.enable_device()
