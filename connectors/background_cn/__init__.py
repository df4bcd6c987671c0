"""Background checks by Chinese platforms (背调)."""

from connectors.background_cn.connector import connector

__all__ = ["connector"]
