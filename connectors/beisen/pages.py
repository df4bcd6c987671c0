"""Pages of windows: those with rows are handed on, and each window's cursor with its last one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hrhub.connector import Cursor, Page, page_of
from hrhub.errors import ContractChanged
from hrhub.http.answer import Answer
from hrhub.http.lookup import count

Step = tuple[Answer, Cursor]
"""An answer, and the cursor that holds once its window has been read."""


def filled(windows: Iterable[Iterable[Step]], path: str) -> Iterator[Page]:
    """Yield the answers of windows that hold rows; the cursor with a window's last page.

    Answers without rows are all alike, which the hub takes for a circle. They are left out, but
    for one at the end that carries the cursor on.

    Args:
        windows: Their steps.
        path: Where the list of rows is.

    Raises:
        ContractChanged: ``vendor.records_missing``: an answer has no list.
    """
    empty: Page | None = None
    for steps in windows:
        held: Answer | None = None
        last: Cursor = None
        for answer, reached in steps:
            last = reached
            if not rows_of(answer, path):
                empty = page_of(answer, cursor=reached)
                continue
            if held is not None:
                yield page_of(held)
            held = answer
        if held is not None:
            yield page_of(held, cursor=last)
            empty = None
    if empty is not None:
        yield empty


def rows_of(answer: Answer, path: str) -> int:
    """Return how many rows an answer holds.

    Raises:
        ContractChanged: ``vendor.records_missing``: it has no list.
    """
    rows = count(answer.body, path)
    if rows is None:
        raise ContractChanged("vendor.records_missing", path=path)
    return rows
