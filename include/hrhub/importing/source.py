"""A file as a connector with one stream, so that it is landed, gated, mapped and sealed as any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from hrhub.connector import (
    Checked,
    Completeness,
    Connector,
    ConnectorConfig,
    Cursor,
    Mode,
    Page,
    Session,
    Stream,
)
from hrhub.errors import ConfigError
from hrhub.importing.heading import Heading, check_heading
from hrhub.importing.rows import Row, RowRecords
from hrhub.importing.sorting import by_series
from hrhub.importing.texts import CHARSETS, csv_rows, json_rows
from hrhub.importing.workbook import check_archive, workbook_rows
from hrhub.mapping import Mapping as Plan
from hrhub.model import Feed

CONNECTOR = "import"
PAGE_ROWS = 2_000
PAGE_BYTES = 4 << 20
_KINDS: Mapping[str, str] = {
    ".csv": "csv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".jsonl": "json",
    ".ndjson": "json",
}
_LOOKED_AT = 1_000
"""Lines of JSON whose names are compared with the mapping."""


@dataclass(frozen=True, kw_only=True)
class FileStream(Stream):
    """The rows of one file, always from the first: the gate stops those that are stored already.

    So an import that was killed is simply run again, and its report is about the whole file.
    """

    source: Source | None

    def read(self, session: Session, cursor: Cursor) -> Iterator[Page]:
        """Yield pages of at most 2,000 rows or 4 MiB; a longer row is a page of its own.

        Raises:
            ConfigError: The file is not at hand, only what came of it (``import.no_file``).
        """
        if self.source is None:
            raise ConfigError("import.no_file", stream=self.name)
        yield from self.source.pages()


@dataclass(kw_only=True)
class Source:
    """An opened file whose columns fit its mapping.

    Attributes:
        heading: What the comparison of columns found.
        numbers: Row numbers by page, from page 1, for the report; 8 bytes a row.
    """

    path: Path
    kind: str
    mapping: Plan
    charset: str = "utf-8"
    sheet: str | None = None
    heading: Heading = field(default_factory=Heading)
    numbers: list[list[int]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The stream's name: that of the mapping, behind the dot."""
        return self.mapping.stream.partition(".")[2]

    @property
    def grouped(self) -> bool:
        """Whether records are series of slices."""
        return _is_history(self.mapping.feed)

    @property
    def records(self) -> RowRecords:
        """How pages hold rows."""
        return _records(self.mapping)

    def connector(self) -> Connector:
        """Return the connector whose only stream is this file."""
        return import_connector(self.mapping, self)

    def rows(self) -> Iterator[Row]:
        """Yield the rows in file order."""
        if self.kind == "json":
            yield from json_rows(self.path)
        else:
            yield from islice(self._table(), 1, None)

    def pages(self) -> Iterator[Page]:
        """Yield pages; rows of one series come together."""
        self.numbers.clear()
        rows = by_series(self.rows, self.records) if self.grouped else self.rows()
        lines: list[bytes] = []
        numbers: list[int] = []
        size = 0
        for row in rows:
            if lines and (len(lines) == PAGE_ROWS or size + len(row.raw) > PAGE_BYTES):
                yield self._page(lines, numbers)
                lines, numbers, size = [], [], 0
            lines.append(row.raw)
            numbers.append(row.number)
            size += len(row.raw) + 1
        if lines:
            yield self._page(lines, numbers)

    def _page(self, lines: list[bytes], numbers: list[int]) -> Page:
        self.numbers.append(numbers)
        return Page(body=b"\n".join(lines), completeness=Completeness.PROVED)

    def _table(self) -> Iterator[Any]:
        if self.kind == "csv":
            return csv_rows(self.path, self.charset)
        return workbook_rows(self.path, self.sheet)

    def compare(self) -> None:
        """Compare the file's columns with the mapping's.

        Raises:
            ConfigError: ``import.heading``, ``import.sheet``, ``import.charset``.
        """
        if self.kind != "json":
            heading = next(self._table())
            self.heading = check_heading(heading, self.mapping)
            return
        names: dict[str, None] = {}
        for row in islice(json_rows(self.path), _LOOKED_AT):
            try:
                names |= dict.fromkeys(msgspec.json.decode(row.raw, type=dict[str, msgspec.Raw]))
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue  # the row is refused by itself when it is decoded
        self.heading = check_heading(list(names), self.mapping, partial=True)


def import_connector(mapping: Plan, source: Source | None = None) -> Connector:
    """Return the connector of one import; without its file, to work on records that came."""
    name = mapping.stream.partition(".")[2]
    stream = FileStream(
        name=name,
        title=name,
        feed=mapping.feed.name,
        key=tuple(path.text for path in mapping.key),
        records=_records(mapping),
        mode=Mode.FULL,
        grouped=_is_history(mapping.feed),
        source=source,
    )
    return Connector(
        name=CONNECTOR,
        title="Import",
        version="1",
        config=ConnectorConfig,
        check=lambda session: Checked("Import"),
        streams=(stream,),
    )


def open_source(
    path: Path, mapping: Plan, *, charset: str = "utf-8", sheet: str | None = None
) -> Source:
    """Look at a file and compare it with its mapping; nothing is written.

    Args:
        path: The file; its ending tells the format.
        mapping: Its ``stream`` must read ``import.<name>``.
        charset: One of :data:`CHARSETS`, for CSV.
        sheet: Name of the sheet, for workbooks that have several.

    Raises:
        ConfigError: The file, its form, its columns or the mapping's stream are not right.
    """
    kind = _KINDS.get(path.suffix.lower())
    if kind is None:
        raise ConfigError("import.format", known=", ".join(_KINDS))
    if charset not in CHARSETS:
        raise ConfigError("import.charset_unknown", charset=charset, known=", ".join(CHARSETS))
    connector, _, _ = mapping.stream.partition(".")
    if connector != CONNECTOR:
        raise ConfigError("import.mapping", path=str(mapping.path), found=mapping.stream)
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise ConfigError("import.unreadable", errno=error.errno) from None
    if empty:
        raise ConfigError("import.empty")
    if kind == "xlsx":
        check_archive(path)
    source = Source(path=path, kind=kind, mapping=mapping, charset=charset, sheet=sheet)
    source.compare()
    return source


def _records(mapping: Plan) -> RowRecords:
    return RowRecords(mapping.key if _is_history(mapping.feed) else ())


def _is_history(feed: Feed) -> bool:
    """Tell whether a record of the feed is a whole series of slices."""
    return {"valid_from", "valid_to", "seq"} <= feed.by_name.keys()
