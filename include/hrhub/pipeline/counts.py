"""Counts of a run, and the law that no record is lost between them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

from hrhub.errors import Refused


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the records of a run; numbers only.

    ``seen`` counts records of the hub: for grouped streams a whole series is one.
    """

    pages: int = 0
    bytes: int = 0
    seen: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    stale: int = 0
    duplicate: int = 0
    quarantined: int = 0
    seconds: float = 0.0

    def __add__(self, other: Counts) -> Counts:
        """Add two counts field by field."""
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def check(self) -> Counts:
        """Return self when every record seen ended in exactly one outcome.

        Raises:
            Refused: The outcome law does not hold; the transaction must not be committed.
        """
        outcomes = (
            self.inserted
            + self.updated
            + self.unchanged
            + self.stale
            + self.duplicate
            + self.quarantined
        )
        if outcomes != self.seen:
            raise Refused("guard.counts", seen=self.seen, outcomes=outcomes)
        return self

    def numbers(self) -> dict[str, int]:
        """Return the whole numbers by name, for the store."""
        return {k: v for k, v in asdict(self).items() if k != "seconds"}
