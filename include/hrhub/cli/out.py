"""What commands print: tables for people, one JSON document for programs, messages aside.

Results go to stdout, everything else to stderr. A table that does not fit a narrow terminal is
printed as one block per row. Colour only on a terminal, and never when ``NO_COLOR`` is set.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from hrhub.errors import HrHubError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from hrhub.messages import Message

_WIDE = 200
"""Columns where nobody reads along: lines of pipes and logs are not broken."""

_LINE = 20
"""Characters up to which a cell is not broken into lines."""


class Out:
    """Where one command prints.

    Args:
        json_wanted: One JSON document on stdout instead of tables.
        language: Language of four-part messages.
    """

    def __init__(self, *, json_wanted: bool, language: str) -> None:
        self.json = json_wanted
        self.language = language
        self._document: Any = None
        self._console = _console(sys.stdout)
        self._aside = _console(sys.stderr)

    @property
    def watched(self) -> bool:
        """Whether somebody sees live progress."""
        return self._aside.is_terminal and not self.json

    def result(self, document: Any) -> None:
        """Set the document that ``--json`` prints when the command ends."""
        self._document = document

    def table(
        self,
        headings: Sequence[str],
        rows: Sequence[Sequence[object]],
        *,
        title: str = "",
        right: Sequence[str] = (),
        spare: Sequence[str] = (),
    ) -> None:
        """Print a table; with ``--json`` nothing.

        Args:
            headings: One per column.
            rows: Values; None reads ``-``.
            title: What the table shows.
            right: Headings of columns set to the right, for numbers.
            spare: Headings of columns that narrow terminals do without, first ones first.
        """
        if self.json:
            return
        if title:
            self.line(title, style="bold")
        columns = {heading: [shown(row[at]) for row in rows] for at, heading in enumerate(headings)}
        for without in range(len(spare) + 1):
            table = _table({h: c for h, c in columns.items() if h not in spare[:without]}, right)
            if table.__rich_measure__(self._console, self._console.options).minimum <= (
                self._console.width
            ):
                self._console.print(table)
                return
        for at in range(len(rows)):
            for heading, cells in columns.items():
                self.line(f"{heading}: {cells[at]}")
            self.line("")

    def line(self, text: str, *, style: str = "") -> None:
        """Print a line of the result; with ``--json`` nothing."""
        if not self.json:
            self._console.print(text, style=style or None, soft_wrap=True)

    def aside(self, text: str) -> None:
        """Print a line beside the result."""
        self._aside.print(text, soft_wrap=True)

    @contextmanager
    def working(self, text: str) -> Iterator[Any]:
        """Show on a terminal that something goes on; yields a function that changes the text."""
        if not self.watched:
            yield lambda _: None
            return
        with self._aside.status(text) as status:
            yield status.update

    def error(self, error: HrHubError) -> None:
        """Print an error in four parts, without a stack trace."""
        if self.json:
            if isinstance(self._document, dict):
                self._document.setdefault("error", self.told(error))
            else:
                self._document = {"error": self.told(error)}
            return
        message = self.message(error)
        colon = "：" if message.language == "zh" else ": "
        for label, text in message.lines():
            self._aside.print(f"{label}{colon}", style="bold", end="")
            self._aside.print(text, soft_wrap=True)

    def message(self, error: HrHubError) -> Message:
        """Put an error into words, a connector's own words included."""
        from hrhub.messages import explain

        return explain(error, self.language, _words(error))

    def told(self, error: HrHubError) -> dict[str, Any]:
        """Return an error as part of a document."""
        message = self.message(error)
        return {
            "code": error.code,
            "status": int(error.status),
            "what": message.what,
            "who": message.who,
            "do": message.do,
            "context": dict(error.context),
        }

    def end(self) -> None:
        """Print the document, if one is wanted."""
        if self.json:
            document = {} if self._document is None else self._document
            sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n")
            sys.stdout.flush()


def _table(columns: Mapping[str, Sequence[str]], right: Sequence[str]) -> Table:
    """Lay a table out: codes and numbers in one line, prose in as many as it needs."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading, cells in columns.items():
        justify: Any = "right" if heading in right else "left"
        longest = max(map(len, cells), default=0)
        prose = longest > _LINE and any(" " in cell or "." in cell for cell in cells)
        table.add_column(
            Text(heading),
            justify=justify,
            overflow="fold",
            no_wrap=not prose,
            min_width=_LINE if prose else None,
        )
    for row in zip(*columns.values(), strict=True):
        table.add_row(*(Text(cell) for cell in row))
    return table


def shown(value: object) -> str:
    """Return a value as people read it in a table."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "-"
    return str(value)


def _words(error: HrHubError) -> Mapping[str, Mapping[str, Mapping[str, str]]] | None:
    """Return the words of the connector that an error is about."""
    name = error.context.get("connector")
    if not isinstance(name, str):
        return None
    from hrhub.connector import registry

    try:
        return registry.get(name).words
    except HrHubError:
        return None


def _console(file: TextIO) -> Console:
    from rich.console import Console

    width = None if file.isatty() or os.environ.get("COLUMNS", "").isdigit() else _WIDE
    return Console(file=file, width=width, markup=False, highlight=False, emoji=False)
