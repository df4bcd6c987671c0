"""What is guessed of a vendor's fields that no rule takes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from hrhub.mapping import load_mapping
from hrhub.mapping.candidates import candidates, declaration
from hrhub.mapping.custom_file import read_custom_fields

MAPPING = """
stream: shelf.people
to: person
key: id
fields:
  display_name: {concat: [name.first, name.last]}
each:
  contact:
    from: phones
    fields: {kind: {const: mobile}, use: {const: work}, value: number}
"""


def test_unmapped_fields_get_names_types_and_the_strictest_class(tmp_path: Path) -> None:
    path = tmp_path / "people.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    docs = [
        {
            "id": "1",
            "name": {"first": "a", "last": "b", "middle": "c"},
            "phones": [{"number": "1"}],
            "shirtSize": "m",
            "isDriver": True,
            "hired": "2020-01-31",
            "seen": "2020-01-31T08:00:00Z",
            "rate": Decimal("1.5"),
            "level": 3,
            "emptyOne": None,
            "tags": ["x"],
            "工号": "7",
            "a.b": "y",
        },
        {"id": "2", "rate": 2, "hired": ""},
    ]

    entity, found = candidates("person", load_mapping(path), docs)

    assert entity == "person"
    assert {(c.path, c.field.name, c.field.kind.value) for c in found} == {
        ("name.middle", "middle", "text"),
        ("shirtSize", "shirt_size", "text"),
        ("isDriver", "is_driver", "boolean"),
        ("hired", "hired", "date"),
        ("seen", "seen", "timestamp"),
        ("rate", "rate", "decimal"),
        ("level", "level", "integer"),
        ("emptyOne", "empty_one", "text"),
        ("tags", "tags", "json"),
        ("工号", "field_10", "text"),
        ('["a.b"]', "a_b", "text"),
    }
    (tmp_path / "custom_fields.yaml").write_text(declaration(entity, found), encoding="utf-8")
    declared = read_custom_fields(tmp_path)
    assert len(declared) == len(found)
    assert {d.field.privacy.value for d in declared} == {"sensitive"}
