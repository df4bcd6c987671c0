"""Schemes that fetch a token first: OAuth 2 and what vendors made of it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from hrhub.ambient import new_id
from hrhub.errors import AuthError, ConfigError
from hrhub.http.answer import Answer, Outgoing, encode_body
from hrhub.http.auth_base import Channel, Secret, reveal, token_name
from hrhub.http.auth_static import Basic
from hrhub.http.lookup import find, find_text
from hrhub.http.ports import Token

REFRESH_AT = 0.8
"""Share of a token's life after which a new one is fetched."""


class _Tokened:
    """What all schemes with a fetched token share."""

    __slots__ = ()

    def prepare(self, request: Outgoing, channel: Channel) -> None:
        """Add the token, fetching one first if there is none that is fresh."""
        token = channel.tokens.obtain(self._name(channel), lambda: self._fetch(channel, ""))
        channel.state["token"] = token.value
        self._place(request, token.value)

    def refresh(self, answer: Answer, channel: Channel) -> bool:
        """Fetch another token unless somebody else just did."""
        rejected = channel.state.get("token", "")
        channel.tokens.obtain(
            self._name(channel), lambda: self._fetch(channel, rejected), rejected=rejected
        )
        return True

    def _name(self, channel: Channel) -> str:
        return token_name(channel, *self._account())

    def _account(self) -> tuple[str, ...]:
        """Return what tells this account from others; never a secret."""
        raise NotImplementedError

    def _request(self, channel: Channel, *, anew: bool) -> Outgoing:
        """Return the request for a token; ``anew`` when the vendor rejected the last one."""
        raise NotImplementedError

    def _place(self, request: Outgoing, token: str) -> None:
        request.headers["Authorization"] = f"Bearer {token}"

    def _read(self, answer: Answer) -> tuple[str | None, Any]:
        """Return the token and its remaining seconds, each None if not given."""
        return find_text(answer.body, "access_token"), find(answer.body, "expires_in")

    def _life_s(self) -> float:
        """Return the life of a token when the vendor does not tell."""
        return 3600.0

    def _fetch(self, channel: Channel, rejected: str) -> Token:
        answer = channel.ask(self._request(channel, anew=bool(rejected)))
        value, life = self._read(answer)
        if value is None:
            raise AuthError("auth.token_missing", **channel.labels, status=answer.status)
        seconds = _seconds(life)
        life_s = self._life_s() if seconds is None else seconds
        return Token(value, channel.clock.now() + timedelta(seconds=life_s * REFRESH_AT))


def _seconds(value: Any) -> float | None:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return None
    # A year bounds what vendors write by mistake, such as a point in time.
    return seconds if 0 < seconds <= 31_536_000 else None


@dataclass(frozen=True, slots=True)
class ClientCredentials(_Tokened):
    """OAuth 2 client credentials (RFC 6749 §4.4) and the token calls that vendors made of it.

    The defaults are the standard. ``style="query"`` with ``id_name="corpid"`` and so on is the
    ``gettoken`` of WeCom; ``style="json"`` that of DingTalk and Feishu. Errors that such vendors
    put into answers with status 200 are found by the connector's error code finder, or here by
    ``code_path``.

    Attributes:
        token_url: Where tokens are given out; relative ones belong to the connection's address.
        client_id: Public name of our application.
        client_secret: Its secret.
        scope: Rights asked for.
        style: Where the credentials go: ``basic`` header, form body, ``json`` body or query.
        id_name: Name of the client id in body or query.
        secret_name: Name of the secret in body or query.
        extra: Further fields of body or query.
        token_path: Where the token is in the answer.
        life_path: Where its remaining seconds are.
        life_s: Its life when the answer does not tell.
        code_path: Where an error code is; anything but 0 is a refusal.
        place: Where requests carry the token.
        name: Header or query parameter that carries it.
        prefix: What stands before it.
    """

    token_url: str
    client_id: str
    client_secret: Secret = field(repr=False)
    scope: str = ""
    style: Literal["basic", "form", "json", "query"] = "basic"
    id_name: str = "client_id"
    secret_name: str = "client_secret"
    extra: Mapping[str, str] = field(default_factory=dict)
    token_path: str = "access_token"
    life_path: str = "expires_in"
    life_s: float = 3600.0
    code_path: str = ""
    place: Literal["header", "query"] = "header"
    name: str = "Authorization"
    prefix: str = "Bearer "

    def _account(self) -> tuple[str, ...]:
        return self.token_url, self.client_id, self.scope, *self.extra.values()

    def _life_s(self) -> float:
        return self.life_s

    def _request(self, channel: Channel, *, anew: bool) -> Outgoing:
        credentials = {self.id_name: self.client_id, self.secret_name: reveal(self.client_secret)}
        if self.style == "query":
            return Outgoing("GET", self.token_url, params={**credentials, **self.extra})
        if self.style == "json":
            return json_request(self.token_url, {**credentials, **self.extra})
        fields = {"grant_type": "client_credentials", **self.extra}
        if self.scope:
            fields["scope"] = self.scope
        if self.style == "form":
            return form_request(self.token_url, {**fields, **credentials})
        request = form_request(self.token_url, fields)
        Basic(self.client_id, self.client_secret).prepare(request, channel)
        return request

    def _read(self, answer: Answer) -> tuple[str | None, Any]:
        if self.code_path and find_text(answer.body, self.code_path) not in (None, "0"):
            raise AuthError("auth.refused", status=answer.status)
        return find_text(answer.body, self.token_path), find(answer.body, self.life_path)

    def _place(self, request: Outgoing, token: str) -> None:
        slots = request.headers if self.place == "header" else request.params
        slots[self.name] = f"{self.prefix if self.place == 'header' else ''}{token}"


