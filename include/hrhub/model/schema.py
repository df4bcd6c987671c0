"""JSON Schema (draft 2020-12) of entities and feeds: ``python -m hrhub.model.schema``.

Beside the standard words a property carries ``x-privacy`` (its class), and where it applies
``x-references`` (the entity it refers to), ``x-index`` and ``x-check``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from hrhub.model.entities import ENTITIES
from hrhub.model.feeds import FEEDS
from hrhub.model.modules import module_of
from hrhub.model.types import Feed, FeedField, Field, Kind

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_TYPES: Mapping[Kind, Mapping[str, str]] = {
    Kind.TEXT: {"type": "string"},
    Kind.CODE: {"type": "string"},
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.TIMESTAMP: {"type": "string", "format": "date-time"},
    Kind.DECIMAL: {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"},
    Kind.INTEGER: {"type": "integer"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.JSON: {},
    Kind.REF: {"type": "string", "format": "uuid"},
}
"""Decimals are text, so that no reader rounds them."""


def entity_schema(name: str) -> dict[str, Any]:
    """Return the schema of an entity's values; the columns of the hub itself are not in it."""
    entity = ENTITIES[name]
    schema = {"$schema": DIALECT, "title": name, "description": entity.doc}
    if module := module_of(name):
        schema["x-module"] = module
    return schema | _object({f.name: _property(f) for f in entity.fields}, entity.fields)


def feed_schema(name: str) -> dict[str, Any]:
    """Return the schema of a feed's records after mapping, with their lists."""
    feed = FEEDS[name]
    schema = {"$schema": DIALECT, "title": name, "description": feed.doc, "x-entity": feed.entity}
    if module := module_of(feed.entity):
        schema["x-module"] = module
    return schema | _record(feed)


def bundle() -> dict[str, Any]:
    """Return the schemas of all entities and feeds in one document."""
    return {
        "$schema": DIALECT,
        "title": "hrhub canonical model",
        "$defs": {
            **{f"entity.{name}": entity_schema(name) for name in ENTITIES},
            **{f"feed.{name}": feed_schema(name) for name in FEEDS},
        },
    }


def _record(feed: Feed) -> dict[str, Any]:
    properties = {f.name: _feed_property(f) for f in feed.fields}
    for name, child in feed.children.items():
        properties[name] = {"type": "array", "items": _record(child)}
        if child.doc:
            properties[name]["description"] = child.doc
    told = _object(properties, tuple(f.field for f in feed.fields))
    return told | ({"anyOf": [{"required": [n]} for n in feed.one_of]} if feed.one_of else {})


def _object(properties: dict[str, Any], fields: tuple[Field, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": [f.name for f in fields if f.required],
    }


def _feed_property(field: FeedField) -> dict[str, Any]:
    schema = _property(field.field)
    if field.target:
        schema["x-lands-in"] = field.target
    if field.reference:
        schema["x-references"] = field.reference
    return schema


def _property(field: Field) -> dict[str, Any]:
    schema: dict[str, Any] = dict(_TYPES[field.kind])
    if field.codes:
        schema["enum"] = [*field.codes]
    if not field.required and "type" in schema:
        schema["type"] = [schema["type"], "null"]
        if field.codes:
            schema["enum"].append(None)
    if field.doc:
        schema["description"] = field.doc
    schema["x-privacy"] = field.privacy.value
    marks = {"x-references": field.ref, "x-index": field.index, "x-check": field.check}
    return schema | {name: value for name, value in marks.items() if value}


if __name__ == "__main__":
    json.dump(bundle(), sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
