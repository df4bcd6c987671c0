"""Reading the store: history, people, provenance; personal values only on the record."""

from hrhub.reading.finding import LOOKUP_WINDOW, MOST_FOUND, MOST_LOOKUPS, By
from hrhub.reading.reader import MOST_REVEALED, REASONS, Reader
from hrhub.reading.rows import (
    Assignment,
    Employment,
    Event,
    OrgUnit,
    Origin,
    Person,
    PersonValues,
    Position,
    Punch,
    Slice,
)

__all__ = [
    "LOOKUP_WINDOW",
    "MOST_FOUND",
    "MOST_LOOKUPS",
    "MOST_REVEALED",
    "REASONS",
    "Assignment",
    "By",
    "Employment",
    "Event",
    "OrgUnit",
    "Origin",
    "Person",
    "PersonValues",
    "Position",
    "Punch",
    "Reader",
    "Slice",
]
