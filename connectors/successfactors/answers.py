"""SuccessFactors' own error codes: where they stand in an answer and what each one means.

Three forms exist: the OData envelope with a code or with a code in
square brackets inside its text, the token service's ``errorMessage``, and pages in HTML.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from hrhub.connector import VendorAnswer
from hrhub.errors import AuthError, ConfigError, ContractChanged, ScopeError, Throttled, Transient

if TYPE_CHECKING:
    from hrhub.http.answer import Answer

_LOGIN_CODE = re.compile(r"\[(LGN\d{4})\]")
_TOKEN_TEXTS = (
    ("signature", "TOKEN_SIGNATURE"),
    ("invalid user", "TOKEN_USER"),
    ("company", "LGN0008"),
    ("invalid client", "TOKEN_CLIENT"),
    ("expired", "TOKEN_CLOCK"),
)
_ODATA_TEXTS = (
    ("metadata is being generated", "METADATA_BUSY"),
    ("skiptoken", "SKIPTOKEN"),
)

ERRORS: dict[str, VendorAnswer] = {
    "COE_ENTITY_NOT_FOUND": VendorAnswer(ScopeError, "successfactors.entity_missing"),
    "COE_PROPERTY_NOT_FOUND": VendorAnswer(ContractChanged, "successfactors.field_missing"),
    "COE_GENERAL_BAD_REQUEST": VendorAnswer(ContractChanged, "successfactors.query_refused"),
    "LGN0001": VendorAnswer(ConfigError, "successfactors.not_api_host"),
    "LGN0002": VendorAnswer(ScopeError, "successfactors.no_odata_right"),
    "LGN0003": VendorAnswer(AuthError, "successfactors.token_rejected"),
    "LGN0004": VendorAnswer(ConfigError, "successfactors.not_api_host"),
    "LGN0005": VendorAnswer(AuthError, "successfactors.token_rejected"),
    "LGN0006": VendorAnswer(AuthError, "successfactors.token_rejected"),
    "LGN0007": VendorAnswer(AuthError, "successfactors.token_rejected"),
    "LGN0008": VendorAnswer(AuthError, "successfactors.company_unknown"),
    "LGN0009": VendorAnswer(ScopeError, "successfactors.odata_off"),
    "LGN0010": VendorAnswer(ScopeError, "successfactors.login_closed"),
    "LGN0022": VendorAnswer(AuthError, "successfactors.token_rejected"),
    "METADATA_BUSY": VendorAnswer(Transient, "successfactors.metadata_busy"),
    "SKIPTOKEN": VendorAnswer(Transient, "successfactors.window_lost"),
    "SORRY_PAGE": VendorAnswer(Transient, "successfactors.query_too_heavy"),
    "TOKEN_CLIENT": VendorAnswer(AuthError, "successfactors.client_unknown"),
    "TOKEN_CLOCK": VendorAnswer(AuthError, "successfactors.assertion_expired"),
    "TOKEN_SIGNATURE": VendorAnswer(AuthError, "successfactors.key_mismatch"),
    "TOKEN_USER": VendorAnswer(AuthError, "successfactors.user_unknown"),
    "TooManyRequests": VendorAnswer(Throttled, "vendor.throttled"),
}
"""Vendor code, or a name of ours for an error that has only a text -> what it means."""


def code_of(answer: Answer) -> str | None:
    """Return the vendor's code of a refusal; None when the answer is fine or names none."""
    if answer.status < 400:
        return None
    body = answer.body
    if body[:1] == b"<" and answer.status in (502, 504):
        return "SORRY_PAGE"
    try:
        value: Any = msgspec.json.decode(body)
        error = value.get("error", {})
        message = value.get("errorMessage")
        if isinstance(message, str):
            return _login_code(message) or _named(message, _TOKEN_TEXTS)
        text = error["message"]["value"]
        found = _login_code(text) or _named(text, _ODATA_TEXTS) or error["code"]
        return found if isinstance(found, str) else None
    except (msgspec.DecodeError, UnicodeDecodeError, AttributeError, KeyError, TypeError):
        return None


def _login_code(text: str) -> str | None:
    match = _LOGIN_CODE.search(text)
    return match.group(1) if match else None


def _named(text: str, table: tuple[tuple[str, str], ...]) -> str | None:
    lower = text.lower()
    return next((name for part, name in table if part in lower), None)
