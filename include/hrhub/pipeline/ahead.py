"""Let an iterator run ahead in a thread of its own, as far as there is room."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from typing import TypeVar

T = TypeVar("T")

ROOM = 4
"""Items that may wait between two threads; bounds memory."""

_LEAVE_S = 2.0
"""How long the end of the block waits for the thread to notice."""


@contextmanager
def ahead(items: Generator[T, None, None], name: str) -> Iterator[Iterator[list[T]]]:
    """Run ``items`` in a thread; yield what has gathered since the last look, at least one.

    An error of the thread is raised where its item would have come.
    """
    waiting: queue.Queue[T | _End] = queue.Queue(ROOM)
    stop = threading.Event()

    def put(item: T | _End) -> bool:
        while not stop.is_set():
            try:
                waiting.put(item, timeout=0.2)
                return True
            except queue.Full:
                continue
        return False

    def run() -> None:
        try:
            with closing(items):
                for item in items:
                    if not put(item):
                        return
            put(_End(None))
        except BaseException as error:
            put(_End(error))

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        yield _gathered(waiting)
    finally:
        stop.set()
        # A vendor that hangs must not hold up Ctrl-C. What the thread still does is refused,
        # because its run is no longer running.
        thread.join(_LEAVE_S)


class _End:
    """The end of the items: their own, or an error."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def _gathered(waiting: queue.Queue[T | _End]) -> Iterator[list[T]]:
    while True:
        some = [waiting.get()]
        while len(some) < ROOM and not isinstance(some[-1], _End):
            try:
                some.append(waiting.get_nowait())
            except queue.Empty:
                break
        items = [item for item in some if not isinstance(item, _End)]
        if items:
            yield items
        if isinstance(end := some[-1], _End):
            if end.error is not None:
                raise end.error
            return
