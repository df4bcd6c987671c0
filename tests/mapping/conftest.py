"""Write a mapping, load it, compile it, in one line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from hrhub.errors import MappingError
from hrhub.mapping import CompiledMapping, Mapped, Mapping, Rejected, compile_mapping, load_mapping

TODAY = date(2026, 11, 24)


@pytest.fixture
def today() -> date:
    return TODAY


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "demo" / "rows.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    return write


@pytest.fixture
def load(write: Callable[[str], Path]) -> Callable[[str], Mapping]:
    return lambda text: load_mapping(write(text))


@pytest.fixture
def problems(write: Callable[[str], Path]) -> Callable[[str], list[str]]:
    """Return the problems of a mapping as ``line:column: message``."""

    def problems(text: str) -> list[str]:
        path = write(text)
        with pytest.raises(MappingError) as caught:
            load_mapping(path)
        assert caught.value.code == "mapping.invalid"
        shown = caught.value.context["problems"]
        assert isinstance(shown, list)
        return [line.removeprefix(f"{path}:") for line in shown]

    return problems


class Bench:
    """One-field mappings to the employee feed, and their results."""

    def __init__(self, load: Callable[[str], Mapping]) -> None:
        self._load = load

    def compile(self, *fields: str, each: str = "", zone: str | None = None) -> CompiledMapping:
        given = {line.partition(":")[0] for line in fields}
        needed = {
            "work_no": "id",
            "display_name": "name",
            "hire_date": "{const: 2020-01-01}",
        }
        lines = [*fields, *(f"{n}: {rule}" for n, rule in needed.items() if n not in given)]
        text = "stream: demo.rows\nto: employee\nkey: id\nfields:\n"
        text += "".join(f"  {line}\n" for line in lines) + each
        return compile_mapping(self._load(text), today=TODAY, zone=zone)

    def result(
        self, rule: str, record: dict[str, Any], *, each: str = "", zone: str | None = None
    ) -> Mapped | Rejected:
        compiled = self.compile(*([rule] if rule else []), each=each, zone=zone)
        (outcome,) = compiled.map([{"id": "1", "name": "N", **record}])
        return outcome

    def value(self, rule: str, record: dict[str, Any], *, zone: str | None = None) -> Any:
        """Return the mapped value of the rule's field; the text "absent" when left out."""
        outcome = self.result(rule, record, zone=zone)
        assert isinstance(outcome, Mapped), outcome
        return outcome.values.get(rule.partition(":")[0], "absent")

    def reject(
        self, rule: str, record: dict[str, Any], *, zone: str | None = None
    ) -> tuple[str, str, str]:
        """Return reason, rule and vendor path of the reject."""
        outcome = self.result(rule, record, zone=zone)
        assert isinstance(outcome, Rejected), "was mapped"
        assert outcome.field == rule.partition(":")[0]
        return outcome.reason, outcome.rule, outcome.field_path


@pytest.fixture
def bench(load: Callable[[str], Mapping]) -> Bench:
    return Bench(load)
