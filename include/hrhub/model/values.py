"""Canonical values between JSON, as sealed groups hold them, and Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from hrhub.model.entities import ENTITIES
from hrhub.model.types import Kind

_READ: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.DATE: date.fromisoformat,
    Kind.TIMESTAMP: datetime.fromisoformat,
    Kind.DECIMAL: Decimal,
}


def typed(entity: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return opened values, which are JSON, as the model's types."""
    fields = ENTITIES[entity].by_name
    return {
        name: value
        if value is None or name not in fields or (read := _READ.get(fields[name].kind)) is None
        else read(value)
        for name, value in values.items()
    }
