"""The laboratory: a connector, its vendor on loopback, and something that disturbs them in between.

A reading goes through the real client over real sockets. Waiting costs no time: the clock of the
laboratory moves on by what is slept.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from hrhub.ambient import Clock, SystemClock
from hrhub.conformance.law import Broken, NotApplicable
from hrhub.conformance.proxy import Act, Asked, Fault, FaultProxy
from hrhub.conformance.reading import Key, Reading, gather
from hrhub.conformance.relay import DetourDialer, Relay
from hrhub.conformance.subject import Subject
from hrhub.connector import (
    Connector,
    ConnectorConfig,
    Cursor,
    OrderService,
    Session,
    Sink,
    Stream,
    open_session,
)
from hrhub.errors import ConfigError, HrHubError
from hrhub.http.addresses import AddressPolicy
from hrhub.http.limits import Limits
from hrhub.mapping import CompiledMapping, compile_mapping, find_mapping
from hrhub.mapping import Mapping as Plan
from hrhub.messages import LANGUAGES, PARTS, catalogue
from hrhub.sandbox.vendor import Divided, Running, StreamTruth
from hrhub.sandbox.world import World, build_world

CONNECTION = "conformance"
LOOPBACK = "127.0.0.1"
_SMALL_PAGE = 16
_HASTY_S = 0.3


class LabClock(SystemClock):
    """The machine's clock plus what was slept, so that sleeping costs no time."""

    def __init__(self) -> None:
        self.slept = 0.0

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return super().now() + timedelta(seconds=self.slept)

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back."""
        return super().monotonic() + self.slept

    def sleep(self, seconds: float) -> None:
        """Move the clock on without waiting."""
        self.slept += seconds


@dataclass(frozen=True, slots=True)
class Options:
    """How much is examined.

    Attributes:
        people: People in the company that the simulator serves.
        records: Records that the memory check works through.
    """

    people: int = 60
    records: int = 200_000


@dataclass(frozen=True, slots=True)
class Site:
    """One simulator that runs."""

    world: World
    running: Running
    given: dict[str, Any] = field(repr=False)
    config: ConnectorConfig = field(repr=False)
    truth: Mapping[str, StreamTruth]


class Lab:
    """Examine one connector. Use it as a context manager."""

    def __init__(self, subject: Subject, options: Options | None = None) -> None:
        self.subject = subject
        self.connector: Connector = subject.connector
        self.options = options or Options()
        self.http = self.connector.base_url is not None
        self._stack = ExitStack()
        self._sites: dict[int, Site] = {}
        self._readings: dict[tuple[str, int], Reading] = {}
        self._settled: dict[str, dict[Key, bytes]] = {}
        self._plans: dict[str, Plan] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    @cached_property
    def proxy(self) -> FaultProxy:
        """What disturbs HTTP."""
        proxy = FaultProxy()
        self._stack.callback(proxy.close)
        return proxy

    @cached_property
    def relay(self) -> Relay:
        """What disturbs bare TCP."""
        relay = Relay()
        self._stack.callback(relay.close)
        return relay

    @cached_property
    def scratch(self) -> Path:
        """A folder that is gone afterwards."""
        return Path(self._stack.enter_context(TemporaryDirectory(prefix="hrhub-conformance-")))

    @property
    def site(self) -> Site:
        """The vendor, serving the company as it is."""
        return self.after(0)

    @property
    def config(self) -> ConnectorConfig:
        """Configuration of the connection to the vendor."""
        return self.site.config

    def after(self, edits: int) -> Site:
        """Return the vendor after some changes in the company."""
        if edits not in self._sites:
            self._sites[edits] = self._start(edits)
        return self._sites[edits]

    def _start(self, edits: int) -> Site:
        world = build_world(self.options.people, punch_days=2, edits=edits)
        sandbox = self.subject.sandbox
        running = sandbox.start(world, LOOPBACK, 0, {})
        self._stack.callback(running.stop)
        given = sandbox.connection(world, running)
        return Site(world, running, given, self.configured(given), sandbox.truth(world))

    def configured(self, given: Mapping[str, Any], **changes: Any) -> ConnectorConfig:
        """Check a simulator's connection, led through the proxy and with small pages.

        Raises:
            ConfigError: The connector does not take it (``config.invalid``).
        """
        kind = self.connector.config
        values = {**given, **({"proxy": self.proxy.url} if self.http else {})}
        trials: Iterable[dict[str, Any]] = ({},)
        if "page_size" in kind.model_fields and "page_size" not in given:
            trials = ({"page_size": _SMALL_PAGE}, {})
        for extra in trials:
            try:
                return kind.model_validate({**values, **extra, **changes})
            except ValueError:
                continue
        raise ConfigError("config.invalid", connector=self.connector.name, fields="-")

    def sinking(self, sink: Sink) -> Session:
        """Open a session over the connection that a sink needs."""
        running = self.site.running
        changes = running.connection_for(sink.name) if isinstance(running, Divided) else {}
        return self.session(self.configured({**self.site.given, **changes}) if changes else None)

    def session(
        self,
        config: ConnectorConfig | None = None,
        *,
        clock: Clock | None = None,
        hasty: bool = False,
        direct: bool = False,
    ) -> Session:
        """Open a session; a hasty one soon loses patience, a direct one avoids all detours."""
        clock = clock or LabClock()
        limits = Limits(idle_s=_HASTY_S, request_s=2.0) if hasty else Limits()
        opened = open_session(
            self.connector,
            config or self.config,
            clock=clock,
            connection=CONNECTION,
            limits=limits,
        )
        if self.http:
            self.proxy.clock = clock
            self._stack.callback(opened.http.close)
        elif not direct:
            opened.tcp = DetourDialer(
                self.relay,
                AddressPolicy.of(opened.config.allow_networks),
                clock,
                vendor=self.connector.title,
                connection=CONNECTION,
                patience_s=_HASTY_S if hasty else None,
            )
        return opened

    def read(
        self,
        stream: Stream,
        cursor: Cursor = None,
        *,
        session: Session | None = None,
        pages: int | None = None,
        hasty: bool = False,
    ) -> Reading:
        """Read a stream, at most some pages of it.

        Raises:
            HrHubError: As the stream raises it.
        """
        session = session or self.session(hasty=hasty)
        mark = self.proxy.mark() if self.http else 0
        reading = gather(stream, session, cursor, pages)
        if self.http:
            reading.asked = self.proxy.since(mark)
        return reading

    def whole(self, stream: Stream, edits: int = 0) -> Reading:
        """Return the whole stream as an undisturbed reading gives it; read once, then kept."""
        key = (stream.name, edits)
        if key not in self._readings:
            session = self.session(self.after(edits).config)
            self._readings[key] = self.read(stream, session=session)
        return self._readings[key]

    def settled(self, stream: Stream) -> dict[Key, bytes]:
        """Return key -> digest of the records that two undisturbed readings agree on."""
        if stream.name not in self._settled:
            again = self.read(stream).content()
            whole = self.whole(stream).content()
            self._settled[stream.name] = {k: v for k, v in whole.items() if again.get(k) == v}
        return self._settled[stream.name]

    def same(self, stream: Stream, got: Mapping[Key, bytes]) -> bool:
        """Tell whether a reading gave what an undisturbed one gives.

        Records that never read the same twice have a check of their own and are not held
        against others.
        """
        whole = self.whole(stream).content()
        settled = self.settled(stream)
        return got.keys() == whole.keys() and all(got[k] == v for k, v in settled.items())

    def data_path(self, stream: Stream) -> str:
        """Return the path that a stream's pages come from: that of its last request."""
        asked = self.whole(stream).asked
        if not asked:
            raise NotApplicable("nothing is read over HTTP")
        path: str = asked[-1].path
        return path

    def data_requests(self, stream: Stream) -> list[Asked]:
        """Return the requests for pages of an undisturbed reading."""
        path = self.data_path(stream)
        return [a for a in self.whole(stream).asked if a.path == path]

    def fault(self, stream: Stream, act: Act, *, times: int = 1 << 30) -> Fault:
        """Aim a fault at a stream: at its second page if it has several, else at its first."""
        several = len(self.data_requests(stream)) > 1
        return Fault(act, self.data_path(stream), after=1 if several else 0, times=times)

    @cached_property
    def token_paths(self) -> frozenset[str]:
        """Paths that give out tokens: a session asks for them once, whatever it reads."""
        session = self.session()
        looks = []
        for _ in range(2):
            mark = self.proxy.mark()
            if self.connector.streams:
                self.read(self.connector.streams[0], session=session)
            else:
                self.connector.check(session)
            looks.append({asked.path for asked in self.proxy.since(mark)})
        return frozenset(looks[0] - looks[1])

    def kinds(self) -> list[Stream]:
        """Return one stream for each way of reading, the one with the most pages."""
        best: dict[object, Stream] = {}
        for stream in self.connector.streams:
            kind = (type(stream), type(stream).read)
            if kind not in best or len(self.whole(stream).pages) > len(
                self.whole(best[kind]).pages
            ):
                best[kind] = stream
        return list(best.values())

    def plan(self, part: Stream | OrderService) -> Plan:
        """Return the mapping of a stream, or of an order service's results.

        Raises:
            HrHubError: It is missing or wrong.
        """
        if part.name not in self._plans:
            self._plans[part.name] = find_mapping(
                self.subject.mappings, self.connector.name, part.name
            )
        return self._plans[part.name]

    def mapped(self, part: Stream | OrderService) -> CompiledMapping:
        """Return a mapping as a function, for the world's day and our zone."""
        return compile_mapping(
            self.plan(part), today=self.site.world.as_of, zone=self.config.timezone
        )

    def words(self, error: HrHubError) -> None:
        """Demand that an error has words in every language.

        Raises:
            Broken: It has not.
        """
        for language in LANGUAGES:
            own = self.connector.words.get(language, {}).get(error.code)
            entry = own or catalogue(language).get(error.code)
            if entry is None or not all(entry.get(part) for part in PARTS):
                raise Broken(f"the code {error.code} has no words in language {language}")


def refused(act: Callable[[], object]) -> HrHubError:
    """Run something that has to fail with an error of ours, and return the error.

    Raises:
        Broken: It succeeded, or failed in another way.
    """
    try:
        act()
    except HrHubError as error:
        return error
    except Exception as error:
        raise Broken(f"{told(error)} instead of an error that people can read") from None
    raise Broken("it went through as if nothing had happened")


def told(error: BaseException) -> str:
    """Tell of an exception without what it says: its kind and where it was raised."""
    if isinstance(error, HrHubError):
        return error.code
    frame = traceback.extract_tb(error.__traceback__)[-1] if error.__traceback__ else None
    where = f" at {Path(frame.filename).name}:{frame.lineno}" if frame else ""
    return f"{type(error).__name__}{where}"
