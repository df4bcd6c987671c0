"""Verify a store: is everything still as it was written, and does all of it belong together?

What sources tell that cannot all be true is found too; it is no damage
(:mod:`hrhub.pipeline.verify.contradictions`).

Nothing is changed, and nothing is told but codes, tables and ids. Tables are read in pages by key,
so a store of any size needs the memory of one page; syncs may go on meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hrhub.pipeline.verify.belongings import check_belongings
from hrhub.pipeline.verify.contradictions import check_contradictions
from hrhub.pipeline.verify.journal import check_journal
from hrhub.pipeline.verify.report import CODES, Finding, Report
from hrhub.pipeline.verify.rows import check_rows
from hrhub.pipeline.verify.work import Progress, Work

if TYPE_CHECKING:
    from hrhub.pipeline.hub import Hub

__all__ = ["CODES", "Finding", "Report", "verify"]


def verify(hub: Hub, *, progress: Progress | None = None) -> Report:
    """Check everything a tenant has in the store and in the landing zone.

    Args:
        hub: The hub.
        progress: Called with what is being read and how many of it were checked so far.

    Raises:
        StorageError: The store cannot be read.
    """
    work = Work(hub, progress)
    check_rows(work)
    check_belongings(work)
    check_journal(work)
    check_contradictions(work)
    return work.report
