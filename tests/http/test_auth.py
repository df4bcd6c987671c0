from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from pydantic import SecretStr
from requests.auth import HTTPDigestAuth
from signxml.exceptions import InvalidSignature
from signxml.verifier import XMLVerifier

from hrhub.ambient import FakeClock
from hrhub.connector import VendorAnswer
from hrhub.errors import AuthError, ConfigError
from hrhub.http.answer import Outgoing
from hrhub.http.auth import (
    ApiKey,
    Auth,
    Basic,
    ClientCredentials,
    Digest,
    HmacSigned,
    JwtBearer,
    SamlBearer,
)
from hrhub.http.ports import MemoryPorts, MemoryTokens, Token
from hrhub.http.problems import JsonCode
from hrhub.http.testing import Received, Reply, ScriptedServer, local_client

GOOD = Reply.json({"data": [1]})
SAML = {"s": "urn:oasis:names:tc:SAML:2.0:assertion"}
START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: Any) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def certificate(key: rsa.RSAPrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hub")])
    return (
        x509.CertificateBuilder(name, name, key.public_key(), 7)
        .not_valid_before(START - timedelta(days=9999))
        .not_valid_after(START + timedelta(days=9999))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
        .decode()
    )


def saml(key_pem: str, **changes: Any) -> SamlBearer:
    options = {"token_url": "/oauth/token", "client_id": "KEY1", "company_id": "ACME"}
    return SamlBearer(**{**options, "user_id": "api_user", "private_key": key_pem, **changes})


def tokens(*values: str, life: int = 1000) -> Iterator[Reply]:
    return iter([Reply.json({"access_token": value, "expires_in": life}) for value in values])


def bearer_server(fresh: Iterator[Reply], accepted: set[str]) -> ScriptedServer:
    """Give out tokens in order, and accept those of ``accepted``."""

    def script(received: Received) -> Reply:
        if received.path == "/oauth/token":
            return next(fresh)
        sent = received.headers.get("authorization", "").removeprefix("Bearer ")
        return GOOD if sent in accepted else Reply(b"{}", 401)

    return ScriptedServer(script)


def paths(server: ScriptedServer) -> list[str]:
    return [request.path for request in server.requests]


def test_secrets_are_in_no_representation(key: rsa.RSAPrivateKey) -> None:
    secret = "s3cr3t-value"
    schemes: list[Auth] = [
        Basic("u", secret),
        Digest("u", secret),
        ApiKey(secret),
        ClientCredentials("/t", "id", secret),
        ClientCredentials("/t", "id", SecretStr(secret)),
        JwtBearer("/t", "me", secret),
        HmacSigned(secret, lambda *_: b"", lambda *_: None),
        saml(secret),
    ]

    assert [scheme for scheme in schemes if secret in repr(scheme)] == []
    assert secret not in repr(Token(secret, START))
    assert secret not in repr(Outgoing("GET", "/", {"k": secret}, {"k": secret}, b"s3cr3t-value"))


def test_a_refused_token_is_replaced_once_and_the_request_sent_again() -> None:
    with bearer_server(tokens("old", "new"), {"new"}) as server:
        client = local_client(server.url, auth=ClientCredentials("/oauth/token", "id", "pw"))
        assert client.get("/x").json() == {"data": [1]}

    assert paths(server) == ["/oauth/token", "/x", "/oauth/token", "/x"]


def test_a_second_refusal_is_final() -> None:
    with bearer_server(tokens("a", "b", "c"), set()) as server:
        client = local_client(server.url, auth=ClientCredentials("/oauth/token", "id", "pw"))
        with pytest.raises(AuthError) as caught:
            client.get("/x")

    assert caught.value.code == "auth.refused"
    assert paths(server) == ["/oauth/token", "/x", "/oauth/token", "/x"]


def test_a_fixed_key_is_not_tried_twice() -> None:
    with ScriptedServer([Reply(b"{}", 401), GOOD]) as server, pytest.raises(AuthError):
        local_client(server.url, auth=ApiKey("k")).get("/x")

    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [400, 401])
def test_refused_client_credentials_are_an_auth_error(status: int) -> None:
    with ScriptedServer([Reply.json({"error": "invalid_client"}, status)]) as server:
        client = local_client(server.url, auth=ClientCredentials("/oauth/token", "id", "pw"))
        with pytest.raises(AuthError) as caught:
            client.get("/x")

    assert (caught.value.code, caught.value.context["status"]) == ("auth.refused", status)


def test_an_answer_without_a_token_is_told_apart() -> None:
    with ScriptedServer([Reply.json({"token": "x"})]) as server, pytest.raises(AuthError) as caught:
        local_client(server.url, auth=ClientCredentials("/t", "id", "pw")).get("/x")

    assert caught.value.code == "auth.token_missing"


