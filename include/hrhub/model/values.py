"""Canonical values between JSON, as sealed groups hold them, and Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from hrhub.model.entities import ENTITIES
from hrhub.model.types import Field, Kind

_READ: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.DATE: date.fromisoformat,
    Kind.TIMESTAMP: datetime.fromisoformat,
    Kind.DECIMAL: Decimal,
}
_NO_OWN: Mapping[str, Field] = {}


def typed(
    entity: str, values: Mapping[str, Any], own: Mapping[str, Field] = _NO_OWN
) -> dict[str, Any]:
    """Return opened values, which are JSON, as the model's types.

    ``own`` holds the entity's custom fields by key; values of others than these stay as they are.
    """
    fields = {**ENTITIES[entity].by_name, **own} if own else ENTITIES[entity].by_name
    return {
        name: value
        if value is None or name not in fields or (read := _READ.get(fields[name].kind)) is None
        else read(value)
        for name, value in values.items()
    }
