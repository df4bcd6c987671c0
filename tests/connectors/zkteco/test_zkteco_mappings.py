"""The shipped mappings: their golden cases, and that what the terminal sends fits them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any

import pytest

from hrhub.mapping import Mapped, compile_mapping, find_mapping, run_cases

MAPPINGS = Path(__file__).parents[3] / "mappings"
TODAY = date(2026, 11, 20)


@pytest.mark.parametrize("stream", ["users", "punches"])
def test_golden_cases_hold(stream: str) -> None:
    results = run_cases(find_mapping(MAPPINGS, "zkteco", stream), today=TODAY)

    assert len(results) >= 2
    assert [r for r in results if not r.passed] == []


@pytest.mark.parametrize("stream", ["users", "punches"])
def test_everything_the_terminal_sends_is_mapped_under_its_own_key(
    serve: Callable[..., Any], stream: str
) -> None:
    docs, _ = serve().read(stream)
    compiled = compile_mapping(find_mapping(MAPPINGS, "zkteco", stream), today=TODAY)

    mapped = compiled.map(docs)

    assert docs
    assert all(isinstance(m, Mapped) for m in mapped)
    assert len({m.key for m in mapped}) == len(docs)


def test_punches_keep_their_instant(serve: Callable[..., Any]) -> None:
    served = serve()
    docs, _ = served.read("punches")
    compiled = compile_mapping(find_mapping(MAPPINGS, "zkteco", "punches"), today=TODAY)

    instants = [m.values["punched_at"] for m in compiled.map(docs)]

    assert instants == [
        (p.at - timedelta(hours=8)).replace(tzinfo=UTC) for p in served.world.punches()
    ]
