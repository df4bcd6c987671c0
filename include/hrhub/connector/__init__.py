"""The plugin contract, version 1: what a vendor's connector declares and may use."""

from hrhub.connector.config import ConnectorConfig, setting
from hrhub.connector.contract import API_VERSION, Checked, Connector, VendorAnswer
from hrhub.connector.rest import (
    Everything,
    HttpStream,
    ModifiedSince,
    TimeWindow,
    page_of,
)
from hrhub.connector.session import open_session
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
    "Everything",
    "HttpStream",
    "JsonRecords",
    "Mode",
    "ModifiedSince",
    "Page",
    "RecordFormat",
    "Session",
    "Stream",
    "TimeWindow",
    "VendorAnswer",
    "open_session",
    "page_of",
    "setting",
]
