"""A vendor that reports: a signed webhook that may carry records, and a plain device."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qsl

import uvicorn

from hrhub.airflow.connections import Resolved
from hrhub.ambient import SystemClock
from hrhub.connector import (
    Ask,
    Connector,
    ConnectorConfig,
    Delivery,
    Event,
    EventReceiver,
    Fetched,
    Page,
    Planned,
    Pushed,
    Received,
    Reply,
    Session,
    Sink,
    Write,
    WriteStatus,
)
from hrhub.errors import AuthError, ConfigError, RowRejected
from hrhub.inbox.app import InboxApp
from hrhub.inbox.reception import Mount, Reception
from hrhub.inbox.server import Serving, listen, uvicorn_config
from hrhub.pipeline import Hub
from tests.support.shelf import SHELF

KEY = b"a key of tests only"


@dataclass(frozen=True, kw_only=True)
class Hook(EventReceiver):
    """Signed JSON: ``{"id", "type", "at", "stream"?, "rows"?}``."""

    def verify(self, config: ConnectorConfig, received: Received, now: datetime) -> None:
        """Check signature and age."""
        if not hmac.compare_digest(received.headers.get("x-signature", ""), sign(received.body)):
            raise AuthError("event.refused", vendor="Shelf", rule="signature")
        at = received.headers.get("x-time", "")
        if abs(now - datetime.fromisoformat(at)) > timedelta(seconds=self.stale_after_s):
            raise AuthError("event.refused", vendor="Shelf", rule="age")

    def challenge(self, config: ConnectorConfig, received: Received) -> Reply | None:
        """Answer a test of the address."""
        asked = received.query.get("challenge")
        return Reply(body=asked.encode()) if asked else None

    def parse(self, config: ConnectorConfig, received: Received) -> Sequence[Event]:
        """Return the event."""
        body = _read(received)
        return [Event(id=body["id"], type=body["type"], stream=body.get("stream"))]

    def pages(self, config: ConnectorConfig, received: Received) -> Sequence[Pushed]:
        """Return the punches that came along."""
        rows = _read(received).get("rows")
        if rows is None:
            return ()
        return [Pushed(stream="punches", page=Page(body=json.dumps({"rows": rows}).encode()))]

    def reply(self, config: ConnectorConfig, received: Received) -> Reply:
        """Say thanks."""
        return Reply(body=b"thanks")


@dataclass(frozen=True, kw_only=True)
class Device(EventReceiver):
    """Lines ``number;time`` of a device that calls ``/iclock/...`` and signs nothing."""

    def verify(self, config: ConnectorConfig, received: Received, now: datetime) -> None:
        """Take only the device that is known."""
        if received.query.get("SN") != "device-1":
            raise AuthError("event.refused", vendor="Shelf", rule="serial")

    def parse(self, config: ConnectorConfig, received: Received) -> Sequence[Event]:
        """Return one event for the lines of a request, none for a sign of life."""
        if received.path != "/iclock/cdata" or not received.body:
            return []
        mark = hmac.new(KEY, received.body, hashlib.sha256).hexdigest()
        return [Event(id=mark, type="punches")]

    def pages(self, config: ConnectorConfig, received: Received) -> Sequence[Pushed]:
        """Return the punches."""
        lines = [line.split(";") for line in received.body.decode().splitlines()]
        rows = [{"no": no, "at": at} for no, at in lines]
        return [Pushed(stream="punches", page=Page(body=json.dumps({"rows": rows}).encode()))]

    def ask(self, config: ConnectorConfig, received: Received) -> Ask | None:
        """Return the device that asks for commands."""
        if received.path != "/iclock/getrequest":
            return None
        return Ask(sink="commands", subject=received.query["SN"], most=2)

    def hand_out(
        self, config: ConnectorConfig, received: Received, writes: Sequence[Write]
    ) -> Reply:
        """Return the commands as lines."""
        if any(";" in str(w.values["display_name"]) for w in writes):
            raise RowRejected("policy", "display_name", "device.separator")
        lines = [f"C:{w.number}:ADD {w.values['display_name']}" for w in writes]
        return Reply(body="\n".join(lines or ["OK"]).encode())

    def fetched(self, config: ConnectorConfig, received: Received) -> Sequence[Fetched]:
        """Read ``ID=7&Return=0`` lines."""
        if received.path != "/iclock/devicecmd":
            return ()
        said = [dict(parse_qsl(line)) for line in received.body.decode().splitlines()]
        return [
            Fetched(
                subject=received.query["SN"],
                number=int(one["ID"]),
                status=WriteStatus.WRITTEN if one["Return"] == "0" else WriteStatus.REFUSED,
                vendor_code=one["Return"],
            )
            for one in said
        ]

    def reply(self, config: ConnectorConfig, received: Received) -> Reply:
        """Say how many lines arrived."""
        return Reply(body=b"OK: %d" % len(received.body.splitlines()))


@dataclass(frozen=True, kw_only=True)
class Commands(Sink):
    """Commands that devices come for."""

    def plan(self, session: Session, writes: Sequence[Write]) -> list[Planned]:
        """Say what would be handed out."""
        return [Planned(key=w.key, target="C:…:ADD", fields=("name",)) for w in writes]


def commands(delivery: Delivery = Delivery.IDEMPOTENT) -> Commands:
    """Return the sink of commands."""
    return Commands(
        name="commands",
        title="Commands",
        fields=("display_name",),
        required=("display_name",),
        delivery=delivery,
        fetched=True,
    )


REPORTER = replace(
    SHELF,
    sinks=(commands(),),
    events=(
        Hook(name="hook", title="Webhook"),
        Device(name="device", title="Device", signed=False, prefix="/iclock"),
    ),
)


def _read(received: Received) -> Mapping[str, Any]:
    try:
        body: Mapping[str, Any] = json.loads(received.body)
        body["id"], body["type"]
    except (ValueError, KeyError, TypeError):
        raise RowRejected("parse", "", "hook.json") from None
    return body


def sign(body: bytes) -> str:
    """Return the signature of a body."""
    return hmac.new(KEY, body, hashlib.sha256).hexdigest()


@dataclass
class Served:
    """A served inbox and how to call it."""

    port: int
    reception: Reception

    def call(
        self,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        method: str = "POST",
    ) -> tuple[int, bytes]:
        """Send one request; return status and body of the answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def report(self, body: bytes, at: datetime | None = None) -> tuple[int, bytes]:
        """Send a genuine report to the webhook."""
        when = (at or SystemClock().now()).isoformat()
        return self.call("/shelf_default/hook", body, {"X-Signature": sign(body), "X-Time": when})

    def fates(self) -> dict[str, int]:
        """Return how many requests met which fate."""
        return {str(fate): n for (_, fate), n in self.reception.counts().items()}


@contextmanager
def served(
    hub: Hub,
    config: ConnectorConfig,
    *,
    mounts: Sequence[str] = (),
    body_s: float = 20.0,
    connections: Sequence[str] = (),
    connector: Connector | None = None,
) -> Iterator[Served]:
    """Serve a hub's inbox from a thread, on a real socket."""

    def resolve(name: str) -> Resolved:
        if name != "shelf_default":
            raise ConfigError("connection.unknown", connection=name)
        return Resolved(name, connector or REPORTER, config)

    reception = Reception(
        hub,
        resolve,
        clock=SystemClock(),
        mounts=[Mount.of(m) for m in mounts],
        connections=connections,
    )
    settings = uvicorn_config(InboxApp(reception, body_s=body_s), Serving())
    server = uvicorn.Server(settings)
    listening = listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield Served(listening.getsockname()[1], reception)
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()
