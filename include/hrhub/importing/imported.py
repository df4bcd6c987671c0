"""Files that were imported, as connectors of records that wait in quarantine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hrhub.connector import Connector, RecordFormat, registry
from hrhub.importing.rows import RowRecords
from hrhub.importing.source import CONNECTOR, import_connector
from hrhub.mapping import Mapping, find_mapping
from hrhub.store.syncs import SyncRow


@dataclass(frozen=True, slots=True)
class Imported:
    """Finds the connector of a sync: that of an import by its mapping, any other by its name.

    Attributes:
        folder: Where mappings are installed.
        mapping: Stands in for the installed mapping of the stream that it names.
    """

    folder: Path
    mapping: Mapping | None = None

    def __call__(self, row: SyncRow) -> Connector:
        """Return the connector.

        Raises:
            ConfigError: The mapping of an import is neither given nor installed
                (``mapping.missing``).
            PluginError: There is no such connector, or it may not be imported.
        """
        if row.connector != CONNECTOR:
            return registry.get(row.connector)
        if self.mapping is not None and self.mapping.stream == f"{CONNECTOR}.{row.stream}":
            return import_connector(self.mapping)
        return import_connector(find_mapping(self.folder, CONNECTOR, row.stream))


def reader_of(row: SyncRow) -> RecordFormat:
    """Return what decodes the records of a sync; that of an import needs no mapping.

    Raises:
        PluginError: There is no such connector, or it may not be imported.
        ConfigError: It has no such stream any more.
    """
    if row.connector == CONNECTOR:
        return RowRecords()
    return registry.get(row.connector).stream(row.stream).records
