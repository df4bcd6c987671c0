"""XML bodies: what is refused, what a record looks like, and that trees are not hoarded."""

from __future__ import annotations

import tracemalloc
from decimal import Decimal

import pytest

from hrhub.connector import JsonRecords, XmlRecords
from hrhub.errors import ContractChanged, PluginError, RowRejected
from hrhub.http.lookup import count, find, find_text
from hrhub.http.xml import parse_xml, write_xml

PEOPLE = XmlRecords("r.people.person")


def docs(records: XmlRecords, body: bytes) -> list[dict[str, object]]:
    return [records.decode(raw, {}) for raw in records.split(body)]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'<!DOCTYPE r [<!ENTITY x "y">]><r><people/></r>', "vendor.body_refused"),
        (b"<r><people><person/></people>", "vendor.page_broken"),
        (b"<r><people><person></people></r>", "vendor.page_broken"),
        (b"<r/>", "vendor.records_missing"),
        (b"<html><body/></html>", "vendor.records_missing"),
        (b"<x><people><person/></people></x>", "vendor.records_missing"),
        (b"", "vendor.page_broken"),
        (b"{}", "vendor.page_broken"),
        ('<r><people a="\u674e"/></r>'.encode("gb18030"), "vendor.body_refused"),
        ('<?xml version="1.0" encoding="utf-16"?><r/>'.encode("utf-16"), "vendor.body_refused"),
        (b'<?xml version="1.0" encoding="big5"?><r><people/></r>', "vendor.body_refused"),
    ],
)
def test_a_body_that_is_not_the_agreed_document_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(ContractChanged) as caught:
        PEOPLE.split(body)

    assert caught.value.code == code


def test_optional_records_may_be_absent_but_not_the_document_around_them() -> None:
    records = XmlRecords("r.people.person", optional=True)

    assert list(records.split(b"<r><status>NO MATCH</status></r>")) == []
    with pytest.raises(ContractChanged):
        records.split(b"<fault/>")


@pytest.mark.parametrize(
    "declared", [{"path": "a..b"}, {"path": "x:a"}, {"path": "a", "charset": "latin-9000"}]
)
def test_a_declaration_that_contradicts_itself_is_refused(declared: dict[str, str]) -> None:
    with pytest.raises(PluginError):
        XmlRecords(**declared)  # type: ignore[arg-type]


def test_a_damaged_raw_record_is_refused_alone() -> None:
    with pytest.raises(RowRejected):
        PEOPLE.decode(b'{"a":', {})


def test_a_record_holds_texts_attributes_lists_and_nothing_where_nil() -> None:
    body = (
        '<r xmlns="urn:any" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">'
        "<person><id>outside</id></person>"
        '<people><person no="0042" ><name>\U00020bb7野 </name><empty/><gone i:nil="true"/>'
        '<phone kind="work">1</phone><job><title>a</title></job><job><title>b</title></job>'
        "<tag>x</tag></person><other><person>inside</person></other><person>just text</person>"
        "<person/></people></r>"
    ).encode()

    assert docs(XmlRecords("r.people.person", lists=("tag", "job.title")), body) == [
        {
            "@no": "0042",
            "name": "\U00020bb7野 ",
            "empty": "",
            "gone": None,
            "phone": {"@kind": "work", "#text": "1"},
            "job": [{"title": ["a"]}, {"title": ["b"]}],
            "tag": ["x"],
        },
        {"#text": "just text"},
        {"#text": ""},
    ]


def test_text_beside_elements_is_not_lost() -> None:
    assert docs(XmlRecords("r"), b"<r>before<a>1</a>after</r>") == [
        {"a": "1", "#text": "beforeafter"}
    ]


def test_a_prefix_in_the_path_demands_its_namespace() -> None:
    records = XmlRecords("h:r.h:e", namespaces={"h": "urn:ours"})

    assert docs(records, b'<x:r xmlns:x="urn:ours"><x:e>1</x:e><e>2</e></x:r>') == [{"#text": "1"}]
    with pytest.raises(ContractChanged):
        records.split(b'<r xmlns="urn:theirs"><e/></r>')


