"""Publishing puts counts on assets, and nothing but counts."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from hrhub.airflow.assets import entity_asset, stream_asset
from hrhub.airflow.operators import HrPublishOperator, holder_of

pytestmark = pytest.mark.xdist_group("airflow")


def result(stream: str, **counts: int) -> dict[str, object]:
    none = {"inserted": 0, "updated": 0, "unchanged": 0, "quarantined": 0}
    return {"run_id": f"run-{stream}", "stream": stream, **none, **counts}


def test_an_entity_asset_carries_the_sum_of_its_streams() -> None:
    a, b = stream_asset("c", "a"), stream_asset("c", "b")
    both = entity_asset("org_unit")
    operator = HrPublishOperator(
        task_id="publish",
        counts=[
            result("a", inserted=2, updated=1, quarantined=1),
            result("b", inserted=4, unchanged=9),
        ],
        assets=[(a, ["a"]), (b, ["b"]), (both, ["a", "b"])],
    )
    events = {asset: SimpleNamespace(extra=None) for asset in (a, b, both)}

    returned = operator.execute({"outlet_events": events})

    assert events[a].extra == {"changed": 3, "rejected": 1}
    assert events[b].extra == {"changed": 4, "rejected": 0}
    assert events[both].extra == {"changed": 7, "rejected": 1}
    assert returned == {
        "a": {"changed": 3, "rejected": 1},
        "b": {"changed": 4, "rejected": 0},
    }


def test_two_tries_of_one_task_are_two_holders() -> None:
    def ti(try_number: int) -> SimpleNamespace:
        return SimpleNamespace(
            dag_id="d", run_id="r", task_id="t", map_index=-1, try_number=try_number
        )

    assert holder_of(ti(1)) != holder_of(ti(2))
