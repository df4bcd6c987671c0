"""Schemes that sign requests with a private key, and the session cookie of older systems."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Literal

from hrhub.ambient import random_bytes
from hrhub.errors import AuthError, ConfigError
from hrhub.http.answer import Answer, Outgoing
from hrhub.http.auth_base import Channel, Secret, reveal, token_name
from hrhub.http.auth_static import _Static
from hrhub.http.auth_token import form_request, json_request
from hrhub.http.ports import Token
from hrhub.http.sm2 import SignatureForm, Signer, to_der

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import padding, rsa


@dataclass(frozen=True, slots=True)
class RsaSigned(_Static):
    """An RSA-SHA256 signature over a text that the vendor prescribes, in base64.

    Attributes:
        private_key: PEM, not encrypted.
        text: Returns the bytes to sign from request, time stamp and nonce.
        place: Puts signature, time stamp and nonce into the request.
        stamp: Time stamp in ``ms`` or ``s`` since 1970.
        scheme: ``pkcs1`` (RFC 8017 §8.2) or ``pss`` (§8.1, salt as long as the hash).
    """

    private_key: Secret = field(repr=False)
    text: Callable[[Outgoing, str, str], bytes]
    place: Callable[[Outgoing, str, str, str], None]
    stamp: Literal["ms", "s"] = "ms"
    scheme: Literal["pkcs1", "pss"] = "pkcs1"

    def prepare(self, request: Outgoing, channel: Channel) -> None:
        """Sign the request as it is now; every try is signed anew.

        Raises:
            ConfigError: ``auth.key_unusable``.
        """
        seconds = channel.clock.now().timestamp()
        stamp = str(int(seconds * 1000) if self.stamp == "ms" else int(seconds))
        nonce = random_bytes(16).hex()
        key = self._key(channel)
        # Loaded when a request is signed: declaring a connector loads no cryptography.
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        pad: padding.AsymmetricPadding = padding.PKCS1v15()
        if self.scheme == "pss":
            pad = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
        signed = key.sign(self.text(request, stamp, nonce), pad, hashes.SHA256())
        self.place(request, base64.b64encode(signed).decode("ascii"), stamp, nonce)

    def _key(self, channel: Channel) -> rsa.RSAPrivateKey:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa

        try:
            key = serialization.load_pem_private_key(reveal(self.private_key).encode(), None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        # NIST SP 800-131A: shorter keys may not sign.
        if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < 2048:
            raise ConfigError("auth.key_unusable", **channel.labels, rule="rsa") from None
        return key


@dataclass(frozen=True, slots=True)
class Sm2Signed(_Static):
    """An SM2-with-SM3 signature over a text that the vendor prescribes, in base64.

    Attributes:
        signer: Holds the private key; :class:`~hrhub.http.sm2.Sm2Key`, or one that asks an HSM.
        text: Returns the bytes to sign from request, time stamp and nonce.
        place: Puts signature, time stamp and nonce into the request.
        stamp: Time stamp in ``ms`` or ``s`` since 1970.
        form: ``raw`` or ``der``.
    """

    signer: Signer
    text: Callable[[Outgoing, str, str], bytes]
    place: Callable[[Outgoing, str, str, str], None]
    stamp: Literal["ms", "s"] = "ms"
    form: SignatureForm = "raw"

    def prepare(self, request: Outgoing, channel: Channel) -> None:
        """Sign the request as it is now; every try is signed anew.

        Raises:
            ConfigError: ``auth.key_unusable``.
        """
        seconds = channel.clock.now().timestamp()
        stamp = str(int(seconds * 1000) if self.stamp == "ms" else int(seconds))
        nonce = random_bytes(16).hex()
        signed = self.signer.sign(self.text(request, stamp, nonce))
        if self.form == "der":
            signed = to_der(signed)
        self.place(request, base64.b64encode(signed).decode("ascii"), stamp, nonce)


@dataclass(frozen=True, slots=True)
class CookieSession:
    """A login whose cookie authorises what follows; one new login when the vendor refuses it.

    A vendor that answers an expired session with status 200 needs a ``code_of`` and an entry
    :class:`~hrhub.errors.AuthError` in its table.

    Attributes:
        login_url: Where to log in; relative ones belong to the connection's address.
        user: User name.
        password: Its password.
        cookie: Name of the session cookie.
        style: How the credentials are sent.
        user_name: Field of the user name.
        password_name: Field of the password.
        extra: Further fields.
        life_s: How long a session is used before a new login.
    """

    login_url: str
    user: str = field(repr=False)
    password: Secret = field(repr=False)
    cookie: str
    style: Literal["form", "json"] = "form"
    user_name: str = "username"
    password_name: str = "password"
    extra: Mapping[str, str] = field(default_factory=dict)
    life_s: float = 1200.0

    def prepare(self, request: Outgoing, channel: Channel) -> None:
        """Add the cookie, logging in first if there is none."""
        token = channel.tokens.obtain(self._name(channel), lambda: self._login(channel))
        channel.state["cookie"] = token.value
        others = request.headers.get("Cookie")
        pair = f"{self.cookie}={token.value}"
        request.headers["Cookie"] = f"{others}; {pair}" if others else pair

    def refresh(self, answer: Answer, channel: Channel) -> bool:
        """Log in again unless somebody else just did."""
        channel.tokens.obtain(
            self._name(channel),
            lambda: self._login(channel),
            rejected=channel.state.get("cookie", ""),
        )
        return True

    def _name(self, channel: Channel) -> str:
        return token_name(channel, self.login_url, self.user, self.cookie)

    def _login(self, channel: Channel) -> Token:
        fields = {
            self.user_name: self.user,
            self.password_name: reveal(self.password),
            **self.extra,
        }
        build = json_request if self.style == "json" else form_request
        answer = channel.ask(build(self.login_url, fields))
        value = _cookie(answer.headers.get("set-cookie", ""), self.cookie)
        if not value:
            raise AuthError("auth.token_missing", **channel.labels, status=answer.status)
        return Token(value, channel.clock.now() + timedelta(seconds=self.life_s))


def _cookie(header: str, name: str) -> str:
    """Return a cookie's value; several ``Set-Cookie`` headers come joined by a comma."""
    for part in header.split(","):
        try:
            found = SimpleCookie(part.strip()).get(name)
        except CookieError:
            continue
        if found is not None:
            return found.coded_value
    return ""
