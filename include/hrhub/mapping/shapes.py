"""Read the shapes that a mapping's tree is made of, and note what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from hrhub.mapping.plan import Path
from hrhub.mapping.tree import Listing, Mark, Node, Scalar, Table


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in a mapping file."""

    line: int
    column: int
    message: str


class Wrong(Exception):
    """What is being read cannot be used; the problem has been noted."""


class ShapeReader:
    """Readers of tables, texts and paths; each notes a problem before it raises :class:`Wrong`."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def note(self, at: Node | Mark, message: str) -> None:
        """Note a problem."""
        mark = at if isinstance(at, Mark) else at.mark
        self.problems.append(Problem(mark.line, mark.column, message))

    def fail(self, at: Node | Mark, message: str) -> Wrong:
        """Note a problem and return what to raise."""
        self.note(at, message)
        return Wrong()

    def table(
        self, node: Node, what: str, known: Sequence[str] = (), needed: Sequence[str] = ()
    ) -> Table:
        """Return a table; keys must be known and the needed ones there."""
        if not isinstance(node, Table):
            raise self.fail(node, f"{what} must be a table of names and values")
        for name in node.entries:
            if known and name not in known:
                self.note(node.keys[name], f'unknown key "{name}" in {what}' + hint(name, known))
        missing = [name for name in needed if name not in node.entries]
        for name in missing:
            self.note(node, f'{what} needs "{name}"')
        if missing:
            raise Wrong
        return node

    def text(self, node: Node, what: str) -> str:
        """Return a single value as it is spelled; blank and null are refused."""
        if not isinstance(node, Scalar) or node.value is None or not node.text:
            raise self.fail(node, f"{what} must be a text")
        return node.text

    def texts(self, node: Node, what: str) -> tuple[str, ...]:
        """Return one text or a list of them."""
        if isinstance(node, Listing):
            return tuple(self.text(item, what) for item in node.items)
        return (self.text(node, what),)

    def path(self, node: Node) -> Path:
        """Return a path into a record."""
        text = self.text(node, "a path")
        try:
            return Path.parse(text)
        except ValueError:
            message = f'"{text}" is not a path; write a.b, a.list[0].b or ["a name.with dots"]'
            raise self.fail(node, message) from None

    def choice(self, node: Node, what: str, known: Iterable[str]) -> str:
        """Return one word of a closed set."""
        text = self.text(node, what)
        options = sorted(known)
        if text not in options:
            raise self.fail(node, f'unknown {what} "{text}"' + hint(text, options))
        return text


def hint(given: str, known: Sequence[str]) -> str:
    """Return a suggestion for a misspelt word, or what is known if nothing is near."""
    near = get_close_matches(given, known, n=1, cutoff=0.6)
    if near:
        return f'; did you mean "{near[0]}"?'
    if not known:
        return ""
    shown = ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
    return f"; known are {shown}"
