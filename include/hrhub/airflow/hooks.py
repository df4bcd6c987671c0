"""The hook behind every ``hr_…`` connection: opens a session, checks a connection."""

from __future__ import annotations

from airflow.sdk import BaseHook
from airflow.sdk.log import mask_secret

from hrhub.airflow.connections import Resolved, resolve
from hrhub.airflow.quiet import explained, speak_plainly
from hrhub.connector.config import secrets_of
from hrhub.errors import HrHubError


class VendorHook(BaseHook):
    """Reach a vendor system through its connection.

    :param conn_id: Airflow connection of a type ``hr_<connector>``.
    """

    conn_name_attr = "conn_id"
    default_conn_name = "hr_default"
    conn_type = "hr"
    hook_name = "HR system"

    def __init__(self, conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.conn_id = conn_id

    def resolved(self) -> Resolved:
        """Return connector and checked configuration; Airflow masks the secrets from now on.

        Raises:
            ConfigError: The connection does not exist or a setting is wrong.
        """
        found = resolve(self.conn_id)
        for secret in secrets_of(found.config):
            mask_secret(secret)
        speak_plainly(found.connector.name, found.connector.words)
        return found

    def test_connection(self) -> tuple[bool, str]:
        """Make the connector's cheap authorised call.

        Returns:
            Whether it went well, and who answered or the four-part message.
        """
        from hrhub.ambient import SystemClock
        from hrhub.connector.session import check_connection, open_session

        connector = None
        try:
            found = self.resolved()
            connector = found.connector
            session = open_session(
                connector, found.config, clock=SystemClock(), connection=self.conn_id
            )
            checked = check_connection(connector, session)
        except HrHubError as error:
            error.context.setdefault("connection", self.conn_id)
            if connector:
                error.context.setdefault("vendor", connector.title)
            return False, explained(error, connector.name if connector else None)
        facts = ", ".join(f"{name} {value}" for name, value in checked.facts.items())
        for warning in checked.warnings:
            warning.context.setdefault("connection", self.conn_id)
        told = [f"{checked.vendor}: {facts}" if facts else checked.vendor]
        told += [explained(warning, connector.name) for warning in checked.warnings]
        return True, "\n".join(told)