def test_a_token_serves_until_four_fifths_of_its_life() -> None:
    clock = FakeClock(START)
    with bearer_server(tokens("one", "two", life=100), {"one", "two"}) as server:
        client = local_client(
            server.url, clock=clock, auth=ClientCredentials("/oauth/token", "id", "pw")
        )
        client.get("/x")
        clock.sleep(79)
        client.get("/x")
        assert paths(server).count("/oauth/token") == 1
        clock.sleep(2)
        client.get("/x")

    assert paths(server).count("/oauth/token") == 2
    assert server.requests[-1].headers["authorization"] == "Bearer two"


def test_clients_share_a_token_through_their_ports() -> None:
    clock = FakeClock(START)
    ports = MemoryPorts(clock)
    with bearer_server(tokens("one"), {"one"}) as server:
        for _ in range(3):
            auth = ClientCredentials("/oauth/token", "id", "pw")
            local_client(server.url, clock=clock, ports=ports, auth=auth).get("/x")

    assert paths(server).count("/oauth/token") == 1


def test_only_one_of_many_fetches_a_token() -> None:
    cache = MemoryTokens(FakeClock(START))
    fetched: list[int] = []
    gate = threading.Barrier(6)
    got: list[str] = []

    def fetch() -> Token:
        fetched.append(1)
        return Token("t", START + timedelta(hours=1))

    def ask() -> None:
        gate.wait(5)
        got.append(cache.obtain("k", fetch).value)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)

    assert (len(fetched), got) == (1, ["t"] * 6)


def test_a_rejected_token_is_replaced_unless_somebody_did_it_already() -> None:
    cache = MemoryTokens(FakeClock(START))
    later = START + timedelta(hours=1)
    cache.obtain("k", lambda: Token("old", later))

    assert cache.obtain("k", lambda: Token("new", later), rejected="old").value == "new"
    assert cache.obtain("k", lambda: Token("newer", later), rejected="old").value == "new"


def test_client_credentials_go_where_the_style_says() -> None:
    answers = [Reply.json({"access_token": "t"}), GOOD]
    sent = {}
    for style in ("basic", "form"):
        with ScriptedServer(answers) as server:
            auth = ClientCredentials("/t", "id", "p w", scope="a b", style=style)  # type: ignore[arg-type]
            local_client(server.url, auth=auth).get("/x")
            sent[style] = server.requests[0]

    basic = base64.b64encode(b"id:p w").decode()
    assert sent["basic"].headers["authorization"] == f"Basic {basic}"
    assert sent["basic"].form == {"grant_type": "client_credentials", "scope": "a b"}
    assert sent["form"].form["client_secret"] == "p w"


def test_a_gettoken_call_puts_the_token_into_the_query() -> None:
    auth = ClientCredentials(
        "/cgi-bin/gettoken",
        "corp",
        "pw",
        style="query",
        id_name="corpid",
        secret_name="corpsecret",
        code_path="errcode",
        place="query",
        name="access_token",
    )
    token = Reply.json({"errcode": 0, "access_token": "t 1", "expires_in": 7200})
    refused = Reply.json({"errcode": 40001, "errmsg": "invalid credential"})

    with ScriptedServer([token, GOOD]) as server:
        local_client(server.url, auth=auth).get("/x")
    with ScriptedServer([refused]) as other, pytest.raises(AuthError) as caught:
        local_client(other.url, auth=auth).get("/x")

    assert server.requests[0].params == {"corpid": "corp", "corpsecret": "pw"}
    assert server.requests[1].params == {"access_token": "t 1"}
    assert caught.value.code == "auth.refused"
    assert caught.value.context["connection"] == "test_1"


def test_an_expired_token_reported_inside_a_good_answer_is_refreshed() -> None:
    auth = ClientCredentials("/t", "id", "pw", style="json", place="query", name="access_token")
    first, second = (Reply.json({"access_token": value, "errcode": 0}) for value in "ab")
    expired = Reply.json({"errcode": 42001})
    with ScriptedServer([first, expired, second, GOOD]) as server:
        client = local_client(
            server.url,
            auth=auth,
            code_of=JsonCode("errcode", in_success=True),
            errors={"42001": VendorAnswer(AuthError, "auth.refused")},
        )
        assert client.get("/x").json() == {"data": [1]}

    assert server.requests[-1].params == {"access_token": "b"}


