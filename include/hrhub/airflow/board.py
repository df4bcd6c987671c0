"""What the demo shows: lines as things happen, task states, a table at the end."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from hrhub.ambient import Clock, SystemClock

_MARKS = {
    "success": ("✔", "green"),
    "failed": ("✘", "red"),
    "running": ("▶", "cyan"),
    "up_for_retry": ("↻", "yellow"),
    "upstream_failed": ("–", "red"),
}
_PLAIN_WIDTH = 140
_WAITING = ("·", "dim")


@dataclass(frozen=True, slots=True)
class Line:
    """One stream's result.

    Attributes:
        counts: Counters of the store's run.
        expected: How many records the vendor holds and how many of them are faulty, if known.
        done: Whether the run ended well.
    """

    vendor: str
    stream: str
    counts: Mapping[str, int]
    expected: tuple[int, int] | None
    seconds: float | None
    done: bool

    @property
    def agrees(self) -> bool:
        """Tell whether the stream brought exactly what was there."""
        found = (self.counts.get("seen", 0), self.counts.get("quarantined", 0))
        return self.done and (self.expected is None or found == self.expected)


class Board:
    """Shows progress in place on a terminal, as plain lines elsewhere."""

    def __init__(self, console: Console | None = None, clock: Clock | None = None) -> None:
        # Elsewhere than on a terminal rich assumes 80 columns and would cut the table.
        self._console = console or Console(width=None if sys.stdout.isatty() else _PLAIN_WIDTH)
        self._clock = clock or SystemClock()
        self._start = self._clock.monotonic()
        self._live: Live | None = None
        self._states: dict[str, Mapping[str, str]] = {}
        self._told: dict[str, str] = {}

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live = Live(console=self._console, transient=True, auto_refresh=False)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()
            self._live = None

    def say(self, text: str) -> None:
        """Print one line with the seconds since the start."""
        seconds = self._clock.monotonic() - self._start
        self._console.print(f"{seconds:6.1f} s  {text}", markup=False, soft_wrap=True)

    def tasks(self, dag_id: str, states: Mapping[str, str]) -> None:
        """Show the states of a DAG's tasks."""
        self._states[dag_id] = states
        if self._live:
            self._live.update(self._grid(), refresh=True)
            return
        for task, state in states.items():
            name = f"{dag_id}.{task}"
            if state in _MARKS and self._told.get(name) != state:
                self._told[name] = state
                self.say(f"{name} {state}")

    def table(self, lines: Sequence[Line]) -> None:
        """Print the result of every stream."""
        if self._live:
            self._live.update(Text(""), refresh=True)
        table = Table(title="Syncs", title_justify="left")
        for name in ("vendor", "stream"):
            table.add_column(name, no_wrap=True)
        numbers = ("pulled", "inserted", "updated", "unchanged", "rejected", "seconds")
        for name in numbers:
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("as in the vendor's system", no_wrap=True)
        for line in lines:
            table.add_row(*_cells(line))
        self._console.print(table)

    def _grid(self) -> Table:
        grid = Table.grid(padding=(0, 2))
        for dag_id, states in self._states.items():
            groups: dict[str, Text] = {}
            for task, state in sorted(states.items()):
                group, _, step = task.rpartition(".")
                mark, style = _MARKS.get(state, _WAITING)
                text = groups.setdefault(group or step, Text())
                text.append(f"{mark} {step}  ", style=style)
            for group, text in groups.items():
                grid.add_row(f"{dag_id}", group, text)
        return grid


def _cells(line: Line) -> list[str]:
    count = line.counts.get
    shown = [count("seen"), count("inserted"), count("updated"), count("unchanged")]
    verdict = "–"
    if not line.done:
        verdict = "not done"
    elif line.expected:
        pulled, rejected = line.expected
        verdict = "✔" if line.agrees else f"✘ {pulled} there, {rejected} of them faulty"
    return [
        line.vendor,
        line.stream,
        *("–" if number is None else f"{number}" for number in [*shown, count("quarantined")]),
        "–" if line.seconds is None else f"{line.seconds:.1f}",
        verdict,
    ]
