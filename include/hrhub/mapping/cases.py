"""Golden cases: run a mapping on the records it carries and compare with what it promises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from hrhub.mapping.compiler import compile_mapping
from hrhub.mapping.outcome import Mapped, Rejected
from hrhub.mapping.plan import Case, Mapping


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one case went.

    ``diffs`` has one line per difference. They show the case's own (invented) values.
    """

    name: str
    line: int
    diffs: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the record became what the case says."""
        return not self.diffs


def run_cases(mapping: Mapping, *, today: date, zone: str | None = None) -> list[CaseResult]:
    """Run every case of a mapping; a case's own ``today`` wins."""
    results = []
    for case in mapping.cases:
        compiled = compile_mapping(mapping, today=case.today or today, zone=zone)
        (outcome,) = compiled.map([case.given])
        results.append(CaseResult(case.name, case.line, tuple(_differences(case, outcome))))
    return results


def plain_record(mapped: Mapped) -> dict[str, Any]:
    """Return a mapped record in the plain values that a case's ``out`` is written in."""
    record = {name: plain_value(value) for name, value in mapped.values.items()}
    for child, rows in mapped.children.items():
        record[child] = [{name: plain_value(v) for name, v in row.items()} for row in rows]
    return record


def plain_value(value: object) -> object:
    """Return a canonical value as YAML would hold it: instants as ``2026-01-31T09:00:00Z``."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return value


def _differences(case: Case, outcome: Mapped | Rejected) -> Iterator[str]:
    if isinstance(outcome, Rejected):
        if case.rejects is None:
            yield (
                f"rejected: {outcome.reason} at {outcome.field_path or '-'} "
                f"(field {outcome.field}, rule {outcome.rule})"
            )
            return
        for name, wanted in case.rejects.items():
            got = getattr(outcome, name)
            if got != wanted:
                yield f"rejects.{name}: expected {wanted}, got {got}"
        return
    if case.rejects is not None:
        yield f"expected a reject ({case.rejects['reason']}), but it was mapped"
        return
    if case.key is not None and case.key != outcome.key:
        yield f"key: expected {list(case.key)}, got {list(outcome.key)}"
    yield from _compare("", case.expected or {}, plain_record(outcome))


def _compare(path: str, expected: object, got: object) -> Iterator[str]:
    if isinstance(expected, dict) and isinstance(got, dict):
        for name in {**expected, **got}:
            inner = f"{path}.{name}" if path else str(name)
            if name not in got:
                yield f"{inner}: expected {_show(expected[name])}, but it is absent"
            elif name not in expected:
                yield f"{inner}: not expected, got {_show(got[name])}"
            else:
                yield from _compare(inner, expected[name], got[name])
    elif isinstance(expected, list) and isinstance(got, list):
        if len(expected) != len(got):
            yield f"{path}: expected {len(expected)} items, got {len(got)}"
        for i, (one, other) in enumerate(zip(expected, got, strict=False)):
            yield from _compare(f"{path}[{i}]", one, other)
    elif not _same(expected, got):
        yield f"{path}: expected {_show(expected)}, got {_show(got)}"


def _same(expected: object, got: object) -> bool:
    """Compare by the canonical side's type, so that a work number need not be quoted."""
    if got is None or isinstance(got, bool) or isinstance(expected, bool) or expected is None:
        return expected is got
    if isinstance(got, (int, Decimal)):
        try:
            return Decimal(str(expected)) == got
        except InvalidOperation:
            return False
    return str(expected) == got


def _show(value: object) -> str:
    return "null" if value is None else str(value) if isinstance(value, Decimal) else repr(value)
