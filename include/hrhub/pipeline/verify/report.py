"""What verifying can find, and the report of what it found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

KEPT_PER_CODE = 200
"""Findings of one code that are listed; all are counted."""

CODES = (
    "verify.row_changed",
    "verify.envelope_unreadable",
    "verify.key_missing",
    "verify.key_damaged",
    "verify.key_orphan",
    "verify.index_missing",
    "verify.index_orphan",
    "verify.link_orphan",
    "verify.reference_waiting",
    "verify.reference_orphan",
    "verify.run_counts",
    "verify.cursor_run",
    "verify.cursor_unreadable",
    "verify.landing_missing",
    "verify.landing_changed",
    "verify.landing_orphan",
    "verify.quarantine_unreadable",
    "verify.audit_broken",
    "verify.audit_head",
    "verify.unit_circle",
    "verify.spells_overlap",
    "verify.slices_overlap",
)
"""What can be found (closed list); each has its words in the message catalogue."""

CONTRADICTIONS = frozenset({"verify.unit_circle", "verify.spells_overlap", "verify.slices_overlap"})
"""What sources tell that cannot all be true: the store holds it as it was told, so it is whole."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    ``place`` is a table or ``landing``; ``id`` a row's id, a number, or a file's name.
    """

    code: str
    place: str
    id: str


@dataclass(slots=True)
class Report:
    """What verifying found.

    Attributes:
        findings: At most :data:`KEPT_PER_CODE` of each code.
        totals: How many there are of each code.
        checked: How many rows, files and links were checked, by name.
        suites: How many sealed groups there are of each cipher suite.
        erased: Rows of people whose data was erased; nobody can open them, on purpose.
    """

    findings: list[Finding] = field(default_factory=list)
    totals: Counter[str] = field(default_factory=Counter)
    checked: Counter[str] = field(default_factory=Counter)
    suites: Counter[str] = field(default_factory=Counter)
    erased: int = 0

    @property
    def ok(self) -> bool:
        """Whether all is as it was written; sources may contradict themselves all the same."""
        return self.totals.keys() <= CONTRADICTIONS

    def add(self, code: str, place: str, id_: object) -> None:
        """Note a finding."""
        assert code in CODES, code
        self.totals[code] += 1
        if self.totals[code] <= KEPT_PER_CODE:
            self.findings.append(Finding(code, place, str(id_)))
