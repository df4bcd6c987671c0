"""A small good REST connector with everything a connector can have."""

from tests.conformance.reference.connector import connector

__all__ = ["connector"]
