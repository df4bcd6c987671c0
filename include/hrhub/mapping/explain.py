"""What a mapping does, field by field, for people: source, treatment, class, place of storage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hrhub.mapping.plan import Concat, Condition, Const, First, Mapping, Part, Path, Rule, Split
from hrhub.model import ENTITIES, FeedField, Kind, Privacy


@dataclass(frozen=True, slots=True)
class FieldStory:
    """One canonical field of a mapping's feed.

    Attributes:
        field: Canonical name, ``child.field`` inside a list.
        source: Where the value comes from, in the vendor's words; empty when it is not mapped.
        how: What is done to it, step by step.
        privacy: Privacy class.
        stored: Table and column, or sealed group; ``+ index`` when it can be searched for.
        required: Whether a record without it is rejected.
        line: Line of the mapping file, 0 when it is not mapped.
    """

    field: str
    source: str
    how: tuple[str, ...]
    privacy: Privacy
    stored: str
    required: bool
    line: int


def explain(mapping: Mapping, *, unmapped: bool = False) -> list[FieldStory]:
    """Tell the story of every mapped field, in the file's order; on request of the others too."""
    stories = [_story(rule.target, rule, "", "") for rule in mapping.rules]
    for block in mapping.blocks:
        base = f"{block.source.text}[]" if block.source else ""
        if block.where:
            base += " where " + " and ".join(map(_condition, block.where))
        prefix = f"{block.child.name}."
        stories += [_story(rule.target, rule, prefix, base) for rule in block.rules]
    if unmapped:
        told = {s.field for s in stories}
        rest = [("", f) for f in mapping.feed.fields]
        rest += [(f"{n}.", f) for n, c in mapping.feed.children.items() for f in c.fields]
        stories += [_story(f, None, p, "") for p, f in rest if p + f.name not in told]
    return stories


def _story(target: FeedField, rule: Rule | None, prefix: str, base: str) -> FieldStory:
    return FieldStory(
        field=prefix + target.name,
        source="" if rule is None else _source(rule, base),
        how=() if rule is None else tuple(_how(rule)),
        privacy=target.field.privacy,
        stored=stored(target),
        required=target.field.required,
        line=0 if rule is None else rule.line,
    )


def stored(target: FeedField) -> str:
    """Say where a feed's field lands."""
    if target.reference:
        return f"reference to {target.reference}"
    if target.target is None:
        return "not stored; steers how the record is applied"
    entity, _, name = target.target.partition(".")
    field = ENTITIES[entity].by_name.get(name, target.field)
    if field.privacy is Privacy.OPEN:
        place = f"{entity}.{name}"
    else:
        place = f"{entity}.sealed_{field.privacy}"
    return f"{place} + index" if field.index else place


def _source(rule: Rule, base: str) -> str:
    match rule.source:
        case Path(text):
            words = text
        case Const(value):
            return f"constant {value}"
        case Concat(parts, between):
            words = (f' "{between}" ' if between else " + ").join(map(_part, parts))
        case First(parts):
            words = "first of " + ", ".join(map(_part, parts))
        case Split(path, by, part):
            words = f'piece {part} of {path.text} split by "{by}"'
    return f"{base}: {words}" if base else words


def _part(part: Part) -> str:
    return part.text if isinstance(part, Path) else f'"{part.value}"'


def _condition(wanted: Condition) -> str:
    values = [*wanted.values, *(["nothing"] if wanted.null else [])]
    return f"{wanted.path.text} is {'not ' if wanted.negated else ''}{' or '.join(values)}"


def _how(rule: Rule) -> Iterator[str]:
    field = rule.target.field
    if rule.empty:
        yield "null when " + " or ".join(f'"{w}"' for w in rule.empty)
    if rule.codes is not None:
        pairs = (f"{code} -> {'null' if v is None else v}" for code, v in rule.codes.table.items())
        yield "codes " + ", ".join(pairs)
        default = "null" if rule.codes.default is None else str(rule.codes.default)
        yield "another code " + ("is rejected" if rule.codes.rejects else f"becomes {default}")
    elif isinstance(rule.source, Const):
        return
    elif field.kind in (Kind.DATE, Kind.TIMESTAMP):
        yield f"read as {field.kind} in {', '.join(rule.formats)}"
        if isinstance(rule.zone, Path):
            yield f"zone from {rule.zone.text}"
        elif rule.zone:
            yield f"zone {rule.zone}"
    elif field.kind is not Kind.TEXT:
        yield f"read as {field.kind}"
    if rule.unit:
        yield f"unit {rule.unit}"
    if rule.clean:
        yield f"cleaned as {rule.clean}"
    if field.check and field.check != rule.clean:
        yield f"checked as {field.check}"
