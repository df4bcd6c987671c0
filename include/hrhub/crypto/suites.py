"""Cipher suites: profile 1 (AES-256-GCM, SHA-256) and profile 2 (SM4-GCM, SM3).

Profile 2 follows GB/T 32907 and GB/T 32905 for companies under the commercial-cryptography rules
of China; it uses SM3 wherever profile 1 uses SHA-256.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hrhub.errors import ConfigError

NONCE_BYTES = 12
TAG_BYTES = 16


class Aead(Protocol):
    """Authenticated encryption with 12-byte nonces and 16-byte tags at the end."""

    def encrypt(self, nonce: bytes, data: bytes | memoryview, associated_data: bytes) -> bytes:
        """Return ciphertext and tag."""
        ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """Return the plaintext or raise ``cryptography.exceptions.InvalidTag``."""
        ...


class Sm4Gcm:
    """SM4 in Galois/counter mode (RFC 8998), with the interface of ``AESGCM``."""

    def __init__(self, key: bytes) -> None:
        self._algorithm = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, data: bytes | memoryview, associated_data: bytes) -> bytes:
        """Return ciphertext and tag."""
        context = Cipher(self._algorithm, modes.GCM(nonce)).encryptor()
        context.authenticate_additional_data(associated_data)
        return context.update(data) + context.finalize() + context.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """Return the plaintext or raise ``cryptography.exceptions.InvalidTag``."""
        mode = modes.GCM(nonce, data[-TAG_BYTES:])
        context = Cipher(self._algorithm, mode).decryptor()
        context.authenticate_additional_data(associated_data)
        return context.update(data[:-TAG_BYTES]) + context.finalize()


@dataclass(frozen=True, slots=True)
class Suite:
    """The algorithms of one profile.

    ``number`` is the profile and the suite byte of envelopes, ``label`` ends the info text of
    derived keys, ``key_bytes`` is the cipher's key length.
    """

    number: int
    label: str
    key_bytes: int
    aead: Callable[[bytes], Aead]
    hash: Callable[[], hashes.HashAlgorithm]

    def hkdf(self, key: bytes, info: bytes, length: int = 32, salt: bytes | None = None) -> bytes:
        """Derive a key (RFC 5869)."""
        if self.number != 1 or salt is not None or length > 32:
            return HKDF(self.hash(), length, salt, info).derive(key)
        return self.expand(self.extract(key), info)[:length]

    def extract(self, key: bytes) -> bytes:
        """Return the pseudo-random key of HKDF without salt; several keys expand from one."""
        if self.number == 1:
            return _EXTRACT(key)
        return self.hmac(b"", key)  # a missing salt is zeros, and so is an empty key

    def expand(self, prk: bytes, info: bytes) -> bytes:
        """Return the first 32 bytes that HKDF expands from what :meth:`extract` gave."""
        return self.hmac(prk, info + b"\x01")

    def hmac(self, key: bytes, message: bytes) -> bytes:
        """Return the 32-byte keyed hash of a message."""
        if self.number == 1:
            return _hmac_sha256(key, message)
        mac = HMAC(key, self.hash())
        mac.update(message)
        return mac.finalize()

    def hmac_stream(self, key: bytes) -> HMAC:
        """Return a keyed hash to be fed piece by piece."""
        return HMAC(key, self.hash())

    def digest(self, data: bytes) -> bytes:
        """Return the 32-byte hash of some bytes."""
        if self.number == 1:
            return hashlib.sha256(data).digest()
        hasher = hashes.Hash(self.hash())
        hasher.update(data)
        return hasher.finalize()

    def keyed(self, key: bytes, prefix: bytes = b"") -> Callable[[bytes], bytes]:
        """Return ``message -> HMAC(key, prefix || message)`` for many messages under one key.

        The state after key and prefix is computed once and copied.
        """
        if self.number != 1 or len(key) > 64:
            start = HMAC(key, self.hash())
            start.update(prefix)

            def general(message: bytes) -> bytes:
                mac = start.copy()
                mac.update(message)
                return mac.finalize()

            return general

        return _sha256_keyed(key, prefix)


_INNER, _OUTER = (bytes(b ^ pad for b in range(256)) for pad in (0x36, 0x5C))


def _hmac_sha256(key: bytes, message: bytes) -> bytes:
    """Return HMAC-SHA-256 (RFC 2104) of one message; the library's call costs twice as much."""
    if len(key) > 64:
        return hmac.digest(key, message, "sha256")
    block = key.ljust(64, b"\0")
    inner = hashlib.sha256(block.translate(_INNER) + message).digest()
    return hashlib.sha256(block.translate(_OUTER) + inner).digest()


def _sha256_keyed(key: bytes, prefix: bytes = b"") -> Callable[[bytes], bytes]:
    """Return HMAC-SHA-256 under a key of at most one block, 64 bytes.

    RFC 2104 on hashlib states: hmac.HMAC.copy costs twice as much, and this is the hot path of
    blind indexes and row seals.
    """
    block = key.ljust(64, b"\0")
    inner_copy = hashlib.sha256(block.translate(_INNER) + prefix).copy
    outer_copy = hashlib.sha256(block.translate(_OUTER)).copy

    def quick(message: bytes) -> bytes:
        inner = inner_copy()
        inner.update(message)
        outer = outer_copy()
        outer.update(inner.digest())
        return outer.digest()

    return quick


_EXTRACT = _sha256_keyed(b"")


INTERNATIONAL = Suite(1, "aes-256-gcm", 32, AESGCM, hashes.SHA256)
GM = Suite(2, "sm4-gcm", 16, Sm4Gcm, hashes.SM3)
SUITES = {suite.number: suite for suite in (INTERNATIONAL, GM)}


def suite_of(profile: int) -> Suite:
    """Return the suite of a profile.

    Raises:
        ConfigError: There is no such profile (``keys.profile``).
    """
    suite = SUITES.get(profile)
    if suite is None:
        raise ConfigError("keys.profile", profile=profile)
    return suite
