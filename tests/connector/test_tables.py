"""CSV bodies: what is refused as a whole, what is refused row by row, and what comes through."""

from __future__ import annotations

import tracemalloc

import pytest

from hrhub.connector import CsvRecords
from hrhub.errors import ContractChanged, PluginError, RowRejected


def rows(records: CsvRecords, body: bytes) -> list[object]:
    """Return each row decoded, or the reason and rule of its refusal."""
    out: list[object] = []
    for raw in records.split(body):
        try:
            out.append(records.decode(raw, {}))
        except RowRejected as error:
            out.append((error.reason, error.field_path, error.rule))
    return out


def refusal(records: CsvRecords, body: bytes) -> tuple[str, dict[str, object]]:
    with pytest.raises(ContractChanged) as caught:
        records.split(body)
    return caught.value.code, dict(caught.value.context)


@pytest.mark.parametrize(
    ("charset", "body", "rule"),
    [
        ("utf-8", "id\n0042\n".encode("utf-16"), "bom"),
        ("gb18030", b"\xef\xbb\xbfid\n1\n", "bom"),
        ("utf-8-sig", b"id\n1\n", "bom"),
        ("utf-16", "id\n1\n".encode("utf-16-le"), "bom"),
        ("utf-16-be", "\ufeffid\n".encode("utf-16-le"), "bom"),
        ("utf-8", b"\x84\x31\x95\x33id\n1\n", "bom"),
    ],
)
def test_a_byte_order_mark_of_another_character_set_refuses_the_body(
    charset: str, body: bytes, rule: str
) -> None:
    assert refusal(CsvRecords(charset=charset), body) == ("vendor.body_refused", {"rule": rule})


@pytest.mark.parametrize(
    ("charset", "body", "line"),
    [
        ("utf-8", "id,name\n1,a\n2,\u674e\n".encode("gb18030"), 3),
        ("ascii", "id,name\n1,\u674e\n".encode(), 2),
        ("gb18030", b"id,name\n" + b"1,\x81\n", 2),
        ("utf-16", "id\n1\n".encode("utf-16") + b"\x00", 3),
    ],
)
def test_bytes_of_another_character_set_refuse_the_body_with_the_line(
    charset: str, body: bytes, line: int
) -> None:
    code, context = refusal(CsvRecords(charset=charset), body)

    assert (code, context) == ("vendor.body_refused", {"rule": "charset", "line": line})


def test_a_quote_that_never_ends_refuses_the_body_with_its_row() -> None:
    code, context = refusal(CsvRecords(), b'id,name\n1,a\n2,"b\n3,c\n')

    assert (code, context["row"]) == ("vendor.page_broken", 3)


def test_text_behind_a_closing_quote_refuses_the_body() -> None:
    assert refusal(CsvRecords(), b'id,name\n1,"a"b\n')[0] == "vendor.page_broken"


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        (b"", "vendor.columns_missing", {"fields": "-", "row": 1}),
        (b"id,nickname\n1,a\n", "vendor.columns_missing", {"fields": "name", "row": 1}),
        (b"name,id,id\n1,a,b\n", "vendor.body_refused", {"rule": "heading_twice", "row": 1}),
        (b"name,id,\n1,a,b\n", "vendor.body_refused", {"rule": "heading_empty", "row": 1}),
        (b"name,id,x\0\n1,a,b\n", "vendor.body_refused", {"rule": "nul", "row": 1}),
    ],
)
def test_a_heading_that_is_not_the_agreed_one_refuses_the_body(
    body: bytes, code: str, said: dict[str, object]
) -> None:
    assert refusal(CsvRecords(("id", "name")), body) == (code, said)


def test_the_column_that_groups_a_series_must_be_there() -> None:
    code, context = refusal(CsvRecords(group_by=("code",)), b"id\n1\n")

    assert (code, context["fields"]) == ("vendor.columns_missing", "code")


