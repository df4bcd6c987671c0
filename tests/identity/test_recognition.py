"""The benchmark of recognition in small: what it measures, and that its bars can be missed."""

from __future__ import annotations

from pathlib import Path

from hrhub.identity import Act, IdentityPolicy, MergePersons
from hrhub.pipeline import Hub, open_hub
from hrhub.pipeline.deciding import match_reports, rows_of
from tests.bench import identity
from tests.bench.crowd import SYSTEMS, Crowd, Seen


def test_a_crowd_is_recognised_across_systems_in_any_order_of_them(
    store_url: str, tmp_path: Path
) -> None:
    records = Crowd(300).records()
    home = tmp_path / "home"
    with open_hub(identity.settings(home, store_url), create=True) as hub:
        for system in ("core", "terminal", "tests", "board", "directory"):
            identity.put_pages(tmp_path / system, records[system])
            identity.sync(hub, system, tmp_path / system)
        found = identity.judge(hub, [s for system in SYSTEMS for s in records[system]])
        [directory] = [r for r in match_reports(hub) if r.connection == "directory_default"]

        assert found.people == 300 and found.waiting == 0
        assert found.precision == 1.0
        assert found.recall >= 0.95
        assert directory.rate and directory.rate > 0.95


def test_wrong_joins_and_missed_ones_are_counted(store_url: str, tmp_path: Path) -> None:
    row = {"name": "张伟", "mobile": None, "mail": None, "idCard": None, "born": None, "sex": None}
    seen = [Seen("board", label, f"b{place}", row) for place, label in enumerate((1, 1, 2))]
    with open_hub(identity.settings(tmp_path / "home", store_url), create=True) as hub:
        identity.put_pages(tmp_path / "board", seen)
        identity.sync(hub, "board", tmp_path / "board")
        missed = identity.judge(hub, seen)
        people = identity.persons(hub, seen)
        _merge(hub, people["b0"], people["b2"])
        wrong = identity.judge(hub, seen)

    assert (missed.pairs, missed.joined, missed.recall) == (1, 0, 0.0)
    assert (wrong.joined, wrong.wrong, wrong.precision) == (1, 1, 0.0)
    assert people["b0"] != people["b2"]


def _merge(hub: Hub, survivor: str, absorbed: str) -> None:
    with hub.store.write() as tx, rows_of(hub, tx, IdentityPolicy()) as rows:
        act = Act("default", "user:test", hub.clock.now(), "1")
        MergePersons(survivor, absorbed).apply(tx, rows, act)
