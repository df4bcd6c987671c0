"""Run an import, for show or for good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from hrhub.ambient import Clock, random_bytes
from hrhub.connector import ConnectorConfig
from hrhub.errors import ConfigError
from hrhub.importing.report import Report
from hrhub.importing.source import CONNECTOR, Source
from hrhub.mapping import compile_mapping
from hrhub.pipeline import Counts, Hub
from hrhub.pipeline.gate import Gate
from hrhub.pipeline.records import Cut, Reject, Sieve, Splitter
from hrhub.store import syncs

Tell = Callable[[Counts], None]


class Importer:
    """Bring one file into the hub.

    Args:
        source: The file, compared with its mapping.
        connection: Under which records are known. Under the name of a vendor's connection they are
            one with the records that the vendor sends under the same key.
        timezone: Zone of times that carry none.
    """

    def __init__(self, source: Source, *, connection: str, timezone: str = "Asia/Shanghai") -> None:
        self.source = source
        self.connection = connection
        try:
            ZoneInfo(timezone)
        except (ValueError, OSError, KeyError):  # an unknown zone is a KeyError
            raise ConfigError("import.timezone") from None
        self._config = ConnectorConfig(timezone=timezone)
        self._connector = source.connector()

    def dry_run(self, clock: Clock, tell: Tell | None = None) -> Report:
        """Decode and map every row; nothing is written, and neither store nor keys are needed.

        References, repeated keys and people that match are only seen when it is done for good.
        """
        stream = self._connector.streams[0]
        zone = self._config.timezone
        compiled = compile_mapping(
            self.source.mapping, today=clock.now().astimezone(ZoneInfo(zone)).date(), zone=zone
        )
        gate = Gate(random_bytes(32), "dry")
        sieve = Sieve(stream, compiled, gate, random_bytes(32))
        splitter = Splitter(stream)
        report = Report(dry=True, unread=self.source.heading.unread)
        started = clock.monotonic()
        seq = 0
        for seq, page in enumerate(self.source.pages(), 1):
            self._sift(report, sieve, splitter.split(page, "", seq))
            if tell:
                tell(report.counts)
        if seq:
            self._sift(report, sieve, splitter.end())
        report.counts += Counts(seconds=round(clock.monotonic() - started, 3))
        report.rows = sum(map(len, self.source.numbers))
        return report

    def _sift(self, report: Report, sieve: Sieve, cuts: Sequence[Cut]) -> None:
        sifted = sieve.map([record for cut in cuts for record in cut.records()])
        report.counts += Counts(seen=sifted.seen)
        report.accepted += len(sifted.units)
        report.note(sifted.rejects, self._numbers())

    def run(self, hub: Hub, *, holder: str, tell: Tell | None = None) -> Report:
        """Store the file's rows the way that every sync takes.

        Raises:
            ConfigError: The connection has a stream of that name that is not an import
                (``import.stream_taken``).
            HrHubError: As of any sync; what was committed before stays, and running the import
                again goes on.
        """
        with hub.store.read() as tx:
            known = syncs.find(tx, hub.settings.tenant, self.connection, self.source.name)
        if known is not None and known.connector != CONNECTOR:
            raise ConfigError(
                "import.stream_taken",
                connection=self.connection,
                stream=self.source.name,
                connector=known.connector,
            )
        report = Report(unread=self.source.heading.unread)

        def refused(rejects: Sequence[Reject]) -> None:
            report.note(rejects, self._numbers())

        report.counts = hub.sync(
            self._connector,
            self._config,
            self.connection,
            self.source.name,
            holder=holder,
            progress=tell,
            mapping=self.source.mapping,
            refused=refused,
        )
        report.rows = sum(map(len, self.source.numbers))
        return report

    def _numbers(self) -> dict[int, list[int]]:
        return dict(enumerate(self.source.numbers, 1))
