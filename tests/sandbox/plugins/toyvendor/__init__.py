"""A vendor's plugin, as small as it can be."""

from hrhub.connector import Checked, Connector, ConnectorConfig, Stream

connector = Connector(
    name="toyvendor",
    title="Toy",
    version="1.0",
    config=ConnectorConfig,
    check=lambda session: Checked("Toy"),
    streams=(Stream(name="people", title="People", feed="person", key=("id",)),),
)
