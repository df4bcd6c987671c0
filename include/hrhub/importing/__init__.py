"""Bulk import of history: a CSV, Excel or JSON-lines file takes the way of any vendor's record."""

from hrhub.importing.heading import Heading, check_heading
from hrhub.importing.imported import Imported, reader_of
from hrhub.importing.report import Line, Report
from hrhub.importing.run import Importer
from hrhub.importing.source import CONNECTOR, Source, open_source

__all__ = [
    "CONNECTOR",
    "Heading",
    "Imported",
    "Importer",
    "Line",
    "Report",
    "Source",
    "check_heading",
    "open_source",
    "reader_of",
]
