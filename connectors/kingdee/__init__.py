"""Kingdee Cloud Galaxy (金蝶云·星空)."""

from connectors.kingdee.connector import connector

__all__ = ["connector"]
