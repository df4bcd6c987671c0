"""The ``env`` key provider: one key from the environment, for development only."""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import NoReturn

from hrhub.crypto.keyring import FileKeyring
from hrhub.crypto.providers import Health, KeyProvider
from hrhub.crypto.wrapping import KEY_BYTES, unwrap_locally, wrap_locally
from hrhub.errors import KeysUnavailable

VARIABLE = "HRHUB_KEK"
_log = logging.getLogger(__name__)


class EnvKeys:
    """One key-encryption key; its reference ``env:<check value>`` tells two keys apart."""

    def __init__(self, kek: bytes) -> None:
        if len(kek) != KEY_BYTES:
            raise KeysUnavailable("keys.broken", path=VARIABLE)
        self._kek = kek
        self._ref = "env:" + hmac.digest(kek, b"HIHE1 ref", "sha256")[:4].hex()

    def __repr__(self) -> str:
        return f"EnvKeys({self._ref})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("key providers are not pickled")

    @classmethod
    def from_env(cls, env: MutableMapping[str, str] | None = None) -> EnvKeys:
        """Take the key out of the environment, so that no child process inherits it.

        Raises:
            KeysUnavailable: The variable is not set (``keys.missing``) or not the base64 of
                exactly 32 bytes (``keys.broken``).
        """
        text = (os.environ if env is None else env).pop(VARIABLE, None)
        if text is None:
            raise KeysUnavailable("keys.missing", path=VARIABLE)
        try:
            kek = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise KeysUnavailable("keys.broken", path=VARIABLE) from None
        _log.warning("env_keys_in_use")
        return cls(kek)

    def current(self) -> str:
        """Return the reference of the key."""
        return self._ref

    def wrap(self, key_ref: str, plaintext: bytes, context: Mapping[str, str]) -> bytes:
        """Wrap a 32-byte key under a context."""
        return wrap_locally(self._key(key_ref), key_ref, plaintext, context)

    def unwrap(self, key_ref: str, blob: bytes, context: Mapping[str, str]) -> bytes:
        """Unwrap a key under the context it was wrapped for."""
        return unwrap_locally(self._key(key_ref), key_ref, blob, context)

    def health(self) -> Health:
        """Say that the key is there: without it this object would not exist."""
        return Health(self._ref)

    def _key(self, key_ref: str) -> bytes:
        if key_ref != self._ref:
            raise KeysUnavailable("keys.unknown", key_ref=key_ref)
        return self._kek


_from_environment: EnvKeys | None = None


def default_provider(keyring: Path) -> KeyProvider:
    """Return the key of ``HRHUB_KEK`` if this process was started with one, else the key ring.

    The variable is taken out of the environment by the first call and kept by this module.
    """
    global _from_environment
    if VARIABLE in os.environ:
        _from_environment = EnvKeys.from_env()
    return _from_environment or FileKeyring(keyring)
