"""Through the real pipeline, into a scratch hub: a second full sync changes nothing."""

from __future__ import annotations

from hrhub.conformance.lab import CONNECTION, Lab, LabClock
from hrhub.conformance.law import check, demand
from hrhub.http.ports import MemoryPorts
from hrhub.pipeline import Counts, open_hub
from hrhub.settings import Settings

_SELF_SUFFICIENT = ("person", "employee")


@check(
    "hub.twice",
    means="Every stream syncs into a hub; a second sync of an unchanged vendor changes nothing.",
    hint="Look at the streams named: volatile values that are mapped, keys that change, order.",
)
def twice(lab: Lab, _: None) -> str:
    """Sync all streams in order, twice, into an empty SQLite hub."""
    home = lab.scratch / "hub"
    settings = Settings(
        home=home,
        store_url=f"sqlite:///{home}/store.db",
        keyring=home / "keyring.json",
        landing=home / "landing",
        mappings=lab.subject.mappings,
    )
    streams = lab.connector.in_order()
    rounds: list[dict[str, Counts]] = []
    clock = LabClock()
    with open_hub(settings, create=True, clock=clock, ports=MemoryPorts(clock)) as hub:
        for _round in range(2):
            rounds.append(
                {
                    s.name: hub.sync(
                        lab.connector, lab.config, CONNECTION, s.name, holder="conformance"
                    )
                    for s in streams
                }
            )
    first, second = rounds
    alone = any(s.feed in _SELF_SUFFICIENT for s in streams)
    for name, truth in lab.site.truth.items():
        got = first[name]
        demand(got.seen == truth.pulled, f"{name}: {got.seen} records of {truth.pulled} arrived")
        # References to people of another system cannot be resolved without that system.
        if alone:
            demand(
                got.quarantined == truth.rejected,
                f"{name}: {got.quarantined} in quarantine, {truth.rejected} announced",
            )
    for name, again in second.items():
        changed = again.inserted + again.updated
        demand(not changed, f"{name}: the second sync changed {changed} of {again.seen} records")
    total = sum(c.seen for c in first.values())
    return f"{total} records, then no change"
