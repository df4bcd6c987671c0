"""A vendor's plugin, without a simulator."""

from hrhub.connector import Checked, Connector, ConnectorConfig, Stream

connector = Connector(
    name="toybare",
    title="Toy",
    version="1.0",
    config=ConnectorConfig,
    check=lambda session: Checked("Toy"),
    streams=(Stream(name="people", title="People", feed="person", key=("id",)),),
)
