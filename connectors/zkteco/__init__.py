"""ZKTeco attendance terminals."""

from connectors.zkteco.connector import connector

__all__ = ["connector"]
