"""A run in progress: what it works on, how it reads, how its errors leave it."""

from __future__ import annotations

import traceback
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hrhub.connector import Connector, ConnectorConfig, Page, Stream, open_session
from hrhub.errors import ContractChanged, Fenced, HrHubError
from hrhub.identity import IdentityPolicy
from hrhub.mapping import Mapping
from hrhub.model import CustomFields
from hrhub.pipeline.ahead import ahead
from hrhub.pipeline.batch import Sync
from hrhub.pipeline.landing import Landing, open_cursor, sweep, tidy
from hrhub.pipeline.load import Loader, Progress, Refused
from hrhub.pipeline.survivorship import Policy
from hrhub.store import cursors
from hrhub.store.landing import LandedBatch
from hrhub.store.lease import Lease

if TYPE_CHECKING:
    from hrhub.pipeline.backfill import Backfiller
    from hrhub.pipeline.hub import Hub
    from hrhub.pipeline.replay import Replayer

_LANDED_AT_ONCE = 100
"""Pages that a vendor pushed which land in one transaction."""

_MAX_REPEATS = 2
"""How often a page may come again unchanged before it is called a loop."""


@dataclass(frozen=True, slots=True)
class Job:
    """A sync to be done: which stream of which connection, by which mapping and policies.

    ``custom`` holds the tenant's custom fields.
    """

    connector: Connector
    connection: str
    stream: Stream
    mapping: Mapping
    policy: Policy
    custom: CustomFields
    identity: IdentityPolicy

    def facts(self) -> dict[str, str]:
        """Return whom and what an error of it is about."""
        return {
            "vendor": self.connector.title,
            "connector": self.connector.name,
            "connection": self.connection,
            "stream": self.stream.name,
        }


class Work:
    """A run in progress: its sync, its landing zone, its lease."""

    def __init__(self, hub: Hub, job: Job, sync_id: int, run_id: str, lease: Lease | None) -> None:
        self.run_id = run_id
        self._lease = lease
        self._hub = hub
        self._job = job
        keys = hub.keys
        self.sync = Sync(
            sync_id=sync_id,
            tenant=keys.tenant,
            connection=job.connection,
            connector=job.connector.name,
            stream=job.stream.name,
            run_id=run_id,
            mapping_version=job.mapping.version,
            keys=keys,
            index=hub.index,
            hash_key=keys.fingerprint_key(f"source/{job.connection}"),
            policy=job.policy,
            custom=job.custom,
            identity=job.identity,
        )
        self.landing = Landing(
            hub.store, hub.settings.landing, keys, sync_id, job.stream.name, hub.clock
        )

    @property
    def lease(self) -> Lease:
        """The lease of the sync."""
        assert self._lease is not None, "a dry run holds no lease"
        return self._lease

    def read(self, config: ConnectorConfig) -> Generator[tuple[LandedBatch, Page], None, None]:
        """Read the stream from its cursor on, landing every page before it is passed on.

        The vendor is asked in a thread of its own; what has come meanwhile lands together.

        Raises:
            ContractChanged: The vendor keeps sending the same page (``vendor.page_loop``).
        """
        hub = self._hub
        sweep(hub.store, hub.settings.landing, hub.clock)
        tidy(hub.store, hub.settings.landing, self.sync.sync_id)
        repeats, before = 0, b""
        with ahead(self._pages(config), f"pull-{self.run_id}") as gathered:
            for pages in gathered:
                self.lease.check()
                batches = self.landing.land(self.run_id, pages, self.lease)
                for landed, page in zip(batches, pages, strict=True):
                    repeats = repeats + 1 if landed.hmac_pt == before and page.body else 0
                    before = landed.hmac_pt or b""
                    if repeats == _MAX_REPEATS:
                        raise ContractChanged("vendor.page_loop", page=landed.seq)
                    yield landed, page

    def _pages(self, config: ConnectorConfig) -> Generator[Page, None, None]:
        hub, job = self._hub, self._job
        with hub.store.read() as tx:
            standing = cursors.load(tx, self.sync.sync_id)
        cursor = open_cursor(hub.keys, self.sync.sync_id, standing.sealed_value)
        session = open_session(
            job.connector,
            config,
            clock=hub.clock,
            ports=hub.ports,
            connection=job.connection,
        )
        for page in job.stream.read(session, cursor):
            yield _dated(page, config)

    def keep(
        self, pages: Sequence[Page], config: ConnectorConfig
    ) -> Generator[tuple[LandedBatch, Page], None, None]:
        """Land pages that the vendor pushed; they move no cursor."""
        hub = self._hub
        sweep(hub.store, hub.settings.landing, hub.clock)
        tidy(hub.store, hub.settings.landing, self.sync.sync_id)
        for start in range(0, len(pages), _LANDED_AT_ONCE):
            self.lease.check()
            some = [
                replace(_dated(page, config), cursor=None)
                for page in pages[start : start + _LANDED_AT_ONCE]
            ]
            yield from zip(self.landing.land(self.run_id, some, self.lease), some, strict=True)

    def loader(
        self, progress: Progress | None, refused: Refused | None = None, *, few: bool = False
    ) -> Loader:
        """Return the loader of this run; ``few`` as :class:`Loader` has it."""
        hub, job = self._hub, self._job
        return Loader(
            store=hub.store,
            sync=self.sync,
            stream=job.stream,
            feed=job.mapping.feed,
            mapping=job.mapping,
            lease=self.lease,
            clock=hub.clock,
            data_keys=hub.data_keys,
            progress=progress,
            refused=refused,
            few=few,
        )

    def backfiller(self, actor: str) -> Backfiller:
        """Return what maps this sync's landed pages again; without a lease only for show."""
        from hrhub.pipeline.backfill import Backfiller  # no sync needs it

        hub, job = self._hub, self._job
        return Backfiller(
            store=hub.store,
            sync=self.sync,
            stream=job.stream,
            mapping=job.mapping,
            landing=self.landing,
            lease=self._lease,
            clock=hub.clock,
            data_keys=hub.data_keys,
            actor=actor,
        )

    def replayer(self, actor: str) -> Replayer:
        """Return what replays this sync's quarantine; without a lease only for show."""
        from hrhub.pipeline.replay import Replayer  # no sync needs it

        hub, job = self._hub, self._job
        return Replayer(
            store=hub.store,
            sync=self.sync,
            stream=job.stream,
            feed=job.mapping.feed,
            mapping=job.mapping,
            lease=self._lease,
            clock=hub.clock,
            data_keys=hub.data_keys,
            actor=actor,
        )


def _dated(page: Page, config: ConnectorConfig) -> Page:
    """Return a page that names the connection's zone, which loading does not see."""
    return replace(page, meta={"timezone": config.timezone, **page.meta})


def as_hub_error(error: BaseException) -> HrHubError:
    """Turn anything into an error of ours; where it happened is kept, what it said is not."""
    if isinstance(error, HrHubError):
        return error
    frame = traceback.extract_tb(error.__traceback__)[-1] if error.__traceback__ else None
    where = f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" if frame else "-"
    if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
        return Fenced("run.interrupted")
    return HrHubError("internal.unexpected", kind=type(error).__name__, where=where)
