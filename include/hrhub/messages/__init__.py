"""What people read when something went wrong: four parts, in English and Simplified Chinese.

Every code of :mod:`hrhub.errors` has an entry in ``en.yaml`` and ``zh.yaml``: *what* happened,
*who* is affected, what to *do* and who does it. The code itself is the fourth part. A connector
may bring words for its own codes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from hrhub.errors import HrHubError

LANGUAGES = ("en", "zh")
PARTS = ("what", "who", "do")
Words = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Language -> code -> part -> text."""

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_LABELS = {
    "en": ("What", "Affected", "Do", "Code"),
    "zh": ("情况", "影响", "处理", "代码"),
}


@dataclass(frozen=True, slots=True)
class Message:
    """An error in words."""

    code: str
    what: str
    who: str
    do: str
    language: str

    def lines(self) -> tuple[tuple[str, str], ...]:
        """Return the four parts with their labels."""
        return tuple(
            zip(_LABELS[self.language], (self.what, self.who, self.do, self.code), strict=True)
        )

    def __str__(self) -> str:
        gap = "" if self.language == "zh" else " "
        colon = "：" if self.language == "zh" else ":"
        return "\n".join(f"{label}{colon}{gap}{text}" for label, text in self.lines())


@cache
def catalogue(language: str) -> Mapping[str, Mapping[str, str]]:
    """Return the built-in texts of one language by code."""
    text = files(__package__).joinpath(f"{language}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, str]] = yaml.load(text, Loader=yaml.CSafeLoader)
    return loaded


def render(
    code: str,
    context: Mapping[str, object],
    language: str = "en",
    words: Words | None = None,
) -> Message:
    """Put a code and its context into words.

    A code nobody wrote words for reads as ``internal.unexpected`` and keeps its own code.
    Placeholders without a value read ``-``; lists read one item a line.
    """
    own = (words or {}).get(language, {}).get(code)
    entry = own or catalogue(language).get(code) or catalogue(language)["internal.unexpected"]
    filled = {
        part: _PLACEHOLDER.sub(lambda m: _shown(context.get(m.group(1), "-")), entry[part])
        for part in PARTS
    }
    return Message(code, filled["what"], filled["who"], filled["do"], language)


def _shown(value: object) -> str:
    return "\n".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def explain(error: HrHubError, language: str = "en", words: Words | None = None) -> Message:
    """Put an error into words."""
    return render(error.code, error.context, language, words)
