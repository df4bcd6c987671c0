"""The token service: a SAML assertion in, a bearer token out.

The assertion is verified for real: signature against the registered certificate, audience,
recipient, life, user, client and company.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.verifier import SignatureConfiguration, XMLVerifier

from hrhub.ambient import Clock, random_bytes

GRANT = "urn:ietf:params:oauth:grant-type:saml2-bearer"
AUDIENCE = "www.successfactors.com"
LIFETIME = timedelta(hours=24)
_SKEW = timedelta(minutes=5)
_SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
_ACCEPTED = SignatureConfiguration(
    signature_methods=frozenset({SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA1}),
    digest_algorithms=frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA1}),
)


class Denied(Exception):
    """No token; ``args[0]`` is the vendor's errorMessage."""


@dataclass(frozen=True, slots=True)
class Client:
    """A registered OAuth client and the technical user that it may speak for."""

    company_id: str
    api_key: str
    user_id: str
    certificate: x509.Certificate


def new_identity(common_name: str, now: datetime) -> tuple[str, x509.Certificate]:
    """Make a key pair as an administrator would: the private key in PEM, the certificate."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    return pem, certify(pem, common_name, now)


def certify(pem: str, common_name: str, now: datetime) -> x509.Certificate:
    """Make the self-signed certificate that belongs to a private key."""
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )


class TokenService:
    """Issues and knows tokens."""

    def __init__(self, client: Client, recipients: frozenset[str], clock: Clock) -> None:
        self._client = client
        self._recipients = recipients
        self._clock = clock
        self._token = ""
        self._expires = datetime.fromtimestamp(0, UTC)
        self._lock = threading.Lock()
        self.issued = 0

    def grant(self, form: Mapping[str, str]) -> dict[str, object]:
        """Answer a token request.

        Raises:
            Denied: The vendor would say no.
        """
        client = self._client
        if form.get("grant_type") != GRANT:
            raise Denied("Invalid grant_type parameter")
        if form.get("company_id") != client.company_id:
            raise Denied("[LGN0008]Unable to authenticate the client (Company not found)")
        if form.get("client_id") != client.api_key:
            raise Denied("Unable to authenticate the client (Invalid client)")
        self._verify(form.get("assertion", ""))
        now = self._clock.now()
        with self._lock:
            if form.get("new_token") == "true" or now >= self._expires:
                self._expires = now + LIFETIME
                self._token = self._write(now)
                self.issued += 1
            left = int((self._expires - now).total_seconds())
            return {"access_token": self._token, "token_type": "Bearer", "expires_in": left}

    def alive(self, header: str | None) -> bool:
        """Tell whether an Authorization header carries the living token."""
        with self._lock:
            alive = self._token and self._clock.now() < self._expires
            return bool(alive) and header == f"Bearer {self._token}"

    def revoke(self) -> None:
        """Let the present token die, as an administrator can."""
        with self._lock:
            self._expires = datetime.fromtimestamp(0, UTC)

    def _write(self, now: datetime) -> str:
        ms = int(now.timestamp() * 1000)
        client = self._client
        content = {
            "apiKey": client.api_key,
            "sfPrincipal": f"{client.user_id}#DIV#{client.company_id}",
            "issuedFor": "odata",
            "scope": "",
            "issuedAt": ms,
            "expiresAt": ms + int(LIFETIME.total_seconds() * 1000),
        }
        signed = {"tokenContent": content, "signature": random_bytes(48).hex()}
        return base64.b64encode(json.dumps(signed).encode()).decode()

    def _verify(self, assertion: str) -> None:
        try:
            xml = base64.b64decode(assertion, validate=True)
            pem = self._client.certificate.public_bytes(serialization.Encoding.PEM).decode()
            result = XMLVerifier().verify(xml, x509_cert=pem, expect_config=_ACCEPTED)
            # Only what was signed is read from here on: signature wrapping finds nothing.
            signed = result[0].signed_xml if isinstance(result, list) else result.signed_xml
        except Exception:
            raise Denied("Unable to verify the signature of the SAML assertion") from None
        if signed is None or signed.tag != f"{_SAML}Assertion":
            raise Denied("Unable to verify the signature of the SAML assertion")
        self._check_life(signed)
        if _text(signed, "Conditions", "AudienceRestriction", "Audience") != AUDIENCE:
            raise Denied("Unable to verify the SAML assertion (Invalid audience)")
        confirmation = _find(signed, "Subject", "SubjectConfirmation")
        data = None if confirmation is None else _find(confirmation, "SubjectConfirmationData")
        if data is None or data.get("Recipient") not in self._recipients:
            raise Denied("Unable to verify the SAML assertion (Invalid recipient)")
        for attribute in signed.iter(f"{_SAML}Attribute"):
            value = (_text(attribute, "AttributeValue") or "").strip()
            if attribute.get("Name") == "api_key" and value != self._client.api_key:
                raise Denied("Unable to authenticate the client (Invalid client)")
        if _text(signed, "Subject", "NameID") != self._client.user_id:
            raise Denied("Unable to authenticate the client (Login failed - invalid user)")

    def _check_life(self, signed: etree._Element) -> None:
        conditions = _find(signed, "Conditions")
        now = self._clock.now()
        try:
            start = _instant("" if conditions is None else conditions.get("NotBefore", ""))
            end = _instant("" if conditions is None else conditions.get("NotOnOrAfter", ""))
        except ValueError:
            raise Denied("Unable to verify the SAML assertion (Invalid conditions)") from None
        if now < start - _SKEW or now >= end:
            raise Denied("Unable to verify the SAML assertion (Assertion has expired)")


def _find(node: etree._Element, *names: str) -> etree._Element | None:
    return node.find("/".join(_SAML + n for n in names))


def _text(node: etree._Element, *names: str) -> str | None:
    return node.findtext("/".join(_SAML + n for n in names))


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
