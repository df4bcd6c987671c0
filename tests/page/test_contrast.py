"""Every text colour reaches WCAG AA (4.5:1) on every ground it stands on, in both schemes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[2] / "plugins/hrhub_page/static/hub.css").read_text(encoding="utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
    for block in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
)
TONES = ("good", "busy", "warn", "wait", "late", "bad", "none")
PAIRS = [(text, ground) for text in ("text", "soft", "link") for ground in ("ground", "card")]
PAIRS += [("text", "code"), ("soft", "code"), ("soft", "none-tint"), ("text", "none-tint")]
PAIRS += [(tone, ground) for tone in TONES for ground in ("card", "ground", f"{tone}-tint")]


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measure_is_right() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read(scheme: dict[str, str]) -> None:
    weak = [
        (text, ground, round(contrast(scheme[text], scheme[ground]), 2))
        for text, ground in PAIRS
        if contrast(scheme[text], scheme[ground]) < 4.5
    ]

    assert weak == []


def test_both_schemes_name_every_colour() -> None:
    assert set(LIGHT) == set(DARK)
