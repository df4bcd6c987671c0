"""An end that a whole exchange must keep, however many reads it takes.

A socket's own timeout starts anew with every byte that arrives: a server that sends one byte every
half second holds a caller forever. A :class:`Deadline` does not start anew.
"""

from __future__ import annotations

from hrhub.ambient import Clock


class Deadline:
    """A point in monotonic time.

    Args:
        clock: Where the time comes from.
        seconds: How far away the point is.
    """

    __slots__ = ("_clock", "_end")

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._end = clock.monotonic() + seconds

    def left(self, at_most: float | None = None) -> float:
        """Return the seconds left, at most ``at_most``.

        Raises:
            TimeoutError: None are left.
        """
        left = self._end - self._clock.monotonic()
        if left <= 0:
            raise TimeoutError
        return left if at_most is None else min(left, at_most)
