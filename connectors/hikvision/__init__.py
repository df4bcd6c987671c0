"""Hikvision access terminals (ISAPI)."""

from connectors.hikvision.connector import connector

__all__ = ["connector"]
