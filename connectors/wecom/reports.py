"""Reports about people: windows of time for at most 100 people at a time, and no paging."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from connectors.wecom.directory import user_ids
from connectors.wecom.settings import WecomConfig
from hrhub.connector import Cursor, Page, Session, Stream, page_of
from hrhub.connector.rest import Window
from hrhub.errors import ContractChanged, VendorError
from hrhub.http.budget import MemoryBudget, Rate

SPAN_DAYS = 30
"""Longest window of one call ("获取打卡记录数据")."""


@dataclass(frozen=True, kw_only=True)
class PeopleReport(Stream):
    """A report on all visible members, window by window.

    Attributes:
        path: Of the call.
        pace: Calls that this interface allows, where they are fewer than the connection's.
    """

    path: str
    pace: Rate | None = None

    def windows(self, session: Session, config: WecomConfig, cursor: Cursor) -> Iterator[Window]:
        """Yield the windows to read, in order; their values go into the request."""
        raise NotImplementedError

    def taken(self, page: Page, window: Window, asked: set[str]) -> tuple[Page, bool]:
        """Return a page less what was not asked for, and whether anything is left.

        Args:
            page: The answer.
            window: The window that was asked for.
            asked: User ids that were asked for, in lower case.
        """
        raise NotImplementedError

    def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
        """Yield a page per window and group of people; the cursor with a window's last.

        Empty answers are all alike, which the hub takes for a circle after a few. They are left
        out, but for one at the end that carries the cursor on.

        Raises:
            ContractChanged: ``wecom.nobody_visible``: not one member was shown.
        """
        config = session.config
        assert isinstance(config, WecomConfig)
        try:
            people = user_ids(session)
            if not people:
                raise ContractChanged("wecom.nobody_visible", vendor="WeCom")
            size = config.page_size
            groups = [people[i : i + size] for i in range(0, len(people), size)]
            yield from self._pages(session, self.windows(session, config, cursor), groups)
        except VendorError as error:
            error.context.setdefault("stream", self.name)
            raise

    def _pages(
        self, session: Session, windows: Iterable[Window], groups: Sequence[Sequence[str]]
    ) -> Iterator[Page]:
        budget = MemoryBudget(session.clock)
        empty: Page | None = None
        for window in windows:
            waiting: Page | None = None
            for group in groups:
                while wait := budget.take(self.name, self.pace):
                    session.clock.sleep(wait)
                page, filled = self._ask(session, window, group)
                if not filled:
                    empty = replace(page, cursor=window.cursor)
                    continue
                if waiting is not None:
                    yield waiting
                waiting = page
            if waiting is not None:
                yield replace(waiting, cursor=window.cursor)
                empty = None
        if empty is not None:
            yield empty

    def _ask(self, session: Session, window: Window, group: Sequence[str]) -> tuple[Page, bool]:
        body = {**window.values, "useridlist": list(group)}
        # Reading by POST changes nothing at the vendor.
        page = page_of(session.http.post(self.path, json=body, idempotent=True))
        # Replies may change the case of user ids ("成员管理").
        return self.taken(page, window, {id_.lower() for id_ in group})


def rows_of(body: bytes, shape: Any, path: str) -> Any:
    """Decode the rows of an answer.

    Raises:
        ContractChanged: The answer is not whole or has another form.
    """
    try:
        return getattr(msgspec.json.decode(body, type=shape), path)
    except msgspec.ValidationError:
        raise ContractChanged("vendor.records_missing", path=path) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ContractChanged("vendor.page_broken", bytes=len(body)) from None


def refuse_others(user_ids: Iterable[str], asked: set[str]) -> None:
    """Refuse an answer about people who were not asked for.

    Raises:
        ContractChanged: ``vendor.page_loop``.
    """
    if any(id_ and id_.lower() not in asked for id_ in user_ids):
        raise ContractChanged("vendor.page_loop", rule="people")
