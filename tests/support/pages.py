"""The project's pages in Markdown, and what stands in them: headings, links, code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "connectors").glob("*/README.md"),
    ]
)
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.M | re.S)
_LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")
_SLUG_DROPS = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code on a page."""

    page: str
    language: str
    text: str


def text_of(name: str) -> str:
    """Return a page."""
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[Block]:
    """Return a page's blocks of one language, their indentation removed."""
    return [
        Block(name, language, re.sub(f"^{m[1]}", "", m[3], flags=re.M))
        for m in _FENCE.finditer(text_of(name))
        if m[2] == language
    ]


def prose(name: str) -> str:
    """Return a page without its blocks of code."""
    return _FENCE.sub("", text_of(name))


def links(name: str) -> list[str]:
    """Return where a page's links and images lead."""
    return _LINK.findall(re.sub(r"`[^`\n]+`", "", prose(name)))


def anchors(name: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.*)$", prose(name), re.M)
    return {_SLUG_DROPS.sub("", head.lower()).replace(" ", "-") for head in heads}


def code(name: str) -> Iterator[str]:
    """Yield what stands between single backticks in a page's prose."""
    yield from (" ".join(text.split()) for text in re.findall(r"`([^`]+)`", prose(name)))


def table(name: str, heading: str) -> list[list[str]]:
    """Return the rows of the first table under a heading, cells without backticks."""
    after = re.split(rf"^#+ {re.escape(heading)}$", text_of(name), maxsplit=1, flags=re.M)[1]
    found = re.search(r"^\|.*\n\|[-|: ]+\n((?:\|.*\n)+)", after, re.M)
    assert found, f"{name} has no table under {heading}"
    return [
        [cell.strip().replace("`", "") for cell in row.strip().strip("|").split("|")]
        for row in found[1].splitlines()
    ]
