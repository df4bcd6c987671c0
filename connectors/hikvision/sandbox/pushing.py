"""A simulated terminal that posts its events: the HTTP client of a hub's inbox.

It does what its firmware does: posts one event after the other to ``/``, in one of the forms that
were seen, and sends an event again until it is answered with 200.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any, Literal
from xml.sax.saxutils import escape

Form = Literal["json", "xml", "event_log", "picture"]
FORMS: tuple[Form, ...] = ("json", "xml", "event_log", "picture")
PHOTO = b"\xff\xd8\xff\xe0{<photo>}\r\n--not a boundary\xff\xd9"
"""Stands for a JPEG; it holds what a careless reader takes for an event or a boundary."""

_BOUNDARY = "MIME_boundary"
_TRIES = 5


@dataclass
class PostingTerminal:
    """One terminal.

    Attributes:
        form: ``event_log`` is a part without a type, ``picture`` one that a photo follows.
        path: Where it posts; most firmware forgets the path that it was given.
        lose: Answers that get lost before the terminal reads them.
    """

    host: str
    port: int
    form: Form = "json"
    path: str = "/"
    lose: int = 0

    def post(self, rows: Iterable[Mapping[str, Any]], *, current: bool = True) -> int:
        """Post rows of the log as events; return how many requests that took.

        Raises:
            PermissionError: The hub refuses this terminal.
            TimeoutError: The hub never took an event.
        """
        return sum(self._until_taken(alert(row, current=current)) for row in rows)

    def beat(self) -> int:
        """Post a sign of life."""
        return self._until_taken({"eventType": "heartBeat", "eventState": "active"})

    def send(self, body: bytes, content_type: str) -> int:
        """Send a body once and return the status."""
        connection = HTTPConnection(self.host, self.port, timeout=60)
        try:
            connection.request("POST", self.path, body, {"Content-Type": content_type})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def _until_taken(self, event: Mapping[str, Any]) -> int:
        for number in range(1, _TRIES + 1):
            status = self.send(*written(event, self.form))
            if status == 401:
                raise PermissionError("the hub refuses this terminal")
            if status == 200 and not self.lose:
                return number
            self.lose = max(0, self.lose - 1)
        raise TimeoutError("the hub never took the event")


def alert(row: Mapping[str, Any], *, current: bool = True) -> dict[str, Any]:
    """Return a row of the log in the words of an event."""
    moved = {"major": "majorEventType", "minor": "subEventType"}
    inner = {
        moved.get(name, name): value
        for name, value in row.items()
        if name != "time" and not name.startswith("_")
    }
    return {
        "ipAddress": "192.0.2.10",
        "dateTime": row["time"],
        "eventType": "AccessControllerEvent",
        "eventState": "active",
        "AccessControllerEvent": {
            "deviceName": "Gate 1",
            **inner,
            "currentEvent": current,
            "pictureURL": "http://192.0.2.10/pic.jpg@admin:password",
        },
    }


def written(event: Mapping[str, Any], form: Form) -> tuple[bytes, str]:
    """Return an event as it is posted, and its type."""
    if form == "xml":
        return _xml(event), "application/xml"
    text = json.dumps(event, ensure_ascii=False).encode()
    if form == "json":
        return text, "application/json"
    edge, line = f"--{_BOUNDARY}".encode(), b"\r\n"
    name = b"event_log" if form == "event_log" else b"AccessControllerEvent"
    parts = [edge, b'Content-Disposition: form-data; name="' + name + b'"']
    if form == "picture":
        parts += [b'Content-Type: application/json; charset="UTF-8"']
    parts += [b"", text]
    if form == "picture":
        place = b'Content-Disposition: form-data; name="Picture"; filename="p.jpg"'
        parts += [edge, place, b"Content-Type: image/jpeg", b"", PHOTO]
    body = line.join([*parts, edge + b"--", b""])
    return body, f'multipart/form-data; boundary="{_BOUNDARY}"'


def _xml(event: Mapping[str, Any]) -> bytes:
    def tags(values: Mapping[str, Any]) -> str:
        return "".join(
            f"<{name}>{tags(value) if isinstance(value, Mapping) else _text(value)}</{name}>"
            for name, value in values.items()
        )

    space = "http://www.isapi.org/ver20/XMLSchema"
    root = f'<EventNotificationAlert version="2.0" xmlns="{space}">{tags(event)}'
    return f'<?xml version="1.0" encoding="UTF-8"?>{root}</EventNotificationAlert>'.encode()


def _text(value: Any) -> str:
    return escape(str(value).lower() if isinstance(value, bool) else str(value))
