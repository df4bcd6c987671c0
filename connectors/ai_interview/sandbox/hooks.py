"""Callbacks of the simulated platform: signed over time, nonce and body, sent again if need be."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hrhub.connector import Received
from hrhub.sandbox.outgoing import Caller

CALLBACK_SECRET = "ai-demo-secret"


class Hooks:
    """What the platform tells by itself.

    Args:
        callback: Where it goes if an invitation names no address; empty: it is only kept.

    Attributes:
        sent: All callbacks so far.
    """

    def __init__(self, callback: str = "") -> None:
        self._callback = callback
        self._callers: dict[str, Caller] = {}
        self.sent: list[Received] = []

    def tell(self, kind: str, data: Mapping[str, Any], to: str, now: datetime) -> None:
        """Report that something happened."""
        received = self.signed(f"ev-{len(self.sent) + 1:08d}", kind, data, now)
        self.sent.append(received)
        self._send(received, to or self._callback)

    def repeat(self, to: str) -> None:
        """Send the last callback once more, as the platform does when it heard no answer."""
        self._send(self.sent[-1], to)

    def wait(self) -> None:
        """Wait until everything so far has been sent, or given up."""
        for caller in self._callers.values():
            caller.wait()

    def stop(self) -> None:
        """Send nothing more."""
        for caller in self._callers.values():
            caller.stop()

    def signed(self, id: str, kind: str, data: Mapping[str, Any], now: datetime) -> Received:
        """Return a callback as it is sent."""
        event = {
            "eventId": id,
            "eventType": kind,
            "occurredAt": now.isoformat(timespec="seconds"),
            "data": dict(data),
        }
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        stamp = str(int(now.timestamp() * 1000))
        nonce = hashlib.sha256(body).hexdigest()[:16]
        text = stamp.encode() + b"." + nonce.encode() + b"." + body
        return Received(
            method="POST",
            path="/webhooks/ai-interview",
            headers={
                "Content-Type": "application/json",
                "X-Access-Id": "hrhub-sandbox",
                "X-Timestamp": stamp,
                "X-Nonce": nonce,
                "X-Signature": hmac.new(CALLBACK_SECRET.encode(), text, "sha256").hexdigest(),
            },
            body=body,
        )

    def _send(self, received: Received, to: str) -> None:
        if to:
            caller = self._callers.get(to) or self._callers.setdefault(to, Caller(to))
            caller.send(received)
