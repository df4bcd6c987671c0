"""Reports about people: windows of time for at most 100 people at a time, and no paging."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from connectors.wecom.directory import user_ids
from connectors.wecom.settings import WecomConfig
from hrhub.connector import Cursor, Page, Session, Stream, page_of, with_rows
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
            windows = self.windows(session, config, cursor)
            yield from with_rows(self._window(session, window, groups) for window in windows)
        except VendorError as error:
            error.context.setdefault("stream", self.name)
            raise

    def _window(
        self, session: Session, window: Window, groups: Sequence[Sequence[str]]
    ) -> Iterator[tuple[Page, bool]]:
        budget = MemoryBudget(session.clock)
        for group in groups:
            while wait := budget.take(self.name, self.pace):
                session.clock.sleep(wait)
            yield self._ask(session, window, group)

    def _ask(self, session: Session, window: Window, group: Sequence[str]) -> tuple[Page, bool]:
        body = {**window.values, "useridlist": list(group)}
        # Reading by POST changes nothing at the vendor.
        answer = session.http.post(self.path, json=body, idempotent=True)
        page = page_of(answer, cursor=window.cursor)
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
