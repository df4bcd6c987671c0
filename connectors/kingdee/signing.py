"""The ways to sign in: signed requests without a session, or a session from one of three logins.

The algorithms are those of the vendor's Python SDK (kingdee.cdp.webapi.sdk 8.2.0). Its transport is
not: it posts with certificate checks switched off.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from hrhub.errors import AuthError, ConfigError
from hrhub.http.answer import Answer, Outgoing
from hrhub.http.auth import Channel, Secret, reveal
from hrhub.http.auth_base import token_name
from hrhub.http.auth_token import json_request
from hrhub.http.ports import Token

SERVICES = "Kingdee.BOS.WebApi.ServicesStub"
_SESSION = "kdservice-sessionid"
_LIFE_S = 1200.0
"""Sessions idle out after 20 to 30 minutes (assumed); a new one is made before."""

_MASK = b"0054f397c6234378b09ca7d3e5debce7"
"""What the second half of an application id is masked with; a constant of the vendor's SDK."""


def service(name: str) -> str:
    """Return the path of a service such as ``DynamicFormService.Save``."""
    return f"/{SERVICES}.{name}.common.kdsvc"


def signed(text: str, key: str) -> str:
    """Return the base64 of the hexadecimal (not the raw) HMAC-SHA256."""
    mac = hmac.new(key.encode(), text.encode(), hashlib.sha256)
    return base64.b64encode(mac.hexdigest().encode()).decode("ascii")


def client_secret(app_id: str) -> tuple[str, str]:
    """Return client id and client secret, both of which an application id holds.

    Raises:
        ConfigError: ``kingdee.app_id_malformed``.
    """
    client, _, masked = app_id.partition("_")
    try:
        plain = base64.b64decode(masked, validate=True)
    except ValueError:
        plain = b""
    if not client or len(plain) != 24:
        raise ConfigError("kingdee.app_id_malformed", vendor="Kingdee")
    secret = bytes(one ^ other for one, other in zip(plain, _MASK, strict=False))
    return client, base64.b64encode(secret).decode("ascii")


@dataclass(frozen=True, slots=True)
class SignedRequests:
    """Sign every request with the application's secret; there is no session to lose.

    Attributes:
        app_data: ``<data centre>,<user>,<language>,<organisation>``.
    """

    app_id: str
    app_secret: Secret = field(repr=False)
    app_data: str = field(repr=False)

    def prepare(self, request: Outgoing, channel: Channel) -> None:
        """Add the signing headers; time stamp and nonce are both seconds since 1970."""
        client, secret = client_secret(self.app_id)
        stamp = str(int(channel.clock.now().timestamp()))
        path = quote(urlsplit(request.url).path, safe="")
        text = f"{request.method}\n{path}\n\nx-api-nonce:{stamp}\nx-api-timestamp:{stamp}\n"
        request.headers |= {
            "X-Api-ClientID": client,
            "X-Api-Auth-Version": "2.0",
            "x-api-timestamp": stamp,
            "x-api-nonce": stamp,
            "x-api-signheaders": "x-api-timestamp,x-api-nonce",
            "X-Api-Signature": signed(text, secret),
            "X-Kd-Appkey": self.app_id,
            "X-Kd-Appdata": base64.b64encode(self.app_data.encode()).decode("ascii"),
            "X-Kd-Signature": signed(self.app_id + self.app_data, reveal(self.app_secret)),
        }

    def refresh(self, answer: Answer, channel: Channel) -> bool:
        """Return False: there are no other credentials."""
        return False


@dataclass(frozen=True, slots=True)
class Login:
    """A session from a login, sent back as cookie and header; one new login when it is lost.

    Attributes:
        call: ``LoginByAppSecret``, ``LoginBySign`` or ``ValidateUser``.
        account: What the login names and is not secret, in the order of the vendor.
        secrets: What it names and is secret; ``LoginBySign`` sends a digest instead.
    """

    call: str
    account: tuple[tuple[str, str | int], ...] = field(repr=False)
    secrets: tuple[tuple[str, Secret], ...] = field(repr=False)

    def prepare(self, request: Outgoing, channel: Channel) -> None:
        """Add the session, logging in first if there is none."""
        token = channel.tokens.obtain(self._name(channel), lambda: self._login(channel))
        channel.state["session"] = token.value
        hub_id, _, web_id = token.value.partition(" ")
        cookies = f"{_SESSION}={hub_id}"
        request.headers[_SESSION] = hub_id
        request.headers["Cookie"] = f"{cookies}; ASP.NET_SessionId={web_id}" if web_id else cookies

    def refresh(self, answer: Answer, channel: Channel) -> bool:
        """Log in again unless somebody else just did."""
        channel.tokens.obtain(
            self._name(channel),
            lambda: self._login(channel),
            rejected=channel.state.get("session", ""),
        )
        return True

    def _name(self, channel: Channel) -> str:
        return token_name(channel, self.call, *(str(value) for _, value in self.account))

    def _login(self, channel: Channel) -> Token:
        fields: dict[str, Any] = dict(self.account)
        secrets = {name: reveal(secret) for name, secret in self.secrets}
        if self.call == "LoginBySign":
            stamp = int(channel.clock.now().timestamp())
            values = [str(fields["acctID"]), str(fields["username"]), str(fields["appId"])]
            text = "".join(sorted([*values, secrets["appSecret"], str(stamp)]))
            secrets = {"sign": hashlib.sha256(text.encode()).hexdigest()}
            fields["timestamp"] = stamp
        request = json_request(service(f"AuthService.{self.call}"), {**fields, **secrets})
        said = channel.ask(request).json()
        session = said.get("KDSVCSessionId") if isinstance(said, dict) else None
        if not session or said.get("LoginResultType") != 1:
            raise AuthError("auth.refused", **channel.labels)
        context = said.get("Context")
        web_id = context.get("SessionId", "") if isinstance(context, dict) else ""
        value = f"{session} {web_id}".strip()
        return Token(value, channel.clock.now() + timedelta(seconds=_LIFE_S))
