"""Ask the token service as a stranger would, with a signed assertion of any content."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import requests

from hrhub.http.saml import Assertion, sign


def assertion(tenant: Any, **changes: Any) -> str:
    settings = tenant.settings()
    now = changes.pop("now", datetime.now(UTC))
    key = changes.pop("key", settings["private_key"])
    said = {
        "issuer": "hrhub",
        "subject": settings["user_id"],
        "recipient": f"{settings['api_host']}/oauth/token",
        "audience": "www.successfactors.com",
        "attributes": {"api_key": settings["client_id"]},
        "life_s": 600,
    }
    return base64.b64encode(sign(Assertion(**said | changes), key, now, {})).decode()


def ask(tenant: Any, signed: str, **changes: str) -> requests.Response:
    settings = tenant.settings()
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:saml2-bearer",
        "client_id": settings["client_id"],
        "company_id": settings["company_id"],
        "assertion": signed,
    }
    url = f"{settings['api_host']}/oauth/token"
    return requests.post(url, data=form | changes, timeout=5)
