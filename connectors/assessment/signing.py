"""Tokens and signatures of the dialects, and the proof of callbacks."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

from connectors.assessment.settings import AssessmentConfig
from hrhub.errors import ConfigError
from hrhub.http.answer import Outgoing
from hrhub.http.auth import Auth, ClientCredentials, HmacSigned

_PAIRS = 2


def auth_of(config: AssessmentConfig) -> Auth:
    """Return how requests are authorised.

    Raises:
        ConfigError: ``assessment.sign_in``: the dialect knows no signed requests.
    """
    if config.dialect == "shl":
        if config.sign_in != "token":
            raise ConfigError("assessment.sign_in", dialect=config.dialect)
        return ClientCredentials(
            "/oauth2/token",
            config.client_id,
            config.client_secret,
            scope="assessments",
            style="form",
        )
    if config.sign_in == "signature":
        return HmacSigned(config.client_secret, _text, _placer(config.client_id))
    return ClientCredentials(
        "/auth/token",
        config.client_id,
        config.client_secret,
        style="json",
        id_name="appId",
        secret_name="appSecret",
        token_path="data.accessToken",
        life_path="data.expiresIn",
        code_path="code",
        life_s=7200,
    )


def signed_text(
    method: str, path: str, query: Mapping[str, str], stamp: str, nonce: str, body: bytes
) -> bytes:
    """Return what talebase signs: method, path, sorted query, time, nonce, digest of the body."""
    pairs = "&".join(f"{name}={value}" for name, value in sorted(query.items()))
    digest = hashlib.sha256(body).hexdigest()
    return "\n".join((method, path, pairs, stamp, nonce, digest)).encode()


def proved_at(
    config: AssessmentConfig, headers: Mapping[str, str], path: str, body: bytes
) -> datetime | None:
    """Return when a genuine callback was signed; None if it is not genuine.

    The signature is compared in constant time, over the raw bytes.
    """
    secret = config.callback_secret.get_secret_value()
    if config.dialect == "shl":
        fields = headers.get("webhook-signature", "").split(",")
        parts = dict(f.split("=", 1) for f in fields if "=" in f)
        stamp, given = parts.get("t", ""), parts.get("v1", "")
        text, per_second = f"{stamp}.".encode() + body, 1
        well = len(fields) == _PAIRS
    else:
        secret = secret or config.client_secret.get_secret_value()
        stamp, given = headers.get("x-timestamp", ""), headers.get("x-sign", "")
        text = signed_text("POST", path, {}, stamp, headers.get("x-nonce", ""), body)
        per_second, well = 1000, True
    wanted = hmac.new(secret.encode(), text, "sha256").hexdigest()
    if not (secret and well and hmac.compare_digest(given.encode(), wanted.encode())):
        return None
    try:
        return datetime.fromtimestamp(int(stamp) / per_second, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _text(request: Outgoing, stamp: str, nonce: str) -> bytes:
    parts = urlsplit(request.target())
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return signed_text(request.method, parts.path, query, stamp, nonce, request.body or b"")


def _placer(app_id: str) -> Callable[[Outgoing, str, str, str], None]:
    def place(request: Outgoing, signature: str, stamp: str, nonce: str) -> None:
        request.headers |= {
            "X-App-Id": app_id,
            "X-Timestamp": stamp,
            "X-Nonce": nonce,
            "X-Sign": signature,
        }

    return place
