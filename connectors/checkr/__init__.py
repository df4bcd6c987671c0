"""Checkr background screening."""

from connectors.checkr.connector import connector

__all__ = ["connector"]
