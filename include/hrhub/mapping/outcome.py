"""What becomes of one vendor record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Mapped:
    """A record in canonical form.

    ``values`` lacks fields that the vendor's record does not have; a null is None. ``children``
    has a list per child that the record speaks of, empty when it says there is none.
    """

    key: tuple[str, ...] = field(repr=False)
    values: dict[str, Any] = field(repr=False)
    children: dict[str, list[dict[str, Any]]] = field(repr=False)


@dataclass(slots=True)
class Rejected:
    """A record that cannot be mapped, and why; no value of it but its key.

    ``reason`` is one of :data:`hrhub.errors.REJECT_REASONS`, ``field_path`` the vendor's field,
    ``field`` the canonical one (``child.field`` inside a list), ``rule`` what was violated.
    """

    key: tuple[str, ...] | None = field(repr=False)
    reason: str
    field_path: str
    field: str
    rule: str
