"""Replay a recording: a server that answers as the vendor did, and a simulator made of it."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hrhub.connector import Connector, ConnectorConfig
from hrhub.connector.config import is_secret
from hrhub.http.testing import Received, Reply, ScriptedServer
from hrhub.recording.exchange import ORIGIN, Exchange, Recording
from hrhub.sandbox.vendor import Running, StreamTruth
from hrhub.sandbox.world import World

SECRET = "recorded-secret"
"""Stands for every secret; a replay believes all of them."""


class ReplayServer(ScriptedServer):
    """Answer requests as they were answered when they were recorded.

    The same request gets its answers in the order of the recording, round and round. Parameters
    that hold times are not compared: they differ from day to day. Where a recording was cut short,
    the request for the page after its last one is answered by an empty page.
    """

    def __init__(
        self, recordings: tuple[Recording, ...], host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self._exchanges = [e for recording in recordings for e in recording.exchanges]
        self._used: Counter[int] = Counter()
        self._guard = threading.Lock()
        self._stopped = False
        super().__init__(self._replay, host=host, port=port)
        self.__enter__()

    @property
    def address(self) -> str:
        """Its root address."""
        return self.url

    def stop(self) -> None:
        """Stop listening; calling it again does nothing."""
        if not self._stopped:
            self._stopped = True
            self.__exit__(None, None, None)

    def _replay(self, asked: Received) -> Reply:
        near = [
            (number, exchange)
            for number, exchange in enumerate(self._exchanges)
            if (exchange.method, exchange.path) == (asked.method, asked.path)
        ]
        fitting = [(n, e) for n, e in near if _fits(e, asked)]
        if fitting:
            with self._guard:
                number, exchange = min(fitting, key=lambda pair: (self._used[pair[0]], pair[0]))
                self._used[number] += 1
            return self._reply(exchange, exchange.body)
        if near:
            last = near[-1][1]
            return self._reply(last, json.dumps(_emptied(json.loads(last.body))))
        return Reply.json({"error": "not recorded"}, 404)

    def _reply(self, exchange: Exchange, body: str) -> Reply:
        return Reply(body.replace(ORIGIN, self.url).encode(), exchange.status, exchange.headers)


def _fits(exchange: Exchange, asked: Received) -> bool:
    """Tell whether a request is one that was recorded, times and credentials left out."""
    recorded = {n: v for n, v in exchange.params.items() if not _is_time(v)}
    sent = {n: v for n, v in asked.params.items() if n not in exchange.dropped and not _is_time(v)}
    return sent == recorded and (exchange.sent is None or exchange.sent == _json(asked.body))


def _is_time(value: str) -> bool:
    return len(value) >= 8 and value[:4].isdigit() and value[4] in "-/" and value[:1] in "12"


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _emptied(value: Any) -> Any:
    """Return a body that says: no record, no further page."""
    if isinstance(value, dict):
        return {name: _emptied(item) for name, item in value.items()}
    if isinstance(value, list):
        return []
    if isinstance(value, str):
        return None
    return False if value is True else value


def recorded_part(connector: Connector, recordings: tuple[Recording, ...]) -> Connector:
    """Return a connector with the recorded streams only; nothing else can be replayed."""
    names = {recording.stream for recording in recordings}
    streams = tuple(
        replace(stream, after=tuple(name for name in stream.after if name in names))
        for stream in connector.streams
        if stream.name in names
    )
    return replace(connector, streams=streams, orders=(), sinks=(), events=())


class RecordedSandbox:
    """A vendor made of recordings, in the place of a simulator.

    Args:
        connector: The connector.
        recordings: One per stream.
        settings: Settings that a recording cannot hold, such as a key to sign with.
    """

    def __init__(
        self,
        connector: Connector,
        recordings: tuple[Recording, ...],
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = connector.name
        self._config: type[ConnectorConfig] = connector.config
        self._recordings = recordings
        self._more = dict(settings or {})

    def start(self, world: World, host: str, port: int, options: Mapping[str, str]) -> Running:
        """Serve the recordings; the world plays no part."""
        return ReplayServer(self._recordings, host, port)

    def connection(self, world: World, running: Running) -> dict[str, Any]:
        """Return settings that lead to the replay."""
        values: dict[str, Any] = {"allow_networks": ["127.0.0.0/8"]}
        for recording in self._recordings:
            values |= recording.settings
        for name, info in self._config.model_fields.items():
            extra = info.json_schema_extra
            if isinstance(extra, dict) and extra.get("slot") == "host":
                values[name] = running.address
            elif is_secret(info) and name not in ConnectorConfig.model_fields:
                values[name] = SECRET
        return values | self._more

    def truth(self, world: World) -> dict[str, StreamTruth]:
        """Return what the recordings hold."""
        return {r.stream: StreamTruth(r.pulled, r.rejected) for r in self._recordings}