@dataclass(frozen=True, slots=True)
class JwtBearer(_Tokened):
    """OAuth 2 with a signed JWT as grant (RFC 7523).

    Attributes:
        token_url: Where tokens are given out.
        issuer: Who we are.
        private_key: PEM.
        subject: For whom we ask; empty for ourselves.
        audience: Whom the assertion is meant for; the token address if empty.
        scope: Rights asked for.
        key_id: Which of our keys signs, if the vendor keeps several.
        algorithm: JWS algorithm.
        life_s: Life of the assertion in seconds.
    """

    token_url: str
    issuer: str
    private_key: Secret = field(repr=False)
    subject: str = ""
    audience: str = ""
    scope: str = ""
    key_id: str = ""
    algorithm: str = "RS256"
    life_s: int = 300

    def _account(self) -> tuple[str, ...]:
        return self.token_url, self.issuer, self.subject, self.scope

    def _request(self, channel: Channel, *, anew: bool) -> Outgoing:
        from authlib.oauth2.rfc7523.assertion import (  # type: ignore[import-untyped]
            sign_jwt_bearer_assertion,
        )
        from joserfc.jwk import ECKey, RSAKey

        kind = ECKey if self.algorithm.startswith("ES") else RSAKey

        try:
            assertion = sign_jwt_bearer_assertion(
                kind.import_key(reveal(self.private_key)),
                self.issuer,
                self.audience or self.token_url,
                subject=self.subject or None,
                issued_at=int(channel.clock.now().timestamp()),
                claims={"jti": new_id()},
                header={"alg": self.algorithm, **({"kid": self.key_id} if self.key_id else {})},
                expires_in=self.life_s,
            )
        except Exception:
            # The library's errors may quote the key; only the fact leaves this place.
            raise ConfigError("auth.key_unusable", **channel.labels, rule="jwt") from None
        fields = {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": assertion.decode() if isinstance(assertion, bytes) else assertion,
        }
        return form_request(self.token_url, fields | ({"scope": self.scope} if self.scope else {}))


@dataclass(frozen=True, slots=True)
class SamlBearer(_Tokened):
    """OAuth 2 with a SAML 2.0 assertion that we sign ourselves (RFC 7522), as SuccessFactors asks.

    The vendor gives the same token until it expires, counts ``expires_in`` down, and rotates only
    when ``new_token=true`` is sent: that is sent when a token was rejected, not when it is old.

    Attributes:
        token_url: ``https://<api-host>/oauth/token``; also the assertion's recipient.
        client_id: The API key of the registered OAuth client.
        company_id: Company id of the tenant.
        user_id: The technical user.
        private_key: PEM, belongs to the certificate registered with the client.
        user_kind: What ``user_id`` is; the vendor takes a user id unless told otherwise.
        issuer: Free text; the API key if empty.
        audience: Fixed by the vendor.
        life_s: Life of the assertion in seconds.
    """

    token_url: str
    client_id: str
    company_id: str
    user_id: str = field(repr=False)
    private_key: Secret = field(repr=False)
    user_kind: Literal["user_id", "username", "email"] = "user_id"
    issuer: str = ""
    audience: str = "www.successfactors.com"
    life_s: int = 600

    def _account(self) -> tuple[str, ...]:
        return self.token_url, self.client_id, self.company_id, self.user_id

    def _life_s(self) -> float:
        return 86_400.0

    def _request(self, channel: Channel, *, anew: bool) -> Outgoing:
        from hrhub.http.saml import Assertion, sign

        flags = {"username": "use_username", "email": "use_email"}
        attributes = {"api_key": self.client_id}
        if self.user_kind in flags:
            attributes[flags[self.user_kind]] = "true"
        assertion = Assertion(
            issuer=self.issuer or self.client_id,
            subject=self.user_id,
            recipient=self.token_url,
            audience=self.audience,
            attributes=attributes,
            life_s=self.life_s,
        )
        signed = sign(assertion, reveal(self.private_key), channel.clock.now(), channel.labels)
        fields = {
            "grant_type": "urn:ietf:params:oauth:grant-type:saml2-bearer",
            "client_id": self.client_id,
            "company_id": self.company_id,
            "assertion": base64.b64encode(signed).decode("ascii"),
        }
        return form_request(self.token_url, fields | ({"new_token": "true"} if anew else {}))


def form_request(url: str, fields: Mapping[str, str]) -> Outgoing:
    """Return a POST of form fields."""
    body, content_type = encode_body(None, fields)
    headers = {"Content-Type": content_type, "Accept": "application/json"}
    return Outgoing("POST", url, headers=headers, body=body)


def json_request(url: str, value: Mapping[str, str]) -> Outgoing:
    """Return a POST of a JSON object."""
    body, content_type = encode_body(dict(value), None)
    headers = {"Content-Type": content_type, "Accept": "application/json"}
    return Outgoing("POST", url, headers=headers, body=body)
