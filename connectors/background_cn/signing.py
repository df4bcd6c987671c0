"""Signatures, in four kinds over one text, and the encryption of single fields."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from connectors.background_cn.settings import BackgroundConfig
from hrhub.ambient import random_bytes
from hrhub.errors import ConfigError
from hrhub.http.answer import Answer, Outgoing
from hrhub.http.auth import Auth, Channel, HmacSigned, RsaSigned, Secret, Sm2Signed, reveal
from hrhub.http.sm2 import Sm2Key
from hrhub.http.sm2 import verify as verify_sm2

VENDOR = "background-check platform"


def auth_of(config: BackgroundConfig) -> Auth:
    """Return how requests are signed.

    Raises:
        ConfigError: ``background.key_missing``: what the kind needs is not there.
    """
    shared = config.sign_type in ("HMAC-SHA256", "MD5")
    name, secret = ("secret", config.secret) if shared else ("private_key", config.private_key)
    if not secret.get_secret_value():
        raise ConfigError("background.key_missing", vendor=VENDOR, setting=name)
    place = _placer(config.app_id, config.sign_type)
    match config.sign_type:
        case "HMAC-SHA256":
            return HmacSigned(secret, _text, place)
        case "RSA2":
            return RsaSigned(secret, _text, place)
        case "SM2":
            return Sm2Signed(Sm2Key(secret, config.public_key), _text, place)
        case "MD5":
            return Md5Signed(secret, place)


def signed_text(method: str, target: str, stamp: str, nonce: str, body: bytes) -> bytes:
    """Return what is signed: method, path with query, time stamp, nonce, digest of the body."""
    digest = hashlib.sha256(body).hexdigest()
    return "\n".join((method, target, stamp, nonce, digest)).encode()


def md5_of(parameters: Mapping[str, Any], secret: str) -> str:
    """Sign parameters: those that are not empty, by name, then the secret; upper case."""
    pairs = [f"{n}={_plain(v)}" for n, v in sorted(parameters.items()) if v not in (None, "")]
    text = "&".join([*pairs, f"key={secret}"])
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()


def is_genuine(
    config: BackgroundConfig, headers: Mapping[str, str], path: str, body: bytes
) -> bool:
    """Tell whether a callback was signed by the platform, in constant time.

    Raises:
        ConfigError: ``auth.key_unusable``: the platform's key is none.
    """
    stamp, nonce = headers.get("x-timestamp", ""), headers.get("x-nonce", "")
    given = headers.get("x-sign", "")
    text = signed_text("POST", path, stamp, nonce, body)
    secret = config.secret.get_secret_value()
    if config.sign_type == "HMAC-SHA256":
        wanted = hmac.new(secret.encode(), text, "sha256").hexdigest() if secret else ""
        return bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())
    if config.sign_type == "MD5":
        parameters = {**_parameters(body), "timestamp": stamp, "nonce": nonce}
        wanted = md5_of(parameters, secret) if secret else ""
        return bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())
    try:
        signature = base64.b64decode(given, validate=True)
    except ValueError:
        return False
    if config.sign_type == "SM2":
        return verify_sm2(config.platform_key, text, signature)
    return _verify_rsa(config.platform_key, text, signature)


def sealed_field(value: str, key: Secret) -> str:
    """Encrypt one field with AES-256-GCM: base64 of 12 bytes of nonce, cipher text and tag.

    Raises:
        ConfigError: ``auth.key_unusable``.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        cipher = AESGCM(bytes.fromhex(reveal(key)))
    except ValueError:
        raise ConfigError("auth.key_unusable", vendor=VENDOR, rule="aes") from None
    nonce = random_bytes(12)
    return base64.b64encode(nonce + cipher.encrypt(nonce, value.encode(), None)).decode("ascii")


@dataclass(frozen=True, slots=True)
class Md5Signed:
    """A digest over the parameters and a secret, as older platforms want it.

    Attributes:
        secret: The shared secret.
        place: Puts signature, time stamp and nonce into the request.
    """

    secret: Secret = field(repr=False)
    place: Callable[[Outgoing, str, str, str], None]

    def prepare(self, request: Outgoing, channel: Channel) -> None:
        """Sign the request as it is now."""
        stamp = str(int(channel.clock.now().timestamp() * 1000))
        nonce = random_bytes(16).hex()
        parameters = {**request.params, **_parameters(request.body or b"")}
        parameters |= {"timestamp": stamp, "nonce": nonce}
        self.place(request, md5_of(parameters, reveal(self.secret)), stamp, nonce)

    def refresh(self, answer: Answer, channel: Channel) -> bool:
        """Return False: there are no other credentials."""
        return False


def _text(request: Outgoing, stamp: str, nonce: str) -> bytes:
    parts = urlsplit(request.target())
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    return signed_text(request.method, target, stamp, nonce, request.body or b"")


def _placer(app_id: str, kind: str) -> Callable[[Outgoing, str, str, str], None]:
    def place(request: Outgoing, signature: str, stamp: str, nonce: str) -> None:
        request.headers |= {
            "X-App-Id": app_id,
            "X-Timestamp": stamp,
            "X-Nonce": nonce,
            "X-Sign-Type": kind,
            "X-Sign": signature,
        }

    return place


def _parameters(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return dict(parse_qsl(body.decode("utf-8", "replace")))
    return found if isinstance(found, dict) else {}


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _verify_rsa(public: str, text: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(public.encode())
    except ValueError:
        raise ConfigError("auth.key_unusable", vendor=VENDOR, rule="rsa") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise ConfigError("auth.key_unusable", vendor=VENDOR, rule="rsa")
    try:
        key.verify(signature, text, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True
