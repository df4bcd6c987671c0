"""A hub on either database whose tenant has custom fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hrhub.errors import MappingError
from hrhub.pipeline import open_hub
from hrhub.pipeline.registering import Done, register
from hrhub.reading import Reader
from hrhub.settings import Settings
from tests.pipeline.conftest import Bench
from tests.pipeline.test_sync import flat
from tests.support.shelf import put_mappings

DECLARED = """\
person:
  shirt: {type: code, codes: [s, m, l], class: open, title: {en: Shirt size, zh: 衬衫尺码}}
  blood: {type: text, title: Blood group}
  joined_club: {type: date, class: personal}
employee:
  badge: {type: text, class: personal}
  score: {type: decimal}
employment:
  cohort: {type: text, class: open}
assignment:
  desk: {type: text, class: open}
person_contact:
  verified_by: {type: text, class: personal}
"""
"""Fields of every class, on sealed and unsealed entities, in a list too."""

MAPPED = """\
  ext.shirt: {from: shirt, empty: "-"}
  ext.blood: blood
  ext.joined_club: {from: club, formats: [iso]}
  ext.badge: badge
  ext.score: score
  ext.cohort: cohort
  ext.desk: desk
each:
  contact:
    from: phones
    fields:
      kind: {const: mobile}
      use: {const: work}
      value: number
      ext.verified_by: checker
"""


@dataclass
class Tenant(Bench):
    """A hub whose tenant may declare custom fields."""

    def declare(self, text: str = DECLARED) -> None:
        """Write ``custom_fields.yaml``."""
        path = self.hub.settings.mappings / "custom_fields.yaml"
        path.write_text(text, encoding="utf-8")

    def register(self, text: str | None = None, **options: Any) -> Done:
        """Register what is declared, or what ``text`` declares."""
        if text is not None:
            self.declare(text)
        return register(self.hub, actor="cli:root", holder="cli/1", **options)

    def extend(self, stream: str = "employees", more: str = MAPPED) -> None:
        """Add rules to a mapping."""
        path = self.hub.settings.mappings / "shelf" / f"{stream}.yaml"
        path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")

    @property
    def reader(self) -> Reader:
        """Who reads the hub."""
        return Reader.of(self.hub)

    def persons(self) -> list[str]:
        """Return the ids of all people, in the order in which they came."""
        return [r.id for r in sorted(self.rows("person"), key=lambda r: (r.created_at, r.id))]

    def revealed(self, entity: str) -> list[Mapping[str, Any]]:
        """Return the values of an entity's rows in clear."""
        ids = sorted(r.id for r in self.rows(entity))
        found = self.reader.reveal_rows(entity, ids, reason="data_quality", actor="user:hr")
        return [found[i] for i in ids if i in found]


def rich(index: int, **changes: Any) -> dict[str, Any]:
    """Return a flat record with everything that the custom fields are taken from."""
    extra = {
        "shirt": "m",
        "blood": "AB-" + str(index),
        "club": "2024-02-29",
        "badge": f"00{index}",
        "score": "4.50",
        "cohort": "2020-summer",
        "desk": "7F-12",
        "phones": [{"number": f"1390000{index:04d}", "checker": "front desk"}],
    }
    return flat(index, **extra) | changes


def problems(error: MappingError) -> list[str]:
    """Return the lines of an error about a file."""
    found = error.context["problems"]
    assert isinstance(found, list)
    return found


@pytest.fixture
def tenant(store_url: str, tmp_path: Path) -> Iterator[Tenant]:
    """A fresh hub."""
    settings = Settings(
        home=tmp_path / "home",
        store_url=store_url,
        keyring=tmp_path / "home" / "keyring.json",
        landing=tmp_path / "home" / "landing",
        mappings=put_mappings(tmp_path / "mappings"),
    )
    with open_hub(settings, create=True) as hub:
        yield Tenant(hub, tmp_path / "shelf")


@pytest.fixture
def filled(tenant: Tenant) -> Tenant:
    """The hub with everything registered, mapped, and three people in it."""
    tenant.register(DECLARED)
    tenant.extend()
    tenant.put("employees", rich(0), rich(1), rich(2, blood=None, shirt="-"))
    counts = tenant.sync("employees")
    assert (counts.inserted, counts.quarantined) == (3, 0)
    return tenant
