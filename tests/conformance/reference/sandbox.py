"""Acme HR, simulated."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from hrhub.connector import Received
from hrhub.sandbox.rest import (
    Asked,
    Reply,
    RestServer,
    Tokens,
    basic,
    changed_since,
    iso,
    page_after,
    page_by_number,
)
from hrhub.sandbox.vendor import Running, StreamTruth
from hrhub.sandbox.world import World
from tests.conformance.reference.connector import signature

CLIENT = ("acme-client", "s3cr3t-of-the-Sandbox")
SIGNING_KEY = "k3y-that-Signs-reports"
ZONE = ZoneInfo("Asia/Shanghai")


def employees(world: World) -> list[dict[str, Any]]:
    """Return one row per spell of employment."""
    return [
        {
            "id": spell.user_id,
            "name": person.display_name,
            "idCard": person.national_id,
            "mobile": person.mobile,
            "born": person.birth_date.isoformat(),
            "hired": spell.hire_date.isoformat(),
            "left": spell.end_date.isoformat() if spell.end_date else None,
            "note": "-",
            "changedAt": iso(max(person.modified_at, *(j.modified_at for j in spell.jobs))),
        }
        for person in world.people
        for spell in person.spells
    ]


def punches(world: World) -> list[dict[str, Any]]:
    """Return the log; times are milliseconds since 1970."""
    return [
        {
            "seq": punch.seq,
            "no": punch.user_id,
            "at": int(punch.at.replace(tzinfo=ZONE).timestamp() * 1000),
            "way": "in" if punch.state in (0, 3) else "out",
        }
        for punch in world.punches()
    ]


class Acme(RestServer):
    """One tenant."""

    def __init__(self, world: World, host: str, port: int) -> None:
        self.tokens = Tokens()
        self.employees, self.punches = employees(world), punches(world)
        self.orders: list[dict[str, Any]] = []
        self.contacts: list[dict[str, Any]] = []
        self.lock = threading.Lock()
        self.numbers = itertools.count(1)
        super().__init__(world, self.serve, host, port)

    def serve(self, asked: Asked) -> Reply:
        """Answer a request."""
        if asked.path == "/oauth/token":
            good = basic(asked) == CLIENT
            return Reply.json(self.tokens.issue()) if good else Reply.json({"code": 40100}, 401)
        if not self.tokens.alive(asked.headers.get("authorization")):
            return Reply.json({"code": 40100}, 401)
        with self.lock:
            _, first, *rest = asked.path.split("/")
            return Reply.json({"code": 0, **getattr(self, f"serve_{first}")(asked, rest)})

    def serve_me(self, asked: Asked, rest: list[str]) -> dict[str, Any]:
        return {"data": {"tenant": "acme-sandbox"}}

    def serve_employees(self, asked: Asked, rest: list[str]) -> dict[str, Any]:
        rows = changed_since(self.employees, asked.params.get("changedSince"), "changedAt")
        fetched = next(self.numbers)
        page = [{**row, "fetchedAt": fetched} for row in page_by_number(asked, rows)]
        return {"data": page, "total": len(rows)}

    def serve_punches(self, asked: Asked, rest: list[str]) -> dict[str, Any]:
        page, following = page_after(asked, self.punches, token="after")
        return {"data": page, "next": following}

    def serve_packages(self, asked: Asked, rest: list[str]) -> dict[str, Any]:
        return {"data": [{"id": "P1", "title": "Reasoning"}]}

    def serve_orders(self, asked: Asked, rest: list[str]) -> dict[str, Any]:
        if rest:
            order = next((o for o in self.orders if o["id"] == rest[0]), None)
            if order is None:
                raise KeyError(rest[0])
            if rest[1:] == ["report"]:
                return {"data": [{"order": order["id"], "test": "P1", "score": 7.5, "outOf": 10}]}
            if rest[1:] == ["cancel"]:
                if order["status"] == "DROPPED":
                    raise ValueError("already dropped")
                order["status"] = "DROPPED"
            return {"data": order}
        return self.book(self.orders, asked, {"status": "WAITING"})

    def serve_contacts(self, asked: Asked, rest: list[str]) -> dict[str, Any]:
        return self.book(self.contacts, asked, {})

    def book(
        self, entries: list[dict[str, Any]], asked: Asked, more: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Find by external id, or enter; the same id again is another entry."""
        if asked.method == "GET":
            wanted = asked.params["externalId"]
            return {"data": [e for e in entries if e["externalId"] == wanted]}
        entry = {"id": f"n{next(self.numbers)}", "externalId": asked.json()["externalId"], **more}
        entries.append(entry)
        return {"data": entry}

    def advance(self) -> None:
        """Let everybody take the test."""
        for order in self.orders:
            if order["status"] == "WAITING":
                order["status"] = "DONE"

    def report(self, receiver: str, now: datetime) -> Received:
        """Return a signed report."""
        body = msgspec.json.encode({"type": "employee.changed", "keys": [self.employees[0]["id"]]})
        event_id, stamp = f"e{next(self.numbers)}", str(int(now.astimezone(UTC).timestamp()))
        return Received(
            method="POST",
            path=f"/{receiver}",
            headers={
                "x-acme-id": event_id,
                "x-acme-time": stamp,
                "x-acme-signature": signature(SIGNING_KEY, event_id, stamp, body),
            },
            body=body,
        )


class AcmeSandbox:
    """Starts tenants."""

    name = "acme"

    def start(self, world: World, host: str, port: int, options: Mapping[str, str]) -> Acme:
        return Acme(world, host, port)

    def connection(self, world: World, running: Running) -> dict[str, Any]:
        return {
            "api_url": running.address,
            "client_id": CLIENT[0],
            "client_secret": CLIENT[1],
            "signing_key": SIGNING_KEY,
            "allow_networks": ["127.0.0.0/8"],
        }

    def truth(self, world: World) -> dict[str, StreamTruth]:
        faulty = {s.user_id for p in world.people if p.faulty for s in p.spells}
        log = [p.user_id in faulty for p in world.punches()]
        return {
            "employees": StreamTruth(sum(len(p.spells) for p in world.people), len(faulty)),
            "punches": StreamTruth(len(log), sum(log)),
        }


sandbox = AcmeSandbox()
