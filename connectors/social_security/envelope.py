"""The envelope around every message, in both directions: sealed, then signed over the plain part.

What is signed is the envelope's fields without ``signData``, ``encData`` and ``extra``, with the
plain business part as ``data``; nothing empty, keys in ASCII order at every level, joined as a
query, and the application's secret at the end.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from connectors.social_security.ciphers import (
    Sealing,
    Unreadable,
    from_base64,
    rsa_public,
    sealing_of,
)
from connectors.social_security.settings import SocialSecurityConfig
from hrhub.http import sm2
from hrhub.http.answer import Outgoing
from hrhub.http.auth import Auth, RsaSigned, Sm2Signed

VERSION = "2.0.1"
_UNSIGNED = frozenset({"signData", "encData", "extra", "data"})


class Refused(Exception):
    """A message that is not the platform's, not for us, or cannot be read; ``args[0]`` is why."""


@dataclass(frozen=True)
class Envelopes:
    """Make and open the envelopes of one connection."""

    config: SocialSecurityConfig = field(repr=False)

    @property
    def auth(self) -> Auth:
        """What seals and signs requests whose body is ``{"transNo": …, "data": {…}}``."""
        if self.config.dialect == "rsa_aes":
            return RsaSigned(self.config.private_key, self.text, place)
        key = sm2.Sm2Key(self.config.private_key, self.config.public_key)
        return Sm2Signed(key, self.text, place)

    @cached_property
    def sealing(self) -> Sealing:
        """How the business part is encrypted."""
        return sealing_of(self.config)

    @property
    def sign_type(self) -> str:
        """What the envelope's ``signType`` says."""
        return "RSA2" if self.config.dialect == "rsa_aes" else "SM2"

    def text(self, request: Outgoing, stamp: str, nonce: str) -> bytes:
        """Put the envelope into the request, and return what is to be signed of it."""
        message = msgspec.json.decode(request.body or b"{}")
        data = without_empty(message["data"])
        envelope = {
            "appId": self.config.app_id,
            "version": VERSION,
            "timestamp": stamp,
            "signType": self.sign_type,
            "encType": self.sealing.name,
            "transNo": message["transNo"],
            **self.sealing.seal(compact(data).encode(), stamp),
        }
        request.body = compact(envelope).encode()
        return signed_text(envelope, data, self.config.app_secret.get_secret_value())

    def open(self, body: bytes) -> tuple[dict[str, Any], bytes]:
        """Return the fields of an envelope from the platform, and its business part in clear.

        Raises:
            Refused: ``form``, ``receiver``, ``dialect``, ``cipher`` or ``signature``.
        """
        try:
            envelope = msgspec.json.decode(body, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Refused("form") from None
        texts = ("timestamp", "signData", "encData")
        if not all(isinstance(envelope.get(name), str) for name in texts):
            raise Refused("form")
        if envelope.get("appId") != self.config.app_id:
            raise Refused("receiver")
        if (envelope.get("signType"), envelope.get("encType")) != (
            self.sign_type,
            self.sealing.name,
        ):
            raise Refused("dialect")
        try:
            plain = self.sealing.open(envelope)
            data = msgspec.json.decode(plain, type=dict[str, Any])
        except (Unreadable, msgspec.DecodeError, UnicodeDecodeError):
            raise Refused("cipher") from None
        secret = self.config.app_secret.get_secret_value()
        if not self._genuine(signed_text(envelope, data, secret), envelope["signData"]):
            raise Refused("signature")
        return envelope, plain

    def _genuine(self, text: bytes, signature: str) -> bool:
        try:
            raw = from_base64(signature)
        except Unreadable:
            return False
        if self.sign_type == "SM2":
            return sm2.verify(self.config.platform_key, text, raw)
        try:
            rsa_public(self.config.platform_key).verify(
                raw, text, padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            return False
        return True


def place(request: Outgoing, signature: str, stamp: str, nonce: str) -> None:
    """Put the signature into the envelope."""
    envelope = msgspec.json.decode(request.body or b"{}")
    request.body = compact({**envelope, "signData": signature}).encode()


def signed_text(envelope: Mapping[str, Any], data: Mapping[str, Any], secret: str) -> bytes:
    """Return what is signed of an envelope."""
    signed = {k: v for k, v in envelope.items() if k not in _UNSIGNED}
    fields = without_empty({**signed, "data": data})
    pairs = (f"{key}={_written(fields[key])}" for key in sorted(fields))
    return f"{'&'.join(pairs)}&key={secret}".encode()


def without_empty(value: Any) -> Any:
    """Return a value without nulls and empty texts, lists and objects, at every level."""
    if isinstance(value, Mapping):
        kept = {k: without_empty(v) for k, v in value.items()}
        return {k: v for k, v in kept.items() if v not in (None, "", [], {})}
    if isinstance(value, list):
        return [without_empty(item) for item in value]
    return value


def compact(value: Any) -> str:
    """Write JSON without blanks, keys in ASCII order, other characters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else compact(value)
