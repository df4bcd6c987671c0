from __future__ import annotations

import ipaddress
import os
import ssl
import stat
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from hrhub.ambient import SystemClock
from hrhub.connector import (
    Checked,
    Connector,
    ConnectorConfig,
    HttpStream,
    open_session,
    setting,
)
from hrhub.connector.session import check_connection
from hrhub.errors import AuthError, ConfigError, ContractChanged, HrHubError, Transient
from hrhub.http.auth import ApiKey
from hrhub.http.client import HttpClient
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


class Ours(NamedTuple):
    """A certificate and its key as PEM texts."""

    certificate: str
    key: str


def ours(authority: Authority, days: int = 1, host: str = "hub.example") -> Ours:
    text = Path(authority.issue(host, days)).read_text()
    certificate, _, key = text.partition("-----BEGIN PRIVATE")
    return Ours(certificate, "-----BEGIN PRIVATE" + key)


def demanding(authority: Authority, version: ssl.TLSVersion) -> ssl.SSLContext:
    context = authority.server_context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.bundle)
    context.maximum_version = version
    return context


VERSIONS = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])


def client(url: str, **tls: Any) -> HttpClient:
    return local_client(url, tls=Tls(**tls), retry=ONCE, clock=SystemClock())


def encrypted(ours: Ours) -> str:
    key = serialization.load_pem_private_key(ours.key.encode(), None)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    ).decode()


@pytest.mark.parametrize(
    "rule", ["certificate", "key", "encrypted", "mismatch", "expired", "certificate_missing"]
)
def test_a_certificate_or_key_that_cannot_be_used_is_refused_by_name_before_anything_is_sent(
    authority: Authority, rule: str
) -> None:
    good, other = ours(authority), ours(authority, host="other.example")
    given = {
        "certificate": {"client_cert": good.key, "client_key": good.key},
        "key": {"client_cert": good.certificate},
        "encrypted": {"client_cert": good.certificate, "client_key": encrypted(good)},
        "mismatch": {"client_cert": good.certificate, "client_key": other.key},
        "expired": dict(zip(("client_cert", "client_key"), ours(authority, -1), strict=True)),
        "certificate_missing": {"client_key": good.key},
    }[rule]

    with pytest.raises(ConfigError) as caught:
        client("https://localhost:1", **given)

    assert (caught.value.code, caught.value.context["rule"]) == ("tls.key_unusable", rule)
    assert good.key not in repr(caught.value) + repr(Tls(**given))


@VERSIONS
def test_a_vendor_that_demands_a_certificate_and_gets_none_is_told_apart_where_tls_can(
    authority: Authority, version: ssl.TLSVersion
) -> None:
    with (
        ScriptedServer([GOOD], tls=demanding(authority, version)) as server,
        pytest.raises(HrHubError) as caught,
    ):
        client(server.url, ca_bundle=authority.bundle).get("/x")

    # TLS 1.2 has no word for it but that no agreement was reached.
    said = {
        ssl.TLSVersion.TLSv1_2: (Transient, "tls.failed"),
        ssl.TLSVersion.TLSv1_3: (AuthError, "tls.certificate_refused"),
    }
    assert (type(caught.value), caught.value.code) == said[version]


@VERSIONS
def test_a_vendor_that_does_not_know_our_certificate_refuses_us_in_words(
    authority: Authority, version: ssl.TLSVersion, tmp_path: Path
) -> None:
    strange = ours(Authority(tmp_path))
    with (
        ScriptedServer([GOOD], tls=demanding(authority, version)) as server,
        pytest.raises(HrHubError) as caught,
    ):
        client(
            server.url,
            ca_bundle=authority.bundle,
            client_cert=strange.certificate,
            client_key=strange.key,
        ).get("/x")

    assert (type(caught.value), caught.value.code) == (AuthError, "tls.certificate_refused")


