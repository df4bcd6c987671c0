"""What simulators of REST vendors share: tokens and pages, failures first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hrhub.http.testing import Received
from hrhub.sandbox.rest import (
    Tokens,
    basic,
    changed_since,
    page_after,
    page_by_number,
    page_by_offset,
)

ROWS = list(range(25))


def asked(query: str = "", **headers: str) -> Received:
    return Received("GET", f"/rows?{query}", headers, b"", 0)


@pytest.mark.parametrize("query", ["page=0", "page=x", "size=0", "page=-1"])
def test_a_page_that_cannot_be_is_an_error(query: str) -> None:
    with pytest.raises(ValueError):
        page_by_number(asked(query), ROWS)


@pytest.mark.parametrize("token", ["x", "YXQ6", "Zm9vOjE", "%FF"])
def test_a_token_of_nobody_is_an_error(token: str) -> None:
    with pytest.raises(ValueError):
        page_after(asked(f"cursor={token}"), ROWS)


def test_a_revoked_token_is_dead_and_a_new_one_lives() -> None:
    tokens = Tokens()
    old = tokens.issue()["access_token"]

    tokens.revoke()
    new = tokens.issue()["access_token"]

    assert not tokens.alive(f"Bearer {old}")
    assert tokens.alive(f"Bearer {new}")
    assert not tokens.alive(None)


@pytest.mark.parametrize("header", ["", "Bearer x", "Basic !", "Basic /w=="])
def test_credentials_that_cannot_be_read_are_none(header: str) -> None:
    assert basic(asked(authorization=header)) == ("", "")


def test_every_way_to_page_gives_every_row_once() -> None:
    by_number = [r for n in (1, 2, 3, 4) for r in page_by_number(asked(f"page={n}&size=10"), ROWS)]
    by_offset = [
        r for n in (0, 10, 20, 30) for r in page_by_offset(asked(f"offset={n}&limit=10"), ROWS)
    ]

    assert by_number == by_offset == walked(lambda q: page_after(asked(q), ROWS)) == ROWS


def walked(ask: Callable[[str], Any]) -> list[int]:
    rows, token = ask("limit=10")
    found = list(rows)
    while token:
        rows, token = ask(f"limit=10&cursor={token}")
        found += rows
    return found


def test_a_scroll_goes_on_until_a_page_is_empty() -> None:
    _, token = page_after(asked("limit=100"), ROWS, scroll=True)
    rows, again = page_after(asked(f"limit=100&cursor={token}"), ROWS, scroll=True)

    assert token
    assert again
    assert not rows


def test_changes_are_taken_from_the_moment_on_in_any_zone() -> None:
    rows = [{"at": "2026-01-01T00:00:00Z"}, {"at": "2026-01-02T00:00:00Z"}]

    assert changed_since(rows, "2026-01-02T08:00:00+08:00", "at") == rows[1:]
    assert changed_since(rows, None, "at") == rows
