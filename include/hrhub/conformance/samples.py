"""Real records of a stream with single values exchanged, taken the way every record takes."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from hrhub.conformance.lab import Lab, told
from hrhub.conformance.law import Broken, NotApplicable
from hrhub.connector import Stream
from hrhub.errors import RowRejected
from hrhub.mapping import Mapped, Rejected
from hrhub.mapping.plan import Path, Rule

_ENCODE = msgspec.json.Encoder(decimal_format="number").encode


@dataclass(slots=True)
class Bench:
    """One stream with a record of it that maps well."""

    lab: Lab
    stream: Stream

    def rules(self) -> Iterator[Rule]:
        """Yield the rules that take one value of the record as it is."""
        for rule in self.lab.plan(self.stream).rules:
            if isinstance(rule.source, Path) and all(
                isinstance(step, str) for step in rule.source.steps
            ):
                yield rule

    def sample(self, rule: Rule) -> dict[str, Any] | None:
        """Return a record that maps, has a value for the rule, and lands in its field."""
        assert isinstance(rule.source, Path)
        docs = self.lab.whole(self.stream).docs
        for doc, outcome in zip(docs, self.lab.mapped(self.stream).map(docs), strict=True):
            if isinstance(outcome, Mapped) and outcome.values.get(rule.target.name) is not None:
                return doc
        return None

    def value(self, doc: dict[str, Any], rule: Rule) -> Any:
        """Return the value that a rule takes from a record."""
        assert isinstance(rule.source, Path)
        for step in rule.source.steps:
            doc = doc[step]  # type: ignore[index]
        return doc

    def with_value(self, doc: dict[str, Any], rule: Rule, value: Any) -> Mapped | Rejected:
        """Return what becomes of a record in which one value was exchanged.

        Where the stream's format is JSON the record is written and decoded again.

        Raises:
            Broken: It ends with something else than a mapped or refused record.
        """
        assert isinstance(rule.source, Path)
        changed = copy.deepcopy(doc)
        inner: Any = changed
        for step in rule.source.steps[:-1]:
            inner = inner[step]
        inner[rule.source.steps[-1]] = value
        meta = next(r.meta for r in self.lab.whole(self.stream).raws if r.doc is not None)
        try:
            if self._is_json(doc, meta):
                changed = self.stream.records.decode(_ENCODE(changed), meta)
            (outcome,) = self.lab.mapped(self.stream).map([changed])
        except RowRejected as error:
            return Rejected(None, error.reason, error.field_path, rule.target.name, error.rule)
        except Exception as error:
            raise Broken(f"{rule.target.name}: an odd value ends with {told(error)}") from None
        return outcome

    def _is_json(self, doc: dict[str, Any], meta: Any) -> bool:
        try:
            return bool(self.stream.records.decode(_ENCODE(doc), meta) == doc)
        except Exception:
            return False


def bench(lab: Lab, stream: Stream) -> Bench:
    """Return a bench, if the stream has records.

    Raises:
        NotApplicable: It has none.
    """
    if not lab.whole(stream).docs:
        raise NotApplicable("the simulator serves no record")
    return Bench(lab, stream)
