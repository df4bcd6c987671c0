"""A vendor that takes write-backs over a real socket, and loses answers when told to."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from hrhub.connector import (
    Checked,
    Connector,
    ConnectorConfig,
    Delivery,
    Planned,
    Session,
    Sink,
    Write,
    WriteStatus,
    Written,
    setting,
)
from hrhub.errors import ContractChanged
from hrhub.http.testing import Received, Reply, ScriptedServer

FIELDS = ("work_no", "display_name", "mobile", "org_unit")


class RegistrarConfig(ConnectorConfig):
    """Where the registrar is."""

    url: str = setting(title="Address", help="Its address.", slot="host")


@dataclass
class Registrar:
    """What the vendor holds.

    Attributes:
        entries: (reference, values) of every entry made, in order.
        faults: What goes wrong with the next calls that write, one word each: ``lost`` makes the
            entry and resets the connection, ``broken`` answers 500 and makes none, ``throttled``
            and ``refused`` say so, ``password`` refuses the credentials.
        before: Called before a writing call is worked on.
        after: Called after its entry is made and before it is answered.
    """

    url: str = ""
    entries: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    faults: deque[str] = field(default_factory=deque)
    before: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None
    calls: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def config(self) -> RegistrarConfig:
        """The connection's configuration."""
        return RegistrarConfig(url=self.url, allow_networks=("127.0.0.0/8",))

    @property
    def names(self) -> list[str]:
        """Names of the people entered, in order."""
        return [values["display_name"] for _, values in self.entries]

    def answer(self, asked: Received) -> Reply:
        """Answer one request."""
        if asked.method == "GET":
            found = [n for n, (ref, _) in enumerate(self.entries) if ref == asked.params["ref"]]
            return Reply.json({"id": f"card-{found[0]}" if found else None})
        self.calls += 1
        self.before()
        fault = self.faults.popleft() if self.faults else ""
        match fault:
            case "broken":
                return Reply(b"", 500)
            case "throttled":
                return Reply.throttled("120")
            case "refused":
                return Reply.json({"error": "no_such_unit"}, 200)
            case "password":
                return Reply(b"", 401)
        ids = [self._enter(asked.path, one) for one in asked.json()]
        self.after()
        return Reply(reset=True) if fault == "lost" else Reply.json({"ids": ids})

    def _enter(self, path: str, one: dict[str, Any]) -> str:
        with self._lock:
            refs = [ref for ref, _ in self.entries]
            if path == "/idempotent" and one["ref"] in refs:
                return f"card-{refs.index(one['ref'])}"
            self.entries.append((one["ref"], one["values"]))
            return f"card-{len(self.entries) - 1}"


@dataclass(frozen=True, kw_only=True)
class Cards(Sink):
    """Access cards, a call for each batch."""

    def plan(self, session: Session, writes: Sequence[Write]) -> list[Planned]:
        """Say what would be sent."""
        return [
            Planned(key=w.key, target=f"POST /{self.name}", fields=tuple(sorted(w.values)))
            for w in writes
        ]

    def write(self, session: Session, writes: Sequence[Write]) -> list[Written]:
        """Send a batch."""
        body = [{"ref": w.key, "values": _plain(w)} for w in writes]
        said = session.http.post(
            f"/{self.name}", json=body, idempotent=self.delivery is Delivery.IDEMPOTENT
        ).json()
        if "error" in said:
            return [
                Written(key=w.key, status=WriteStatus.REFUSED, vendor_code=said["error"])
                for w in writes
            ]
        if len(said["ids"]) != len(writes):
            raise ContractChanged("vendor.contract_changed")
        return [
            Written(key=w.key, status=WriteStatus.WRITTEN, vendor_id=i)
            for w, i in zip(writes, said["ids"], strict=True)
        ]

    def find(self, session: Session, write: Write) -> Written | None:
        """Look a write up."""
        found = session.http.get("/cards", params={"ref": write.key}).json()["id"]
        if found is None:
            return None
        return Written(key=write.key, status=WriteStatus.WRITTEN, vendor_id=found)


def _plain(write: Write) -> dict[str, Any]:
    return {name: str(value) for name, value in write.values.items()}


def _base_url(config: ConnectorConfig) -> str:
    assert isinstance(config, RegistrarConfig)
    return config.url


def _check(session: Session) -> Checked:
    return Checked("Registrar")


def _cards(name: str, delivery: Delivery, batch: int = 1) -> Cards:
    return Cards(
        name=name,
        title=name,
        fields=FIELDS,
        required=("display_name",),
        delivery=delivery,
        batch=batch,
    )


REGISTRAR = Connector(
    name="registrar",
    title="Registrar",
    version="1",
    config=RegistrarConfig,
    check=_check,
    base_url=_base_url,
    sinks=(
        _cards("idempotent", Delivery.IDEMPOTENT),
        _cards("lookup", Delivery.LOOKUP),
        _cards("blind", Delivery.NONE),
        _cards("batched", Delivery.LOOKUP, batch=10),
    ),
)


@contextmanager
def registrar() -> Iterator[Registrar]:
    """Run a registrar that listens."""
    vendor = Registrar()
    with ScriptedServer(lambda asked: vendor.answer(asked)) as server:
        vendor.url = server.url
        yield vendor
