"""Simulate a REST vendor in a few lines: a server on loopback, tokens, and the usual ways to page.

A simulator answers as its vendor's documentation says. What all REST vendors share is here: the
socket, the vendor's clock, tokens that can be revoked, lists cut into pages.
"""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, TypeVar

from hrhub.http.testing import Received, Reply, ScriptedServer
from hrhub.sandbox.world import World

__all__ = [
    "Asked",
    "Reply",
    "RestServer",
    "Tokens",
    "basic",
    "changed_since",
    "iso",
    "page_after",
    "page_by_number",
    "page_by_offset",
]

Asked = Received
Row = TypeVar("Row")

_REQUESTS_KEPT = 1000


class RestServer(ScriptedServer):
    """A simulated vendor that listens, with the world's time in its ``Date`` header.

    Args:
        world: The company it serves; its ``now`` is the vendor's clock.
        answer: Returns the reply to a request. A ``ValueError`` it raises becomes status 400, a
            ``KeyError`` becomes 404.
        host: Where it listens.
        port: Its port; 0 takes a free one.
    """

    def __init__(
        self, world: World, answer: Callable[[Asked], Reply], host: str, port: int
    ) -> None:
        self._answer = answer
        self._date = format_datetime(world.now.astimezone(UTC), usegmt=True)
        self._stopped = False
        super().__init__(self._reply, host=host, port=port)
        self.__enter__()

    @property
    def address(self) -> str:
        """Its root address."""
        return self.url

    def stop(self) -> None:
        """Close the socket and end the threads; calling it again does nothing."""
        if not self._stopped:
            self._stopped = True
            self.__exit__(None, None, None)

    def _reply(self, asked: Asked) -> Reply:
        del self.requests[:-_REQUESTS_KEPT]
        try:
            reply = self._answer(asked)
        except ValueError:
            reply = Reply.json({"code": 40000, "message": "bad request"}, 400)
        except KeyError:
            reply = Reply.json({"code": 40400, "message": "not found"}, 404)
        return replace(reply, headers={"date": self._date, **reply.headers})


class Tokens:
    """Access tokens of one simulated vendor."""

    def __init__(self, life_s: int = 7200) -> None:
        self.life_s = life_s
        self._lock = threading.Lock()
        self._issued = 0
        self._alive: set[str] = set()

    def issue(self) -> dict[str, Any]:
        """Return a new token as RFC 6749 §5.1 answers it."""
        with self._lock:
            self._issued += 1
            token = f"sandbox-token-{self._issued:06d}"
            self._alive.add(token)
        return {"access_token": token, "token_type": "Bearer", "expires_in": self.life_s}

    def alive(self, token: str | None) -> bool:
        """Tell whether a token, with or without ``Bearer`` before it, is good."""
        return (token or "").removeprefix("Bearer ") in self._alive

    def revoke(self) -> None:
        """Make all tokens bad, as happens when their time is over."""
        with self._lock:
            self._alive.clear()


def basic(asked: Asked) -> tuple[str, str]:
    """Return user and password of HTTP Basic; both empty when the request has none."""
    scheme, _, text = asked.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def iso(moment: datetime) -> str:
    """Write a time as ``2026-03-02T08:15:30Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def changed_since(
    rows: Iterable[Mapping[str, Any]], since: str | None, field: str
) -> list[Mapping[str, Any]]:
    """Return the rows whose ``field``, a time as :func:`iso` writes it, is not before ``since``.

    Raises:
        ValueError: ``since`` is no time.
    """
    if not since:
        return list(rows)
    wanted = iso(datetime.fromisoformat(since))
    return [row for row in rows if row[field] >= wanted]


def page_by_number(
    asked: Asked, rows: Sequence[Row], *, number: str = "page", size: str = "size", most: int = 200
) -> Sequence[Row]:
    """Return the page of a number, counted from 1.

    Raises:
        ValueError: Number or size is none, or below 1.
    """
    page, count = _positive(asked, number, 1), _size(asked, size, most)
    return rows[(page - 1) * count : page * count]


def page_by_offset(
    asked: Asked,
    rows: Sequence[Row],
    *,
    offset: str = "offset",
    size: str = "limit",
    most: int = 200,
) -> Sequence[Row]:
    """Return the rows from an offset on.

    Raises:
        ValueError: Offset or size is none, or too small.
    """
    start = int(asked.params.get(offset, "0"))
    if start < 0:
        raise ValueError(offset)
    return rows[start : start + _size(asked, size, most)]


def page_after(
    asked: Asked,
    rows: Sequence[Row],
    *,
    token: str = "cursor",
    size: str = "limit",
    most: int = 200,
    scroll: bool = False,
) -> tuple[Sequence[Row], str | None]:
    """Return the rows after a token, and the next token; None on the last page.

    A ``scroll`` has a token on every page; the page after the last row is empty.

    Raises:
        ValueError: The token is not one of ours, or the size is none.
    """
    start = _place(asked.params.get(token, ""))
    end = start + _size(asked, size, most)
    following = base64.urlsafe_b64encode(f"at:{end}".encode()).decode().rstrip("=")
    return rows[start:end], following if scroll or end < len(rows) else None


def _place(token: str) -> int:
    if not token:
        return 0
    # binascii.Error and UnicodeDecodeError are ValueErrors.
    text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    name, _, place = text.partition(":")
    if name != "at":
        raise ValueError("token")
    return int(place)


def _size(asked: Asked, name: str, most: int) -> int:
    return min(_positive(asked, name, most), most)


def _positive(asked: Asked, name: str, default: int) -> int:
    value = int(asked.params.get(name, default))
    if value < 1:
        raise ValueError(name)
    return value