def test_a_key_goes_into_header_or_query() -> None:
    with ScriptedServer([GOOD, GOOD]) as server:
        local_client(server.url, auth=ApiKey("k", "Authorization", prefix="Token ")).get("/x")
        local_client(server.url, auth=ApiKey("k", "key", "query")).get("/x")

    assert server.requests[0].headers["authorization"] == "Token k"
    assert server.requests[1].params == {"key": "k"}


def test_a_signature_covers_what_the_vendor_prescribes_and_differs_per_try() -> None:
    def text(request: Outgoing, stamp: str, nonce: str) -> bytes:
        return f"{request.method}\n{request.target()}\n{stamp}\n{nonce}".encode()

    def place(request: Outgoing, signature: str, stamp: str, nonce: str) -> None:
        request.headers |= {"x-sign": signature, "x-time": stamp, "x-nonce": nonce}

    auth = HmacSigned("k", text, place, encoding="base64")
    with ScriptedServer([Reply(b"{}", 503), GOOD]) as server:
        local_client(server.url, auth=auth, clock=FakeClock(START)).get("/x", params={"a": 1})

    first, second = server.requests
    signed = f"GET\n{server.url}/x?a=1\n{second.headers['x-time']}\n{second.headers['x-nonce']}"
    expected = base64.b64encode(hmac.digest(b"k", signed.encode(), hashlib.sha256)).decode()
    assert second.headers["x-sign"] == expected
    assert first.headers["x-nonce"] != second.headers["x-nonce"]


@pytest.mark.parametrize("algorithm", ["", "algorithm=MD5, ", "algorithm=SHA-256, "])
@pytest.mark.parametrize("qop", ["", 'qop="auth", ', 'qop="auth,auth-int", '])
def test_digest_answers_as_an_independent_client_does(algorithm: str, qop: str) -> None:
    challenge = f'Digest realm="IP Camera", nonce="n1", {algorithm}{qop}opaque="o"'

    def script(received: Received) -> Reply:
        if "authorization" not in received.headers:
            return Reply(b"{}", 401, {"www-authenticate": f'Basic realm="x", {challenge}'})
        return GOOD

    with ScriptedServer(script) as server:
        client = local_client(server.url, auth=Digest("admin", "pw"))
        client.get("/ISAPI/x", params={"format": "json"})
        client.get("/ISAPI/y")
    sent = _digest_fields(server.requests[1].headers["authorization"])

    assert len(server.requests) == 3
    assert sent["uri"] == "/ISAPI/x?format=json"
    assert sent["response"] == _independent_response(challenge, sent)


def _digest_fields(header: str) -> dict[str, str]:
    pairs = (pair.split("=", 1) for pair in header.removeprefix("Digest ").split(", "))
    return {name: value.strip('"') for name, value in pairs}


def _independent_response(challenge: str, sent: dict[str, str]) -> str:
    """Have requests compute the response, with our client nonce in place of its own."""
    from requests.utils import parse_dict_header

    other = HTTPDigestAuth("admin", "pw")
    other.init_per_thread_state()
    other._thread_local.chal = parse_dict_header(challenge.removeprefix("Digest "))  # type: ignore[attr-defined]

    class OurNonce:
        def __init__(self, data: bytes, **_: Any) -> None:
            pass

        def hexdigest(self) -> str:
            return sent.get("cnonce", "")

    with pytest.MonkeyPatch.context() as patch:
        # The library draws its client nonce through SHA-1, which it uses for nothing else here.
        patch.setattr("requests.auth.hashlib.sha1", OurNonce)
        header = other.build_digest_header("GET", "http://h" + sent["uri"])
    assert header is not None
    return _digest_fields(header)["response"]


def test_a_digest_challenge_we_cannot_answer_is_an_auth_error() -> None:
    challenge = 'Digest realm="x", nonce="n", algorithm=SHA-512-256, qop="auth"'
    refusal = Reply(b"{}", 401, {"www-authenticate": challenge})
    with ScriptedServer([refusal]) as server, pytest.raises(AuthError):
        local_client(server.url, auth=Digest("u", "p")).get("/x")

    assert len(server.requests) == 1


