"""Excel workbooks as rows of text, read as a stream after the archive was found harmless."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from hrhub.errors import ConfigError
from hrhub.importing.rows import Row, marked, table_row

MAX_MEMBERS = 2_000
MAX_BYTES = 1 << 30
"""Largest size of all members, unpacked."""
MAX_MEMBER_IN_MEMORY = 128 << 20
"""Largest size of a member that is held in memory as a whole: the shared texts."""
MAX_RATIO = 200
"""Unpacked to packed, for members above :data:`FREE_BYTES`; worksheets come to 5 to 60."""
FREE_BYTES = 1 << 20
EXACT_DIGITS = 15
"""Digits that a number of Excel keeps; of a longer one the last digits are lost."""

_ERRORS = frozenset(
    {"#N/A", "#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"}
)
_SLICE = 1 << 20
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
_TEXT_STARTS = (b"<", b"\xef\xbb\xbf<")


def check_archive(path: Path) -> None:
    """Refuse an archive that would fill memory or disk, is damaged, or declares entities.

    Every member is unpacked once, without being kept: sizes in an archive's directory may lie.

    Raises:
        ConfigError: ``import.not_a_workbook`` or ``import.archive``, with the rule that is broken.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _keeps("members", len(members) <= MAX_MEMBERS)
            _keeps("size", sum(m.file_size for m in members) <= MAX_BYTES)
            for member in members:
                _keeps(
                    "ratio",
                    member.file_size <= FREE_BYTES
                    or member.file_size <= MAX_RATIO * max(member.compress_size, 1),
                )
                _keeps("encrypted", not member.flag_bits & 1)
                name = member.filename.lower()
                if name.endswith("sharedstrings.xml"):
                    _keeps("texts", member.file_size <= MAX_MEMBER_IN_MEMORY)
                _scan(archive, member, is_text=name.endswith((".xml", ".rels")))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError):
        raise ConfigError("import.not_a_workbook") from None
    except zipfile.zlib.error:  # type: ignore[attr-defined]
        raise ConfigError("import.not_a_workbook") from None


def _scan(archive: zipfile.ZipFile, member: zipfile.ZipInfo, *, is_text: bool) -> None:
    before = b""
    with archive.open(member) as file:
        while data := file.read(_SLICE):
            if is_text:
                if not before:  # anything but UTF-8 could hide a declaration from this search
                    _keeps("charset", data.startswith(_TEXT_STARTS))
                joined = before[-16:] + data
                _keeps("declarations", not any(word in joined for word in _DECLARATIONS))
            before = data


def _keeps(rule: str, kept: bool) -> None:
    if not kept:
        raise ConfigError("import.archive", rule=rule)


def workbook_rows(path: Path, sheet: str | None) -> Iterator[Any]:
    """Yield the heading of a sheet as a list of names, then its rows that are not empty.

    Raises:
        ConfigError: ``import.sheet``: there are several sheets and none, or an unknown one, is
            named.
    """
    import openpyxl  # only workbooks need it

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except (KeyError, ValueError, TypeError, OSError, SyntaxError):
        raise ConfigError("import.not_a_workbook") from None
    try:
        names = [s.title for s in book.worksheets]
        if (sheet is None and len(names) != 1) or (sheet is not None and sheet not in names):
            raise ConfigError("import.sheet", known=", ".join(names))
        page = book[sheet or names[0]]
        page.reset_dimensions()  # what the file says about its size may be wrong
        rows = page.iter_rows(values_only=True)
        heading = [_text(v) for v in next(rows, ())]
        while heading and not heading[-1]:
            heading.pop()
        yield heading
        for number, values in enumerate(rows, 2):
            if row := _row(number, heading, values):
                yield row
    finally:
        book.close()


def _row(number: int, heading: list[str], values: tuple[Any, ...]) -> Row | None:
    cells = [_text(v) for v in values]
    if not any(cells):
        return None
    for name, value in zip(heading, values, strict=False):
        if isinstance(value, int | float) and abs(value) >= 10**EXACT_DIGITS:
            return marked(number, "type", "excel.digits_lost", cells, name)
        if value in _ERRORS:
            return marked(number, "type", "excel.error", cells, name)
    return table_row(number, heading, cells + [""] * (len(heading) - len(cells)))


def _text(value: Any) -> str:
    """Return a cell as a CSV file would hold it: whole numbers without point, days in ISO form."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat(sep="T")
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)
