"""Signatures of requests and answers: four headers, an MD5 over them and the token; no body."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from hrhub.ambient import random_bytes
from hrhub.errors import ContractChanged
from hrhub.http.answer import Answer, Outgoing
from hrhub.http.auth import Channel, Secret, reveal

VENDOR = "Yibeidiao"
SEQ = "seq"
"""Header of our serial number, which makes a request sent twice one request."""

_ZONE = ZoneInfo("Asia/Shanghai")
_SIGNED = ("key", "ts", "seq")


def sign_of(key: str, ts: str, seq: str, token: str) -> str:
    """Return the signature: upper-case hexadecimal."""
    text = f"{key}{ts}{seq}{token}".encode()
    return hashlib.md5(text, usedforsecurity=False).hexdigest().upper()


@dataclass(frozen=True, slots=True)
class Signed:
    """Key, time in Beijing, serial number and signature in the headers."""

    key: str
    token: Secret = field(repr=False)

    def prepare(self, request: Outgoing, channel: Channel) -> None:
        """Sign the request; whoever may send it twice has set its serial number."""
        ts = channel.clock.now().astimezone(_ZONE).strftime("%Y%m%d%H%M%S")
        seq = request.headers.setdefault(SEQ, random_bytes(16).hex())
        sign = sign_of(self.key, ts, seq, reveal(self.token))
        request.headers |= {"key": self.key, "ts": ts, "sign": sign}

    def refresh(self, answer: Answer, channel: Channel) -> bool:
        """Return False: there are no other credentials."""
        return False


def told(answer: Answer, key: str, token: Secret) -> Mapping[str, Any]:
    """Return what a signed answer holds.

    Raises:
        ContractChanged: It is not signed with our token (``yibeidiao.unsigned``), or holds nothing.
    """
    said = answer.json()
    if not isinstance(said, dict):
        raise ContractChanged("vendor.records_missing", path="data")
    own, ts, seq = (str(said.get(name) or "") for name in _SIGNED)
    wanted = sign_of(own, ts, seq, reveal(token))
    good = hmac.compare_digest(wanted.encode(), str(said.get("sign")).upper().encode())
    if not good or own.upper() != key.upper():
        raise ContractChanged("yibeidiao.unsigned", vendor=VENDOR)
    data = said.get("data")
    if not isinstance(data, dict):
        raise ContractChanged("vendor.records_missing", path="data")
    return data
