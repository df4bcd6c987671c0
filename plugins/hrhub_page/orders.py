"""The section on orders to vendors: how many stand where, the oldest, and what to do."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Generic, TypeVar

from hrhub.store.orders import FINAL, Tally
from hrhub_page.language import Words

Shown = TypeVar("Shown")
"""A moment as the page shows it."""


@dataclass(frozen=True, slots=True)
class OrderLine(Generic[Shown]):
    """The orders of one service.

    Attributes:
        open: Statuses in words, each with its number.
        oldest: When the oldest open one was asked for.
        advice: What to do, each with the command that shows which.
    """

    title: str
    source: str
    connection: str
    urgent: bool
    open: Sequence[tuple[str, str]]
    ended: Sequence[tuple[str, str]]
    oldest: Shown | None
    advice: Sequence[tuple[str, str]]


def order_lines(
    tallies: Sequence[Tally],
    words: Words,
    moment: Callable[[datetime], Shown],
    titles: Callable[[str, str], tuple[str, str]],
) -> list[OrderLine[Shown]]:
    """Return one line per service.

    Args:
        tallies: Counts by service and status.
        words: Language and zone.
        moment: Shows a time.
        titles: Returns what people call a connector and one of its services.
    """
    lines = []
    for (connection, connector, service), members in groupby(tallies, key=_service):
        counted = {tally.status: tally for tally in members}
        source, title = titles(connector, service)
        unfinished = [t for t in counted.values() if t.status not in FINAL]
        overdue = sum(t.overdue for t in unfinished)
        failing = sum(t.failing for t in unfinished)
        look = ["hrhub", "orders", "list", connection, "--service", service]
        advice = []
        if overdue:
            advice.append(
                (words.counted("orders.overdue", overdue), shlex.join([*look, "--overdue"]))
            )
        if failing:
            advice.append((words.counted("orders.failing", failing), shlex.join(look)))
        lines.append(
            OrderLine(
                title=title,
                source=source,
                connection=connection,
                urgent=bool(overdue or failing),
                open=_in_words(counted, words, final=False),
                ended=_in_words(counted, words, final=True),
                oldest=moment(min(t.oldest for t in unfinished)) if unfinished else None,
                advice=advice,
            )
        )
    return lines


def _service(tally: Tally) -> tuple[str, str, str]:
    return tally.connection, tally.connector, tally.service


def _in_words(counted: Mapping[str, Tally], words: Words, *, final: bool) -> list[tuple[str, str]]:
    return [
        (words(f"order.{status}"), words.number(tally.count))
        for status, tally in counted.items()
        if (status in FINAL) == final
    ]
