"""Masks: what of a value may be shown where the value itself may not.

The rule follows from what the model says about the field, so a new field is masked from its first
day. The stars are always three: their number tells nothing about the length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cache

from hrhub.model.entities import ENTITIES
from hrhub.model.feeds import FEEDS
from hrhub.model.types import Feed, FeedField, Field, Privacy

STARS = "***"
_MAIL = re.compile(r"([^\s@])([^\s@]*)@([^\s@]+)")
_PHONE = re.compile(r"\+?[0-9]{8,15}")
_LONG_ENOUGH = 8
"""Characters that a number must have before some of them may be shown."""


class MaskRule(StrEnum):
    """What of a value is shown.

    ``shown``: all of it. ``name``: the first character. ``contact``: of a telephone number the
    first three digits (those of China without their country code) and the last two, of a mail
    address the first character and the domain, of anything else nothing. ``number``: the first
    three characters and the last. ``hidden``: nothing.
    """

    SHOWN = "shown"
    NAME = "name"
    CONTACT = "contact"
    NUMBER = "number"
    HIDDEN = "hidden"


def rule_of(field: Field) -> MaskRule:
    """Return the rule for a field.

    Of sensitive fields only numbers of documents keep a few characters, without which people could
    not tell two of them apart.
    """
    if field.privacy is Privacy.OPEN:
        return MaskRule.SHOWN
    if field.index == "cn_id" or (field.index == "code" and field.privacy is Privacy.PERSONAL):
        return MaskRule.NUMBER
    if field.privacy is Privacy.SENSITIVE:
        return MaskRule.HIDDEN
    if field.check == "name":
        return MaskRule.NAME
    return MaskRule.CONTACT if field.index == "contact" else MaskRule.HIDDEN


def mask(entity: str, field: str, value: object) -> str:
    """Return a value as it may be shown to whoever may not read its class; null is empty.

    Args:
        entity: An entity of the model.
        field: One of its fields.
        value: The value.
    """
    return masked(ENTITIES[entity].by_name[field], value)


def masked(field: Field, value: object) -> str:
    """Return a value of a field as :func:`mask` does."""
    return _shown(rule_of(field), value)


def mask_feed(name: str, value: object) -> str:
    """Return the value of a feed's field as it may be shown, by the field's name alone.

    The employee feed decides about its names; of others the strictest rule of any feed holds, and
    a name that no feed has is hidden.
    """
    return _shown(_rules().get(name, MaskRule.HIDDEN), value)


@cache
def _rules() -> dict[str, MaskRule]:
    order = (*MaskRule,)
    found: dict[str, MaskRule] = {}
    for feed in FEEDS.values():
        for feed_field in _every(feed):
            rule = rule_of(_landing(feed_field))
            found[feed_field.name] = max(
                found.get(feed_field.name, MaskRule.SHOWN), rule, key=order.index
            )
    own = {f.name: rule_of(_landing(f)) for f in FEEDS["employee"].fields}
    return found | own


def _every(feed: Feed) -> Iterator[FeedField]:
    yield from feed.fields
    for child in feed.children.values():
        yield from _every(child)


def _landing(feed_field: FeedField) -> Field:
    """Return the field that a feed's field lands in, which says more about its form."""
    if feed_field.target is None or feed_field.reference:
        return feed_field.field
    entity, _, name = feed_field.target.partition(".")
    return ENTITIES[entity].by_name[name]


def _shown(rule: MaskRule, value: object) -> str:
    if value is None:
        return ""
    if rule is MaskRule.SHOWN:
        return str(value)
    if not isinstance(value, str):
        return STARS
    match rule:
        case MaskRule.NAME:
            return value[0] + STARS if len(value) > 1 else STARS
        case MaskRule.NUMBER:
            return _ends(value, 3, 1)
        case MaskRule.CONTACT:
            return _contact(value)
    return STARS


def _contact(value: str) -> str:
    if mail := _MAIL.fullmatch(value):
        first, rest, domain = mail.groups()
        return f"{first if rest else ''}{STARS}@{domain}"
    if _PHONE.fullmatch(value):
        return _ends(value.removeprefix("+86"), 3, 2)
    return STARS


def _ends(value: str, first: int, last: int) -> str:
    return f"{value[:first]}{STARS}{value[-last:]}" if len(value) >= _LONG_ENOUGH else STARS
