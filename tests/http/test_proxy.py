"""Through a corporate proxy: TLS in a tunnel, real sockets, the address policy kept."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hrhub.ambient import SystemClock
from hrhub.errors import ConfigError, HrHubError, Transient
from hrhub.http.auth import ApiKey
from hrhub.http.limits import Proxy, Tls
from hrhub.http.retry import RetryPlan
from hrhub.http.testing import Reply, ScriptedServer, local_client
from tests.http.test_tls import Authority, demanding, ours

GOOD = Reply.json({"data": [1]})
ONCE = RetryPlan(tries=1)


class Tunnels:
    """A proxy that opens tunnels (RFC 9110 §9.3.6), or answers with a status."""

    def __init__(self, status: int = 200, login: str = "") -> None:
        self.status, self.login = status, login
        self.heads: list[str] = []
        self.carried = bytearray()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(caller,), daemon=True).start()

    def _serve(self, caller: socket.socket) -> None:
        with caller, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += caller.recv(4096)
            self.heads.append(head.decode("latin-1"))
            status = self.status
            wanted = base64.b64encode(self.login.encode()).decode()
            if self.login and f"Proxy-Authorization: Basic {wanted}\r\n" not in self.heads[-1]:
                status = 407
            caller.sendall(b"HTTP/1.1 %d Said by the proxy\r\n\r\n" % status)
            if status != 200:
                return
            host, _, port = head.split()[1].decode().rpartition(":")
            with socket.create_connection((host, int(port))) as vendor:
                back = threading.Thread(target=self._pump, args=(vendor, caller), daemon=True)
                back.start()
                self._pump(caller, vendor)
                back.join(5)

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.carried += data
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def tunnels(status: int = 200, login: str = "") -> Iterator[Tunnels]:
    proxy = Tunnels(status, login)
    yield proxy
    proxy.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (403, ConfigError, "proxy.refused"),
        (407, ConfigError, "proxy.refused"),
        (502, Transient, "proxy.failed"),
        (504, Transient, "proxy.failed"),
    ],
)
def test_a_proxy_that_opens_no_tunnel_is_told_from_the_vendor(
    status: int, kind: type[HrHubError], code: str
) -> None:
    with tunnels(status) as proxy, pytest.raises(HrHubError) as caught:
        local_client("https://localhost:9", proxy=Proxy(proxy.url), retry=ONCE).get("/x")

    assert (type(caught.value), caught.value.code) == (kind, code)
    assert caught.value.context["status"] == status


def test_a_proxy_that_wants_a_login_for_unencrypted_requests_is_told_as_such() -> None:
    with ScriptedServer([Reply(b"", 407)]) as proxy, pytest.raises(ConfigError) as caught:
        local_client("http://127.0.0.1:9", proxy=Proxy(proxy.url), retry=ONCE).get("/x")

    assert caught.value.code == "proxy.refused"


def test_a_proxy_that_is_down_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        down = Proxy(f"http://127.0.0.1:{free.getsockname()[1]}")
    with pytest.raises(Transient) as caught:
        local_client("https://localhost:9", proxy=down, retry=ONCE).get("/x")

    assert caught.value.code == "vendor.unreachable"


def test_an_address_that_the_connection_may_not_reach_stays_forbidden_behind_a_proxy() -> None:
    with tunnels() as proxy, pytest.raises(ConfigError) as caught:
        local_client("https://169.254.169.254", proxy=Proxy(proxy.url)).get("/latest")

    assert caught.value.code == "address.refused"
    assert proxy.heads == []


def test_an_address_with_a_login_in_it_is_no_proxy() -> None:
    with pytest.raises(ConfigError):
        local_client("https://localhost", proxy=Proxy("http://user:secret@127.0.0.1:3128"))


def test_what_goes_through_the_tunnel_is_encrypted_and_verified_end_to_end(
    authority: Authority,
) -> None:
    trusted = Tls(ca_bundle=authority.bundle)
    with (
        tunnels(login="svc:pass:word") as proxy,
        ScriptedServer([GOOD, GOOD], tls=authority.server_context()) as vendor,
    ):
        way = Proxy(proxy.url, "svc:pass:word")
        client = local_client(vendor.url, tls=trusted, proxy=way, auth=ApiKey("of-the-vendor"))
        assert client.get("/x").json() == {"data": [1]}
        assert client.get("/y").json() == {"data": [1]}
        with pytest.raises(ConfigError) as caught:
            local_client(vendor.url, proxy=way, retry=ONCE).get("/x")

    assert caught.value.code == "tls.not_trusted"
    assert len(proxy.heads) == 2
    first = proxy.heads[0]
    assert first.startswith(f"CONNECT localhost:{vendor.port} ")
    assert "of-the-vendor" not in first
    assert b"of-the-vendor" not in bytes(proxy.carried)
    assert [r.headers["x-api-key"] for r in vendor.requests] == ["of-the-vendor"] * 2
    assert all("proxy-authorization" not in r.headers for r in vendor.requests)
    assert "pass:word" not in repr(way)


def test_a_client_certificate_reaches_the_vendor_through_the_tunnel(
    authority: Authority,
) -> None:
    pair = ours(authority)
    tls = Tls(Path(authority.bundle).read_text(), pair.certificate, pair.key)
    context = demanding(authority, ssl.TLSVersion.TLSv1_3)
    with tunnels() as proxy, ScriptedServer([GOOD], tls=context) as vendor:
        client = local_client(vendor.url, tls=tls, proxy=Proxy(proxy.url), clock=SystemClock())
        assert client.get("/x").status == 200
