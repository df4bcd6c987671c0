"""Work on rows outside any sync: what humans decide about people, and care for the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hrhub.identity import IdentityPolicy
from hrhub.pipeline.batch import Batch, Sync
from hrhub.pipeline.links import Links
from hrhub.pipeline.subjects import Subjects
from hrhub.pipeline.survivorship import Policy
from hrhub.pipeline.writes import Writes
from hrhub.store import custom_fields

if TYPE_CHECKING:
    from hrhub.pipeline.hub import Hub


@contextmanager
def desk(hub: Hub, tx: Any, policy: IdentityPolicy | None = None) -> Iterator[Batch]:
    """Give what a transaction on a tenant's rows works with; no source stands behind it."""
    sync = Sync(
        sync_id=0,
        tenant=hub.settings.tenant,
        connection="-",
        connector="-",
        stream="-",
        run_id="",
        mapping_version="",
        keys=hub.keys,
        index=hub.index,
        hash_key=hub.keys.fingerprint_key("identity"),
        policy=Policy(),
        custom=custom_fields.known(tx, hub.settings.tenant),
        identity=policy or IdentityPolicy(),
    )
    subjects = Subjects(hub.keys, hub.data_keys)
    now = hub.clock.now()
    try:
        yield Batch(
            tx=tx,
            sync=sync,
            feed="person",
            now=now,
            links=Links(sync),
            subjects=subjects,
            writes=Writes(sync, now, subjects),
        )
    finally:
        subjects.end(committed=False)
