"""The change gate: what passes, what stops, what comes back."""

from __future__ import annotations

import msgspec
import pytest

from hrhub.connector import Completeness, JsonRecords, Page
from hrhub.pipeline.gate import Gate
from hrhub.pipeline.records import Splitter
from hrhub.store.fingerprints import Fingerprints, halves
from tests.support.shelf import ShelfStream

KEY = bytes(range(32))
RAWS = [b'{"id":%d,"seen":"%d"}' % (i, i) for i in range(300)]
META = {"timezone": "UTC"}


def known(prints: list[bytes]) -> Fingerprints:
    return halves(bytearray(b"".join(sorted(prints))))


def gate(version: str = "1", *, held: list[bytes] | None = None, **options: object) -> Gate:
    prints = Gate(KEY, "1", **options).fingerprints(RAWS, META) if held is None else held
    return Gate(KEY, version, known(prints), **options)  # type: ignore[arg-type]


def test_what_the_store_holds_stops_and_what_is_new_or_changed_passes() -> None:
    one = gate()
    changed = [*RAWS]
    changed[7] = b'{"id":7,"seen":"x"}'
    changed.append(b'{"id":300}')

    assert list(one.passing(one.fingerprints(RAWS, META))) == []
    assert list(one.passing(one.fingerprints(changed, META))) == [7, 300]


def test_everything_passes_an_empty_store() -> None:
    one = gate(held=[])

    assert list(one.passing(one.fingerprints(RAWS, META))) == list(range(300))


def test_a_new_mapping_other_facts_of_the_page_or_another_key_open_it() -> None:
    prints = gate().fingerprints(RAWS, META)

    for other, meta in (
        (gate("2", held=prints), META),
        (gate(held=prints), {"timezone": "Asia/Shanghai"}),
        (Gate(bytes(32), "1", known(prints)), META),
    ):
        assert list(other.passing(other.fingerprints(RAWS, meta))) == list(range(300))


def test_what_the_store_has_exchanged_passes_when_it_comes_back() -> None:
    one = gate()
    prints = one.fingerprints(RAWS, META)

    one.forget([prints[5], b"never known here"])

    assert list(one.passing(prints)) == [5]


def test_two_that_share_a_half_are_not_taken_for_each_other() -> None:
    held = [b"a" * 8 + b"1" * 8, b"a" * 8 + b"2" * 8, b"b" * 16]
    one = gate(held=held)

    assert list(one.passing([b"a" * 8 + b"3" * 8, b"b" * 16, b"a" * 8 + b"1" * 8])) == [0]


def test_a_zero_at_the_end_of_a_fingerprint_counts() -> None:
    one = gate(held=[b"a" * 15 + b"\0"])

    assert list(one.passing([b"a" * 15 + b"\0", b"a" * 14 + b"\0\0"])) == [1]


def test_fields_that_change_without_meaning_do_not_open_it() -> None:
    one = gate(volatile=("seen",))
    again = [b'{"seen":"now","id":%d}' % i for i in range(300)]

    assert list(one.passing(one.fingerprints(again, META))) == []
    assert list(one.passing(one.fingerprints([b"not json"], META))) == [0]


@pytest.mark.parametrize("grouped", [False, True])
def test_a_record_that_passed_does_not_hold_its_page(grouped: bool) -> None:
    stream = ShelfStream(
        name="people",
        title="People",
        feed="person",
        key=("id",),
        records=JsonRecords("rows", group_by=("id",) if grouped else ()),
        grouped=grouped,
    )
    body = msgspec.json.encode({"rows": [{"id": 1}, {"id": 2}]})
    splitter = Splitter(stream)

    cuts = (
        splitter.split(Page(body=body, completeness=Completeness.PROVED), "uid", 1) + splitter.end()
    )
    records = [record for cut in cuts for record in cut.records()]

    assert [record.parts for record in records] == [[b'{"id":1}'], [b'{"id":2}']]
    assert [record.index for record in records] == [0, 1]
    assert all(type(part) is bytes for record in records for part in record.parts)
