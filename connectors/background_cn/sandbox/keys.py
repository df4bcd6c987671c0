"""Both sides' keys of the simulated platform, for every kind of signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from connectors.background_cn.settings import SignType
from connectors.background_cn.signing import md5_of
from hrhub.http.sm2 import Sm2Key, verify
from hrhub.sandbox.rest import Asked

APP_ID = "hrhub-sandbox"
SECRET = "sandbox-secret-of-the-platform"
# Key pairs of this sandbox only.
_OURS = (
    "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8",
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13",
)


@dataclass(frozen=True, slots=True)
class Keys:
    """What a connection and the platform know of each other.

    The platform and the hub share one SM2 pair here: it is that of the standard's example
    (GB/T 32918.2), which anybody can check.
    """

    kind: SignType
    ours: rsa.RSAPrivateKey
    theirs: rsa.RSAPrivateKey
    field_key: bytes

    @classmethod
    def make(cls, kind: str) -> Keys:
        """Make keys for a kind of signature."""
        pairs = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]
        field_key = hashlib.sha256(b"sandbox-field-key").digest()
        return cls(cast("SignType", kind), pairs[0], pairs[1], field_key)

    def settings(self) -> dict[str, Any]:
        """Return what the connection's form has to hold."""
        private = self.ours.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = self.theirs.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
        national = self.kind == "SM2"
        return {
            "app_id": APP_ID,
            "sign_type": self.kind,
            "secret": SECRET,
            "private_key": _OURS[0] if national else private.decode(),
            "public_key": _OURS[1] if national else "",
            "platform_key": _OURS[1] if national else public.decode(),
        }

    def admits(self, asked: Asked) -> bool:
        """Tell whether a request was signed with the application's key."""
        headers = asked.headers
        if (headers.get("x-app-id"), headers.get("x-sign-type")) != (APP_ID, self.kind):
            return False
        stamp, nonce = headers.get("x-timestamp", ""), headers.get("x-nonce", "")
        given = headers.get("x-sign", "")
        text = _text(asked.method, asked.target, stamp, nonce, asked.body)
        if self.kind == "HMAC-SHA256":
            return hmac.new(SECRET.encode(), text, "sha256").hexdigest() == given
        if self.kind == "MD5":
            body = asked.json() if asked.body else {}
            parameters = {**asked.params, **body, "timestamp": stamp, "nonce": nonce}
            return md5_of(parameters, SECRET) == given
        signature = base64.b64decode(given)
        if self.kind == "SM2":
            return verify(_OURS[1], text, signature)
        try:
            self.ours.public_key().verify(signature, text, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True

    def callback_headers(self, path: str, body: bytes, now: datetime) -> dict[str, str]:
        """Return the headers of a callback, signed with the platform's key."""
        stamp = str(int(now.timestamp() * 1000))
        nonce = hashlib.sha256(body + stamp.encode()).hexdigest()[:32]
        text = _text("POST", path, stamp, nonce, body)
        match self.kind:
            case "HMAC-SHA256":
                sign = hmac.new(SECRET.encode(), text, "sha256").hexdigest()
            case "MD5":
                parameters = {**json.loads(body), "timestamp": stamp, "nonce": nonce}
                sign = md5_of(parameters, SECRET)
            case "SM2":
                sign = base64.b64encode(Sm2Key(*_OURS).sign(text)).decode()
            case _:
                raw = self.theirs.sign(text, padding.PKCS1v15(), hashes.SHA256())
                sign = base64.b64encode(raw).decode()
        return {
            "Content-Type": "application/json",
            "X-App-Id": APP_ID,
            "X-Timestamp": stamp,
            "X-Nonce": nonce,
            "X-Sign-Type": self.kind,
            "X-Sign": sign,
        }


def _text(method: str, target: str, stamp: str, nonce: str, body: bytes) -> bytes:
    digest = hashlib.sha256(body).hexdigest()
    return f"{method}\n{target}\n{stamp}\n{nonce}\n{digest}".encode()
