"""Files of history take the way of every sync; what is wrong with them is said before or by row."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select

from hrhub.ambient import FakeClock
from hrhub.connector import ConnectorConfig
from hrhub.errors import ConfigError, ContractChanged
from hrhub.importing import Imported, Importer, Report, Source, open_source
from hrhub.importing.rows import Row, RowRecords
from hrhub.importing.sorting import by_series
from hrhub.importing.source import import_connector
from hrhub.mapping import load_mapping
from hrhub.mapping.plan import Path as Way
from hrhub.pipeline import Hub, open_hub
from hrhub.pipeline.load import BATCH_RECORDS
from hrhub.pipeline.replay import Replayed, Wanted
from hrhub.settings import Settings
from hrhub.store.schema import metadata

PEOPLE = """
stream: import.people
to: employee
key: 工号
fields:
  work_no: 工号
  display_name: 姓名
  mobile: {from: 手机, clean: cn_mobile}
  hire_date: {from: 入职日期, formats: [iso]}
  status: {const: active}
"""
UNITS = """
stream: import.units
to: org_unit
key: code
fields:
  code: code
  name: name
  kind: {const: department}
  valid_from: {from: start, formats: [iso]}
  valid_to: {from: end, formats: [iso]}
"""
HEAD = ["工号", "姓名", "手机", "入职日期"]


def person(n: int, **changes: str) -> list[str]:
    """Return the row of a made-up person."""
    row = dict(zip(HEAD, [f"E{n}", "甲" * (n % 3 + 2), f"139{n:08d}", "2020-03-01"], strict=True))
    return list((row | changes).values())


@dataclass
class Desk:
    """A folder for files and mappings."""

    folder: Path

    def mapping(self, text: str) -> Any:
        """Write a mapping and load it."""
        path = self.folder / "mapping.yaml"
        path.write_text(text, encoding="utf-8")
        return load_mapping(path)

    def csv(self, *rows: Sequence[str], charset: str = "utf-8", name: str = "a.csv") -> Path:
        """Write a CSV file."""
        text = StringIO(newline="")
        csv.writer(text).writerows(rows)
        path = self.folder / name
        path.write_bytes(text.getvalue().encode(charset))
        return path

    def excel(self, *rows: Sequence[Any], name: str = "a.xlsx") -> Path:
        """Write a workbook."""
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(list(row))
        book.save(self.folder / name)
        return self.folder / name

    def source(self, path: Path, mapping: str = PEOPLE, **options: Any) -> Source:
        """Open a file."""
        return open_source(path, self.mapping(mapping), **options)

    def dry(self, path: Path, mapping: str = PEOPLE, **options: Any) -> Report:
        """Look at a file."""
        source = self.source(path, mapping, **options)
        return Importer(source, connection="old").dry_run(FakeClock())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def hub(store_url: str, tmp_path: Path) -> Iterator[Hub]:
    home = tmp_path / "home"
    settings = Settings(
        home=home,
        store_url=store_url,
        keyring=home / "keyring.json",
        landing=home / "landing",
        mappings=tmp_path / "none",
    )
    with open_hub(settings, create=True) as opened:
        yield opened


def rows_of(hub: Hub, table: str) -> int:
    """Count rows."""
    with hub.store.read() as tx:
        query = select(func.count()).select_from(metadata.tables[table])
        return int(tx.execute(query).scalar_one())


def bring(hub: Hub, source: Source, connection: str = "old") -> Report:
    """Import for good."""
    return Importer(source, connection=connection).run(hub, holder="test")


# What is wrong with the whole file


def test_columns_that_do_not_fit_are_named_with_a_suggestion(desk: Desk) -> None:
    path = desk.csv(["工号", "姓名", "手机号", "入职日期", "入职日期"], person(1))

    with pytest.raises(ConfigError) as caught:
        desk.source(path)

    assert caught.value.code == "import.heading"
    assert caught.value.context["problems"] == [
        'column "入职日期" stands there 2 times',
        'no column "手机"; did you mean "手机号"?',
    ]


def test_a_heading_in_another_character_set_is_not_guessed(desk: Desk) -> None:
    path = desk.csv(HEAD, person(1), charset="gb18030")

    with pytest.raises(ConfigError) as caught:
        desk.source(path)

    assert caught.value.code == "import.charset"
    assert desk.dry(path, charset="gb18030").accepted == 1


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.xls", b"x", "import.format"),
        ("a.csv", b"", "import.empty"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0 old", "import.not_a_workbook"),
        ("missing.csv", None, "import.unreadable"),
    ],
)
def test_files_that_are_none_are_refused(
    desk: Desk, name: str, content: bytes | None, code: str
) -> None:
    path = desk.folder / name
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        desk.source(path)

    assert caught.value.code == code


def _bomb(archive: zipfile.ZipFile) -> None:
    archive.writestr("xl/worksheets/sheet9.xml", b"<" + b" " * (8 << 20))


def _entities(archive: zipfile.ZipFile) -> None:
    archive.writestr("xl/worksheets/sheet9.xml", b"<?xml version='1.0'?><!DOCTYPE a []><a/>")


def _utf16(archive: zipfile.ZipFile) -> None:
    archive.writestr("xl/worksheets/sheet9.xml", "<!DOCTYPE a><a/>".encode("utf-16"))


@pytest.mark.parametrize(
    ("spoil", "rule"), [(_bomb, "ratio"), (_entities, "declarations"), (_utf16, "charset")]
)
def test_a_workbook_that_could_do_harm_is_not_opened(
    desk: Desk, spoil: Callable[[zipfile.ZipFile], None], rule: str
) -> None:
    path = desk.excel(HEAD, person(1))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        spoil(archive)

    with pytest.raises(ConfigError) as caught:
        desk.source(path)

    assert (caught.value.code, caught.value.context) == ("import.archive", {"rule": rule})


def test_a_workbook_of_several_sheets_needs_a_name(desk: Desk) -> None:
    book = openpyxl.Workbook()
    book.active.title = "now"
    for row in (HEAD, person(1)):
        book.create_sheet("past") if "past" not in book.sheetnames else None
        book["past"].append(row)
    path = desk.folder / "two.xlsx"
    book.save(path)

    with pytest.raises(ConfigError) as caught:
        desk.source(path)

    assert caught.value.context["known"] == "now, past"
    assert desk.dry(path, sheet="past").accepted == 1


def test_a_quote_that_is_never_closed_stops_with_its_row(desk: Desk) -> None:
    path = desk.csv(HEAD, person(1))
    path.write_bytes(path.read_bytes() + b'E2,"abc\r\n')

    with pytest.raises(ContractChanged) as caught:
        desk.dry(path)

    assert (caught.value.code, caught.value.context["row"]) == ("import.broken", 3)


# What is wrong with rows


def test_refused_rows_are_told_by_number_reason_and_column_and_never_by_value(desk: Desk) -> None:
    bad = ["E4", "甲乙", "not-a-phone", "2020-03-01"]
    path = desk.csv(HEAD, person(1), [], person(3)[:2], bad, [*person(6), "left over"])

    report = desk.dry(path)

    assert [(line.row, line.reason) for line in sorted(report.lines)] == [
        (4, "parse"),
        (5, "type"),
        (6, "parse"),
    ]
    assert (report.rows, report.accepted, report.refused, report.balanced) == (4, 1, 3, True)
    assert "not-a-phone" not in json.dumps(report.document(), ensure_ascii=False)


def test_a_row_with_broken_characters_is_refused_by_itself(desk: Desk) -> None:
    path = desk.csv(HEAD, person(1), person(2))
    path.write_bytes(path.read_bytes() + b"E3,\xff\xfe,13900000003,2020-03-01\r\n")

    report = desk.dry(path)

    assert [(line.row, line.reason) for line in report.lines] == [(4, "encoding")]
    assert report.accepted == 2


def test_excel_numbers_that_lost_digits_and_error_cells_are_refused(desk: Desk) -> None:
    lost = ["E1", "甲乙", 139000000010000000, "2020-03-01"]
    error = ["E2", "甲乙", "#N/A", "2020-03-01"]

    report = desk.dry(desk.excel(HEAD, lost, error, ["E3", "甲乙", 13900000003, "2020-03-01"]))

    assert [(x.row, x.column, x.rule) for x in report.lines] == [
        (2, "手机", "excel.digits_lost"),
        (3, "手机", "excel.error"),
    ]
    assert report.accepted == 1


def test_lines_of_json_that_are_none_are_refused_by_number(desk: Desk) -> None:
    good = json.dumps(dict(zip(HEAD, person(1), strict=True)))
    path = desk.folder / "a.jsonl"
    path.write_text(f'{good}\n\n{{"工号": \n![1]\n[1]\n', encoding="utf-8")

    report = desk.dry(path)

    assert [(x.row, x.reason) for x in report.lines] == [(3, "parse"), (4, "parse"), (5, "parse")]
    assert report.accepted == 1


def test_formulas_in_text_stay_data(desk: Desk) -> None:
    text = '=HYPERLINK("x")'
    [page] = desk.source(desk.csv(HEAD, person(1, 姓名=text))).pages()

    assert RowRecords().decode(page.body, {})["姓名"] == text


# Sorting


def test_series_come_together_whatever_the_budget() -> None:
    rows = [Row(n, json.dumps({"code": f"U{n % 7}", "n": n}).encode()) for n in range(200)]
    records = RowRecords((Way.parse("code"),))

    for budget in (10_000, 1 << 20):
        got = list(by_series(lambda: iter(rows), records, budget=budget))
        keys = [records.group_key(row.raw) for row in got]

        assert sorted(row.number for row in got) == list(range(200))
        assert sum(a != b for a, b in pairwise(keys)) == 6
    with pytest.raises(ConfigError):
        list(by_series(lambda: iter(rows), records, budget=1_000))


# For good, on both databases


def test_a_dry_run_needs_no_store_and_writes_nothing(desk: Desk) -> None:
    report = desk.dry(desk.csv([*HEAD, "备注"], [*person(1), "x"]))

    assert report.unread == ("备注",)
    assert {p.name for p in desk.folder.iterdir()} == {"a.csv", "mapping.yaml"}


def test_every_row_ends_in_one_outcome_and_a_second_import_changes_nothing(
    desk: Desk, hub: Hub
) -> None:
    rows = [*(person(n) for n in range(50)), person(7), person(60, 手机="none")]
    source = desk.source(desk.csv(HEAD, *rows))

    first, second = bring(hub, source), bring(hub, source)

    c = first.counts
    assert (first.rows, c.inserted, c.duplicate, first.refused) == (52, 50, 1, 1)
    assert [line.row for line in first.lines] == [53] == [line.row for line in second.lines]
    assert (second.counts.unchanged, second.refused, second.counts.inserted) == (51, 1, 0)
    assert first.balanced and second.balanced
    assert (rows_of(hub, "employee"), rows_of(hub, "hub_quarantine")) == (50, 1)


def test_the_three_formats_store_the_same(desk: Desk, hub: Hub) -> None:
    rows = [person(n) for n in range(5)]
    lines = desk.folder / "a.jsonl"
    lines.write_text("".join(json.dumps(dict(zip(HEAD, r, strict=True))) + "\n" for r in rows))
    paths = [desk.csv(HEAD, *rows), desk.excel(HEAD, *rows), lines]

    inserted, *again = [bring(hub, desk.source(path)).counts for path in paths]

    assert inserted.inserted == 5
    assert [c.unchanged for c in again] == [5, 5]


def test_rows_of_a_series_may_stand_anywhere_in_the_file(desk: Desk, hub: Hub) -> None:
    old = [[f"U{n}", "Old", "2019-01-01", "2020-12-31"] for n in range(30)]
    new = [[f"U{n}", "New", "2021-01-01", ""] for n in range(29, -1, -1)]

    report = bring(hub, desk.source(desk.csv(["code", "name", "start", "end"], *old, *new), UNITS))

    assert (report.rows, report.counts.seen, report.counts.inserted) == (60, 30, 30)
    assert rows_of(hub, "org_unit") == 60


def test_a_stream_of_a_connector_is_never_taken_over(desk: Desk, hub: Hub) -> None:
    from hrhub.store import syncs

    with hub.store.write() as tx:
        syncs.sync_id(tx, "default", "beisen_default", "people", "beisen")

    with pytest.raises(ConfigError) as caught:
        bring(hub, desk.source(desk.csv(HEAD, person(1))), "beisen_default")

    assert caught.value.code == "import.stream_taken"


_KILLED = """
import os, signal, sys
from pathlib import Path
from hrhub.importing import Importer, open_source
from hrhub.mapping import load_mapping
from hrhub.pipeline import open_hub
from hrhub.settings import Settings
home, url, file, mapping = sys.argv[1:]
home = Path(home)
settings = Settings(home=home, store_url=url, keyring=home / "keyring.json",
                    landing=home / "landing", mappings=home)
