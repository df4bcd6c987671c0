from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from hrhub.errors import AuthError, ConfigError
from hrhub.http.answer import Outgoing
from hrhub.http.auth import CookieSession, RsaSigned
from hrhub.http.testing import Received, Reply, ScriptedServer, local_client

KEY = rsa.generate_private_key(65537, 2048)
LOGIN = CookieSession("/login", "hub", "s3cret", "JSESSIONID")


def pem(key: Any) -> str:
    kind = serialization.PrivateFormat.PKCS8
    encoding = serialization.Encoding.PEM
    return str(key.private_bytes(encoding, kind, serialization.NoEncryption()).decode())


def text(request: Outgoing, stamp: str, nonce: str) -> bytes:
    return f"{request.method}\n{stamp}\n{nonce}\n".encode() + (request.body or b"")


def place(request: Outgoing, signature: str, stamp: str, nonce: str) -> None:
    request.headers |= {"X-Sign": signature, "X-Time": stamp, "X-Nonce": nonce}


@pytest.mark.parametrize("bad", ["", "no pem", "ec", "short"])
def test_a_key_that_cannot_sign_is_a_config_error_that_does_not_show_it(bad: str) -> None:
    if bad == "ec":
        bad = pem(ec.generate_private_key(ec.SECP256R1()))
    elif bad == "short":
        bad = pem(rsa.generate_private_key(65537, 1024))
    with ScriptedServer([]) as server, pytest.raises(ConfigError) as caught:
        local_client(server.url, auth=RsaSigned(bad, text, place)).get("/x")
    assert caught.value.code == "auth.key_unusable"
    assert "BEGIN" not in str(caught.value)
    assert server.requests == []


@pytest.mark.parametrize("scheme", ["pkcs1", "pss"])
def test_an_rsa_signature_verifies_and_every_try_is_signed_anew(scheme: Any) -> None:
    auth = RsaSigned(pem(KEY), text, place, scheme=scheme)
    assert "PRIVATE" not in repr(auth)
    with ScriptedServer([Reply(b"{}", 503), Reply.json({})]) as server:
        local_client(server.url, auth=auth).post("/x", data=b"{}", idempotent=True)

    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    for sent in server.requests:
        signed = f"POST\n{sent.headers['x-time']}\n{sent.headers['x-nonce']}\n".encode() + sent.body
        KEY.public_key().verify(
            base64.b64decode(sent.headers["x-sign"]),
            signed,
            pss if scheme == "pss" else padding.PKCS1v15(),
            hashes.SHA256(),
        )
    assert len({sent.headers["x-nonce"] for sent in server.requests}) == 2


def logins(server: ScriptedServer) -> int:
    return sum(request.path == "/login" for request in server.requests)


def session_server(good: set[str]) -> ScriptedServer:
    """Give out sessions s1, s2 and so on; accept those in ``good``."""

    def answer(received: Received) -> Reply:
        if received.path == "/login":
            value = f"lang=zh; Path=/, JSESSIONID=s{logins(server)}; Path=/; HttpOnly"
            return Reply.json({}, set_cookie=value)
        accepted = received.headers.get("cookie", "").removeprefix("JSESSIONID=") in good
        return Reply.json({}) if accepted else Reply(b"{}", 401)

    server = ScriptedServer(answer)
    return server


def test_a_login_without_a_cookie_is_told_apart() -> None:
    with ScriptedServer([Reply.json({})]) as server, pytest.raises(AuthError) as caught:
        local_client(server.url, auth=LOGIN).get("/x")
    assert caught.value.code == "auth.token_missing"


def test_a_refused_login_is_an_auth_error_that_shows_no_credentials() -> None:
    assert "s3cret" not in repr(LOGIN) and "hub" not in repr(LOGIN)
    with ScriptedServer([Reply(b"{}", 401)]) as server, pytest.raises(AuthError) as caught:
        local_client(server.url, auth=LOGIN).get("/x")
    assert caught.value.code == "auth.refused"
    assert "s3cret" not in str(caught.value)


def test_an_expired_session_is_renewed_by_one_login_and_no_more() -> None:
    with session_server({"s2"}) as server:
        client = local_client(server.url, auth=LOGIN)
        client.get("/x")
        client.get("/x")
    assert logins(server) == 2

    with session_server(set()) as server, pytest.raises(AuthError):
        local_client(server.url, auth=LOGIN).get("/x")
    assert logins(server) == 2


def test_a_login_sends_the_fields_the_vendor_names_and_the_cookie_is_kept() -> None:
    with session_server({"s1"}) as server:
        client = local_client(server.url, auth=LOGIN)
        client.get("/x")
        client.get("/y")
    assert server.requests[0].form == {"username": "hub", "password": "s3cret"}
    assert [request.path for request in server.requests] == ["/login", "/x", "/y"]
