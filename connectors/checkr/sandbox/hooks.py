"""Webhooks of the simulated agency: compact JSON, signed over its bytes with the API key."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hrhub.connector import Received
from hrhub.sandbox.outgoing import Caller
from hrhub.sandbox.rest import iso


class Hooks:
    """What would be sent to the account's webhook.

    Args:
        key: What bodies are signed with.
        manner: ``in_order``, ``shuffled`` (order is not guaranteed) or ``repeated`` (every report
            comes twice, as ``report.completed`` does after a dispute).
        callback: Address of the account's webhook; empty: nothing leaves, all is kept.
    """

    def __init__(self, key: str, manner: str = "in_order", callback: str = "") -> None:
        self._key = key.encode()
        self._manner = manner
        self._sent: list[Received] = []
        self._caller = Caller(callback) if callback else None

    def report_to(self, callback: str) -> None:
        """Send what happens from now on to an address."""
        self.stop()
        self._caller = Caller(callback)

    def wait(self) -> None:
        """Wait until everything so far has been sent, or given up."""
        if self._caller:
            self._caller.wait()

    def tell(self, kind: str, thing: Mapping[str, Any], now: datetime) -> None:
        """Note that something happened."""
        received = self._signed(len(self._sent) + 1, kind, thing, now)
        self._sent.append(received)
        if self._caller:
            for _ in range(2 if self._manner == "repeated" else 1):
                self._caller.send(received)

    def stop(self) -> None:
        """Send nothing more."""
        if self._caller:
            self._caller.stop()

    def arriving(self) -> list[Received]:
        """Return what has been sent so far, in the order in which it arrives."""
        arriving = list(self._sent)
        if self._manner == "shuffled":
            random.Random(len(arriving)).shuffle(arriving)
        if self._manner == "repeated":
            arriving = [received for one in arriving for received in (one, one)]
        return arriving

    def sample(self, now: datetime) -> Received:
        """Return one report as it would be sent now."""
        thing = {"id": f"{int(now.timestamp()):024x}", "object": "report", "status": "complete"}
        return self._signed(0, "report.completed", thing, now)

    def _signed(self, number: int, kind: str, thing: Mapping[str, Any], now: datetime) -> Received:
        event = {
            "id": f"{number:08x}{int(now.timestamp()):016x}",
            "object": "event",
            "type": kind,
            "created_at": iso(now),
            "webhook_url": "https://hub.example/inbox/checkr",
            "data": {"object": dict(thing)},
            "account_id": "5" * 24,
        }
        body = json.dumps(event, separators=(",", ":")).encode()
        return Received(
            method="POST",
            path="/inbox/checkr/webhook",
            headers={
                "Content-Type": "application/json",
                "User-Agent": "Checkr-Webhook/1.0",
                "X-Checkr-Signature": hmac.new(self._key, body, hashlib.sha256).hexdigest(),
            },
            body=body,
        )
