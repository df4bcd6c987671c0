"""Education verified with CHSI's online reports (学信网)."""

from connectors.chsi.connector import connector

__all__ = ["connector"]
