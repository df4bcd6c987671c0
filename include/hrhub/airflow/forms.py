"""How a connector's settings are laid out in an Airflow connection.

One table per connector, derived from its configuration model: which field of the connection holds
which setting, and how people enter it. The form, reading and writing of connections all use it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from pydantic.fields import FieldInfo

from hrhub.connector import ConnectorConfig
from hrhub.connector.config import is_secret

CONNECTION_TYPE_PREFIX = "hr_"
STANDARD_SLOTS = ("host", "port", "login", "password")
Shape = Literal["text", "list", "integer", "number", "boolean", "json"]

_MASKED_BY_AIRFLOW = (
    "access_key",
    "access_token",
    "api_key",
    "apikey",
    "passphrase",
    "password",
    "private_key",
    "secret",
    "service_key",
    "token",
)
"""Parts of names whose values Airflow hides in its API, forms and logs."""

_SHAPES: dict[str, Shape] = {
    "array": "list",
    "boolean": "boolean",
    "integer": "integer",
    "number": "number",
    "object": "json",
    "string": "text",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where one setting is kept.

    Attributes:
        name: Name in the configuration model.
        slot: ``host``, ``port``, ``login``, ``password`` or ``extra``.
        key: Key among the extra fields; equals ``name`` unless Airflow would show the secret.
        shape: How the value is written in the form; a list is text with commas.
    """

    name: str
    slot: str
    key: str
    shape: Shape
    secret: bool
    required: bool
    title: str
    help: str
    example: str | None
    default: Any
    choices: tuple[Any, ...]


def connection_type(connector_name: str) -> str:
    """Return the Airflow connection type of a connector."""
    return CONNECTION_TYPE_PREFIX + connector_name


@cache
def places(config: type[ConnectorConfig]) -> tuple[Place, ...]:
    """Return where each setting of a configuration model is kept, in declared order."""
    schema = config.model_json_schema()
    return tuple(
        _place(name, info, schema["properties"][name], schema.get("$defs", {}))
        for name, info in config.model_fields.items()
    )


def _place(
    name: str, info: FieldInfo, schema: Mapping[str, Any], definitions: Mapping[str, Any]
) -> Place:
    marks = info.json_schema_extra
    slot = str(marks.get("slot", "extra")) if isinstance(marks, dict) else "extra"
    secret = is_secret(info)
    kind = _resolved(schema, definitions)
    return Place(
        name=name,
        slot=slot,
        key=_extra_key(name) if secret else name,
        shape=_SHAPES.get(str(kind.get("type", "string")), "text"),
        secret=secret,
        required=info.is_required(),
        title=info.title or name,
        help=info.description or "",
        example=str(info.examples[0]) if info.examples else None,
        default=None if secret else schema.get("default"),
        choices=tuple(kind.get("enum", ())) or ((kind["const"],) if "const" in kind else ()),
    )


def _resolved(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow a reference and leave out null, so that the value's own type is seen."""
    for option in schema.get("anyOf", ()):
        if option.get("type") != "null":
            return _resolved(option, definitions)
    reference = schema.get("$ref") or next(
        (part["$ref"] for part in schema.get("allOf", ()) if "$ref" in part), None
    )
    if reference:
        found: Mapping[str, Any] = definitions[str(reference).rsplit("/", 1)[-1]]
        return found
    return schema


def _extra_key(name: str) -> str:
    """Return a key under which Airflow hides the value; it goes by names, not by the form."""
    plain = re.sub(r"\W+", "_", name.lower())
    return name if any(part in plain for part in _MASKED_BY_AIRFLOW) else f"{name}_secret"


def form_fields(config: type[ConnectorConfig]) -> dict[str, dict[str, Any]]:
    """Return Airflow's ``conn-fields``: the settings that have no standard field."""
    return {p.key: _form_field(p) for p in places(config) if p.slot == "extra"}


def _form_field(place: Place) -> dict[str, Any]:
    kind = place.shape if place.shape in ("boolean", "integer", "number") else "string"
    schema: dict[str, Any] = {"type": kind if place.required else [kind, "null"]}
    if place.secret:
        schema["format"] = "password"
    if place.choices:
        schema["enum"] = list(place.choices)
    if place.default is not None:
        schema["default"] = written(place.default, place.shape)
    if place.example:
        schema["examples"] = [place.example]
    note = " Several: separated by commas." if place.shape == "list" else ""
    return {"label": place.title, "description": place.help + note, "schema": schema}


def form_behaviour(config: type[ConnectorConfig]) -> dict[str, Any]:
    """Return Airflow's ``ui-field-behaviour``: labels of standard fields, the rest hidden."""
    used = {p.slot: p for p in places(config) if p.slot in STANDARD_SLOTS}
    hints = {slot: p.example or _default_hint(p) for slot, p in used.items()}
    return {
        "hidden-fields": ["schema", *(slot for slot in STANDARD_SLOTS if slot not in used)],
        "relabeling": {slot: p.title for slot, p in used.items()},
        "placeholders": {slot: hint for slot, hint in hints.items() if hint},
    }


def _default_hint(place: Place) -> str:
    return "" if place.secret or place.default is None else str(place.default)


def written(value: Any, shape: Shape) -> Any:
    """Return a setting as the form shows it: lists as text with commas."""
    if shape == "list" and isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return value


def entered(value: Any, shape: Shape) -> Any:
    """Return what the form holds as the model wants it; the inverse of :func:`written`."""
    if shape == "list" and isinstance(value, str):
        return tuple(item.strip() for item in value.split(",") if item.strip())
    return value
