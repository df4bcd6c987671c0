"""What a simulated vendor sends by itself: reports to an address, again until it is answered."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from hrhub.connector import Received

_TIMEOUT_S = 10.0


class Caller:
    """Sends reports in order, in a thread of its own.

    Args:
        url: Where they go.
        waits_s: Seconds before each further try of a report that was not answered with 2xx; after
            the last one it is given up, as vendors do.
    """

    def __init__(self, url: str, waits_s: Sequence[float] = (1.0, 1.0, 5.0, 30.0)) -> None:
        self._url = urlsplit(url)
        self._waits_s = tuple(waits_s)
        self._waiting: queue.Queue[Received | None] = queue.Queue()
        self._over = threading.Event()
        self.given_up = 0
        self._thread = threading.Thread(target=self._run, name="sandbox-caller", daemon=True)
        self._thread.start()

    def send(self, received: Received) -> None:
        """Have a report sent."""
        self._waiting.put(received)

    def wait(self) -> None:
        """Wait until every report so far was answered or given up."""
        self._waiting.join()

    def stop(self) -> None:
        """Send nothing more."""
        self._over.set()
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (received := self._waiting.get()) is not None:
            self._try(received)
            self._waiting.task_done()

    def _try(self, received: Received) -> None:
        for wait_s in (*self._waits_s, None):
            if self._over.is_set() or self._sent(received):
                return
            if wait_s is None:
                self.given_up += 1
            else:
                self._over.wait(wait_s)

    def _sent(self, received: Received) -> bool:
        kind = HTTPSConnection if self._url.scheme == "https" else HTTPConnection
        connection = kind(self._url.hostname or "", self._url.port, timeout=_TIMEOUT_S)
        try:
            connection.request(
                received.method, self._url.path or "/", received.body, dict(received.headers)
            )
            return 200 <= connection.getresponse().status < 300
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()
