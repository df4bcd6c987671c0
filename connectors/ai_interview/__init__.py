"""AI interviews on a platform such as Ping An's."""

from connectors.ai_interview.connector import connector

__all__ = ["connector"]
