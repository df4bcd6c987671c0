"""What identity needs of the pipeline: a person's key, what sources told, the state of a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from hrhub.crypto import DataKey

State = tuple[str | None, str]
"""Survivor of a person, and ``single``, ``survivor`` or ``merged``."""


class Desk(Protocol):
    """The rows of people, within one transaction; everything in bulk."""

    def keys(self, person_ids: Collection[str]) -> Mapping[str, DataKey]:
        """Return the data keys of people; those who were erased are left out."""
        ...

    def told(self, person_ids: Collection[str]) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Return what each source tells of people of whom several tell."""
        ...

    def set_states(self, states: Mapping[str, State]) -> None:
        """Write survivor and merge state of people."""
        ...
