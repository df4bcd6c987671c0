"""Schema versions of the store, oldest first. Forward only: a store is never migrated back."""

from __future__ import annotations

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009")
HEAD = REVISIONS[-1]
"""The version that this program works with."""
