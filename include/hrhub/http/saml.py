"""Build and sign SAML 2.0 assertions (SAML core 2.0 §2, bearer profile of RFC 7522)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.signer import XMLSigner

from hrhub.ambient import new_id
from hrhub.errors import ConfigError

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
NAME_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
CONTEXT_CLASS = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
CLOCK_SKEW = timedelta(minutes=2)
"""How far the vendor's clock may be behind ours."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """What an assertion says.

    Attributes:
        issuer: Who says it.
        subject: About which user.
        recipient: Token address it is presented to.
        audience: Whom it is meant for.
        attributes: Further statements, name -> value.
        life_s: Seconds it is valid.
    """

    issuer: str
    subject: str = field(repr=False)
    recipient: str
    audience: str
    attributes: Mapping[str, str]
    life_s: int


def sign(assertion: Assertion, private_key: str, now: datetime, labels: Mapping[str, Any]) -> bytes:
    """Return the assertion as XML with an enveloped RSA-SHA256 signature behind the issuer.

    Raises:
        ConfigError: ``auth.key_unusable``: the private key is no unencrypted PEM RSA key.
    """
    root = _build(assertion, now)
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    try:
        signed = signer.sign(root, key=private_key, reference_uri=root.get("ID"), id_attribute="ID")
    except Exception:
        # The libraries below raise many kinds, some quoting the key; only the fact goes on.
        raise ConfigError("auth.key_unusable", **labels, rule="rsa_pem") from None
    return etree.tostring(signed)


def _build(assertion: Assertion, now: datetime) -> Any:
    start, end = _stamp(now - CLOCK_SKEW), _stamp(now + timedelta(seconds=assertion.life_s))
    root = etree.Element(f"{{{SAML}}}Assertion", nsmap={"saml2": SAML})
    root.set("ID", f"_{new_id()}")
    root.set("IssueInstant", _stamp(now))
    root.set("Version", "2.0")
    _add(root, "Issuer", assertion.issuer)
    # The schema wants the signature right after the issuer; the signer fills this placeholder.
    etree.SubElement(root, f"{{{DSIG}}}Signature", nsmap={"ds": DSIG}).set("Id", "placeholder")
    subject = _add(root, "Subject")
    _add(subject, "NameID", assertion.subject, Format=NAME_FORMAT)
    confirmation = _add(subject, "SubjectConfirmation", Method=BEARER)
    _add(confirmation, "SubjectConfirmationData", NotOnOrAfter=end, Recipient=assertion.recipient)
    conditions = _add(root, "Conditions", NotBefore=start, NotOnOrAfter=end)
    _add(_add(conditions, "AudienceRestriction"), "Audience", assertion.audience)
    statement = _add(root, "AuthnStatement", AuthnInstant=_stamp(now), SessionIndex=new_id())
    _add(_add(statement, "AuthnContext"), "AuthnContextClassRef", CONTEXT_CLASS)
    attributes = _add(root, "AttributeStatement")
    for name, value in assertion.attributes.items():
        _add(_add(attributes, "Attribute", Name=name), "AttributeValue", value)
    return root


def _add(parent: Any, name: str, text: str | None = None, **attributes: str) -> Any:
    element = etree.SubElement(parent, f"{{{SAML}}}{name}")
    element.text = text
    for key, value in attributes.items():
        element.set(key, value)
    return element


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