@VERSIONS
@pytest.mark.parametrize("given", ["texts", "one text", "one line", "files", "one file"])
def test_a_client_certificate_is_shown_when_asked_for(
    authority: Authority, version: ssl.TLSVersion, given: str, tmp_path: Path
) -> None:
    pair = ours(authority)
    (tmp_path / "c.pem").write_text(pair.certificate)
    (tmp_path / "k.pem").write_text(pair.key)
    (tmp_path / "both.pem").write_text(pair.key + pair.certificate)
    tls = {
        "texts": {"client_cert": pair.certificate, "client_key": SecretStr(pair.key)},
        "one text": {"client_cert": SecretStr(pair.certificate + pair.key)},
        # What is left of a text that was pasted into a field of one line.
        "one line": {
            "client_cert": pair.certificate.replace("\n", " "),
            "client_key": pair.key.replace("\n", "\\n"),
        },
        "files": {
            "client_cert": str(tmp_path / "c.pem"),
            "client_key": SecretStr(str(tmp_path / "k.pem")),
        },
        "one file": {"client_cert": str(tmp_path / "both.pem")},
    }[given]

    with ScriptedServer([GOOD], tls=demanding(authority, version)) as server:
        opened = client(server.url, ca_bundle=Path(authority.bundle).read_text(), **tls)
        answer = opened.get("/x")

    assert answer.status == 200
    assert opened.certificate_ends is not None
    assert timedelta() < opened.certificate_ends - datetime.now(UTC) <= timedelta(days=1)


def test_a_key_never_touches_a_disk(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pair = ours(authority)
    written: list[str] = []

    def watch(event: str, details: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(details[1], str) and set("wax+") & set(details[1]):
            written.append(str(details[0]))

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    sys.addaudithook(watch)
    client("https://localhost:1", client_cert=pair.certificate, client_key=pair.key)

    assert [name for name in written if not name.isdigit()] == []
    assert list(tmp_path.iterdir()) == []


def test_where_there_are_no_files_in_memory_the_key_s_file_is_private_and_gone_at_once(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pair = ours(authority)
    seen: list[int] = []
    monkeypatch.delattr(os, "memfd_create")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    load = ssl.SSLContext.load_cert_chain

    def watched(context: ssl.SSLContext, path: str, **options: Any) -> None:
        seen.append(stat.S_IMODE(Path(path).stat().st_mode))
        load(context, path, **options)

    monkeypatch.setattr("ssl.SSLContext.load_cert_chain", watched)
    client("https://localhost:1", client_cert=pair.certificate, client_key=pair.key)

    assert seen == [0o600]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("field", ["ca_bundle", "client_cert"])
@pytest.mark.parametrize("given", ["/nowhere/x.pem", "", "-----BEGIN CERTIFICATE-----\n"])
def test_a_certificate_that_cannot_be_read_is_a_config_error(field: str, given: str) -> None:
    if not given:
        given = __file__  # a file that is no certificate
    with pytest.raises(ConfigError) as caught:
        client("https://localhost", **{field: given})

    assert caught.value.context["fields"] == field


class Config(ConnectorConfig):
    url: str = setting(title="Address", help="Root of the interface.", slot="host")


@pytest.mark.parametrize(("days", "warned"), [(400, False), (12, True)])
def test_a_connection_takes_its_certificates_from_its_settings_and_says_when_they_end(
    authority: Authority, days: int, warned: bool
) -> None:
    connector = Connector(
        name="strict",
        title="Strict",
        version="1",
        config=Config,
        check=lambda session: Checked("Strict", {"status": str(session.http.get("/").status)}),
        streams=(HttpStream(name="s", title="S", feed="person", key=("id",), path="/"),),
        base_url=lambda config: config.url,  # type: ignore[attr-defined]
    )
    pair = ours(authority, days)
    tls = demanding(authority, ssl.TLSVersion.TLSv1_3)
    with ScriptedServer([GOOD], tls=tls) as server:
        config = Config(
            url=server.url,
            ca_bundle=authority.bundle,
            client_cert=pair.certificate,  # type: ignore[arg-type]
            client_key=pair.key,  # type: ignore[arg-type]
            allow_networks=("127.0.0.0/8", "::1/128"),
        )
        session = open_session(connector, config, clock=SystemClock())
        checked = check_connection(connector, session)

    ends = (NOW + timedelta(days=days)).date().isoformat()
    assert checked.facts == {"status": "200", "client certificate until": ends}
    assert [w.code for w in checked.warnings] == (["tls.certificate_ends"] if warned else [])
    assert [w.context["days"] for w in checked.warnings] in ([], [11], [12])
    assert pair.key[40:80] not in repr(config)


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
