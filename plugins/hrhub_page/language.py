"""English or Simplified Chinese: the choice, the page's own words, times and numbers in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

LANGUAGES: Mapping[str, str] = {"en": "English", "zh": "简体中文"}
DEFAULT = "en"
_HTML_TAGS = {"en": "en", "zh": "zh-Hans"}
_UNITS = (
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
)
_LEAST = {"day": 2}
"""Below two days, hours say more."""


def choose(asked: str | None, accepted: str | None) -> str:
    """Return the language that was asked for, else the best of an Accept-Language header."""
    if asked in LANGUAGES:
        return str(asked)
    best, best_weight = DEFAULT, 0.0
    for item in (accepted or "").split(",")[:20]:
        tag, _, weight_text = item.partition(";")
        code = tag.strip().lower().partition("-")[0]
        try:
            weight = float(weight_text.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if code in LANGUAGES and best_weight < weight <= 1:
            best, best_weight = code, weight
    return best


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return the page's own words in one language."""
    path = Path(__file__).with_name("words") / f"{language}.yaml"
    loaded: dict[str, str] = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    return loaded


class Words:
    """Words, numbers and times in one language and zone."""

    def __init__(self, language: str, zone: str) -> None:
        self.language = language
        self.html_tag = _HTML_TAGS[language]
        self.zone = zone
        self._zone = ZoneInfo(zone)
        self._texts = catalogue(language)

    def __call__(self, key: str, **values: object) -> str:
        """Return a text, its placeholders filled."""
        return self._texts[key].format(**values)

    def counted(self, key: str, count: int, **values: object) -> str:
        """Return the text for one or for many."""
        return self(f"{key}.{'one' if count == 1 else 'many'}", count=f"{count:,}", **values)

    def number(self, value: int) -> str:
        """Write a whole number."""
        return f"{value:,}"

    def duration(self, span: timedelta) -> str:
        """Write a length of time in its largest sensible unit, rounded down."""
        for unit, size in _UNITS:
            if span >= size * _LEAST.get(unit, 1):
                return self.counted(f"time.{unit}", span // size)
        return self.counted("time.second", max(0, int(span.total_seconds())))

    def ago(self, moment: datetime, now: datetime) -> str:
        """Write how long ago a moment is."""
        span = now - moment
        if span < timedelta(minutes=1):
            return self("time.just_now")
        return self("time.ago", span=self.duration(span))

    def exact(self, moment: datetime) -> str:
        """Write a moment in the page's zone, to the minute."""
        return moment.astimezone(self._zone).strftime("%Y-%m-%d %H:%M")
