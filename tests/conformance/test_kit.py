"""The good connector passes; every broken one fails exactly the checks that must notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from hrhub.conformance.kit import collect, run
from hrhub.conformance.lab import Options
from hrhub.conformance.law import Verdict
from hrhub.conformance.subject import Subject, find
from tests.conformance.broken import VARIANTS
from tests.conformance.broken.variant import Variant

REFERENCE = Path(__file__).parent / "reference"
SMALL = Options(people=40, records=2_000)


@pytest.fixture(scope="module")
def good() -> Subject:
    """The reference connector."""
    return find(str(REFERENCE))


@pytest.mark.parametrize("variant", VARIANTS, ids=[v.name.replace(" ", "_") for v in VARIANTS])
def test_a_broken_connector_fails_exactly_the_checks_that_must_notice(
    variant: Variant, good: Subject, tmp_path: Path
) -> None:
    report = run(variant.make(good, tmp_path), SMALL, only=variant.only)

    assert report.failed == variant.caught_by, [
        (o.check.id, o.part, o.note) for o in report.outcomes if o.verdict is Verdict.FAILED
    ]


def test_every_check_is_proved_by_a_broken_connector() -> None:
    proved = frozenset().union(*(v.caught_by for v in VARIANTS))

    assert {c.id for c in collect()} == proved


def test_the_good_connector_passes_every_check_and_none_is_left_out(good: Subject) -> None:
    report = run(good, SMALL)

    assert report.passed
    assert report.counts == {Verdict.PASSED: len(collect())}
