"""JSON Schema of the mapping language, derived from the language and the model, for editors."""

from __future__ import annotations

from typing import Any

from hrhub.errors import REJECT_REASONS
from hrhub.mapping.check import CASE_KEYS, SOURCE_KEYS, TOP_KEYS
from hrhub.mapping.clean import TEXT_CLEANERS
from hrhub.mapping.dates import DIRECTIVES, NAMED_FORMATS
from hrhub.mapping.plan import UNITS
from hrhub.model import FEEDS, NO_CUSTOM_FIELDS, CustomFields, Feed, FeedField, Kind

_SCALAR = {"type": ["string", "number", "boolean", "null"]}
_PATH = {"$ref": "#/$defs/path"}


def mapping_schema(custom: CustomFields = NO_CUSTOM_FIELDS) -> dict[str, Any]:
    """Return the schema (draft 2020-12) of a mapping file; it knows these custom fields."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "hrhub mapping",
        "type": "object",
        "additionalProperties": False,
        "required": ["stream", "to", "key", "fields"],
        "properties": {name: _TOP[name] for name in TOP_KEYS},
        "allOf": [
            {
                "if": {"properties": {"to": {"const": feed.name}}},
                "then": {"properties": {"fields": _fields(feed), "each": _each(feed)}},
            }
            for feed in map(custom.extend, FEEDS.values())
        ],
        "$defs": {
            "path": {
                "type": "string",
                "description": 'where a value is: a.b, a.list[0].b, ["a name.with dots"]',
            },
            "part": _either(_PATH, _table({"const": _SCALAR}, ("const",))),
            "where": {
                "type": "object",
                "description": "take only items that hold one of these values (null: none)",
                "additionalProperties": _either(
                    _SCALAR, _list(_SCALAR), _table({"not": _either(_SCALAR, _list(_SCALAR))})
                ),
            },
        },
    }


def _either(*schemas: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": list(schemas)}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": 1}


def _table(properties: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": list(required),
    }


_TOP: dict[str, dict[str, Any]] = {
    "stream": {"type": "string", "pattern": r"^\w+\.\w+$", "description": "connector.stream"},
    "to": {
        "enum": list(FEEDS),
        "description": "; ".join(f"{f.name}: {f.doc}" for f in FEEDS.values()),
    },
    "key": _either(_PATH, _list(_PATH)),
    "version": {"description": "shorthand for the field modified_at"},
    "fields": {"type": "object"},
    "each": {"type": "object"},
    "cases": {
        "type": "array",
        "items": {
            **_table(
                {
                    "name": {"type": "string"},
                    "in": {"type": "object"},
                    "out": {"type": "object"},
                    "key": _either(_SCALAR, _list(_SCALAR)),
                    "today": {"type": "string"},
                    "rejects": _table(
                        {
                            "reason": {"enum": list(REJECT_REASONS)},
                            "field": {"type": "string"},
                            "rule": {"type": "string"},
                        },
                        ("reason",),
                    ),
                },
                ("in",),
            ),
            "oneOf": [{"required": ["out"]}, {"required": ["rejects"]}],
        },
    },
}
assert set(_TOP["cases"]["items"]["properties"]) == set(CASE_KEYS)


def _fields(feed: Feed) -> dict[str, Any]:
    required = tuple(f.name for f in feed.fields if f.field.required)
    either = {"anyOf": [{"required": [n]} for n in feed.one_of]} if feed.one_of else {}
    return _table({f.name: _rule(f) for f in feed.fields}, required) | either


def _each(feed: Feed) -> dict[str, Any]:
    blocks: dict[str, Any] = {}
    for name, child in feed.children.items():
        block = _table(
            {"from": _PATH, "where": {"$ref": "#/$defs/where"}, "fields": _fields(child)},
            ("fields",),
        )
        blocks[name] = {"description": child.doc, **_either(block, _list(block))}
    return _table(blocks)


def _value(target: FeedField) -> dict[str, Any]:
    if target.field.codes:
        return {"enum": [*target.field.codes, None]}
    return _SCALAR


def _rule(target: FeedField) -> dict[str, Any]:
    field = target.field
    dated = field.kind in (Kind.DATE, Kind.TIMESTAMP)
    keys: dict[str, Any] = {
        "from": _PATH,
        "concat": _list({"$ref": "#/$defs/part"}),
        "with": {"type": "string", "description": "text between the parts of concat"},
        "first": _list({"$ref": "#/$defs/part"}),
        "split": _table(
            {"from": _PATH, "by": {"type": "string"}, "part": {"type": "integer"}},
            ("from", "by", "part"),
        ),
        "empty": _either(_SCALAR, _list(_SCALAR)),
        "as": {"enum": ["text", "code"] if field.kind in (Kind.TEXT, Kind.CODE) else [field.kind]},
    }
    if not field.check:
        keys["const"] = _value(target)
        keys["codes"] = {"type": "object", "additionalProperties": _value(target)}
        keys["else"] = _either({"const": "reject"}, _value(target))
    if dated:
        text = {
            "type": "string",
            "description": f"one of {', '.join(NAMED_FORMATS)}, or a pattern of % {DIRECTIVES}",
        }
        keys["formats"] = _either(text, _list(text))
        keys["zone"] = _either({"type": "string"}, _table({"from": _PATH}, ("from",)))
    elif field.kind in (Kind.DECIMAL, Kind.INTEGER):
        keys["unit"] = {"enum": list(UNITS)}
    elif field.kind in (Kind.TEXT, Kind.CODE):
        keys["clean"] = {
            "enum": list(TEXT_CLEANERS),
            "description": "; ".join(f"{n}: {what}" for n, what in TEXT_CLEANERS.items()),
        }
    rule = _table(keys) | {"oneOf": [{"required": [name]} for name in SOURCE_KEYS if name in keys]}
    words = [
        f"{field.kind}, {field.privacy}",
        field.doc,
        f"lands in {target.target}" if target.target else "",
    ]
    return {"description": "; ".join(w for w in words if w), **_either(_PATH, rule)}
