"""The page's own words: complete in both languages, chosen as the viewer wishes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Formatter

import pytest

from hrhub import messages
from hrhub.connector import OrderStatus
from hrhub.errors import REJECT_REASONS
from hrhub_page.app import marked
from hrhub_page.language import LANGUAGES, Words, catalogue, choose
from hrhub_page.status import Status

PAGE = Path(__file__).parents[2] / "plugins" / "hrhub_page"
AT = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize(
    ("asked", "accepted", "wanted"),
    [
        (None, None, "en"),
        ("zh", "en", "zh"),
        ("fr", "zh", "zh"),
        (None, "fr,de;q=0.8", "en"),
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, "en;q=0.8, zh-Hans-CN", "zh"),
        (None, "zh;q=0.3,en;q=0.7", "en"),
        (None, "zh;q=nan,zh;q=x,zh;q=9", "en"),
        (None, ";;,=,\x00", "en"),
    ],
)
def test_the_viewer_chooses_the_language(
    asked: str | None, accepted: str | None, wanted: str
) -> None:
    assert choose(asked, accepted) == wanted


def test_both_languages_have_the_same_words_and_blanks() -> None:
    english, chinese = catalogue("en"), catalogue("zh")

    assert set(LANGUAGES) == set(messages.LANGUAGES)
    assert list(english) == list(chinese) == sorted(english)
    for key, text in english.items():
        assert blanks(text) == blanks(chinese[key]), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_status_and_reason_has_a_word(language: str) -> None:
    words = catalogue(language)

    assert {f"status.{state}" for state in Status} == {k for k in words if k.startswith("status.")}
    assert {f"order.{s}" for s in OrderStatus} == {k for k in words if k.startswith("order.")}
    assert {f"reason.{r}" for r in REJECT_REASONS} == {k for k in words if k.startswith("reason.")}
    assert len({words[f"status.{state}"] for state in Status}) == len(Status)


def test_every_word_that_is_asked_for_exists_and_every_word_is_asked_for() -> None:
    sources = [p.read_text(encoding="utf-8") for p in (PAGE / "templates").iterdir()]
    sources += [p.read_text(encoding="utf-8") for p in PAGE.glob("*.py")]
    text = "\n".join(sources)
    known = set(catalogue("en"))
    asked = set(re.findall(r"(?:\bw|words)\(\s*[\"']([a-z_.]+)[\"']\s*[,)]", text))
    counted = set(re.findall(r"counted\(\s*[\"']([a-z_.]+)[\"']", text))
    prefixes = ("status.", "order.", "reason.", "run.", "column.", "time.")

    assert asked - known == set()
    assert {f"{key}.{form}" for key in counted for form in ("one", "many")} - known == set()
    used = asked | {f"{key}.{form}" for key in counted for form in ("one", "many")}
    assert {k for k in known - used if not k.startswith(prefixes)} == set()


@pytest.mark.parametrize(
    ("span", "english", "chinese"),
    [
        (timedelta(seconds=59), "just now", "刚刚"),
        (timedelta(seconds=60), "one minute ago", "1 分钟前"),
        (timedelta(minutes=119), "one hour ago", "1 小时前"),
        (timedelta(hours=47), "47 hours ago", "47 小时前"),
        (timedelta(hours=49), "2 days ago", "2 天前"),
        (timedelta(days=4000), "4,000 days ago", "4,000 天前"),
        (timedelta(seconds=-5), "just now", "刚刚"),
    ],
)
def test_ages_are_told_in_the_largest_sensible_unit(
    span: timedelta, english: str, chinese: str
) -> None:
    assert Words("en", "UTC").ago(AT - span, AT) == english
    assert Words("zh", "UTC").ago(AT - span, AT) == chinese


def test_exact_times_are_local() -> None:
    assert Words("en", "Asia/Shanghai").exact(AT) == "2026-11-24 14:05"


def test_what_stands_between_backticks_is_code_and_nothing_is_markup() -> None:
    assert marked("run `a <b>` & <i>") == "run <code>a &lt;b&gt;</code> &amp; &lt;i&gt;"
    assert marked("one ` alone") == "one <code> alone</code>"
