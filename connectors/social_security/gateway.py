"""One call of the gateway: its answer is opened, and belongs to what was asked."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from connectors.social_security.envelope import Envelopes, Refused
from connectors.social_security.settings import SocialSecurityConfig
from hrhub.ambient import random_bytes
from hrhub.connector import Session
from hrhub.errors import ContractChanged

VENDOR = "Social security"


def ask(session: Session, service: str, data: dict[str, Any], trans_no: str = "") -> bytes:
    """Call a service and return the business part of its answer, in clear.

    Every service may be called twice under one ``transNo``; a fresh one is taken where nothing is
    made by the call.

    Raises:
        ContractChanged: ``social_security.answer_refused``: the answer is not the platform's, not
            for this request, or in another dialect.
        HrHubError: What the gateway's code stands for.
    """
    trans_no = trans_no or random_bytes(16).hex()
    answer = session.http.post(
        f"/{service}", json={"transNo": trans_no, "data": data}, idempotent=True
    )
    config = session.config
    assert isinstance(config, SocialSecurityConfig)
    try:
        envelope, plain = Envelopes(config).open(answer.body)
    except Refused as refused:
        raise _refused(str(refused)) from None
    if envelope.get("transNo") != trans_no:
        raise _refused("trans_no")
    return plain


def told(
    session: Session, service: str, data: dict[str, Any], trans_no: str = ""
) -> dict[str, Any]:
    """Call a service and return what it tells."""
    found: dict[str, Any] = msgspec.json.decode(ask(session, service, data, trans_no))
    return found


def trans_no_of(purpose: str, key: str) -> str:
    """Return the ``transNo`` under which something is made once."""
    return f"{purpose}{hashlib.sha256(key.encode()).hexdigest()[:40]}"


def _refused(rule: str) -> ContractChanged:
    return ContractChanged("social_security.answer_refused", vendor=VENDOR, rule=rule)
