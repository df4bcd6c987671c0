"""Custom fields corrected by hand: of every class and type, until they are released."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from hrhub.errors import ConfigError
from hrhub.pipeline.overriding import release, set_by_hand
from tests.custom.conftest import Tenant, rich


def put(tenant: Tenant, ref: str, path: str, value: str) -> None:
    set_by_hand(tenant.hub, ref, path, value, reason="hr_case", actor="cli:ann")


def let_go(tenant: Tenant, ref: str, path: str) -> None:
    release(tenant.hub, ref, path, reason="hr_case", actor="cli:ann")


def of(tenant: Tenant, ref: str) -> dict[str, Any]:
    """Return the custom values of a person and their employee and employment, by path."""
    [person] = tenant.reader.reveal([ref], reason="hr_case", actor="cli:ann")
    [employment] = tenant.reader.employments(ref)
    rows = {"person": person.fields, "employee": person.employees[0]}
    values = {f"{e}.{n}": v for e, row in rows.items() for n, v in row.items() if "ext." in n}
    return values | {f"employment.ext.{n}": v for n, v in (employment.ext or {}).items()}


HAND = [
    ("ext.shirt", "l", "person.ext.shirt", "l"),
    ("person.ext.blood", "0-", "person.ext.blood", "0-"),
    ("ext.joined_club", "2025-03-01", "person.ext.joined_club", date(2025, 3, 1)),
    ("employee.ext.score", "2.25", "employee.ext.score", Decimal("2.25")),
    ("employment.ext.cohort", "by hand", "employment.ext.cohort", "by hand"),
]


def test_a_correction_holds_against_its_source_and_goes_with_its_release(filled: Tenant) -> None:
    ref = next(p for p in filled.persons() if of(filled, p).get("person.ext.blood") == "AB-0")
    before = of(filled, ref)
    for path, written, _, _ in HAND:
        put(filled, ref, path, written)
    filled.put("employees", rich(0, mobile="13900009999", changed="2027-11-02T00:00:00Z"))
    filled.sync("employees")

    found = of(filled, ref)

    assert {full: found[full] for _, _, full, _ in HAND} == {full: v for _, _, full, v in HAND}
    assert filled.hub.verify().ok
    for path, *_ in HAND:
        let_go(filled, ref, path)
    assert of(filled, ref) == before
    assert filled.hub.verify().ok


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("ext.shirt", "xxl", "override.value"),
        ("ext.joined_club", "2025-02-30", "override.value"),
        ("ext.shirts", "l", "override.field"),
        ("employee.ext.shirt", "l", "override.field"),
        ("assignment.ext.desk", "1", "override.field"),
    ],
)
def test_what_is_no_value_or_no_field_is_refused(
    filled: Tenant, path: str, value: str, code: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        put(filled, filled.persons()[0], path, value)

    assert refused.value.code == code