def test_the_saml_assertion_is_signed_and_says_what_the_vendor_wants(
    key: rsa.RSAPrivateKey,
) -> None:
    with bearer_server(tokens("t"), {"t"}) as server:
        auth = saml(pem(key), token_url=f"{server.url}/oauth/token")
        local_client(server.url, auth=auth, clock=FakeClock(START)).get("/x")
    form = server.requests[0].form
    raw = base64.b64decode(form["assertion"], validate=True)
    verified = XMLVerifier().verify(raw, x509_cert=certificate(key), id_attribute="ID")
    root = verified[0].signed_xml if isinstance(verified, list) else verified.signed_xml
    assert root is not None

    def text(path: str) -> str | None:
        return root.findtext(path, namespaces=SAML)

    recipient = root.find(".//s:SubjectConfirmationData", SAML)
    conditions = root.find("s:Conditions", SAML)
    assert recipient is not None
    assert conditions is not None
    attributes = {
        str(a.get("Name")): a.findtext("s:AttributeValue", namespaces=SAML)
        for a in root.iterfind(".//s:Attribute", SAML)
    }
    assert form | {"assertion": ""} == {
        "grant_type": "urn:ietf:params:oauth:grant-type:saml2-bearer",
        "client_id": "KEY1",
        "company_id": "ACME",
        "assertion": "",
    }
    assert text("s:Issuer") == "KEY1"
    assert text(".//s:NameID") == "api_user"
    assert text(".//s:Audience") == "www.successfactors.com"
    assert recipient.get("Recipient") == f"{server.url}/oauth/token"
    assert conditions.get("NotBefore") == "2026-11-24T08:58:00Z"
    assert conditions.get("NotOnOrAfter") == "2026-11-24T09:10:00Z"
    assert attributes == {"api_key": "KEY1"}
    assert etree.fromstring(raw)[1].tag.endswith("Signature")


def test_a_changed_assertion_does_not_verify(key: rsa.RSAPrivateKey) -> None:
    with bearer_server(tokens("t"), {"t"}) as server:
        local_client(server.url, auth=saml(pem(key))).get("/x")
    raw = base64.b64decode(server.requests[0].form["assertion"])

    with pytest.raises(InvalidSignature):
        XMLVerifier().verify(
            raw.replace(b"api_user", b"sfadmin"), x509_cert=certificate(key), id_attribute="ID"
        )


def test_a_new_saml_token_is_forced_only_after_a_refusal(key: rsa.RSAPrivateKey) -> None:
    clock = FakeClock(START)
    with bearer_server(tokens("a", "b", "c", life=100), {"b", "c"}) as server:
        client = local_client(server.url, auth=saml(pem(key)), clock=clock)
        client.get("/x")
        clock.sleep(90)
        client.get("/x")
    forced = [r.form.get("new_token") for r in server.requests if r.path == "/oauth/token"]

    assert forced == [None, "true", None]


@pytest.mark.parametrize("user_kind", ["username", "email"])
def test_another_kind_of_user_name_is_declared(user_kind: str, key: rsa.RSAPrivateKey) -> None:
    with bearer_server(tokens("t"), {"t"}) as server:
        local_client(server.url, auth=saml(pem(key), user_kind=user_kind)).get("/x")

    raw = base64.b64decode(server.requests[0].form["assertion"])
    assert f'Name="use_{user_kind}"'.encode() in raw


@pytest.mark.parametrize("bad", ["", "no pem", "ec"])
def test_an_unusable_private_key_is_a_config_error_that_does_not_show_it(bad: str) -> None:
    text = pem(ec.generate_private_key(ec.SECP256R1())) if bad == "ec" else bad
    with ScriptedServer([]) as server, pytest.raises(ConfigError) as caught:
        local_client(server.url, auth=saml(text)).get("/x")

    assert caught.value.code == "auth.key_unusable"
    assert caught.value.__cause__ is None
    assert server.requests == []


def test_a_signed_jwt_is_exchanged_for_a_token(key: rsa.RSAPrivateKey) -> None:
    from joserfc import jwt
    from joserfc.jwk import RSAKey

    clock = FakeClock(START)
    with bearer_server(tokens("t"), {"t"}) as server:
        auth = JwtBearer("/oauth/token", "me", pem(key), subject="svc", audience="aud", key_id="k1")
        local_client(server.url, auth=auth, clock=clock).get("/x")
    form = server.requests[0].form
    decoded = jwt.decode(form["assertion"], RSAKey.import_key(pem(key)), algorithms=["RS256"])

    now = int(START.timestamp())
    claims = {name: decoded.claims[name] for name in ("iss", "sub", "aud", "iat", "exp")}
    assert claims == {"iss": "me", "sub": "svc", "aud": "aud", "iat": now, "exp": now + 300}
    assert decoded.header["kid"] == "k1"


def test_a_token_address_at_another_origin_is_judged_like_any_other() -> None:
    with (
        ScriptedServer([Reply.json({"access_token": "t"})]) as login,
        ScriptedServer([GOOD]) as api,
    ):
        auth = ClientCredentials(f"{login.url}/t", "id", "pw")
        assert local_client(api.url, auth=auth).get("/x").status == 200
        refused = ClientCredentials("http://10.0.0.1/t", "id", "pw")
        with pytest.raises(ConfigError) as caught:
            local_client(api.url, auth=refused).get("/x")

    assert caught.value.code == "address.refused"
