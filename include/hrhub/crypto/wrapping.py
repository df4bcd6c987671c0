"""How a local provider wraps a tenant key under a key-encryption key.

``nonce12 || AES-256-GCM(KEK, nonce12, key32, aad = "HIHE1" || lp(k1, v1, k2, v2, …))`` with the
context sorted by key. A key unwraps only in the context it was wrapped for.
"""

from __future__ import annotations

from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hrhub.ambient import random_bytes
from hrhub.crypto.framing import lp
from hrhub.crypto.suites import NONCE_BYTES, TAG_BYTES
from hrhub.errors import KeysUnavailable

KEY_BYTES = 32
WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES


def wrap_locally(kek: bytes, key_ref: str, plaintext: bytes, context: Mapping[str, str]) -> bytes:
    """Wrap a 32-byte key.

    Raises:
        KeysUnavailable: It is not a 32-byte key (``keys.refused``).
    """
    if len(plaintext) != KEY_BYTES:
        raise KeysUnavailable("keys.refused", key_ref=key_ref)
    nonce = random_bytes(NONCE_BYTES)
    return nonce + AESGCM(kek).encrypt(nonce, plaintext, _aad(context))


def unwrap_locally(kek: bytes, key_ref: str, blob: bytes, context: Mapping[str, str]) -> bytes:
    """Unwrap a 32-byte key.

    Raises:
        KeysUnavailable: The blob was changed or the context is another one (``keys.refused``).
    """
    if len(blob) != WRAPPED_BYTES:
        raise KeysUnavailable("keys.refused", key_ref=key_ref)
    try:
        return AESGCM(kek).decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], _aad(context))
    except InvalidTag:
        raise KeysUnavailable("keys.refused", key_ref=key_ref) from None


def _aad(context: Mapping[str, str]) -> bytes:
    return b"HIHE1" + lp(*(part for key in sorted(context) for part in (key, context[key])))
