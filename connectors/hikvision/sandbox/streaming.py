"""The simulated terminal's stream of events (alertStream): one line, held open, that breaks.

On connecting it tells its whole log again, then what happens, and between that signs of life. What
becomes of each line in turn is the option ``lines``: ``cut`` in the middle of a part, ``garbage``
(a part that is no JSON, then bytes that are no part), ``over`` (the last boundary), ``silent`` (no
sign of life); later lines are held for as long as somebody listens.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

from connectors.hikvision.sandbox.pushing import PHOTO, alert

BOUNDARY = "MIME_boundary"
_EDGE = f"--{BOUNDARY}\r\n".encode()
_JSON = 'application/json; charset="UTF-8"'
_BEAT = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<EventNotificationAlert version="2.0" '
    b'xmlns="http://www.hikvision.com/ver20/XMLSchema">\n<eventType>videoloss</eventType>\n'
    b"<eventState>inactive</eventState>\n</EventNotificationAlert>\n"
)
_PHOTO_EVERY = 5


class AlertStream:
    """One line at a time.

    Args:
        log: The terminal's log, told from its beginning to whoever comes.
        options: Options of the sandbox: ``beat_s``, ``lines``.
    """

    def __init__(self, log: Sequence[Mapping[str, Any]], options: Mapping[str, str]) -> None:
        self._log = log
        self._beat_s = float(options.get("beat_s", "10"))
        self._endings = iter(filter(None, options.get("lines", "").split(",")))
        self._news = threading.Condition()
        self._taken = False
        self._stopped = False

    def take(self) -> bool:
        """Take the line; False while somebody has it."""
        with self._news:
            taken, self._taken = self._taken, True
            return not taken

    def tell(self) -> None:
        """Let whoever listens know that the log has grown."""
        with self._news:
            self._news.notify_all()

    def stop(self) -> None:
        """End the line."""
        with self._news:
            self._stopped = True
            self._news.notify_all()

    def pieces(self) -> Generator[bytes, None, None]:
        """Yield what goes over the line that was taken, in pieces that end anywhere."""
        ending = next(self._endings, "")
        try:
            told = len(self._log)
            for place, row in enumerate(self._log[:told]):
                if place == told // 2 and ending in ("cut", "garbage"):
                    yield from self._spoilt(ending, row)
                    return
                yield from self._event(row, place, current=False)
            if ending == "over":
                yield f"--{BOUNDARY}--\r\n".encode()
                return
            yield from self._live(told, silent=ending == "silent")
        finally:
            with self._news:
                self._taken = False

    def _live(self, told: int, *, silent: bool) -> Iterator[bytes]:
        while True:
            with self._news:
                if not self._stopped and len(self._log) == told:
                    self._news.wait(None if silent else self._beat_s)
                if self._stopped:
                    return
                rows = self._log[told:]
            for row in rows:
                yield from self._event(row, told, current=True)
                told += 1
            if not rows and not silent:
                # Some firmware tells no length.
                yield _part("application/xml", _BEAT, length=False)

    def _event(self, row: Mapping[str, Any], place: int, *, current: bool) -> Iterator[bytes]:
        text = json.dumps(alert(row, current=current), ensure_ascii=False).encode()
        whole = _part(_JSON, text)
        middle = len(whole) // 2
        yield whole[:middle]
        yield whole[middle:]
        if place % _PHOTO_EVERY == 0:
            yield _part("image/jpeg", PHOTO)

    def _spoilt(self, ending: str, row: Mapping[str, Any]) -> Iterator[bytes]:
        text = json.dumps(alert(row), ensure_ascii=False).encode()
        if ending == "cut":
            yield _part(_JSON, text)[:-20]
        else:
            yield _part(_JSON, text[:-2])
            yield b"what no boundary announces\r\n" * 3


def _part(kind: str, body: bytes, *, length: bool = True) -> bytes:
    told = f"Content-Length: {len(body)}\r\n" if length else ""
    return _EDGE + f"Content-Type: {kind}\r\n{told}\r\n".encode() + body + b"\r\n"
