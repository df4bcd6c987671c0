"""Assessment platforms of any vendor."""

from connectors.assessment.connector import connector

__all__ = ["connector"]
