"""Weaver e-cology (泛微)."""

from connectors.weaver.connector import connector

__all__ = ["connector"]
