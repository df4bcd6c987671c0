"""The platform's side of the envelope, written from the contract and not from the connector."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import gmssl_pyx
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import ECB

from hrhub.ambient import random_bytes

APP_ID = "43AF0000SANDBOX00000000000000001"
APP_SECRET = "4117sandboxsecretofsocialsecurity"
SM4_KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"

Keys = tuple[Any, Any]
"""Public and private key, as the library of the dialect has them."""


class Wrong(Exception):
    """A message that the platform does not take; ``args[0]`` is its error code."""


@dataclass(frozen=True)
class Platform:
    """Keys of both sides, and a dialect."""

    dialect: str
    ours: Keys = field(repr=False)
    theirs: Keys = field(repr=False)

    @classmethod
    def make(cls, dialect: str) -> Platform:
        """Draw keys for both sides."""
        draw = _rsa_pair if dialect == "rsa_aes" else gmssl_pyx.sm2_key_generate
        return cls(dialect, draw(), draw())

    def settings(self) -> dict[str, Any]:
        """Return what the provider hands to the customer."""
        common = {"app_id": APP_ID, "app_secret": APP_SECRET, "dialect": self.dialect}
        if self.dialect == "rsa_aes":
            private = self.theirs[1].private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            public = self.ours[0].public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            return {**common, "private_key": private.decode(), "platform_key": public.decode()}
        sm2 = {
            "private_key": self.theirs[1].hex(),
            "public_key": "04" + self.theirs[0].hex(),
            "platform_key": base64.b64encode(b"\x04" + self.ours[0]).decode(),
        }
        derived = self.dialect == "sm4_derived"
        return {**common, **sm2, **({} if derived else {"cipher_key": SM4_KEY})}

    def read(self, body: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return envelope and business part of a request.

        Raises:
            Wrong: It is not from the customer, or cannot be read.
        """
        try:
            envelope = json.loads(body)
        except ValueError:
            raise Wrong("20001") from None
        if not isinstance(envelope, dict) or envelope.get("appId") != APP_ID:
            raise Wrong("10001")
        if (envelope.get("signType"), envelope.get("encType")) != self._types():
            raise Wrong("20001")
        try:
            data = json.loads(self._decrypt(envelope))
        except (ValueError, KeyError, InvalidTag, gmssl_pyx.InvalidValueError):
            raise Wrong("10003") from None
        if not self._verify(self.text(envelope, data), str(envelope.get("signData"))):
            raise Wrong("10002")
        return envelope, data

    def write(self, fields: Mapping[str, Any], data: Mapping[str, Any]) -> bytes:
        """Return a sealed and signed message."""
        sign_type, enc_type = self._types()
        envelope = {
            "appId": APP_ID,
            "version": "2.0.1",
            "signType": sign_type,
            "encType": enc_type,
            **fields,
        }
        plain = json.dumps(data, ensure_ascii=False).encode()
        envelope |= self._encrypt(plain, str(envelope["timestamp"]))
        envelope["signData"] = self._sign(self.text(envelope, data))
        return json.dumps(envelope, ensure_ascii=False).encode()

    def open_own(self, body: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return fields and business part of a message that :meth:`write` made."""
        envelope = json.loads(body)
        mirrored = Platform(self.dialect, self.theirs, self.ours)
        data = json.loads(mirrored._decrypt(envelope))
        return {
            k: v for k, v in envelope.items() if k not in ("encData", "encKey", "signData")
        }, data

    def text(self, envelope: Mapping[str, Any], data: Mapping[str, Any]) -> bytes:
        """Return what is signed of a message."""
        plain = {**envelope, "data": data}
        for name in ("signData", "encData", "extra"):
            plain.pop(name, None)
        lines = []
        for name, value in sorted(_full(plain).items()):
            if not isinstance(value, str):
                value = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            lines.append(f"{name}={value}")
        return "&".join([*lines, f"key={APP_SECRET}"]).encode()

    def _types(self) -> tuple[str, str]:
        return ("RSA2", "AES") if self.dialect == "rsa_aes" else ("SM2", "SM4")

    def _sign(self, text: bytes) -> str:
        public, private = self.ours
        if self.dialect == "rsa_aes":
            signed = private.sign(text, padding.PKCS1v15(), hashes.SHA256())
        else:
            r, s = decode_dss_signature(gmssl_pyx.sm2_sign(private, public, text))
            signed = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return base64.b64encode(signed).decode()

    def _verify(self, text: bytes, signature: str) -> bool:
        public, _ = self.theirs
        try:
            signed = base64.b64decode(signature, validate=True)
            if self.dialect == "rsa_aes":
                public.verify(signed, text, padding.PKCS1v15(), hashes.SHA256())
                return True
            if len(signed) != 64:
                return False
            r, s = int.from_bytes(signed[:32], "big"), int.from_bytes(signed[32:], "big")
            return bool(gmssl_pyx.sm2_verify(public, text, encode_dss_signature(r, s)))
        except (ValueError, InvalidSignature):
            return False

    def _encrypt(self, plain: bytes, stamp: str) -> dict[str, str]:
        if self.dialect == "rsa_aes":
            key, nonce = random_bytes(32), random_bytes(12)
            hidden = nonce + AESGCM(key).encrypt(nonce, plain, b"")
            return {"encData": _b64(hidden), "encKey": _b64(self.theirs[0].encrypt(key, _oaep()))}
        if self.dialect == "sm4_gcm":
            nonce, aad = random_bytes(12), f"{APP_ID}{stamp}".encode()
            hidden, tag = gmssl_pyx.sm4_gcm_encrypt(bytes.fromhex(SM4_KEY), nonce, aad, plain)
            return {"encData": _b64(nonce + hidden + tag)}
        if self.dialect == "sm4_cbc":
            start = random_bytes(16)
            key = bytes.fromhex(SM4_KEY)
            return {"encData": _b64(start + gmssl_pyx.sm4_cbc_padding_encrypt(key, start, plain))}
        return {"encData": ecb(_derived_key(), plain).hex().upper()}

    def _decrypt(self, envelope: Mapping[str, str]) -> bytes:
        text = envelope["encData"]
        if self.dialect == "sm4_derived":
            return ecb_opened(_derived_key(), bytes.fromhex(text))
        data = base64.b64decode(text, validate=True)
        if self.dialect == "rsa_aes":
            key = self.ours[1].decrypt(base64.b64decode(envelope["encKey"]), _oaep())
            return AESGCM(key).decrypt(data[:12], data[12:], b"")
        key = bytes.fromhex(SM4_KEY)
        if self.dialect == "sm4_cbc":
            return bytes(gmssl_pyx.sm4_cbc_padding_decrypt(key, data[:16], data[16:]))
        aad = f"{APP_ID}{envelope['timestamp']}".encode()
        return bytes(gmssl_pyx.sm4_gcm_decrypt(key, data[:12], aad, data[12:-16], data[-16:]))


def ecb(key: bytes, plain: bytes) -> bytes:
    """Encrypt block by block."""
    pad = 16 - len(plain) % 16
    context = Cipher(SM4(key), ECB()).encryptor()
    return context.update(plain + bytes([pad]) * pad) + context.finalize()


def ecb_opened(key: bytes, hidden: bytes) -> bytes:
    """Decrypt what :func:`ecb` encrypted."""
    context = Cipher(SM4(key), ECB()).decryptor()
    plain = context.update(hidden) + context.finalize()
    pad = plain[-1] if plain else 0
    if not 1 <= pad <= 16 or plain[-pad:] != bytes([pad]) * pad:
        raise ValueError("padding")
    return plain[:-pad]


def _derived_key() -> bytes:
    return ecb(APP_ID[:16].encode(), APP_SECRET.encode()).hex().upper()[:16].encode()


def _full(value: Any) -> Any:
    """Return a value without what is null or empty."""
    if isinstance(value, dict):
        inner = {k: _full(v) for k, v in value.items()}
        return {k: v for k, v in inner.items() if v is not None and v not in ("", [], {})}
    return [_full(v) for v in value] if isinstance(value, list) else value


def _rsa_pair() -> Keys:
    private = rsa.generate_private_key(65537, 2048)
    return private.public_key(), private


def _oaep() -> padding.OAEP:
    return padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
