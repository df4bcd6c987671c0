"""Records in CSV: exports and older interfaces, in the character set that the vendor declares."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hrhub.connector.rows import decode_row, series_key, table_row
from hrhub.errors import ContractChanged, PluginError
from hrhub.http.charsets import CODECS, codec_of, decode

MAX_SPLIT_BYTES = 1 << 29
"""Largest size of all rows of one body together, once each bears the names of its columns."""


class CsvRecords:
    """Records in a CSV body (RFC 4180), one a row; every value is text.

    The body as a whole is refused for bytes of another character set, a byte order mark that is
    not the declared one's, a quote that never ends and a heading without the expected columns. A
    row with too few or too many cells, or with a NUL, is refused by itself.

    Args:
        columns: With a heading, the names that it must hold at least, in any order; without one,
            the names of all columns in order.
        header: Whether the first row names the columns.
        delimiter: What separates cells.
        quote: What encloses cells; empty for bodies in which a quotation mark means nothing.
        charset: One of :data:`hrhub.http.charsets.CODECS`.
        group_by: Columns that make up a series' key, for grouped streams.

    Raises:
        PluginError: ``plugin.invalid``: the declaration contradicts itself.
    """

    def __init__(
        self,
        columns: Sequence[str] = (),
        *,
        header: bool = True,
        delimiter: str = ",",
        quote: str = '"',
        charset: str = "utf-8",
        group_by: Sequence[str] = (),
    ) -> None:
        for rule, kept in (
            ("csv_charset_known", charset.lower() in CODECS),
            ("csv_columns_named", header or bool(columns)),
            ("csv_series_key_named", header or set(group_by) <= set(columns)),
            ("csv_columns_unique", len(set(columns)) == len(columns)),
            ("csv_delimiter_is_one_sign", len(delimiter) == 1 and delimiter not in '"\r\n'),
            ("csv_quote_is_one_sign", len(quote) <= 1 and quote != delimiter),
        ):
            if not kept:
                raise PluginError("plugin.invalid", connector="-", rule=rule)
        self.columns = tuple(columns)
        self._expected = tuple(dict.fromkeys((*columns, *group_by)))
        self.header = header
        self.charset = charset
        self._dialect: dict[str, Any] = {"delimiter": delimiter, "strict": True}
        if quote:
            self._dialect |= {"quotechar": quote}
        else:
            self._dialect |= {"quoting": csv.QUOTE_NONE}
        self._group_by = tuple(group_by)

    def split(self, body: bytes) -> Sequence[bytes | memoryview]:
        """Cut a body into its rows; empty lines are none.

        Raises:
            ContractChanged: ``vendor.body_refused``, ``vendor.page_broken`` or
                ``vendor.columns_missing``. The context names the row, as a spreadsheet counts.
        """
        out: list[bytes | memoryview] = []
        size = 0
        rows = self._rows(body)
        names = self._heading(rows) if self.header else self.columns
        for cells in rows:
            if any(cells):
                out.append(row := table_row(names, cells))
                size += len(row)
                if size > MAX_SPLIT_BYTES:
                    raise ContractChanged("vendor.body_refused", rule="rows_bytes", row=len(out))
        return out

    def decode(self, raw: bytes | memoryview, meta: Mapping[str, str | int]) -> dict[str, Any]:
        """Decode one row: column -> text.

        Raises:
            RowRejected: It does not fit the heading, or holds a NUL.
        """
        return decode_row(raw)

    def group_key(self, raw: bytes | memoryview) -> str:
        """Return the series' key; a row that cannot be read is a series of its own."""
        return series_key(raw, self._group_by)

    def _rows(self, body: bytes) -> Iterator[list[str]]:
        """Yield rows, decoding as it goes: the whole body is never held as text."""
        codec, skipped = codec_of(self.charset, body)
        source = io.BytesIO(body)
        source.seek(skipped)
        lines = io.TextIOWrapper(source, encoding=codec, newline="")
        number = 0
        try:
            for cells in csv.reader(lines, **self._dialect):
                number += 1
                yield cells
        except UnicodeDecodeError:
            decode(body, self.charset)  # raises, and tells the line
            raise ContractChanged("vendor.body_refused", rule="charset") from None
        except csv.Error:
            raise ContractChanged("vendor.page_broken", bytes=len(body), row=number + 1) from None

    def _heading(self, rows: Iterator[list[str]]) -> Sequence[str]:
        names = next(rows, None)
        if names is None:
            # Nothing at all is not an empty table: that has a heading.
            raise ContractChanged("vendor.columns_missing", fields="-", row=1)
        missing = [name for name in self._expected if name not in names]
        if missing:
            raise ContractChanged("vendor.columns_missing", fields=", ".join(missing), row=1)
        for rule, broken in (
            ("heading_twice", len(set(names)) < len(names)),
            ("heading_empty", not all(names)),
            ("nul", any("\0" in name for name in names)),
        ):
            if broken:
                raise ContractChanged("vendor.body_refused", rule=rule, row=1)
        return names
