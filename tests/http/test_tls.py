from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hrhub.errors import ConfigError, ContractChanged, HrHubError, Transient
from hrhub.http.auth import ApiKey
from hrhub.http.limits import Tls
from hrhub.http.retry import RetryPlan
from hrhub.http.testing import Reply, ScriptedServer, local_client

GOOD = Reply.json({"data": [1]})
NOW = datetime.now(UTC)
ONCE = RetryPlan(tries=1)


@dataclass
class Authority:
    """A certificate authority in a directory."""

    folder: Path

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
        unsigned = self._builder(self.name, self.key.public_key(), days=1).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self.bundle = str(self.folder / "ca.pem")
        certificate = unsigned.sign(self.key, hashes.SHA256())
        Path(self.bundle).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, days: int
    ) -> x509.CertificateBuilder:
        return x509.CertificateBuilder(
            self.name,
            subject,
            key,
            x509.random_serial_number(),
            NOW - timedelta(days=5),
            NOW + timedelta(days=days),
        )

    def issue(self, host: str, days: int = 1) -> str:
        """Write certificate and key for a host into one file and return its path."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        names = [x509.DNSName(host), x509.IPAddress(ipaddress.ip_address("127.0.0.9"))]
        certificate = (
            self._builder(subject, key.public_key(), days)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        path = self.folder / f"{host}{days}.pem"
        path.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return str(path)

    def server_context(self, host: str = "localhost", days: int = 1) -> ssl.SSLContext:
        """Return a server's side."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.issue(host, days))
        return context


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.mark.parametrize(
    ("host", "days", "trusted"),
    [("localhost", 1, False), ("other.example", 1, True), ("localhost", -1, True)],
    ids=["unknown authority", "another name", "expired"],
)
def test_a_certificate_that_does_not_prove_the_host_is_refused(
    authority: Authority, host: str, days: int, trusted: bool
) -> None:
    tls = Tls(ca_bundle=authority.bundle) if trusted else Tls()
    context = authority.server_context(host, days)
    with ScriptedServer([GOOD], tls=context) as server, pytest.raises(HrHubError) as caught:
        local_client(server.url, tls=tls, retry=ONCE).get("/x")

    assert (type(caught.value), caught.value.code) == (ConfigError, "tls.not_trusted")
    assert server.requests == []


def test_a_private_authority_is_trusted_when_named(authority: Authority) -> None:
    with ScriptedServer([GOOD], tls=authority.server_context()) as server:
        client = local_client(server.url, tls=Tls(ca_bundle=authority.bundle))
        assert client.get("/x").json() == {"data": [1]}


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_older_than_1_2_is_not_spoken(authority: Authority) -> None:
    context = authority.server_context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with ScriptedServer([GOOD], tls=context) as server, pytest.raises(Transient) as caught:
        local_client(server.url, tls=Tls(ca_bundle=authority.bundle), retry=ONCE).get("/x")

    assert caught.value.code == "tls.failed"


def test_a_server_that_speaks_no_tls_is_told_apart() -> None:
    with ScriptedServer([GOOD]) as server, pytest.raises(Transient) as caught:
        local_client(server.url.replace("http:", "https:"), retry=ONCE).get("/x")

    assert caught.value.code == "tls.failed"


def test_a_client_certificate_is_shown_when_asked_for(authority: Authority) -> None:
    context = authority.server_context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.bundle)
    ours = authority.issue("hub.example")
    with ScriptedServer([GOOD], tls=context) as server:
        named = Tls(ca_bundle=authority.bundle, client_cert=ours)
        assert local_client(server.url, tls=named).get("/x").status == 200
        with pytest.raises(Transient):
            local_client(server.url, tls=Tls(ca_bundle=authority.bundle), retry=ONCE).get("/x")


@pytest.mark.parametrize("field", ["ca_bundle", "client_cert"])
def test_a_certificate_file_that_is_missing_is_a_config_error(field: str) -> None:
    with pytest.raises(ConfigError) as caught:
        local_client("https://localhost", tls=Tls(**{field: "/nowhere/x.pem"}))

    assert caught.value.context["fields"] == field


def test_a_declared_origin_gets_no_credentials(authority: Authority) -> None:
    trusted = Tls(ca_bundle=authority.bundle)
    with (
        ScriptedServer([GOOD, GOOD], tls=authority.server_context()) as own,
        ScriptedServer([GOOD], tls=authority.server_context()) as files,
    ):
        client = local_client(own.url, tls=trusted, auth=ApiKey("k"), extra_origins=[files.url])
        client.headers["x-csrf-token"] = "t"
        client.get("/x")
        client.get(f"{files.url}/file?signature=1")
        with pytest.raises(ContractChanged):
            client.get("https://localhost:1/file")

    assert own.requests[0].headers["x-api-key"] == "k"
    assert own.requests[0].headers["x-csrf-token"] == "t"
    assert not {"x-api-key", "x-csrf-token"} & set(files.requests[0].headers)
