"""How requests are authorised: one small class per scheme that vendors use."""

from __future__ import annotations

from hrhub.http.auth_base import Auth, Channel, Secret, reveal
from hrhub.http.auth_signed import CookieSession, RsaSigned, Sm2Signed
from hrhub.http.auth_static import ApiKey, Basic, Digest, HmacSigned, NoAuth
from hrhub.http.auth_token import ClientCredentials, JwtBearer, SamlBearer

__all__ = [
    "ApiKey",
    "Auth",
    "Basic",
    "Channel",
    "ClientCredentials",
    "CookieSession",
    "Digest",
    "HmacSigned",
    "JwtBearer",
    "NoAuth",
    "RsaSigned",
    "SamlBearer",
    "Secret",
    "Sm2Signed",
    "reveal",
]