@pytest.mark.parametrize(
    ("charset", "encoded", "declaration"),
    [
        (None, "utf-8", ""),
        (None, "utf-8-sig", '<?xml version="1.0"?>'),
        (None, "gb18030", '<?xml version="1.0" encoding="GBK"?>'),
        ("gb18030", "gb18030", ""),
        ("utf-16", "utf-16", '<?xml version="1.0" encoding="UTF-16"?>'),
    ],
)
def test_a_document_is_read_in_its_declared_character_set(
    charset: str | None, encoded: str, declaration: str
) -> None:
    body = f"{declaration}<r><people><person><n>李明</n></person></people></r>".encode(encoded)

    assert docs(XmlRecords("r.people.person", charset=charset), body) == [{"n": "李明"}]


def test_series_are_told_by_their_children() -> None:
    records = XmlRecords("r.e", group_by=("code",))
    raws = records.split(b"<r><e><code>A</code></e><e><code>A</code><n/></e><e/><e><x/></e></r>")
    keys = [records.group_key(raw) for raw in raws]

    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_of_a_large_document_one_record_is_held_at_a_time() -> None:
    body = b"<r><people>" + b"<person><a>1</a><b>2</b></person>" * 50_000 + b"</people></r>"
    tracemalloc.start()
    try:
        assert sum(1 for _ in PEOPLE.split(body)) == 50_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    # The text, its bytes, and the raw records of 17 bytes each.
    assert peak < 3 * len(body) + 50_000 * 80


def test_single_values_of_a_document_are_found_by_the_path_that_json_would_have() -> None:
    body = b'<Found xmlns="urn:x"><total>7</total><list><e/><e/></list><blank/></Found>'

    assert find(body, "Found.total") == "7"
    assert find_text(body, "Found.blank") is None
    assert find(body, "Other.total") is None
    assert find(body, "Found.more") is None
    assert count(body, "Found.list.e") == 2
    assert find(b"<broken", "broken") is None


def test_what_is_written_is_read_back() -> None:
    body = write_xml(
        {"q": {"@xmlns": "urn:q", "a": "<&>\"'", "n": 5, "l": ["x", "y"], "none": None, "in": {}}}
    )
    root = parse_xml(body)

    assert [(str(e.tag), e.text) for e in root] == [
        ("{urn:q}a", "<&>\"'"),
        ("{urn:q}n", "5"),
        ("{urn:q}l", "x"),
        ("{urn:q}l", "y"),
        ("{urn:q}none", None),
        ("{urn:q}in", None),
    ]


@pytest.mark.parametrize(
    ("body", "raws"),
    [
        (b'{"d":{"list":[1,2]}}', [b"1", b"2"]),
        (b'{"d":{"list":{"id":1}}}', [b'{"id":1}']),
        (b'{"d":{"list":null}}', []),
        (b'{"d":{}}', []),
    ],
)
def test_an_optional_list_of_json_may_be_missing_or_a_lone_object(
    body: bytes, raws: list[bytes]
) -> None:
    assert [bytes(raw) for raw in JsonRecords("d.list", optional=True).split(body)] == raws


@pytest.mark.parametrize("body", [b"{}", b'{"d":null}', b'{"d":{"list":3}}', b'{"d":[]}', b"[]"])
def test_an_optional_list_does_not_excuse_another_body(body: bytes) -> None:
    with pytest.raises(ContractChanged) as caught:
        JsonRecords("d.list", optional=True).split(body)

    assert caught.value.code == "vendor.records_missing"


@pytest.mark.parametrize("body", [b"[]", b"null", b'{"d":[1]}', b'{"d":null}', b"{}", b'{"d":"x"}'])
def test_a_single_record_must_be_an_object(body: bytes) -> None:
    with pytest.raises(ContractChanged) as caught:
        JsonRecords("d", single=True).split(body)

    assert caught.value.code == "vendor.records_missing"


def test_a_single_record_is_cut_out_and_gets_the_facts_of_its_page() -> None:
    records = JsonRecords("d", single=True, facts=("order",))
    (raw,) = records.split(b'{"d":{"score":1.5,"order":"of another"}}')

    assert records.decode(raw, {"order": "O1", "else": 1}) == {
        "score": Decimal("1.5"),
        "order": "O1",
    }
    assert [bytes(r) for r in JsonRecords(single=True).split(b'{"a":1}')] == [b'{"a":1}']