source = open_source(Path(file), load_mapping(Path(mapping)))
with open_hub(settings) as hub:
    Importer(source, connection="old").run(
        hub, holder="killed", tell=lambda c: os.kill(os.getpid(), signal.SIGKILL)
    )
"""


def test_refused_rows_are_replayed_like_any_record(desk: Desk, hub: Hub) -> None:
    wrong = desk.csv(HEAD, person(1), person(2, 入职日期="01.03.2020"), person(3))
    assert bring(hub, desk.source(wrong, PEOPLE)).counts.quarantined == 1
    mended = desk.mapping(PEOPLE.replace("[iso]", '[iso, "%d.%m.%Y"]'))
    finder = Imported(hub.settings.mappings, mended)

    def replay(**options: Any) -> list[Replayed]:
        return hub.replay(
            Wanted(), holder="t", actor="cli:t", connectors=finder, mapping=mended, **options
        )

    [shown], [done] = replay(dry_run=True), replay()

    assert (shown.accepted, shown.error, done.accepted, done.error) == (1, None, 1, None)
    assert rows_of(hub, "person") == 3
    assert replay() == []


def test_a_replay_without_the_mapping_of_an_import_says_so_and_one_installed_is_found(
    desk: Desk, hub: Hub
) -> None:
    bring(hub, desk.source(desk.csv(HEAD, person(2, 入职日期="01.03.2020")), PEOPLE))
    other = desk.mapping(PEOPLE.replace("import.people", "import.others"))
    folder = hub.settings.mappings

    def replay(finder: Imported) -> Replayed:
        [done] = hub.replay(
            Wanted(), holder="t", actor="cli:t", connectors=finder, mapping=finder.mapping
        )
        return done

    for finder in (Imported(folder), Imported(folder, other)):
        error = replay(finder).error
        assert error is not None and error.code == "mapping.missing"
        assert error.context["stream"] == "people"

    (folder / "import").mkdir(parents=True)
    (folder / "import" / "people.yaml").write_text(PEOPLE.replace("[iso]", '["%d.%m.%Y"]'))
    assert replay(Imported(folder)).accepted == 1


def test_an_import_without_its_file_reads_nothing(desk: Desk, hub: Hub) -> None:
    mapping = desk.mapping(PEOPLE)
    connector, config = import_connector(mapping), ConnectorConfig()

    with pytest.raises(ConfigError, match=r"import\.no_file"):
        hub.sync(connector, config, "old", "people", holder="t", mapping=mapping)


def test_an_import_that_was_killed_is_run_again_and_ends_the_same(
    desk: Desk, hub: Hub, store_url: str
) -> None:
    from datetime import UTC, datetime

    path = desk.csv(HEAD, *(person(n) for n in range(4_500)), person(9_000, 手机="none"))
    source = desk.source(path)
    files = [str(path), str(desk.folder / "mapping.yaml")]
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(hub.settings.home), store_url, *files], check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert rows_of(hub, "employee") == BATCH_RECORDS
    lease = metadata.tables["hub_lease"]
    with hub.store.write() as tx:  # the lease of the dead would last half a minute
        tx.execute(lease.update().values(expires_at=datetime(2020, 1, 1, tzinfo=UTC)))

    report = bring(hub, source)

    assert report.counts.unchanged == BATCH_RECORDS
    assert (report.counts.inserted, report.refused) == (4_500 - BATCH_RECORDS, 1)
    assert rows_of(hub, "employee") == 4_500
