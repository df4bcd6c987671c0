"""XComs carry references and counts; what looks like data is refused and not stored."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrhub.airflow.xcom import LARGEST_BYTES, GuardedXCom
from hrhub.errors import Refused

pytestmark = pytest.mark.xdist_group("airflow")

# Invented values of the right form; none belongs to anybody.
RESIDENT_ID = "110101" + "19900307" + "7715"
MOBILE = "138" + "00138000"
EMAIL = "somebody" + "@" + "mail.example.com"
CARD = "6222" + "021234567890128"


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("resident_id", RESIDENT_ID),
        ("resident_id", [{"no": RESIDENT_ID[:-1] + "X"}]),
        ("mobile", {"rows": [{"m": MOBILE}]}),
        ("mobile", "+86" + MOBILE),
        ("mobile", int(MOBILE)),
        ("email", {"to": EMAIL}),
        ("bank_card", CARD),
    ],
)
def test_a_value_that_looks_personal_is_refused_and_not_quoted(rule: str, value: object) -> None:
    with pytest.raises(Refused) as caught:
        GuardedXCom.serialize_value(value, key="return_value", task_id="t")

    assert caught.value.code == "xcom.personal"
    assert caught.value.context["rule"] == rule
    for secret in (RESIDENT_ID[:-1], MOBILE, EMAIL, CARD):
        assert secret not in str(caught.value)


def test_a_value_as_large_as_records_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        GuardedXCom.serialize_value(["x" * 100] * (LARGEST_BYTES // 100), key="k")

    assert caught.value.code == "xcom.too_large"


def test_references_and_counts_pass_unchanged() -> None:
    value = {
        "run_id": "01932e5a-7c1f-7000-8d3f-13800138000a",
        "at": "2026-11-24T15:20:00.123456+00:00",
        "bytes": 1_234_567_890_123,
        "seconds": 0.13800138000,
        "seen": 2000,
    }

    assert GuardedXCom.deserialize_value(_Stored(GuardedXCom.serialize_value(value))) == value


@given(st.lists(st.uuids(), min_size=1, max_size=50))
@settings(max_examples=60, deadline=None)
def test_ids_of_runs_are_never_taken_for_people(ids: list) -> None:
    GuardedXCom.serialize_value([str(i) for i in ids])


class _Stored:
    def __init__(self, value: object) -> None:
        self.value = value
