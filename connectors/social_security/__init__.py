"""Social-security contribution records of China (社保), by a licensed gateway."""

from connectors.social_security.connector import connector

__all__ = ["connector"]
