"""CSV (RFC 4180) and JSON lines as rows, in a declared character set; never guessed."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hrhub.errors import ConfigError, ContractChanged
from hrhub.importing.rows import Row, marked, table_row

CHARSETS = {
    "utf-8": "utf-8-sig",
    "gb18030": "gb18030",
    "gbk": "gb18030",  # GB 18030 holds GBK and GB 2312 (GB 18030-2022, 3)
    "gb2312": "gb18030",
    "big5": "big5hkscs",
    "utf-16": "utf-16",
    "windows-1252": "cp1252",
}
"""Character sets that may be declared, and the decoder of each."""

MAX_LINE_BYTES = 4 << 20


def csv_rows(path: Path, charset: str) -> Iterator[Any]:
    """Yield the heading as a list of names, then the rows that are not empty.

    Formula prefixes such as ``=`` are data like any other.

    Raises:
        ConfigError: ``import.charset``: the heading is not in the declared character set.
        ContractChanged: ``import.broken``: a quote is not closed, or a field has no end; what
            stands behind it cannot be told apart.
    """
    with path.open(encoding=CHARSETS[charset], errors="surrogateescape", newline="") as file:
        reader = csv.reader(file, strict=True)
        number = 0
        try:
            heading = next(reader, [])
            number = 1
            if any(not _sound(name) for name in heading):
                raise ConfigError("import.charset", charset=charset)
            yield heading
            for number, cells in enumerate(reader, 2):
                if any(cells):
                    yield table_row(number, heading, cells)
        except (csv.Error, UnicodeError):
            raise ContractChanged("import.broken", row=number + 1) from None


def json_rows(path: Path) -> Iterator[Row]:
    """Yield the lines that are not empty; a line that is no JSON object is refused by itself."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            if len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
                while (rest := file.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
                    pass
                yield marked(number, "too_large", "line", b"")
            elif line := line.removeprefix(b"\xef\xbb\xbf" if number == 1 else b"").strip():
                # The sign of a marked row is no JSON; a line that bears it is marked for that.
                yield (
                    marked(number, "parse", "json", line) if line[:1] == b"!" else Row(number, line)
                )


def _sound(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text)
