"""How the business part of a message is encrypted: one class per dialect."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connectors.social_security.settings import SocialSecurityConfig
from hrhub.ambient import random_bytes
from hrhub.errors import ConfigError

_NONCE, _TAG = 12, 16


class Unreadable(Exception):
    """A message was encrypted in another way, with another key, or was changed."""


class Sealing(Protocol):
    """One way to encrypt."""

    name: str
    """What the envelope's ``encType`` says."""

    def seal(self, plain: bytes, stamp: str) -> dict[str, str]:
        """Return the envelope's fields for some bytes, sent at a time."""
        ...

    def open(self, envelope: Mapping[str, str]) -> bytes:
        """Return the bytes of an envelope.

        Raises:
            Unreadable: They cannot be had.
        """
        ...


class Sm4Gcm:
    """SM4 in GCM (RFC 8998); application and time are authenticated with it."""

    name = "SM4"

    def __init__(self, key: bytes, app_id: str) -> None:
        self._algorithm = algorithms.SM4(key)
        self._app_id = app_id

    def seal(self, plain: bytes, stamp: str) -> dict[str, str]:
        """Return nonce, cipher text and tag in one."""
        nonce = random_bytes(_NONCE)
        context = Cipher(self._algorithm, modes.GCM(nonce)).encryptor()
        context.authenticate_additional_data(f"{self._app_id}{stamp}".encode())
        hidden = context.update(plain) + context.finalize() + context.tag
        return {"encData": base64.b64encode(nonce + hidden).decode()}

    def open(self, envelope: Mapping[str, str]) -> bytes:
        """Return the bytes of an envelope."""
        data = from_base64(envelope["encData"], _NONCE + _TAG)
        context = Cipher(self._algorithm, modes.GCM(data[:_NONCE], data[-_TAG:])).decryptor()
        context.authenticate_additional_data(f"{self._app_id}{envelope['timestamp']}".encode())
        try:
            return context.update(data[_NONCE:-_TAG]) + context.finalize()
        except InvalidTag:
            raise Unreadable from None


class Sm4Cbc:
    """SM4 in CBC with PKCS #7; the signature, not the cipher, tells changes."""

    name = "SM4"

    def __init__(self, key: bytes) -> None:
        self._algorithm = algorithms.SM4(key)

    def seal(self, plain: bytes, stamp: str) -> dict[str, str]:
        """Return initial vector and cipher text in one."""
        start = random_bytes(16)
        hidden = _encrypted(self._algorithm, modes.CBC(start), plain)
        return {"encData": base64.b64encode(start + hidden).decode()}

    def open(self, envelope: Mapping[str, str]) -> bytes:
        """Return the bytes of an envelope."""
        data = from_base64(envelope["encData"], 32)
        return _decrypted(self._algorithm, modes.CBC(data[:16]), data[16:])


class Sm4Derived:
    """SM4 in ECB under a key that follows from appId and appSecret, in upper-case hexadecimal.

    Weak: equal blocks look equal, and the key never changes. It is here because gateways of the
    medical-insurance platform's kind demand it.
    """

    name = "SM4"

    def __init__(self, app_id: str, app_secret: str) -> None:
        first = algorithms.SM4(app_id.encode()[:16].ljust(16, b"0"))
        derived = _encrypted(first, modes.ECB(), app_secret.encode()).hex().upper()
        self._algorithm = algorithms.SM4(derived[:16].encode())

    def seal(self, plain: bytes, stamp: str) -> dict[str, str]:
        """Return the cipher text."""
        return {"encData": _encrypted(self._algorithm, modes.ECB(), plain).hex().upper()}

    def open(self, envelope: Mapping[str, str]) -> bytes:
        """Return the bytes of an envelope."""
        try:
            data = bytes.fromhex(envelope["encData"])
        except ValueError:
            raise Unreadable from None
        return _decrypted(self._algorithm, modes.ECB(), data)


class RsaAes:
    """A fresh AES-256-GCM key per message, wrapped with RSA-OAEP-SHA256."""

    name = "AES"

    def __init__(self, theirs: rsa.RSAPublicKey, ours: rsa.RSAPrivateKey) -> None:
        self._theirs = theirs
        self._ours = ours

    def seal(self, plain: bytes, stamp: str) -> dict[str, str]:
        """Return cipher text and wrapped key."""
        key, nonce = random_bytes(32), random_bytes(_NONCE)
        hidden = nonce + AESGCM(key).encrypt(nonce, plain, None)
        wrapped = self._theirs.encrypt(key, _oaep())
        return {
            "encData": base64.b64encode(hidden).decode(),
            "encKey": base64.b64encode(wrapped).decode(),
        }

    def open(self, envelope: Mapping[str, str]) -> bytes:
        """Return the bytes of an envelope."""
        data = from_base64(envelope["encData"], _NONCE + _TAG)
        try:
            key = self._ours.decrypt(from_base64(envelope["encKey"]), _oaep())
            return AESGCM(key).decrypt(data[:_NONCE], data[_NONCE:], None)
        except (KeyError, TypeError, ValueError, InvalidTag):
            raise Unreadable from None


def sealing_of(config: SocialSecurityConfig) -> Sealing:
    """Return the way to encrypt that a connection is set to.

    Raises:
        ConfigError: ``auth.key_unusable``.
    """
    match config.dialect:
        case "sm4_gcm":
            return Sm4Gcm(_sm4_key(config), config.app_id)
        case "sm4_cbc":
            return Sm4Cbc(_sm4_key(config))
        case "sm4_derived":
            return Sm4Derived(config.app_id, config.app_secret.get_secret_value())
        case "rsa_aes":
            return RsaAes(rsa_public(config.platform_key), _rsa_private(config))


def _sm4_key(config: SocialSecurityConfig) -> bytes:
    try:
        key = bytes.fromhex(config.cipher_key.get_secret_value())
    except ValueError:
        key = b""
    if len(key) != 16:
        raise ConfigError("auth.key_unusable", rule="sm4_key")
    return key


def rsa_public(pem: str) -> rsa.RSAPublicKey:
    """Return an RSA public key of 2048 bits or more.

    Raises:
        ConfigError: ``auth.key_unusable``.
    """
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except ValueError:
        key = None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < 2048:
        raise ConfigError("auth.key_unusable", rule="rsa_public") from None
    return key


def _rsa_private(config: SocialSecurityConfig) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(
            config.private_key.get_secret_value().encode(), None
        )
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ConfigError("auth.key_unusable", rule="rsa") from None
    return key


def _oaep() -> rsa_padding.OAEP:
    return rsa_padding.OAEP(rsa_padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def from_base64(text: str, least: int = 1) -> bytes:
    """Return the bytes of a text that is their one spelling.

    Raises:
        Unreadable: It is none, or holds fewer bytes than there must be.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise Unreadable from None
    if len(data) < least or base64.b64encode(data).decode() != text:
        raise Unreadable
    return data


def _encrypted(algorithm: algorithms.SM4, mode: modes.CBC | modes.ECB, plain: bytes) -> bytes:
    padder, context = padding.PKCS7(128).padder(), Cipher(algorithm, mode).encryptor()
    return context.update(padder.update(plain) + padder.finalize()) + context.finalize()


def _decrypted(algorithm: algorithms.SM4, mode: modes.CBC | modes.ECB, hidden: bytes) -> bytes:
    context, unpadder = Cipher(algorithm, mode).decryptor(), padding.PKCS7(128).unpadder()
    try:
        plain = context.update(hidden) + context.finalize()
        return unpadder.update(plain) + unpadder.finalize()
    except ValueError:
        raise Unreadable from None
