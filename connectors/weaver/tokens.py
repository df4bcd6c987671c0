"""How the interfaces of one installation are authorised: each in its own way, told by the path."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from hrhub.errors import AuthError, ConfigError
from hrhub.http.answer import Answer, Outgoing
from hrhub.http.auth import Channel, Secret, reveal
from hrhub.http.auth_base import token_name
from hrhub.http.ports import Token

_APPLY = "/api/ec/dev/auth/applytoken"
_LIFE_S = 1800
_HRM, _OPEN = "/api/hrm/resful/", "/api/workflow/"


def digest_of(algorithm: Literal["md5", "sm3"], text: str) -> str:
    """Return a digest in upper-case hexadecimal; MD5 is the interface's own choice."""
    if algorithm == "md5":
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()
    # Not every Python has SM3, and declaring a connector loads no cryptography.
    from cryptography.hazmat.primitives.hashes import SM3, Hash

    made = Hash(SM3())
    made.update(text.encode())
    return made.finalize().hex().upper()


@dataclass(frozen=True, slots=True)
class Weaver:
    """Token in headers for the HRM interface, token and sealed user for workflows, none for SOAP.

    Attributes:
        hrm_secret: Secret of the HRM interface; empty where the caller is known by address.
        digest: Digest that tokens of the HRM interface are made with.
        app_id: Application of the open platform.
        app_secret: Its secret.
        public_key: The OA's RSA key, base64 of its X.509 form.
        user_id: OA user who acts.
    """

    hrm_secret: Secret = field(repr=False)
    digest: Literal["md5", "sm3"]
    app_id: str
    app_secret: Secret = field(repr=False)
    public_key: str = field(repr=False)
    user_id: str = field(repr=False)

    def prepare(self, request: Outgoing, channel: Channel) -> None:
        """Add what the interface of the request's path wants."""
        if _HRM in request.url:
            self._sign(request, channel)
        elif _OPEN in request.url:
            token = channel.tokens.obtain(self._name(channel), lambda: self._apply(channel))
            channel.state["token"] = token.value
            request.headers |= {
                "appid": self.app_id,
                "token": token.value,
                "userid": self._sealed(self.user_id, channel),
            }

    def refresh(self, answer: Answer, channel: Channel) -> bool:
        """Fetch another token of the open platform, if one was used."""
        if not (used := channel.state.pop("token", None)):
            return False
        channel.tokens.obtain(self._name(channel), lambda: self._apply(channel), rejected=used)
        return True

    def _sign(self, request: Outgoing, channel: Channel) -> None:
        """Add a token that holds five minutes by the OA's clock; every request has its own."""
        secret = reveal(self.hrm_secret)
        if not secret:
            return
        stamp = str(int(channel.clock.now().timestamp() * 1000))
        request.headers |= {"key": digest_of(self.digest, f"{secret}{stamp}"), "ts": stamp}

    def _apply(self, channel: Channel) -> Token:
        headers = {
            "appid": self.app_id,
            "secret": self._sealed(reveal(self.app_secret), channel),
            "time": str(_LIFE_S),
            "Accept": "application/json",
        }
        said = channel.ask(Outgoing("POST", _APPLY, headers=headers)).json()
        token = said.get("token") if isinstance(said, dict) else None
        if not token:
            raise AuthError("auth.refused", **channel.labels)
        return Token(str(token), channel.clock.now() + timedelta(seconds=_LIFE_S * 0.8))

    def _sealed(self, text: str, channel: Channel) -> str:
        """Seal a text for the OA (RSA, PKCS #1 v1.5), which is how its Java side reads it."""
        # Loaded when a request is made: declaring a connector loads no cryptography.
        from cryptography.hazmat.primitives.asymmetric import padding, rsa
        from cryptography.hazmat.primitives.serialization import load_der_public_key

        try:
            key: Any = load_der_public_key(base64.b64decode(self.public_key, validate=True))
        except (binascii.Error, ValueError):
            key = None
        if not isinstance(key, rsa.RSAPublicKey) or not (text and self.app_id):
            raise ConfigError("weaver.application_missing", **channel.labels)
        return base64.b64encode(key.encrypt(text.encode(), padding.PKCS1v15())).decode("ascii")

    def _name(self, channel: Channel) -> str:
        return token_name(channel, self.app_id)
