"""Write a report down: rows for people, a document for programs, JUnit for CI, a page to keep."""

from __future__ import annotations

from importlib.resources import files
from typing import Any
from xml.etree import ElementTree

from jinja2 import Environment, StrictUndefined

from hrhub.conformance.kit import Report, verdict_of
from hrhub.conformance.law import Outcome, Verdict, some

HEADINGS = ("Check", "What it means", "Verdict", "What was seen, or what to do")
_MARKS = {Verdict.PASSED: "passed", Verdict.FAILED: "FAILED", Verdict.NOT_APPLICABLE: "n/a"}


def rows(report: Report) -> list[tuple[str, str, str, str]]:
    """Return one row per check: id, meaning, verdict, and what was seen or what to do."""
    return [
        (check.id, check.means, _MARKS[verdict_of(outcomes)], _seen(outcomes))
        for check, outcomes in report.by_check()
    ]


def verdict_line(report: Report) -> str:
    """Return the verdict in one sentence."""
    counts, connector = report.counts, report.subject.connector
    name = f"{connector.title} ({connector.name} {connector.version})"
    tail = f"{counts[Verdict.NOT_APPLICABLE]} do not apply, {report.seconds:.1f} s"
    if report.passed:
        return f"{name} keeps the contract: {counts[Verdict.PASSED]} checks passed, {tail}"
    return (
        f"{name} does not keep the contract: {counts[Verdict.FAILED]} checks failed, "
        f"{counts[Verdict.PASSED]} passed, {tail}"
    )


def document(report: Report) -> dict[str, Any]:
    """Return the report as plain JSON values."""
    connector, counts = report.subject.connector, report.counts
    return {
        "connector": connector.name,
        "version": connector.version,
        "evidence": connector.evidence,
        "passed": report.passed,
        "counts": {verdict.value: counts[verdict] for verdict in Verdict},
        "seconds": report.seconds,
        "checks": [
            {
                "id": check.id,
                "means": check.means,
                "verdict": verdict_of(outcomes).value,
                "hint": check.hint,
                "parts": [
                    {
                        "part": o.part,
                        "verdict": o.verdict.value,
                        "note": o.note,
                        "seconds": o.seconds,
                    }
                    for o in outcomes
                ],
            }
            for check, outcomes in report.by_check()
        ],
    }


def junit(report: Report) -> bytes:
    """Return the report as JUnit XML: one test case per check and part."""
    suite = ElementTree.Element(
        "testsuite",
        name=f"hrhub conformance {report.subject.connector.name}",
        tests=str(len(report.outcomes)),
        failures=str(sum(o.verdict is Verdict.FAILED for o in report.outcomes)),
        skipped=str(sum(o.verdict is Verdict.NOT_APPLICABLE for o in report.outcomes)),
        time=f"{report.seconds:.3f}",
    )
    for outcome in report.outcomes:
        theme, _, word = outcome.check.id.partition(".")
        name = f"{word}[{outcome.part}]" if outcome.part else word
        case = ElementTree.SubElement(
            suite, "testcase", classname=theme, name=name, time=f"{outcome.seconds:.3f}"
        )
        if outcome.verdict is Verdict.FAILED:
            failure = ElementTree.SubElement(case, "failure", message=outcome.note)
            failure.text = f"{outcome.check.means}\n{outcome.check.hint}"
        elif outcome.verdict is Verdict.NOT_APPLICABLE:
            ElementTree.SubElement(case, "skipped", message=outcome.note)
    out: bytes = ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True)
    return out


def page(report: Report) -> str:
    """Return the report as a page in HTML that needs nothing beside it."""
    source = files(__package__).joinpath("report.html").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    return environment.from_string(source).render(
        report=document(report), title=report.subject.connector.title, verdict=verdict_line(report)
    )


def _seen(outcomes: list[Outcome]) -> str:
    failed = [o for o in outcomes if o.verdict is Verdict.FAILED]
    if failed:
        lines = [f"{o.part}: {o.note}" if o.part else o.note for o in failed]
        return f"{'; '.join(lines)}. {failed[0].check.hint}"
    verdict = verdict_of(outcomes)
    told = [o for o in outcomes if o.verdict is verdict]
    if len(told) == 1:
        return f"{told[0].part}: {told[0].note}" if told[0].part else told[0].note
    if len({o.note for o in told}) == 1:
        return told[0].note
    return some((f"{o.part}: {o.note}" for o in told), 2)
