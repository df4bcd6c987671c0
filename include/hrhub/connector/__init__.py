"""The plugin contract, version 1: what a vendor's connector declares and may use."""

from hrhub.connector.config import ConnectorConfig, setting
from hrhub.connector.contract import API_VERSION, Checked, Connector, VendorAnswer
from hrhub.connector.stream import (
    Completeness,
    Cursor,
    JsonRecords,
    Mode,
    Page,
    RecordFormat,
    Session,
    Stream,
)

__all__ = [
    "API_VERSION",
    "Checked",
    "Completeness",
    "Connector",
    "ConnectorConfig",
    "Cursor",
    "JsonRecords",
    "Mode",
    "Page",
    "RecordFormat",
    "Session",
    "Stream",
    "VendorAnswer",
    "setting",
]