def test_a_row_that_does_not_fit_is_refused_alone_and_keeps_what_it_held() -> None:
    records = CsvRecords()
    body = b"id,name\n1,a,b\n2\n3,c\n4,d\0\n5,e,\n"

    assert rows(records, body) == [
        ("parse", "", "columns"),
        ("parse", "", "columns"),
        {"id": "3", "name": "c"},
        ("nul_or_surrogate", "name", "nul"),
        {"id": "5", "name": "e"},
    ]
    assert b'["1","a","b"]' in bytes(records.split(body)[0])


@pytest.mark.parametrize(
    "declared",
    [
        {"charset": "latin-9000"},
        {"header": False},
        {"columns": ("a", "a")},
        {"delimiter": ",,"},
        {"delimiter": '"'},
        {"delimiter": ";", "quote": ";"},
        {"header": False, "columns": ("a",), "group_by": ("b",)},
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(declared: dict[str, object]) -> None:
    with pytest.raises(PluginError):
        CsvRecords(**declared)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("charset", "encoded"),
    [
        ("utf-8", "utf-8"),
        ("utf-8", "utf-8-sig"),
        ("utf-8-sig", "utf-8-sig"),
        ("UTF-16", "utf-16"),
        ("utf-16-be", "utf-16-be"),
        ("gb18030", "gb18030"),
        ("gb2312", "gb18030"),
    ],
)
def test_rare_characters_and_leading_zeros_arrive_in_every_character_set(
    charset: str, encoded: str
) -> None:
    text = '工号,姓名,备注\r\n0042,𠮷野,"甲,""乙""\r\n丙"\r\n'

    assert rows(CsvRecords(("工号",), charset=charset), text.encode(encoded)) == [
        {"工号": "0042", "姓名": "𠮷野", "备注": '甲,"乙"\r\n丙'}
    ]


@pytest.mark.parametrize("delimiter", ["|", "\t", "\x01", ";"])
def test_tables_without_heading_take_their_names_from_the_declaration(delimiter: str) -> None:
    records = CsvRecords(("id", "name"), header=False, delimiter=delimiter, charset="gb18030")

    # The second byte of 凗 in GB 18030 is a vertical bar.
    body = f"1{delimiter}凗\n\n2{delimiter}\n".encode("gb18030")

    assert rows(records, body) == [{"id": "1", "name": "凗"}, {"id": "2", "name": ""}]


def test_quotation_marks_mean_nothing_where_none_are_declared() -> None:
    assert rows(CsvRecords(quote=""), b'id\n"1\n') == [{"id": '"1'}]


def test_a_heading_alone_is_an_empty_table() -> None:
    assert list(CsvRecords(("id",)).split(b"id,name\r\n")) == []


def test_series_are_told_by_their_columns_and_an_unreadable_row_is_one_of_its_own() -> None:
    records = CsvRecords(group_by=("code", "part"))
    keys = [records.group_key(raw) for raw in records.split(b"code,part\nA,1\nA,1\nA,2\nA\nB\n")]

    assert keys[0] == keys[1]
    assert len(set(keys)) == 4


def test_a_body_that_grows_too_large_once_cut_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hrhub.connector.tables.MAX_SPLIT_BYTES", 1000)

    code, context = refusal(CsvRecords(), b"a_long_name_of_a_column\n" + b"1\n" * 100)

    assert (code, context["rule"]) == ("vendor.body_refused", "rows_bytes")
    assert 10 < int(str(context["row"])) < 100


def test_cutting_a_large_body_holds_its_rows_and_little_else() -> None:
    records = CsvRecords()
    body = b"id,name\n" + b"".join(b"%07d,somebody\n" % n for n in range(100_000))
    tracemalloc.start()
    try:
        raws = records.split(body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    held = sum(len(raw) + 33 + 8 for raw in raws)
    assert len(raws) == 100_000
    assert peak < 1.4 * held
