"""The whole line over real sockets: two vendors in, and the store holds exactly the world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from hrhub.ambient import SystemClock
from hrhub.connector import registry
from hrhub.errors import VendorError
from hrhub.pipeline import Counts, Hub, open_hub
from hrhub.sandbox.host import Hosted, company_of, running
from hrhub.sandbox.truth import expected_people, expected_store, expected_streams, untold
from hrhub.sandbox.waves import in_waves
from hrhub.sandbox.world import World, build_world
from hrhub.settings import Settings
from tests.support.reading import people

VENDORS = ("successfactors", "zkteco")
ALL = in_waves(registry.names())
NOT_SENT = {"person_id", "latin_name", "contract_start"}
"""What SuccessFactors has no standard field for."""


class HastyClock(SystemClock):
    """The machine's clock, but waiting between tries takes no time."""

    def sleep(self, seconds: float) -> None:
        """Do not wait."""


@pytest.fixture
def hub(store_url: str, tmp_path: Path) -> Iterator[Hub]:
    """A fresh hub with the shipped mappings."""
    home = tmp_path / "home"
    settings = Settings.from_env({"HRHUB_HOME": str(home), "HRHUB_STORE_URL": store_url})
    with open_hub(settings, create=True, clock=HastyClock()) as opened:
        yield opened


def sync_all(
    hub: Hub, hosted: Mapping[str, Hosted], vendors: Sequence[str] = VENDORS
) -> dict[tuple[str, str], Counts]:
    """Run every sync of every vendor in order."""
    counts = {}
    for name in vendors:
        connector = registry.get(name)
        config = connector.config.model_validate(hosted[name].connection)
        for stream in connector.in_order():
            counts[name, stream.name] = hub.sync(
                connector, config, f"{name}_default", stream.name, holder="test"
            )
    return counts


def store_counts(hub: Hub) -> dict[str, int]:
    """Count the living, believed rows of every entity."""
    census = hub.census()
    return {entity: census[entity] for entity in expected_store(build_world(40), VENDORS)}


def assert_holds(hub: Hub, world: World) -> None:
    """Compare the whole store, opened, with the world."""
    assert store_counts(hub) == expected_store(world, VENDORS)
    held = {person["national_id"]: person for person in people(hub)}
    expected = {person["national_id"]: person for person in expected_people(world)}
    assert held.keys() == expected.keys()
    for number, person in expected.items():
        assert _sent(held[number]) == _sent(person)


def assert_agrees(hub: Hub, world: World, vendors: Sequence[str]) -> None:
    """Compare the store with the world after syncs of several vendors that tell of the same.

    What the system of record tells of people is believed; its slices are among those of all.
    """
    expected = expected_store(world, vendors)
    assert {e: n for e, n in hub.census().items() if e in expected} == expected
    held = {person["national_id"]: person for person in people(hub)}
    for person in expected_people(world):
        told = held[person["national_id"]]
        for spell, kept in zip(person["spells"], told["spells"], strict=True):
            assert [j for j in map(_sent, kept["jobs"]) if j in _sent(spell["jobs"])] == _sent(
                spell["jobs"]
            )
            kept["jobs"] = spell["jobs"]
        assert _sent(told) == _sent(person)


def _sent(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _sent(v) for k, v in value.items() if k not in NOT_SENT}
    return [_sent(v) for v in value] if isinstance(value, list) else value


def test_the_store_holds_exactly_the_world_and_a_second_run_changes_nothing(hub: Hub) -> None:
    world = build_world(120, punch_days=2)

    with running(VENDORS, world) as hosted:
        first = sync_all(hub, hosted)
        truth = {(n, s): t for n in VENDORS for s, t in hosted[n].truth.items()}
        assert {k: (c.seen, c.quarantined) for k, c in first.items()} == {
            k: (t.pulled, t.rejected) for k, t in truth.items()
        }
        assert_holds(hub, world)

        second = sync_all(hub, hosted)

    assert {c.inserted + c.updated for c in second.values()} == {0}
    assert_holds(hub, world)


def test_edits_at_the_vendor_arrive_and_nothing_else_changes(hub: Hub) -> None:
    before, after = build_world(120, punch_days=1), build_world(120, punch_days=1, edits=9)
    with running(VENDORS, before) as hosted:
        sync_all(hub, hosted)

    with running(VENDORS, after) as hosted:
        counts = sync_all(hub, hosted)

    assert_holds(hub, after)
    people_edited = sum(e.kind in {"mobile", "name"} for e in after.edits)
    assert counts["successfactors", "people"].updated == people_edited
    assert counts["successfactors", "jobs"].updated == len(after.edits) - people_edited
    assert sum(c.inserted for c in counts.values()) == 0


def test_half_a_page_fails_its_stream_and_the_next_run_is_complete(hub: Hub) -> None:
    world = build_world(60, punch_days=1)
    connector = registry.get("successfactors")
    with running(VENDORS, world) as hosted:
        config = connector.config.model_validate(hosted["successfactors"].connection)
        faults = hosted["successfactors"].running.faults  # type: ignore[attr-defined]
        faults.arm("half_body", path="/odata/v2/PerPerson", after=1, times=50)
        with pytest.raises(VendorError):
            hub.sync(connector, config, "successfactors_default", "people", holder="test")
        assert store_counts(hub)["person"] == 0

        faults.clear()
        sync_all(hub, hosted)

    assert_holds(hub, world)


def test_all_vendors_about_one_company_are_one_store_whose_people_are_those_of_the_world(
    hub: Hub,
) -> None:
    vendors = [name for wave in ALL for name in wave]
    world = company_of(build_world(60, punch_days=1), vendors)

    with running(vendors, world) as hosted:
        first = sync_all(hub, hosted, vendors)
        second = sync_all(hub, hosted, vendors)

    assert untold(vendors) == []
    assert {k: (c.seen, c.quarantined) for k, c in first.items()} == {
        (name, stream): (t.pulled, t.rejected)
        for name, streams in expected_streams(world, vendors).items()
        for stream, t in streams.items()
    }
    assert {c.inserted + c.updated for c in second.values()} == {0}
    assert_agrees(hub, world, vendors)
