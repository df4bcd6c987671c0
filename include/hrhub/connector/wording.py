"""Message texts of a connector's own codes, written down compactly."""

from __future__ import annotations

from collections.abc import Mapping

Texts = Mapping[str, tuple[str, str, str]]
"""Code without its prefix -> what happened, who is affected, what to do."""

_PARTS = ("what", "who", "do")


def words_of(prefix: str, *, en: Texts, zh: Texts) -> dict[str, dict[str, dict[str, str]]]:
    """Return the ``words`` of a connector: language -> code -> parts.

    Args:
        prefix: What its codes begin with, such as ``wecom``.
        en: English texts.
        zh: Chinese texts of the same codes.
    """
    return {
        language: {
            f"{prefix}.{name}": dict(zip(_PARTS, parts, strict=True))
            for name, parts in texts.items()
        }
        for language, texts in (("en", en), ("zh", zh))
    }
