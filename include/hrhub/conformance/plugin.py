"""The kit as a pytest plugin: a vendor's project gets a test class from four lines.

Example::

    from hrhub.conformance.plugin import conformance_suite

    TestMyVendor = conformance_suite("myvendor")

Every check is one test per stream, order, sink or event. The vendor and its simulator are started
once per class. Options: ``--conformance-people`` and ``--conformance-records``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hrhub.conformance.lab import Lab
    from hrhub.conformance.law import Check
    from hrhub.conformance.subject import Subject

_DEFAULT_PEOPLE = 60
_DEFAULT_RECORDS = 5_000


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the kit's options."""
    group = parser.getgroup("hrhub conformance")
    group.addoption(
        "--conformance-people",
        type=int,
        default=_DEFAULT_PEOPLE,
        help="People in the company that the simulator serves.",
    )
    group.addoption(
        "--conformance-records",
        type=int,
        default=_DEFAULT_RECORDS,
        help="Records that the memory check works through; `hrhub conformance` takes 200,000.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Know the mark that keeps a suite in one worker, with or without pytest-xdist."""
    config.addinivalue_line("markers", "xdist_group(name): keep these tests in one worker")


def conformance_suite(target: str | Subject, *, mappings: Path | None = None) -> type:
    """Return a test class that examines a connector.

    Args:
        target: Name of an installed connector, path of its package, or a subject.
        mappings: Directory of its mappings, if they are elsewhere.
    """
    # Every pytest run of the environment loads this module: the kit itself loads when it is used.
    from hrhub.conformance.kit import collect, examine
    from hrhub.conformance.lab import Lab, Options
    from hrhub.conformance.law import Verdict
    from hrhub.conformance.subject import find

    subject = find(target, mappings) if isinstance(target, str) else target
    cases: list[Any] = []
    for check in collect():
        for part in check.parts(subject.connector):
            name = check.id if part is None else f"{check.id}[{part.name}]"
            cases.append(pytest.param(check, part, id=name))

    @pytest.mark.xdist_group(f"conformance-{subject.connector.name}")
    class Conformance:
        """One test per check and part."""

        @pytest.fixture(scope="class")
        @classmethod
        def lab(cls, request: pytest.FixtureRequest) -> Iterator[Lab]:
            options = Options(
                people=request.config.getoption("--conformance-people", _DEFAULT_PEOPLE),
                records=request.config.getoption("--conformance-records", _DEFAULT_RECORDS),
            )
            with Lab(subject, options) as lab:
                yield lab

        @pytest.mark.parametrize(("check", "part"), cases)
        def test_keeps_the_contract(self, lab: Lab, check: Check, part: Any) -> None:
            outcome = examine(lab, check, part)
            if outcome.verdict is Verdict.NOT_APPLICABLE:
                pytest.skip(outcome.note)
            if outcome.verdict is Verdict.FAILED:
                pytest.fail(f"{check.means}\n{outcome.note}\n{check.hint}", pytrace=False)

    return Conformance
