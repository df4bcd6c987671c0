"""The plugin contract, version 1: what a vendor's connector declares and may use."""

from hrhub.connector.config import ConnectorConfig, setting
from hrhub.connector.contract import API_VERSION, Checked, Connector, VendorAnswer
from hrhub.connector.documents import XmlRecords
from hrhub.connector.events import Ask, Event, EventReceiver, Fetched, Pushed, Received, Reply
from hrhub.connector.orders import (
    OrderKind,
    OrderRequest,
    OrderService,
    OrderState,
    OrderStatus,
    Package,
)
from hrhub.connector.rest import (
    Everything,
    HttpStream,
    ModifiedSince,
    TimeWindow,
    page_of,
    with_rows,
)
from hrhub.connector.session import open_session
from hrhub.connector.sinks import Delivery, Planned, Sink, Write, WriteStatus, Written
from hrhub.connector.stream import (
    Completeness,
    Cursor,
    Deletes,
    JsonRecords,
    Mode,
    Page,
    RecordFormat,
    Session,
    Stream,
)
from hrhub.connector.tables import CsvRecords

__all__ = [
    "API_VERSION",
    "Ask",
    "Checked",
    "Completeness",
    "Connector",
    "ConnectorConfig",
    "CsvRecords",
    "Cursor",
    "Deletes",
    "Delivery",
    "Event",
    "EventReceiver",
    "Everything",
    "Fetched",
    "HttpStream",
    "JsonRecords",
    "Mode",
    "ModifiedSince",
    "OrderKind",
    "OrderRequest",
    "OrderService",
    "OrderState",
    "OrderStatus",
    "Package",
    "Page",
    "Planned",
    "Pushed",
    "Received",
    "RecordFormat",
    "Reply",
    "Session",
    "Sink",
    "Stream",
    "TimeWindow",
    "VendorAnswer",
    "Write",
    "WriteStatus",
    "Written",
    "XmlRecords",
    "open_session",
    "page_of",
    "setting",
    "with_rows",
]
