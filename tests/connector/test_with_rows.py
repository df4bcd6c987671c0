"""Pages of streams that read windows of their own."""

from __future__ import annotations

from hrhub.connector import Page, with_rows


def _page(body: str, cursor: str) -> Page:
    return Page(body=body.encode(), cursor=cursor)


def _read(*windows: list[tuple[Page, bool]]) -> list[tuple[bytes, object]]:
    return [(page.body, page.cursor) for page in with_rows(windows)]


def test_a_windows_cursor_comes_with_its_last_page_that_holds_rows() -> None:
    first = [(_page("a", "1"), True), (_page("b", "1"), True), (_page("", "1"), False)]
    second = [(_page("c", "2"), True)]

    assert _read(first, second) == [(b"a", None), (b"b", "1"), (b"c", "2")]


def test_pages_without_rows_are_left_out_but_for_one_that_carries_the_cursor_on() -> None:
    empty = [(_page("", "1"), False), (_page("", "1"), False)]

    assert _read(empty, [(_page("", "2"), False)]) == [(b"", "2")]
    assert _read(empty, [(_page("a", "2"), True)]) == [(b"a", "2")]
    assert _read([(_page("a", "1"), True)], [(_page("", "2"), False)]) == [(b"a", "1"), (b"", "2")]


def test_a_cursor_that_moves_within_a_window_is_kept_as_it_was_last() -> None:
    moving = [(_page("a", "1"), True), (_page("", "2"), False)]

    assert _read(moving) == [(b"a", "2")]
    assert _read() == []
