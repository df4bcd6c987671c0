"""The international dialect: bearer tokens, problems, cursors, results per instrument."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.assessment.sandbox.platform import (
    PACKAGES,
    Instrument,
    Order,
    Platform,
    Scale,
    draw,
    invalid,
)
from hrhub.sandbox.rest import Asked, Reply, Tokens, iso, page_after

CLIENT_ID = "hrhub-sandbox"
SECRET = "sandbox-secret-of-the-assessment-platform"
CALLBACK_SECRET = "sandbox-secret-of-callbacks"
PATH = "/inbox/assessment/callback"

_WORDS = {
    "invited": "sent",
    "begun": "started",
    "taken": "completed",
    "scored": "scored",
    "expired": "expired",
    "cancelled": "cancelled",
}
_LIFE = timedelta(days=14)


class Shl:
    """A platform that speaks it."""

    def __init__(self, platform: Platform, tokens: Tokens) -> None:
        self._platform = platform
        self._tokens = tokens
        self._keys: dict[str, tuple[bytes, str]] = {}

    def answer(self, asked: Asked) -> Reply:
        """Answer one request."""
        if asked.path == "/oauth2/token":
            return self._token(asked)
        if not self._tokens.alive(asked.headers.get("authorization")):
            return Reply.json({}, 401, WWW_Authenticate='Bearer error="invalid_token"')
        self._platform.left -= 1
        if self._platform.left < 0:
            return _problem("rate-limited", 429, {"Retry-After": "3600"})
        try:
            return self._route(asked)
        except KeyError:
            return _problem("not-found", 404)

    def report(self, order: str, now: datetime) -> tuple[bytes, dict[str, str]]:
        """Return body and headers of a genuine callback."""
        event = {
            "id": f"evt_{int(now.timestamp())}",
            "type": "results.available",
            "created": iso(now),
            "data": {"order_id": order, "external_id": "", "status": "scored"},
        }
        body = json.dumps(event, separators=(",", ":")).encode()
        stamp = str(int(now.timestamp()))
        mac = hmac.new(CALLBACK_SECRET.encode(), f"{stamp}.".encode() + body, "sha256")
        return body, {"Webhook-Signature": f"t={stamp},v1={mac.hexdigest()}"}

    def _token(self, asked: Asked) -> Reply:
        given = asked.form
        if (given.get("client_id"), given.get("client_secret")) != (CLIENT_ID, SECRET):
            return Reply.json({"error": "invalid_client"}, 401)
        return Reply.json({**self._tokens.issue(), "expires_in": 3600})

    def _route(self, asked: Asked) -> Reply:
        match asked.method, asked.path.strip("/").split("/"):
            case "GET", ["packages"]:
                rows, following = page_after(asked, [_package(c) for c in PACKAGES], most=100)
                return Reply.json({"data": rows, "next_cursor": following})
            case "POST", ["orders"]:
                return self._place(asked)
            case "GET", ["orders"]:
                found = self._platform.since(datetime.fromisoformat(asked.params["updated_since"]))
                rows, following = page_after(asked, [_shown(o) for o in found], most=100)
                return Reply.json({"data": rows, "next_cursor": following})
            case "GET", ["orders", number]:
                return Reply.json(_shown(self._platform.orders[number]))
            case "GET", ["orders", number, "results"]:
                order = self._platform.orders[number]
                if order.state != "scored":
                    return _problem("results-not-ready", 409)
                return Reply.json(_result(order))
            case "POST", ["orders", number, "cancel"]:
                order = self._platform.orders[number]
                if not self._platform.cancel(order):
                    return _problem("not-cancellable", 409)
                return Reply.json(_shown(order))
        raise KeyError(asked.path)

    def _place(self, asked: Asked) -> Reply:
        given, key = asked.json(), asked.headers.get("idempotency-key", "")
        if key in self._keys:
            body, number = self._keys[key]
            if body != asked.body:
                return _problem("idempotency-conflict", 409)
            return Reply.json(_shown(self._platform.orders[number]), 201)
        candidate = given.get("candidate") or {}
        known = candidate.get("email") in self._platform.mails
        if not known or given.get("package_id") not in PACKAGES or not given.get("external_id"):
            errors = [{"pointer": "/candidate/email", "code": "invalid"}]
            return _problem("validation", 422, errors=errors)
        order = self._platform.place(given["external_id"], given["package_id"], "ord_")
        if key:
            self._keys[key] = asked.body, order.number
        return Reply.json(_shown(order), 201)


def _problem(
    kind: str, status: int, headers: Mapping[str, str] | None = None, **more: Any
) -> Reply:
    said = {"type": f"https://vendor.example/errors/{kind}", "title": kind, "status": status}
    kept = {"Content-Type": "application/problem+json", **(headers or {})}
    return Reply(json.dumps({**said, **more}).encode(), status, kept)


def _package(code: str) -> dict[str, Any]:
    package = PACKAGES[code]
    return {
        "package_id": code,
        "name": package.name,
        "version": "1",
        "instruments": [
            {"code": i.code, "version": i.version, "minutes": 25, "clinical": i.clinical}
            for i in package.instruments
        ],
        "languages": ["zh-CN"],
        "norms": [{"norm_id": i.norm[0], "name": i.norm[1]} for i in package.instruments],
        "active": True,
    }


def _shown(order: Order) -> dict[str, Any]:
    word = _WORDS[order.state]
    return {
        "order_id": order.number,
        "external_id": order.key,
        "status": "complete_review" if order.doubt and word == "scored" else word,
        "invite_url": f"https://take.vendor.example/{order.number}",
        "updated_at": iso(order.at),
        "expires_at": iso(order.at + _LIFE),
    }


def _result(order: Order) -> dict[str, Any]:
    instruments = order.package.instruments
    return {
        "order_id": order.number,
        "external_id": order.key,
        "revision": order.revision,
        "taken_at": order.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "attempt": 1,
        "proctoring": {"mode": "none", "flags": []},
        "instruments": [
            {
                "code": i.code,
                "version": i.version,
                "norm": {"id": i.norm[0], "name": i.norm[1], "n": 4000},
                "language": "zh-CN",
            }
            for i in instruments
        ],
        "overall": {"score": 74, "scale": "hundred", "percentile": 70, "band": "B"}
        if order.package.overall
        else None,
        "scales": [
            {**_scale(order, i, s), "parent_code": s.parent, "order": n, "raw": None}
            for i in instruments
            for n, s in enumerate(i.scales, start=1)
        ],
        "validity": [
            {**_scale(order, i, s), "flag": "invalid" if invalid(order) else "ok"}
            for i in instruments
            for s in i.validity
        ],
    }


def _scale(order: Order, instrument: Instrument, scale: Scale) -> dict[str, Any]:
    return {
        "code": scale.code,
        "name": scale.name,
        "instrument": instrument.code,
        "score": draw(order, scale),
        "scale": scale.kind,
        "percentile": None,
        "band": None,
        "k_corrected": scale.corrected,
    }
