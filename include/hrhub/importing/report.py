"""What an import came to: every row of the file in one outcome, refused ones by row and reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from hrhub.pipeline import Counts
from hrhub.pipeline.records import Reject

LISTED = 10_000
"""Refused rows that are listed one by one; all are counted."""

OUTCOMES = ("inserted", "updated", "unchanged", "stale", "duplicate", "quarantined")


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """A refused record: its row (of a series the first one), and why; never a value."""

    row: int
    reason: str
    column: str
    rule: str


@dataclass(slots=True)
class Report:
    """The reconciliation of one import.

    Attributes:
        dry: Nothing was written: ``counts`` then knows accepted and refused only.
        rows: Rows of the file that are not empty.
        counts: Outcomes; ``seen`` counts records, of which a series is one.
        accepted: In a dry run, records that decode and map.
        reasons: (reason, column, rule) -> how many.
        lines: The first refused rows.
        unread: Columns of the file that the mapping does not read.
    """

    dry: bool = False
    rows: int = 0
    counts: Counts = field(default_factory=Counts)
    accepted: int = 0
    reasons: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    lines: list[Line] = field(default_factory=list)
    unread: tuple[str, ...] = ()

    @property
    def refused(self) -> int:
        """Records that were refused."""
        return self.reasons.total()

    @property
    def balanced(self) -> bool:
        """Whether every record ended in exactly one outcome, and every refusal has a reason."""
        if self.dry:
            return self.counts.seen == self.accepted + self.refused
        outcomes = sum(getattr(self.counts, name) for name in OUTCOMES)
        return self.counts.seen == outcomes and self.counts.quarantined == self.refused

    def note(self, rejects: Sequence[Reject], numbers: Mapping[int, Sequence[int]]) -> None:
        """Add refused records; ``numbers`` are row numbers by page."""
        for reject in rejects:
            record = reject.record
            row = numbers[record.landed_seq & 0xFFFFF][record.index]
            self.reasons[reject.reason, reject.field_path, reject.rule] += 1
            if len(self.lines) < LISTED:
                self.lines.append(Line(row, reject.reason, reject.field_path, reject.rule))

    def document(self) -> dict[str, Any]:
        """Return the report as plain data: numbers, reasons, columns, rows."""
        counted = (
            {"accepted": self.accepted, "rejected": self.refused}
            if self.dry
            else {n: getattr(self.counts, n) for n in OUTCOMES[:-1]} | {"rejected": self.refused}
        )
        return {
            "dry_run": self.dry,
            "rows": self.rows,
            "records": self.counts.seen,
            **counted,
            "balanced": self.balanced,
            "seconds": self.counts.seconds,
            "reasons": [
                {"reason": reason, "column": column, "rule": rule, "n": many}
                for (reason, column, rule), many in self.reasons.most_common()
            ],
            "rejects": [asdict(line) for line in sorted(self.lines)],
            "rejects_listed": len(self.lines),
            "columns_not_read": list(self.unread),
        }
