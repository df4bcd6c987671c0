"""Beisen iTalent (北森)."""

from connectors.beisen.connector import connector

__all__ = ["connector"]
